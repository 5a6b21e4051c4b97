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
"""Tests of rules that are fitted to a run, or do not fit one."""

import math

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting.pbt import fitting
from kickstarting.pbt import presets
from kickstarting.pbt import rules


class FitTest(absltest.TestCase):

  def test_only_steps_become_frames(self):
    for name in ('impala', 'kickstarting_short', 'mix_and_match'):
      preset = presets.get_preset(name)
      self.assertEqual(fitting.in_frames(preset, 4), preset)

  def test_adapt(self):
    preset = fitting.adapt(
        presets.get_preset('impala'), every=100, burn_in=7, window=3)
    self.assertEqual(preset.ready, rules.Ready(100, 'frames', 7))
    self.assertEqual(preset.exploit, rules.Margin(window=3, points=5.0))
    other = fitting.adapt(presets.get_preset('impala'), margin=0.1)
    self.assertEqual(
        other.exploit, rules.Margin(points=0.1, of='returns'))
    with self.assertRaisesRegex(ValueError, 'margin is 0.1 with TTest'):
      fitting.adapt(presets.get_preset('pbt_t_test'), margin=0.1)
    same = fitting.adapt(presets.get_preset('impala'))
    self.assertEqual(same, presets.get_preset('impala'))


class ChecksTest(parameterized.TestCase):

  @parameterized.named_parameters(
      # A task's score ends at the cap; so do those of suites.
      ('margin_above_all_scores', rules.Margin(points=100.0), 100.0, True),
      ('margin', rules.Margin(points=5.0), 100.0, False),
      ('t_test', rules.TTest(), 1.0, False),
      ('truncation', rules.Truncation(), 1.0, False))
  def test_margins_that_no_score_can_have(self, exploit, cap, is_refused):
    if is_refused:
      with self.assertRaisesRegex(
          checks.UserError, 'points is 100, .*scores .* 0 to 100'):
        fitting.check_scores(exploit, cap)
    else:
      fitting.check_scores(exploit, cap)

  def test_a_margin_of_scores_is_none_of_raw_returns(self):
    with self.assertRaisesRegex(
        checks.UserError, 'margin of 5 points.*raw returns.*Pass margin'):
      fitting.check_scores(rules.Margin(points=5.0), math.inf)
    fitting.check_scores(rules.Margin(points=0.05, of='returns'), math.inf)
    fitting.check_scores(rules.Margin(points=0.0), math.inf)

  @parameterized.parameters(
      ({'every': 100}, {}, 'ready_frames is 100 .*a member has 100 frames'),
      ({'every': 100, 'unit': 'episodes'}, {}, 'ready_frames is 100 .*episode'),
      ({'burn_in': 200}, {}, 'burn_in_frames is 200 .*a member has 100 frames'),
      ({}, {'record_frames': 100}, 'record_frames is 100 .*or record_frames'),
      ({}, {'num_tasks': 6}, 'window is 20 rounds of 6 tasks, more than 100'),
      ({}, {'num_members': 1}, 'one member, who has nobody'))
  def test_rules_that_come_too_late_for_a_run(self, ready, run, text):
    mine = rules.Rules(
        rules.Ready(**({'every': 10} | ready)), rules.Margin(window=20), {},
        explore_when='after_copy')
    run = {'num_members': 2, 'frames': 100, 'record_frames': 10} | run
    with self.assertRaisesRegex(checks.UserError, text):
      fitting.check_run(mine, **run)

  def test_rules_that_fit_a_run(self):
    fitting.check_run(
        rules.Rules(rules.Ready(90), rules.Margin(window=20), {}), 1, 100, 99,
        num_tasks=5)


if __name__ == '__main__':
  absltest.main()
