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
"""Tests of distillation.py: what the table says, and what it is made of.

Not here: what the methods compute (`method_unroll_test.py`), and the theorems,
which need whole episodes (`experiments/distilling_policy_distillation/`).
"""

from absl.testing import absltest

from kickstarting.losses import distillation


class TableTest(absltest.TestCase):

  def test_fields(self):
    methods = distillation.METHODS
    for name, method in methods.items():
      self.assertEqual(method.name, name)
      self.assertIn(method.control, distillation.CONTROLS)
      self.assertContainsSubset(method.needs, {'logits', 'value'})
      self.assertIn('arXiv', method.source)
    # What Table 1 says of each row.
    self.assertEqual(
        {name for name, method in methods.items()
         if not method.is_gradient_field},
        {'on_policy_distill', 'on_policy_distill_plus_r', 'v_gated',
         'v_gated_plus_r', 'td_teacher_v', 'td_zero_v'})
    self.assertEqual(
        {name for name, method in methods.items() if not method.has_return},
        {'teacher_distill', 'uniform_distill', 'on_policy_distill', 'v_gated'})

  def test_what_is_read_of_a_step(self):
    method = distillation.METHODS['n_distill_plus_r']
    self.assertEqual(method.reward_reads, {'distance'})
    self.assertEqual(method.loss_reads, {'distance'})
    gated = distillation.METHODS['v_gated']
    self.assertEqual(
        gated.loss_reads, {'teacher_value', 'student_value', 'distance'})
    self.assertEmpty(gated.reward_reads)
    self.assertEqual(
        distillation.METHODS['kl_regularised'].reward_reads,
        {'teacher_log_prob', 'student_log_prob'})

  def test_unknown_method(self):
    with self.assertRaisesRegex(
        ValueError, "unknown method 'n_distil'; .* Did you mean 'n_distill'"):
      distillation.get_method('n_distil')


if __name__ == '__main__':
  absltest.main()
