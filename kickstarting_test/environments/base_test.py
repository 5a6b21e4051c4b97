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
"""Tests of `environments/base.py` that need no environment."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.environments import base


class BaseTest(parameterized.TestCase):

  def test_previous_action(self):
    np.testing.assert_array_equal(
        base.previous_action(
            np.array([3, 4, 5], np.int32), np.array([0, 1, 2], np.int32)
        ),
        [0, 4, 5],
    )

  def _check(self, **changes):
    float32 = lambda *x: np.array(x, np.float32)
    timestep = types.Timestep(
        observation={'x': float32(0, -1, 1e30, 2), 'n': np.arange(4)},
        instruction=np.zeros(4, np.int32),
        previous_action=np.zeros(4, np.int32),
        reward=float32(0, -1, 1e30, 2), discount=float32(1, 0.5, 1, 0),
        step_type=np.array([0, 1, 1, 2], np.int32))
    base.check_timestep(
        timestep._replace(**changes), np.array([0, 0, 1, 1]), ['a', 'b'])

  def test_a_timestep_as_it_should_be(self):
    self._check()

  @parameterized.parameters(
      *(('reward', value, f"returned reward {value} in stream 2; rewards must")
        for value in (np.nan, np.inf, -np.inf)),
      *(('discount', value, f'returned discount {value} in stream 2; expected')
        for value in (5.0, -0.5, np.nan, np.inf)),
      ('step_type', 7, 'returned step type 7 in stream 2; expected 0, 1 or 2'),
      ('step_type', -1, 'returned step type -1 in stream 2'),
      ('step_type', base.FIRST, 'returned reward 3.0 in stream 2; that is the'
       ' first step of an episode'),
  )
  def test_numbers_that_cannot_be(self, field, value, message):
    changed = np.array([0, 0, 3 if field == 'step_type' else 0, 0], np.float32)
    changes = {'reward': changed, field: np.array(
        [0, 1, value, 1], np.float32 if field != 'step_type' else np.int32)}
    with self.assertRaisesRegex(checks.UserError, f"task 'b' {message}"):
      self._check(**changes)

  def test_observations_that_cannot_be(self):
    with self.assertRaisesRegex(
        checks.UserError, "task 'b' observed nan in 'x' in stream 2;"):
      self._check(observation={'x': np.array([0, 0, np.nan, 0], np.float32)})

  def test_common_num_actions(self):
    self.assertEqual(base.common_num_actions(['a', 'b'], [7, 7]), 7)
    with self.assertRaisesRegex(
        ValueError, 'one set of actions; got a: 7, b: 3; put tasks'
    ):
      base.common_num_actions(['a', 'b'], [7, 3])


if __name__ == '__main__':
  absltest.main()
