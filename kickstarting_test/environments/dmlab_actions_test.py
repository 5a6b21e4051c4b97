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
"""Tests the sets of actions of DeepMind Lab."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.environments import dmlab_actions


def _rows(name):
  return {tuple(row) for row in dmlab_actions.action_set(name).tolist()}


class DmlabActionsTest(parameterized.TestCase):

  @parameterized.parameters(
      ('impala', 9), ('fifteen', 15), ('540', 540), ('756', 756))
  def test_sizes(self, name, size):
    actions = dmlab_actions.action_set(name)
    self.assertEqual(actions.shape, (size, 7))
    self.assertEqual(actions.dtype, np.intc)  # the engine refuses int64
    self.assertLen(_rows(name), size)

  def test_the_nine_of_impala(self):
    # Espeholt et al. (2018), Table D.2.
    self.assertEqual(_rows('impala'), {
        (0, 0, 0, 1, 0, 0, 0), (0, 0, 0, -1, 0, 0, 0), (0, 0, -1, 0, 0, 0, 0),
        (0, 0, 1, 0, 0, 0, 0), (-20, 0, 0, 0, 0, 0, 0), (20, 0, 0, 0, 0, 0, 0),
        (-20, 0, 0, 1, 0, 0, 0), (20, 0, 0, 1, 0, 0, 0),
        (0, 0, 0, 0, 1, 0, 0)})

  def test_which_are_part_of_which(self):
    # Mix & Match goes from IMPALA's nine to 756, and from 540 upwards.
    self.assertTrue(_rows('impala') <= _rows('756'))
    self.assertTrue(_rows('540') <= _rows('756'))
    self.assertTrue(_rows('fifteen') <= _rows('540'))

  def test_unknown(self):
    with self.assertRaisesRegex(
        ValueError, "action set 'all'; expected one of impala, fifteen, 540"):
      dmlab_actions.action_set('all')


if __name__ == '__main__':
  absltest.main()
