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
"""Tests of watching.py: what an episode looks like."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import gymnasium
import jax
import numpy as np
from PIL import Image

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import description
from kickstarting import runs
from kickstarting import watching
from kickstarting.environments import suites
from kickstarting.environments.suites import batches
from kickstarting.teachers import zoo


class Screen(gymnasium.Env):
  """Shows its number of steps as a picture, and ends after three."""

  observation_space = gymnasium.spaces.Box(0, 255, (8, 8, 1), np.uint8)
  action_space = gymnasium.spaces.Discrete(2)

  def __init__(self, seed, dtype=np.uint8):
    del seed
    self._dtype = dtype
    self._steps = 0

  def reset(self, *, seed=None, options=None):
    self._steps = 0
    return self._picture(), {}

  def step(self, action):
    self._steps += 1
    return self._picture(), 1.0, self._steps == 3, False, {}

  def _picture(self):
    return np.full((8, 8, 1), 50 * self._steps, self._dtype)


def _policy(env):
  """Returns a policy that was never trained."""
  made = description.describe(env)
  spec = batches.spec_of(made.suite)
  agent = agent_lib.make_agent(
      made.network, spec.observation, spec.num_actions)
  return runs.policy_of(
      made.network, made.suite, agent.init(jax.random.key(0)), made.update, {})


class WatchTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'episode.gif'

  def test_levels_of_a_suite(self):
    found = watching.watch(
        zoo.load_expert('GoToLocalS8N7'), 'minigrid8', self.path,
        task='GoToLocalS8N7')
    self.assertGreater(found['return'], 0.1)  # it knows the way
    with Image.open(self.path) as gif:
      self.assertGreater(min(gif.size), 100)

  @parameterized.parameters('gymnasium:CartPole-v1', 'envpool:CartPole-v1')
  def test_environments_that_render(self, env):
    found = watching.watch(
        _policy(env), env, self.path, max_steps=5, greedy=True)
    self.assertEqual((found['steps'], found['cut']), (5, True))
    again = watching.watch(
        _policy(env), env, self.path, max_steps=5, greedy=True)
    self.assertEqual(found, again)

  def test_what_is_observed(self):
    found = watching.watch(_policy(Screen), Screen, self.path)
    self.assertEqual(
        found, {'return': 3.0, 'steps': 3, 'cut': False,
                'path': str(self.path)})
    with Image.open(self.path) as gif:
      self.assertEqual((gif.n_frames, gif.size), (4, (160, 160)))
      gif.seek(2)
      self.assertEqual(gif.convert('RGB').getpixel((7, 7)), (100, 100, 100))

  @parameterized.parameters(
      ({'env': Screen, 'settings': {'dtype': np.float32}}, 'shows nothing'),
      ({'env': 'minigrid8'}, 'policy has 2 actions'),
      ({'env': Screen, 'max_steps': 0}, 'max_steps is 0'),
      ({'env': Screen, 'path': ''}, 'path names no path'))
  def test_what_cannot_be(self, options, text):
    settings = options.get('settings')
    policy = _policy(
        Screen if not settings else lambda seed: Screen(seed, **settings))
    with self.assertRaisesRegex(checks.UserError, text):
      watching.watch(policy, **{'path': self.path, **options})
    self.assertFalse(self.path.exists())


  def test_suites_of_which_nothing_is_shown(self):
    suite = suites.get_suite('minigrid8')._replace(make_one=None)
    with self.assertRaisesRegex(checks.UserError, 'of minigrid8 cannot be sho'):
      watching.watch(zoo.load_expert('GoToLocalS8N7'), suite, self.path)


if __name__ == '__main__':
  absltest.main()
