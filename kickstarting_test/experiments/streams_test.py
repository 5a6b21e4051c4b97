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
"""Tests what is known of streams before they are played."""

from unittest import mock

from absl.testing import absltest
from absl.testing import flagsaver
from absl.testing import parameterized

from experiments import streams as streams_lib
from kickstarting import checks
from kickstarting.environments import base
from kickstarting.environments import process_batch
from kickstarting.environments import suites
from kickstarting.environments import task_observation
from kickstarting.runtime import training_config
from kickstarting_test import stand_ins

_HISTORY = 'kickstarting_test.environments.faulty:History'


class SpecOfTest(absltest.TestCase):

  @flagsaver.flagsaver
  def test_environments_are_made_for_it_once(self):
    suite = suites.of_environment(_HISTORY, {'length': 2})
    with mock.patch.object(
        process_batch, 'task_batch', wraps=process_batch.task_batch) as made:
      spec = streams_lib.spec_of(suite)
      wrapped = streams_lib.spec_of(suite, task_observation.TaskObservation)
      self.assertEqual(made.call_count, 1)
      other = suite._replace(settings={'length': 3})
      self.assertEqual(streams_lib.spec_of(other), spec)
      self.assertEqual(made.call_count, 2)
    self.assertEqual(set(wrapped.observation) - set(spec.observation), {'task'})

  @flagsaver.flagsaver
  def test_no_engine_of_deepmind_lab_is_started(self):
    stand_ins.use(self)
    with mock.patch.object(
        process_batch, 'task_batch', side_effect=AssertionError('started')):
      for name in ('dmlab30', 'dmlab_curricula'):
        spec = streams_lib.spec_of(suites.get_suite(name))
        self.assertEqual(spec.num_actions, 9)
        self.assertEqual(spec.observation['image'].shape, (72, 96, 3))

  def test_what_is_described_cannot_be_played(self):
    described = base.Described(base.EnvironmentSpec(2, {}, 1), 3)
    for call in (described.reset, described.receive,
                 lambda: described.send(described.task)):
      with self.assertRaisesRegex(RuntimeError, 'described only'):
        call()


class SuiteFromFlagsTest(parameterized.TestCase):

  @parameterized.parameters('540', '756')
  def test_actions_of_deepmind_lab(self, actions):
    stand_ins.use(self)
    with flagsaver.flagsaver(
        suite='dmlab30', env_settings=f'actions={actions},cache=2024'):
      suite = streams_lib.suite_from_flags()
    self.assertEqual(suite.settings, {'actions': actions, 'cache': '2024'})

  def test_a_table_among_settings(self):
    with flagsaver.flagsaver(
        env=_HISTORY, env_settings='length=3,more={"a":1,"b":[2,3]}'):
      suite = streams_lib.suite_from_flags()
    self.assertEqual(
        suite.settings, {'length': 3, 'more': {'a': 1, 'b': [2, 3]}})

  def test_what_is_no_setting(self):
    with flagsaver.flagsaver(env=_HISTORY, env_settings='length'):
      with self.assertRaisesRegex(
          checks.UserError, "=length holds 'length', which is no setting"):
        streams_lib.suite_from_flags()


class CheckCountsTest(parameterized.TestCase):

  @parameterized.parameters(
      ({'streams': 100_000_000}, '--streams=100000000 and --splits=4 make'),
      ({'splits': 100_000_000}, '--splits=100000000 make'),
      ({'learner_devices': 9}, 'learner_devices is 9'),
      ({'actor_device': 5}, 'actor_device is 5'),
      ({'actor_device': -1}, 'actor_device is -1'))
  def test_what_no_batch_can_have(self, fields, text):
    config = training_config.TrainingConfig(**fields)
    suite = suites.get_suite('minigrid8')
    with self.assertRaisesRegex(checks.UserError, text):
      streams_lib.check_counts(suite, config)
    streams_lib.check_counts(suite, training_config.TrainingConfig())

  @parameterized.parameters(
      ('minigrid8', 'num_envs=3'), ('minigrid8', 'num_threads=3'),
      ('minigrid8', 'batch_size=3'), ('minigrid8', 'seed=5'),
      ('minigrid8', 'nonsense=1'), ('minigrid8', 'max_episode_steps=x'),
      ('atari57', 'num_envs=3'), ('atari57', 'seed=5'),
      ('atari57', 'frame_skip=x'), ('atari57', 'frame_skip=1e400'),
      ('dmlab30', 'seed=5'), ('dmlab30', 'nonsense=1'),
      ('vizdoom', 'seed=5'), ('vizdoom', 'num_threads=2'))
  def test_settings_that_are_not_for_a_user(self, suite, setting):
    with flagsaver.flagsaver(
        suite=suite, env_settings=setting,
        tasks=[suites.get_suite(suite).task_names[0]]):
      with self.assertRaisesRegex(checks.UserError, setting.split('=')[0]):
        streams_lib.spec_of(streams_lib.suite_from_flags())


if __name__ == '__main__':
  absltest.main()
