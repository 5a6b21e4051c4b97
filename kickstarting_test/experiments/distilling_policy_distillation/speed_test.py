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
"""Tests of speed.py: when a goal is reached, areas above a teacher."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from experiments.distilling_policy_distillation import speed


class StepsTest(parameterized.TestCase):

  @parameterized.parameters(
      (0.0, 0.0), (1.0, 0.0), (2.0, 50.0), (3.0, 100.0), (4.0, 275.0),
      (4.6, None))
  def test_first_time_between_points(self, goal, steps):
    self.assertEqual(
        speed.steps_to(np.array([1.0, 3.0, 2.5, 4.5]), goal, 300), steps)


class SpeedUpTest(absltest.TestCase):

  def _curves(self, *ways):
    """Curves of two points whose areas above 1 are these."""
    values = np.zeros((2, len(ways), 4))
    values[:, :, 2] = 1.0
    values[1, :, 2] += 2.0 * np.array(ways)
    return values

  def test_against_a_sum(self):
    teacher = np.ones((1, 3, 4))
    ratio, error = speed.speed_up(
        self._curves(1.0, 2.0, 3.0), self._curves(4.0, 4.0, 10.0), teacher,
        'over_teacher')
    self.assertAlmostEqual(ratio, 3.0)  # 18 over 6
    # What is left is 1, -2 and 1: variance 3, over three; mean area 2.
    self.assertAlmostEqual(error, 1.0 / 2.0)

  def test_a_return_lies_below(self):
    own, other = self._curves(1.0, 1.0), self._curves(2.0, 2.0)
    own[:, :, 0], other[:, :, 0] = -own[:, :, 2], -other[:, :, 2]
    ratio, error = speed.speed_up(own, other, -np.ones((1, 2, 4)), 'return')
    self.assertAlmostEqual(ratio, 2.0)
    self.assertAlmostEqual(error, 0.0)

  def test_one_mdp_has_no_error(self):
    self.assertEqual(
        speed.speed_up(self._curves(1.0), self._curves(5.0),
                       np.ones((1, 1, 4)), 'over_teacher'), (5.0, 0.0))


if __name__ == '__main__':
  absltest.main()
