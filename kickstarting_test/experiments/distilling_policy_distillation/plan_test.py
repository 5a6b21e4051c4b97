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
"""Tests of plan.py: what is learnt and recorded for which students."""

from absl.testing import absltest
from absl.testing import parameterized

from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import plan as plan_lib
from experiments.distilling_policy_distillation import tabular


def _plan(method, **fields):
  return plan_lib.Plan(
      tabular.UpdateConfig(method, **fields), mdp_lib.Dynamics())


class PlanTest(parameterized.TestCase):

  @parameterized.parameters(
      ('n_distill_plus_r', {}, (False, False)),
      ('n_distill_plus_r', {'critic': True}, (True, True)),
      ('n_distill_plus_r', {'returns': 'one_step'}, (True, True)),
      ('n_distill', {'critic': True}, (False, True)),
      ('baseline', {'critic': True}, (True, False)),
      ('on_policy_distill', {'returns': 'one_step'}, (False, False)),
      ('td_zero_v', {'returns': 'one_step'}, (False, False)),
      ('td_zero_v', {'critic': True}, (True, False)),
      ('v_gated', {}, (True, False)),
  )
  def test_values_that_have_a_use(self, method, fields, learns):
    self.assertEqual(_plan(method, **fields).learns, learns)

  @parameterized.parameters(
      ('n_distill', 'distance'), ('expected_kl_regularised', 'reverse_kl'),
      ('expected_entropy_regularised', None), ('baseline', None))
  def test_divergence_in_the_reward(self, method, name):
    self.assertEqual(_plan(method).rewarded_divergence, name)

  def test_rewards_are_recorded_where_they_cannot_be_looked_up(self):
    self.assertTrue(_plan('baseline', restart=True).records_rewards)
    self.assertFalse(_plan('baseline').records_rewards)
    self.assertFalse(_plan('n_distill', restart=True).records_rewards)

  def test_a_teachers_value_is_discounted_as_rewards(self):
    for method, discounts in (('n_distill_plus_r', (0.9, 0.5)),
                              ('teacher_v_reward', (0.9, 0.9))):
      self.assertEqual(_plan(
          method, discount=0.9, distill_discount=0.5).discounts, discounts)


if __name__ == '__main__':
  absltest.main()
