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
"""Tests of task_observation.py beside the common contract."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import types
from kickstarting.environments import python_batch
from kickstarting.environments import task_observation
from kickstarting_test.environments import fakes


def _batch(observation, **kwargs):
  env = lambda seed: fakes.Scripted(observations=(observation,))
  return task_observation.TaskObservation(
      python_batch.task_batch({'a': env, 'b': env}, 2, seed=0), **kwargs)


class TaskObservationTest(parameterized.TestCase):

  @parameterized.parameters(0, 3)
  def test_row_of_the_task(self, first_row):
    batch = _batch({'x': np.float32(1)}, first_row=first_row)
    self.assertEqual(
        batch.spec.observation['task'],
        types.ArraySpec((), np.dtype(np.int32)))
    expected = np.array([0, 0, 1, 1]) + first_row
    timestep = batch.reset()
    np.testing.assert_array_equal(timestep.observation['task'], expected)
    np.testing.assert_array_equal(timestep.observation['x'], 1.0)
    batch.send(np.zeros(4, np.int32))
    np.testing.assert_array_equal(
        batch.receive().observation['task'], expected)
    np.testing.assert_array_equal(batch.task, [0, 0, 1, 1])

  def test_an_entry_of_that_name(self):
    with self.assertRaisesRegex(ValueError, "an entry 'task' of its own"):
      task_observation.TaskObservation(_batch({'x': np.float32(1)}))


if __name__ == '__main__':
  absltest.main()
