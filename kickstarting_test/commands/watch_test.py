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
"""Tests of watch.py: a picture by command."""

import pathlib

from absl.testing import absltest

from kickstarting.teachers import zoo
from kickstarting_test.experiments import binaries


class WatchTest(absltest.TestCase):

  def test_nobody_to_watch(self):
    done = binaries.run('kickstarting', 'watch')
    self.assertEqual(done.returncode, 2)
    self.assertRegex(done.stderr, 'error: --policy is missing; expected the')

  def test_an_expert(self):
    root = pathlib.Path(self.create_tempdir().full_path)
    zoo.load_expert('LavaGapS7').save(root / 'policy.npz')
    result = binaries.last_line(binaries.run(
        'kickstarting', 'watch', f'--policy={root}/policy.npz',
        '--tasks=LavaGapS7', '--max_steps=5', f'--output={root}/a.gif'))
    self.assertLessEqual(result['steps'], 5)
    self.assertEqual((root / 'a.gif').read_bytes()[:6], b'GIF89a')


if __name__ == '__main__':
  absltest.main()
