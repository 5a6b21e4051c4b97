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
"""Tests of problem_flags.py; mistakes in single flags are in `cli_test.py`."""

from absl.testing import absltest
from absl.testing import flagsaver
from absl.testing import parameterized

from kickstarting import checks
from kickstarting import description
from kickstarting import update_config
from kickstarting.commands import problem_flags
from kickstarting.commands import run_flags
from kickstarting.commands import shared_flags
from kickstarting.environments import suites
from kickstarting.environments.suites import batches
from kickstarting_test import stand_ins

_HISTORY = 'kickstarting_test.environments.faulty:History'


class SuiteFromFlagsTest(parameterized.TestCase):

  @parameterized.parameters('540', '756')
  def test_actions_of_deepmind_lab(self, actions):
    stand_ins.use(self)
    with flagsaver.flagsaver(
        suite='dmlab30', env_settings=f'actions={actions},cache=2024'):
      suite = problem_flags.describe().suite
    self.assertEqual(suite.settings, {'actions': actions, 'cache': '2024'})

  def test_a_table_among_settings(self):
    with flagsaver.flagsaver(
        env=_HISTORY, env_settings='length=3,more={"a":1,"b":[2,3]}'):
      _, _, settings = problem_flags.environment()
    self.assertEqual(
        settings, {'length': 3, 'more': {'a': 1, 'b': [2, 3]}})

  def test_what_is_no_setting(self):
    with flagsaver.flagsaver(env=_HISTORY, env_settings='length'):
      with self.assertRaisesRegex(
          checks.UserError, "=length holds 'length', which is no setting"):
        problem_flags.describe()

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
        batches.spec_of(problem_flags.describe().suite)


class UpdateTest(absltest.TestCase):

  @flagsaver.flagsaver(learns_value=True, method='n_distill')
  def test_what_a_binary_sets_is_left_out_where_nothing_reads_it(self):
    config = problem_flags.describe().update
    self.assertEqual(config, update_config.UpdateConfig(method='n_distill'))
    self.assertTrue(problem_flags.describe(
        method='on_policy_distill').update.learns_value)

  @flagsaver.flagsaver(rmsprop_epsilon=0.01)
  def test_what_a_suite_sets_is_left_out_with_another_optimiser(self):
    self.assertEqual(
        problem_flags.describe().update, update_config.UpdateConfig())
    self.assertEqual(
        problem_flags.describe(
            optimizer='rmsprop').update.rmsprop_epsilon, 0.01)

  @flagsaver.as_parsed(rmsprop_epsilon='0.01')
  def test_what_is_given_is_refused_where_nothing_reads_it(self):
    with self.assertRaisesRegex(ValueError, 'rmsprop_epsilon is 0.01, which'):
      problem_flags.describe()


class DescribeTest(parameterized.TestCase):

  @flagsaver.flagsaver(streams=8, splits=2, evaluation_max_steps=25)
  def test_the_manner_is_that_of_the_flags(self):
    manner = problem_flags.describe().manner
    self.assertEqual((manner.training_streams, manner.max_steps), (16, 25))

  @flagsaver.flagsaver(env='gymnasium:CartPole-v1', frames=1000)
  def test_a_suite_s_defaults_are_those_of_the_flags(self):
    described = problem_flags.describe()
    self.assertEqual(described.config.streams, 16)
    self.assertTrue(described.update.scale_free)
    self.assertEqual(run_flags.FLAGS.streams, 16)  # a run keeps its flags
    self.assertEqual(problem_flags.describe(frames=77).config.frames, 77)

  @flagsaver.as_parsed(
      teachers='zoo', method='n_distill', weights='constant:2', epsilon='0.1',
      learning_rate='0.5')
  def test_a_student_alone_has_nothing_of_teachers(self):
    alone = problem_flags.describe_alone()
    self.assertEqual(alone.teaching.teachers, ())
    self.assertEqual(
        (alone.update.method, alone.config.epsilon), ('baseline', 0.0))
    self.assertEqual(alone.config.learning_rate, 0.5)

  def test_what_describes_no_run_is_not_among_the_others(self):
    self.assertEmpty(
        shared_flags.OTHERS - description.options().keys())
    self.assertEmpty(
        description.options().keys() - shared_flags.OTHERS -
        run_flags.fields_with_flags() - {
            'mixing', 'transfer_cost', 'max_failures_in_a_row', 'backoff_s'})


class WithoutTeachersTest(parameterized.TestCase):

  @parameterized.parameters(
      ('weights', 'nonsense', "unknown schedule 'nonsense'"),
      ('weights', 'constant:1', 'weights is .* without teachers'),
      ('divergence', 'reverse_kl', 'divergence is .* without teachers'),
      ('teacher_temperature', '0.3', 'teacher_temperature is 0.3 without'))
  def test_what_only_teachers_are_read_with(self, name, value, text):
    with flagsaver.as_parsed(**{name: value}):
      with self.assertRaisesRegex(checks.UserError, text):
        problem_flags.describe()


if __name__ == '__main__':
  absltest.main()
