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
import numpy as np

from kickstarting.environments import base


class BaseTest(absltest.TestCase):

  def test_previous_action(self):
    np.testing.assert_array_equal(
        base.previous_action(
            np.array([3, 4, 5], np.int32), np.array([0, 1, 2], np.int32)
        ),
        [0, 4, 5],
    )

  def test_check_rewards(self):
    task = np.array([0, 0, 1, 1])
    base.check_rewards(np.array([0.0, -1.0, 1e30, 2.0]), task, ['a', 'b'])
    for value in (np.nan, np.inf, -np.inf):
      with self.assertRaisesRegex(
          ValueError, f"task 'b' returned reward {value} in stream 2;"
      ):
        base.check_rewards(np.array([0, 0, value, 0]), task, ['a', 'b'])

  def test_common_num_actions(self):
    self.assertEqual(base.common_num_actions(['a', 'b'], [7, 7]), 7)
    with self.assertRaisesRegex(
        ValueError, 'one set of actions; got a: 7, b: 3; put tasks'
    ):
      base.common_num_actions(['a', 'b'], [7, 3])


if __name__ == '__main__':
  absltest.main()
