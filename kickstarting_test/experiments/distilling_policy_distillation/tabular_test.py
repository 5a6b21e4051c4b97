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
"""Tests of tabular.py: what is refused."""

from absl.testing import absltest
from absl.testing import parameterized

from experiments.distilling_policy_distillation import tabular
from kickstarting.losses import distillation


class DiscountTest(parameterized.TestCase):

  @parameterized.parameters(*distillation.METHODS)
  def test_only_values_are_discounted_as_rewards(self, name):
    method = distillation.get_method(name)
    is_value = 'teacher_v' in name
    if method.has_teacher_reward:
      self.assertEqual(
          tabular.teacher_reward_discount(method, 0.99, 0.5),
          0.99 if is_value else 0.5)


class ConfigTest(parameterized.TestCase):

  @parameterized.parameters(
      ({'method': 'clone'}, "unknown method 'clone'"),
      ({'control': 'both'}, "unknown control 'both'"),
      ({'method': 'baseline', 'control': 'teacher'},
       "control is 'teacher' with method 'baseline'; expected the student"),
      ({'returns': 'td'}, "unknown returns 'td'"),
      ({'discount': 1.2}, r'discount is 1.2; expected a number in \[0, 1\]'),
      ({'distill_discount': -0.1}, 'distill_discount is -0.1'),
      ({'critic': True},
       "critic is True with method 'on_policy_distill'; expected False"),
      ({'floor': -1.0}, 'floor is -1.0'),
      ({'learning_rate': 0.0}, 'learning_rate is 0.0'),
      ({'max_steps': 0}, 'max_steps is 0; expected at least 1'),
  )
  def test_errors(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      tabular.UpdateConfig(**fields)


if __name__ == '__main__':
  absltest.main()
