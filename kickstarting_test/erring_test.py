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
"""Tests of erring.py: whose value teachers have that err on purpose."""

from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import erring
from kickstarting import teaching as teaching_lib
from kickstarting import update_config
from kickstarting.environments import suites

_TASK = 'LavaGapS7'  # whose episodes soon end for those who err


class FlipTest(parameterized.TestCase):

  def _flip(self, share, method):
    suite = suites.get_suite('minigrid8', [_TASK])
    update = update_config.UpdateConfig(method=method)
    teaching = teaching_lib.load_teachers(
        ['zoo'], suite, 'constant:1', 1000,
        gives_features=erring.plays(share, update))
    with mock.patch.object(erring, 'STEPS', 400):
      return teaching, erring.flip(
          teaching, suite, share, update, 1, lambda text: None)

  def test_the_value_is_of_what_they_do(self):
    before, after = self._flip(0.5, 'v_gated_plus_r')
    [able], [erring_one] = before.teachers, after.teachers
    self.assertTrue(able.has_value and erring_one.has_value)
    self.assertNotEqual(able.architecture, erring_one.architecture)
    self.assertEqual(erring_one.feature_size, 0)  # nobody reads them then
    # They never get through the gap.
    self.assertLess(abs(float(erring_one.params['value'][-1])), 0.2)

  def test_nobody_plays_for_a_method_that_reads_no_value(self):
    _, after = self._flip(0.5, 'on_policy_distill_plus_r')
    self.assertFalse(after.teachers[0].has_value)

  def test_without_errors_they_stay_as_they_are(self):
    before, after = self._flip(0.0, 'v_gated_plus_r')
    self.assertIs(before, after)


if __name__ == '__main__':
  absltest.main()
