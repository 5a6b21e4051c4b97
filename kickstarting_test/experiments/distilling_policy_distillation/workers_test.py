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
"""Tests of workers.py: what several processes find, and how they end.

The other processes are real, the students' work is small. Not here: that a
figure finds the same with any number of them (`figures_of_paper_test.py`).
"""

import os
import pathlib
import sys
import time

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from experiments.distilling_policy_distillation import laboratory
from experiments.distilling_policy_distillation import learning
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import tabular
from experiments.distilling_policy_distillation import workers

_CONFIG = laboratory.LabConfig(
    mdps=4, steps=20, points=1, chunk=2, workers=2)
_DEADLINE_S = 60.0


def _program(text):
  return [sys.executable, '-c', text]


def _make(first, num, key):
  del first, key
  mdps = mdp_lib.stack([mdp_lib.chain(2)] * num)
  return mdps, tabular.Table(
      np.zeros((num, 6, 2), np.float32), np.zeros((num, 6), np.float32))


_GROUPS = (laboratory.Group(
    'corridors', 6, mdp_lib.Dynamics(2, 0.0, 0.01), _make,
    {'copy': tabular.UpdateConfig()}),)


class RunTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.lines = []

  def _run(self, text, **options):
    return workers.run(
        _CONFIG, _GROUPS, self.folder, _program(text),
        report=self.lines.append, **options)

  def test_says_what_others_say(self):
    found, _ = self._run('print(\'["say", "hello"]\'); print("a warning")')
    self.assertEqual(found['corridors']['copy'].shape, (2, 4, 4))
    said = [line.split(' |')[0] for line in self.lines]
    self.assertContainsSubset({'hello', 'a warning'}, said)
    self.assertIn('0:00 left', self.lines[-1])

  def test_nothing_is_started_where_all_is_there(self):
    whole = self._run('')
    again = self._run('import sys; sys.exit("was started")')
    jax.tree.map(np.testing.assert_array_equal, again, whole)

  def test_a_mistake_that_another_one_found(self):
    with self.assertRaisesRegex(ValueError, '^wall is 7; expected less$'):
      self._run('import sys; print("error: wall is 7; expected less",'
                ' file=sys.stderr); sys.exit(2)')

  def test_another_one_dies(self):
    with self.assertRaisesRegex(
        RuntimeError, r'(?s)helped ended with status 1:.*ZeroDivisionError'):
      self._run('1 / 0')

  def test_waits_for_the_others(self):
    began = time.monotonic()
    self._run('import time; time.sleep(3)')
    self.assertGreater(time.monotonic() - began, 3)

  def test_ctrl_c_also_ends_the_others(self):
    numbers = lambda: [
        int(line.split()[0]) for line in self.lines if line[0].isdigit()]
    with self.assertRaises(learning.Interrupted):
      self._run('import os, time; print(os.getpid(), flush=True);'
                f' time.sleep({_DEADLINE_S})', should_stop=numbers)
    with self.assertRaises(ProcessLookupError):
      os.kill(numbers()[0], 0)

  def test_a_mistake_of_our_own_ends_the_others(self):
    (self.folder / 'curves').mkdir()
    (self.folder / 'curves' / 'corridors-2-copy.npz').write_bytes(
        b'no archive')
    began = time.monotonic()
    with self.assertRaisesRegex(ValueError, 'is damaged'):
      self._run(f'import time; time.sleep({_DEADLINE_S})')
    self.assertLess(time.monotonic() - began, _DEADLINE_S)


if __name__ == '__main__':
  absltest.main()
