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

import math

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.environments import observations


class ObservationsTest(parameterized.TestCase):

  def test_numbers(self):
    arrays = observations.numbers(
        {'image': np.zeros((2, 3), np.uint8), 'speed': np.ones(2), 'count': 3,
         'door': np.array(True), 'mission': 'go'}, 'mission', 'task', 0)
    self.assertEqual(
        {name: (array.shape, array.dtype.name)
         for name, array in arrays.items()},
        {'image': ((2, 3), 'uint8'), 'speed': ((2,), 'float32'),
         'count': ((), 'int32'), 'door': ((), 'bool')})

  def test_a_single_array(self):
    arrays = observations.numbers(np.arange(3), 'mission', 'task', 0)
    self.assertEqual(list(arrays), ['observation'])
    np.testing.assert_array_equal(arrays['observation'], [0, 1, 2])

  @parameterized.parameters(
      'red', None, b'red', 1j, 2 ** 70, [{}], [[[1], []]])
  def test_no_numbers(self, value):
    with self.assertRaisesRegex(
        ValueError, "task 'maze' observes 'colour' of type .*; expected"
        ' numbers of a fixed shape'):
      observations.numbers({'colour': value}, 'mission', 'maze', 0)

  def test_a_name_that_is_reserved(self):
    self.assertEqual(observations.RESERVED, types.TASK)
    with self.assertRaisesRegex(
        checks.UserError, "'maze' observes an array called 'task', .* Rename"):
      observations.numbers({'x': 0, 'task': 0}, 'mission', 'maze', 0)

  def test_names_are_texts(self):
    with self.assertRaisesRegex(checks.UserError, "task 'maze' observes 3 of"):
      observations.numbers({3: 0}, 'mission', 'maze', 0)

  @parameterized.parameters(
      (np.array([1, 2 ** 40 + 2]), 2 ** 40 + 2, '-2147483648 to 2147483647'),
      (np.int64(-2 ** 31 - 1), -2 ** 31 - 1, '-2147483648 to 2147483647'),
      (2 ** 40 + 2, 2 ** 40 + 2, '-2147483648 to 2147483647'),
      (np.array([[0, 2 ** 32]], np.uint64), 2 ** 32, '0 to 4294967295'),
  )
  def test_integers_that_32_bits_cannot_hold(self, value, shown, bounds):
    with self.assertRaisesRegex(
        checks.UserError, f"task 'maze' observed {shown} in 'id' in stream 4;"
        f' expected {bounds}, which u?int32 can hold'):
      observations.numbers({'id': value}, 'mission', 'maze', 4)

  @parameterized.parameters(
      (np.int64, np.int32), (np.uint64, np.uint32), (np.float64, np.float32),
      (np.longdouble, np.float32))
  def test_64_bits_become_32(self, wide, narrow):
    [array] = observations.numbers(
        np.array([0, 2 ** 31 - 128], wide), 'mission', 'maze', 0).values()
    self.assertEqual(array.dtype, narrow)
    np.testing.assert_array_equal(array, [0, 2 ** 31 - 128])

  @parameterized.parameters(
      (np.float32(math.nan), "nan in 'speed'"),
      (np.float32(math.inf), "inf in 'speed'"),
      (np.array([[0, 0], [0, -math.inf]], np.float16), r"-inf in 'speed'\[1"),
      (np.float64(1e300), "inf in 'speed'"))
  def test_floats_that_are_no_numbers(self, value, shown):
    [array] = observations.numbers(
        {'speed': value}, 'mission', 'maze', 0).values()
    batch = np.stack([np.zeros_like(array), array, array])
    task = np.array([0, 1, 1], np.int32)
    observations.check_finite({'speed': batch[:1]}, task[:1], ['maze', 'hall'])
    with self.assertRaisesRegex(
        checks.UserError, f"task 'hall' observed {shown}.* in stream 1;"
        ' expected finite numbers of float'):
      observations.check_finite(
          {'image': np.zeros((3, 2), np.uint8), 'speed': batch}, task,
          ['maze', 'hall'])

  @parameterized.parameters(
      (None,), (3,), (np.zeros(2),), (['go'],), (np.array(['a', 'b']),))
  def test_an_instruction_that_is_no_text(self, value):
    with self.assertRaisesRegex(
        checks.UserError, "task 'maze' observes 'mission' of type .*, which is"
        ' where its instruction stands; expected text'):
      observations.instruction({'mission': value}, 'mission', 'maze')

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
        observations.instruction(observation, 'mission', 'maze'), expected)

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
