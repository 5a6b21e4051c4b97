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
"""Tests what of an observation is numbers, and what text."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.environments import observations


class ObservationsTest(parameterized.TestCase):

  def test_numbers(self):
    arrays = observations.numbers(
        {'image': np.zeros((2, 3), np.uint8), 'speed': np.ones(2), 'count': 3,
         'door': np.array(True), 'mission': 'go'}, 'mission', 'task')
    self.assertEqual(
        {name: (array.shape, array.dtype.name)
         for name, array in arrays.items()},
        {'image': ((2, 3), 'uint8'), 'speed': ((2,), 'float32'),
         'count': ((), 'int32'), 'door': ((), 'bool')})

  def test_a_single_array(self):
    arrays = observations.numbers(np.arange(3), 'mission', 'task')
    self.assertEqual(list(arrays), ['observation'])
    np.testing.assert_array_equal(arrays['observation'], [0, 1, 2])

  @parameterized.parameters('red', None, b'red', [{}])
  def test_no_numbers(self, value):
    with self.assertRaisesRegex(
        ValueError, "task 'maze' observes 'colour' of type .*; expected"
        ' numbers of a fixed shape'):
      observations.numbers({'colour': value}, 'mission', 'maze')

  @parameterized.parameters(
      ({'mission': 'go \u00e9'}, b'go \xc3\xa9'),
      ({'mission': b'go'}, b'go'),
      ({'mission': np.array('go')}, b'go'),
      ({'mission': np.array('go', dtype=object)}, b'go'),
      ({'image': 3}, b''),
      (np.zeros(3), b''),
  )
  def test_instruction(self, observation, expected):
    self.assertEqual(
        observations.instruction(observation, 'mission'), expected)

  @parameterized.parameters(
      {'image': np.zeros(3, np.float32)},
      {'image': np.zeros(2, np.int32)},
      {'picture': np.zeros(2, np.float32)},
      {'image': np.zeros(2, np.float32), 'more': np.zeros(())},
      {},
  )
  def test_other_than_at_the_start(self, **arrays):
    expected = {'image': ((2,), np.dtype(np.float32))}
    observations.check(
        {'image': np.zeros(2, np.float32)}, expected, 'maze', 5)
    with self.assertRaisesRegex(
        ValueError, "task 'maze' observed .* in stream 5; expected .*image"):
      observations.check(arrays, expected, 'maze', 5)


if __name__ == '__main__':
  absltest.main()
