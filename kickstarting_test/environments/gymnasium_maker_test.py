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
"""Tests of gymnasium_maker.py: an ID that is one, and what is none."""

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting.environments import gymnasium_maker


class MakeTest(parameterized.TestCase):

  def test_packages_that_register_levels_are_loaded(self):
    environment = gymnasium_maker.make(0, 'MiniGrid-Empty-5x5-v0')
    self.assertEqual(environment.action_space.n, 7)

  def test_an_id_and_its_settings(self):
    environment = gymnasium_maker.make(3, 'CartPole-v1', max_episode_steps=7)
    self.assertEqual(environment.spec.max_episode_steps, 7)

  @parameterized.parameters(
      ('CratPole-v1', {}, "gymnasium:CratPole-v1 cannot be made .*CartPole"),
      ('CartPole-v99', {}, 'gymnasium:CartPole-v99 cannot be made'),
      ('', {}, 'gymnasium: cannot be made'),
      ('a b', {}, 'gymnasium:a b cannot be made'),
      ('CartPole-v1', {'lenght': 3}, "unexpected keyword argument 'lenght'"))
  def test_what_is_none(self, env_id, settings, text):
    with self.assertRaisesRegex(checks.UserError, text):
      gymnasium_maker.make(3, env_id, **settings)


if __name__ == '__main__':
  absltest.main()
