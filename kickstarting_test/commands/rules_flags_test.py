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
"""Tests of rules_flags.py: what flags say of a preset."""

from absl.testing import absltest
from absl.testing import flagsaver

from kickstarting import pbt
from kickstarting.commands import rules_flags


class RulesTest(absltest.TestCase):

  def test_what_is_left_out_is_the_preset_s(self):
    preset = pbt.get_preset('kickstarting_short')
    with flagsaver.as_parsed():
      self.assertEqual(rules_flags.rules('kickstarting_short'), preset)
      self.assertEqual(set(rules_flags.values().values()), {None})

  def test_what_is_given(self):
    with flagsaver.as_parsed(ready_frames='500', burn_in_frames='0'):
      rules = rules_flags.rules('kickstarting_short')
      self.assertEqual((rules.ready.every, rules.ready.burn_in), (500, 0))
      self.assertEqual(rules_flags.values(), {
          'ready_frames': 500, 'burn_in_frames': 0, 'returns': None,
          'margin': None})


if __name__ == '__main__':
  absltest.main()
