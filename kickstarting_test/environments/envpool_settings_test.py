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
"""Tests what may be set of EnvPool."""

from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting.environments import engines
from kickstarting.environments import envpool_settings

_PONG, _DOOR = 'Pong-v5', 'MiniGrid-DoorKey-8x8-v0'
_HEALTH = 'HealthGathering-v1'


class EnvpoolSettingsTest(parameterized.TestCase):

  @parameterized.parameters(
      (_PONG, {'full_action_space': True, 'img_height': 42}),
      (_PONG, {'repeat_action_probability': 0}),
      (_PONG, {'task': 'breakout', 'base_path': '/data'}),
      (_DOOR, {'agent_start_pos': (1, 1)}),
      (_HEALTH, {'reward_config': {'HEALTH': [1, 0]}}),
  )
  def test_settings(self, level, settings):
    self.assertEqual(envpool_settings.check([level], settings), settings)

  def test_lists_of_json_are_tuples_there(self):
    self.assertEqual(
        envpool_settings.check([_DOOR], {'agent_start_pos': [1, 1]}),
        {'agent_start_pos': (1, 1)})

  @parameterized.parameters(
      (_PONG, {'img_height': 'abc'},
       "'img_height' of Pong-v5 is 'abc'; expected a whole number of 32 bits,"
       " such as its default 84"),
      (_PONG, {'img_height': 84.0}, 'is 84.0; expected a whole number'),
      (_PONG, {'img_height': True}, 'is True; expected a whole number'),
      (_PONG, {'img_height': 10**12}, 'is 1000000000000; expected a whole'),
      (_PONG, {'full_action_space': 'True'}, "is 'True'; expected true or fal"),
      (_PONG, {'full_action_space': 1}, 'is 1; expected true or false'),
      (_PONG, {'repeat_action_probability': 'x'}, "is 'x'; expected a number"),
      (_PONG, {'task': 3}, 'is 3; expected text; put double quotes'),
      (_PONG, {'seed': 5}, "'seed' of Pong-v5 is not to be chosen"),
      (_PONG, {'num_envs': 2}, "'num_envs' of Pong-v5 is not to be chosen"),
      (_DOOR, {'agent_start_pos': 3}, 'is 3; expected a list'),
      (_HEALTH, {'reward_config': 3}, 'is 3; expected an object'),
      (_PONG, {'img_hieght': 3}, "unknown setting of Pong-v5 'img_hieght'"),
      ('Pnog-v5', {}, "no level 'Pnog-v5'; close names: .*Pong-v5"),
  )
  def test_others(self, level, settings, message):
    with self.assertRaisesRegex(checks.UserError, message):
      envpool_settings.check([level], settings)

  def test_what_is_ours_in_some_levels(self):
    with self.assertRaisesRegex(checks.UserError, 'is not to be chosen'):
      envpool_settings.check(
          [_HEALTH], {'reward_config': {}}, ours=['reward_config'])

  def test_a_library_of_the_system_is_missing(self):
    envpool = mock.Mock()
    envpool.list_all_envs.return_value = ['CoinrunEasy-v0']
    envpool.make_spec.side_effect = ImportError('Install Qt 5.')
    with mock.patch.object(engines, 'load_envpool', return_value=envpool):
      with self.assertRaisesRegex(
          checks.UserError, 'level CoinrunEasy-v0 cannot be loaded; .*Qt 5'):
        envpool_settings.check(['CoinrunEasy-v0'], {})


if __name__ == '__main__':
  absltest.main()
