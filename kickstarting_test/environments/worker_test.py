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
"""Tests what a worker process answers.

Not here: faults (`process_batch_test.py`).
"""

import os
import sys

from absl.testing import absltest
import numpy as np

from kickstarting.environments import shared_arrays
from kickstarting.environments import worker_process

_HISTORY = 'kickstarting_test.environments.faulty:History'
_FIELDS = (
    *shared_arrays.COMMON,
    shared_arrays.Field(
        f'{shared_arrays.OBSERVATION}observation', (4,), 'int32'))


class WorkerTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.memory = shared_arrays.allocate()
    self.addCleanup(os.close, self.memory)
    shared_arrays.resize(self.memory, _FIELDS, 5)
    self.arrays = shared_arrays.attach(self.memory, _FIELDS, 5)

  def _start(self, target=_HISTORY, seeds=(10, 11), **arguments):
    worker = worker_process.WorkerProcess({
        'path': sys.path,
        'first_stream': 2,
        'instruction_key': 'mission',
        'bootstrap_on_timeout': False,
        'rows': [
            {'task': 'history', 'target': target, 'seed': seed,
             'arguments': arguments} for seed in seeds],
    }, self.memory)
    self.addCleanup(worker.kill)
    return worker

  def _started(self, **arguments):
    worker = self._start(**arguments)
    worker.answer()
    worker.ask(b'M', {
        'num_streams': 5, 'fields': [tuple(field) for field in _FIELDS]})
    worker.ask(b'R')
    worker.answer()
    return worker

  def test_it_says_what_it_has(self):
    self.assertEqual(self._start().answer(), 2 * [
        {'num_actions': 5, 'observation': [['observation', [4], 'int32']]}])

  def test_rows_of_its_own(self):
    self._started()
    seen = self.arrays[_FIELDS[-1].name]
    np.testing.assert_array_equal(seen, [
        [0, 0, 0, 0], [0, 0, 0, 0], [10, 0, 0, 0], [11, 0, 0, 0],
        [0, 0, 0, 0]])

  def test_an_episode_and_the_next(self):
    worker = self._started(length=2)
    step_types, steps = [], []
    for action in (4, 1, 3, 2):
      self.arrays['action'][:] = action
      worker.ask(b'S')
      worker.answer()
      step_types.append(self.arrays['step_type'][2])
      steps.append(self.arrays[_FIELDS[-1].name][2, 1:].tolist())
    self.assertEqual(step_types, [1, 2, 0, 1])
    # 31 * 0 + 4 + 1, 31 * 5 + 1 + 1; the third action is of no episode.
    self.assertEqual(steps, [[0, 1, 5], [0, 2, 157], [1, 0, 0], [1, 1, 3]])
    self.assertEqual(self.arrays['reward'][2], 3)

  def test_an_instruction_is_cut_off_where_its_memory_ends(self):
    for words, length in ((3, 15), (300, shared_arrays.TEXT_BYTES)):
      self._started(
          target='kickstarting_test.environments.faulty:Talker', words=words)
      self.assertEqual(self.arrays['text_length'][2], length)
      self.assertEqual(
          self.arrays['text'][2, :length].tobytes(),
          (b'word ' * words)[:length])

  def test_a_reset_inside_an_episode(self):
    worker = self._started()
    for kind in b'SR':
      worker.ask(bytes([kind]))
      worker.answer()
    np.testing.assert_array_equal(self.arrays['step_type'][2:4], 0)
    np.testing.assert_array_equal(
        self.arrays[_FIELDS[-1].name][2], [10, 1, 0, 0])

  def test_what_an_environment_raises(self):
    worker = self._started(fail=1.0)
    worker.ask(b'S')
    with self.assertRaisesRegex(
        worker_process.Raised,
        r'^OSError: the level is gone \(.*, line \d+, in step\)$') as context:
      worker.answer()
    self.assertRegex(
        context.exception.details,
        '(?s)Traceback.*OSError: the level is gone')

  def test_no_environment(self):
    with self.assertRaisesRegex(ValueError, "there is no module 'no_such'"):
      self._start('no_such:make').answer()

  def test_it_ends_when_nobody_listens(self):
    worker = self._started()
    worker.hang_up()
    self.assertEqual(worker._child.process.wait(10), 0)


if __name__ == '__main__':
  absltest.main()
