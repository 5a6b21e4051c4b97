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
"""Tests of named.py: whatever a user calls an environment."""

import math
import os
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import gymnasium
import numpy as np

from kickstarting import checks
from kickstarting.environments import suites
from kickstarting.environments import worker_pool
from kickstarting.environments.suites import batches

_HISTORY = 'kickstarting_test.environments.faulty:History'


class CartPole(gymnasium.Env):
  """Takes a seed, as every builder does."""

  def __new__(cls, seed, **settings):
    del seed
    return gymnasium.make('CartPole-v1', **settings)


def _steps(suite):
  """Returns what a batch gives at its start and after a step."""
  pool = worker_pool.PoolConfig(streams_per_worker=2)
  batch = batches.make_environment(suite._replace(pool=pool), 2, seed=0)
  try:
    first = batch.reset()
    batch.send(np.ones(2, np.int32))
    return batch.spec, first, batch.receive()
  finally:
    batch.close()


class SuiteOfTest(parameterized.TestCase):

  @parameterized.parameters(
      ('gymnasium:CartPole-v1', 'CartPole-v1'),
      ('envpool:CartPole-v1', 'CartPole-v1'),
      (CartPole, 'CartPole'),
      (lambda seed: gymnasium.make('CartPole-v1'), 'environment'))
  def test_plays(self, env, name):
    suite = suites.suite_of(env)
    self.assertEqual(suite.name, name)
    self.assertEqual(suite.task_names, (name,))
    self.assertEqual(suite.score_cap, math.inf)
    spec, first, second = _steps(suite)
    self.assertEqual(spec.num_actions, 2)
    self.assertEqual(spec.observation['observation'], ((4,), np.float32))
    self.assertEqual(first.step_type.tolist(), [0, 0])
    self.assertEqual(second.reward.tolist(), [1, 1])
    self.assertFalse(np.array_equal(*first.observation['observation']))

  @parameterized.parameters(
      'gymnasium:CartPole-v1', 'envpool:CartPole-v1', CartPole)
  def test_settings_and_time_outs(self, env):
    suite = suites.suite_of(env, settings={'max_episode_steps': 1})
    for keeps in (False, True):
      _, _, step = _steps(suite._replace(bootstrap_on_timeout=keeps))
      self.assertEqual(step.step_type.tolist(), [2, 2])
      self.assertEqual(step.discount.tolist(), [keeps, keeps])

  def test_shipped_ones_and_suites(self):
    suite = suites.suite_of('minigrid8')
    self.assertEqual(suite.name, 'minigrid8')
    self.assertEqual(
        suites.suite_of(suite, ['FourRooms']).task_names, ('FourRooms',))

  def test_environments_in_processes_of_their_own(self):
    self.assertEqual(suites.suite_of(_HISTORY).task_names, ('History',))
    with mock.patch.dict(os.environ, HOME='there'):
      suite = suites.suite_of('~/pole.py:make')
    self.assertEqual(suite.task_names, ('pole',))

  @parameterized.parameters(
      ('CartPole-v1', 'Write gymnasium:CartPole-v1 or envpool:CartPole-v1'),
      ('ALE/Pong-v5', 'Write gymnasium:ALE/Pong-v5'),
      ('minigird8', "did you mean 'minigrid8'.*gymnasium:ID"),
      ('x' * 5000, 'unknown suite'), ('nowhere.py', 'there is no file'),
      (3, 'env is 3; expected the name of a suite, gymnasium:ID'),
      (None, 'env is None'))
  def test_what_is_none(self, env, text):
    with self.assertRaisesRegex(checks.UserError, text):
      suites.suite_of(env)

  def test_an_environment_that_is_made_already(self):
    with self.assertRaisesRegex(
        checks.UserError, 'made already .*write lambda seed: gymnasium.make'):
      suites.suite_of(gymnasium.make('CartPole-v1'))

  @parameterized.parameters(
      (lambda: None, 'is called with a seed; expected a function of .seed'),
      (lambda seed: 3, 'made a int; expected a dm_env.Environment'),
      (lambda seed: gymnasium.make_vec('CartPole-v1', 2),
       'steps several environments at a time; expected a single one'),
      (lambda seed: gymnasium.make('Pendulum-v1'), 'one discrete action'))
  def test_what_a_function_makes(self, make, text):
    with self.assertRaisesRegex(checks.UserError, text):
      batches.spec_of(suites.suite_of(make))

  @parameterized.parameters(
      ('gymnasium:CratPole-v1', 'CratPole-v1 cannot be made'),
      ('envpool:CratPole-v1', "no level 'CratPole-v1'; close names: CartPole"))
  def test_unknown_ids(self, env, text):
    with self.assertRaisesRegex(checks.UserError, text):
      batches.spec_of(suites.suite_of(env))


if __name__ == '__main__':
  absltest.main()
