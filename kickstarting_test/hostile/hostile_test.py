# Copyright 2026 The kickstarting Authors.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     https://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
# ==============================================================================
"""Whatever comes from outside ends in one clear line, or is right.

All load paths of files and the flags of all binaries, some thousand cases: none
hangs, takes much memory, executes code, or writes outside its folder.
`python -m kickstarting_test.hostile.hostile_test` prints a summary. Not here:
the cases (`load_paths.py`, `flag_cases.py`), limits and what a clear line is
(`limits.py`).
"""

import collections
import json
import pathlib
import sys
import tempfile

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting_test.experiments import binaries
from kickstarting_test.hostile import limits
from kickstarting_test.hostile import report

_LEAST = 500  # cases


class CasesTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    done = binaries.run(
        'kickstarting_test.hostile.report', '--json', '--thin',
        deadline_s=4 * binaries.DEADLINE_S)  # work of 30 s for one core
    cls.found = [limits.Outcome(**json.loads(line))
                 for line in done.stdout.splitlines()]
    cls.error = done.stderr

  def test_there_are_many_on_every_path(self):
    self.assertGreaterEqual(len(self.found), _LEAST, self.error[-2000:])
    sizes = collections.Counter(case.group for case in self.found)
    for group, size in sizes.items():
      self.assertGreaterEqual(size, 2 if 'flags' in group else 15, group)

  def test_they_end_in_one_clear_line_or_are_right(self):
    failed = [case for case in self.found if case.kind == 'failed']
    self.assertEmpty(failed, '\n'.join(report.summary(failed, 0.0)))

  def test_they_are_quick_and_small(self):
    for case in self.found:
      self.assertLess(case.seconds, limits.MOST_S, case)
      self.assertLess(case.num_bytes, limits.MOST_BYTES, case)


class ProcessesTest(parameterized.TestCase):
  """A process says the same, and leaves nothing."""

  @parameterized.parameters(
      ('train', '--c_clip=5', 'c_clip'),
      ('train', '--seeed=1', "Unknown command line flag 'seeed'. Did you mean"),
      ('train', '--evaluation_episodes=nan', 'evaluation_episodes'),
      ('evaluate', '--policy=/dev/zero', "'/dev/zero' is not a regular file"))
  def test_flag(self, binary, flag, text):
    folder = pathlib.Path(tempfile.mkdtemp(dir=absltest.TEST_TMPDIR.value))
    done = binaries.run(
        f'experiments.{binary}', f'--workdir={folder / "run"}', flag)
    self.assertEqual(done.returncode, 2, done.stderr)
    self.assertStartsWith(done.stderr, 'error: ')
    self.assertLen(done.stderr.splitlines(), 1)
    self.assertIn(text, done.stderr)
    self.assertEmpty(list(folder.iterdir()))


if __name__ == '__main__':
  sys.exit(report.main(sys.argv[1:]))
