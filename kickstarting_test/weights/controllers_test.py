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
"""Tests of controllers.py: the protocol and its first controller."""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import numpy as np

from kickstarting import checks
from kickstarting.weights import controllers
from kickstarting.weights import schedules


def _weights(controller, num_teachers, frames):
  _, weights = controller.update(
      controller.init(num_teachers), controllers.Progress(frames)
  )
  return weights


class ScheduledTest(parameterized.TestCase):

  @parameterized.product(rho=(0.5, 'ab', {}))
  def test_factors_that_are_no_list(self, rho):
    with self.assertRaisesRegex(checks.UserError, 'rho is .* expected a list'):
      controllers.scheduled(1.0, rho)

  def test_rho_is_one_each(self):
    weights = _weights(controllers.scheduled(schedules.linear(2, 100)), 3, 25)
    chex.assert_trees_all_equal(
        weights,
        controllers.TeacherWeights(
            alpha=np.float32(1.5), rho=np.ones(3, np.float32)
        ),
    )

  def test_rho_of_numbers_and_schedules(self):
    controller = controllers.scheduled(0.5, [2, schedules.linear(1, 100)])
    weights = _weights(controller, 2, 25)
    self.assertEqual(weights.alpha, 0.5)
    np.testing.assert_array_equal(weights.rho, [2.0, 0.75])

  @parameterized.parameters(0, 1, 4)
  def test_shapes_and_dtypes(self, num_teachers):
    weights = _weights(controllers.scheduled(1), num_teachers, 0)
    for array, shape in ((weights.alpha, ()), (weights.rho, (num_teachers,))):
      self.assertIsInstance(array, np.ndarray)
      self.assertEqual(array.shape, shape)
      self.assertEqual(array.dtype, np.float32)

  def test_update_is_pure_and_its_state_is_arrays(self):
    controller = controllers.scheduled(schedules.linear(1, 100))
    state = controller.init(2)
    chex.assert_tree_is_on_host(state)
    before = {name: array.copy() for name, array in state.items()}
    next_state, first = controller.update(state, controllers.Progress(50))
    first.rho[:] = 9  # A caller may write into what it got.
    _, again = controller.update(next_state, controllers.Progress(50))
    np.testing.assert_array_equal(again.rho, [1.0, 1.0])
    chex.assert_trees_all_equal(state, before)

  def test_frames_beyond_int32(self):
    controller = controllers.scheduled(schedules.linear(1, 10_000_000_000))
    self.assertEqual(_weights(controller, 1, 5_000_000_000).alpha, 0.5)

  def test_number_of_factors(self):
    with self.assertRaisesRegex(
        ValueError,
        'rho has 2 factors but there are 3 teachers; expected one each. Change '
        'rho, or leave it out',
    ):
      controllers.scheduled(1, [1, 1]).init(3)

  def test_number_of_teachers(self):
    with self.assertRaisesRegex(
        ValueError, 'num_teachers is -1; expected 0 or more. Pass the number'
    ):
      controllers.scheduled(1).init(-1)

  def test_negative_numbers(self):
    with self.assertRaisesRegex(ValueError, r'alpha is -1; expected a finite'):
      controllers.scheduled(-1)
    with self.assertRaisesRegex(ValueError, r'rho\[1\] is nan; expected a fin'):
      controllers.scheduled(1, [1, float('nan')])



class ReplayTest(parameterized.TestCase):

  def test_holds_values_from_their_frames_on(self):
    controller = controllers.replay({
        'alpha': {'frames': [0, 10], 'values': [1.0, 0.5]},
        'rho': {'frames': [0, 20], 'values': [[1.0, 2.0], [3.0, 4.0]]},
        'learning_rate': {'frames': [0], 'values': [1e-3]},
    })
    state = controller.init(2)
    for frames, alpha, rho in (
        (0, 1.0, [1, 2]), (9, 1.0, [1, 2]), (10, 0.5, [1, 2]),
        (20, 0.5, [3, 4]), (1e9, 0.5, [3, 4])):
      _, weights = controller.update(state, controllers.Progress(frames))
      self.assertEqual(weights.alpha, alpha)
      self.assertEqual(weights.rho.tolist(), rho)

  @parameterized.parameters(
      ({'alpha': {'frames': [0], 'values': [1.0]}},
       "is .'alpha.*; expected 'rho' with lists of 'frames'"),
      ({'alpha': [1.0], 'rho': []}, "expected 'alpha' with lists of 'frames'"))
  def test_incomplete(self, schedule, text):
    with self.assertRaisesRegex(ValueError, text):
      controllers.replay(schedule)

  def test_other_number_of_teachers(self):
    controller = controllers.replay({
        'alpha': {'frames': [0], 'values': [1.0]},
        'rho': {'frames': [0], 'values': [[1.0, 2.0]]}})
    with self.assertRaisesRegex(ValueError, 'rho has 2 factors but'):
      controller.init(3)


if __name__ == '__main__':
  absltest.main()
