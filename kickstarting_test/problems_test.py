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
"""Tests of problems.py: what is wrong with a run is found before it starts."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import description
from kickstarting import problems
from kickstarting import update_config
from kickstarting.environments import suites
from kickstarting.environments import task_observation
from kickstarting.networks import build as networks
from kickstarting.runtime import training_config
from kickstarting_test.networks import examples


def _make(update=None, config=None, **others):
  return problems.make_problem(
      suites.get_suite('minigrid8'), networks.get_network('grid_small'),
      update_config.UpdateConfig(**(update or {})),
      training_config.TrainingConfig(**(config or {})), **others)


class MakeProblemTest(parameterized.TestCase):

  @parameterized.parameters(
      ({'streams': 100_000_000}, 'streams=100000000, splits=4 and .* make'),
      ({'splits': 100_000_000}, 'splits=100000000 and .* make'),
      ({'learner_devices': 9}, 'learner_devices is 9'),
      ({'actor_device': 5}, 'actor_device is 5'),
      ({'actor_device': -1}, 'actor_device is -1'))
  def test_what_no_batch_can_have(self, config, text):
    with self.assertRaisesRegex(checks.UserError, text):
      _make(config=config)
    _make()

  @parameterized.parameters(
      ({'algorithm': 'a2c'}, {}, 'Add --lockstep --splits=1'),
      ({'method': 'on_policy_distill'}, {}, 'without teachers: there is noth'),
      ({}, {'teacher_share': 0.5}, 'teacher_share=0.5 and epsilon=0.0 without'),
      ({'feature_cost': 1.0}, {}, 'teachers'))
  def test_what_needs_teachers(self, update, config, text):
    with self.assertRaisesRegex(checks.UserError, text):
      _make(update, config)

  @parameterized.parameters(
      {'num_members': 2}, {'wrap': task_observation.TaskObservation})
  def test_features_are_of_one_student(self, **others):
    with self.assertRaisesRegex(
        checks.UserError, 'feature_cost is 1.0, but no mixture or population'):
      _make({'feature_cost': 1.0}, **others)

  def test_what_the_parts_say(self):
    problem = _make(schedules={'mixing': lambda frames: 1.0})
    suite = suites.get_suite('minigrid8')
    self.assertEqual(problem.task_names, suite.task_names)
    self.assertEqual(problem.teacher_names, ())
    self.assertEqual(list(problem.schedules), ['mixing'])
    self.assertIsNone(problem.referee)
    self.assertIsNone(problem.make_labeller(None))


class StartFromTest(absltest.TestCase):

  def _problem(self, env):
    return description.describe(env).problem()

  def test_the_same_network(self):
    problem = self._problem('envpool:CartPole-v1')
    params = problem.agent.init(jax.random.key(1))
    more = {**params, 'of_no_network': {'w': np.ones(3)}}
    init = problems.start_from(problem, more).agent.init
    jax.tree.map(np.testing.assert_array_equal, init(jax.random.key(2)), params)

  def test_more_actions(self):
    small, large = (agent_lib.make_agent(
        networks.get_network('mlp_small'), examples.FLAT_SPEC, num)
                    for num in (2, 5))
    params = small.init(jax.random.key(1))
    problem = dataclasses.replace(
        self._problem('envpool:CartPole-v1'), agent=large)
    begun = problems.start_from(problem, params).agent.init(jax.random.key(2))
    np.testing.assert_array_equal(
        begun['policy']['w'][:, :2], params['policy']['w'])
    np.testing.assert_array_equal(
        begun['policy']['w'][:, 2:],
        large.init(jax.random.key(2))['policy']['w'][:, 2:])
    np.testing.assert_array_equal(
        begun['baseline']['w'], params['baseline']['w'])
    with self.assertRaisesRegex(checks.UserError, 'init has policy/'):
      problems.start_from(
          dataclasses.replace(problem, agent=small),
          large.init(jax.random.key(1)))

  def test_another_network(self):
    problem = self._problem('envpool:CartPole-v1')
    with self.assertRaisesRegex(
        checks.UserError, 'of shape None, but the student has'):
      problems.start_from(problem, {'other': {'w': np.ones(3)}})


if __name__ == '__main__':
  absltest.main()
