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

from experiments import problem_flags
from experiments import shared_flags
from kickstarting import checks
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
      suite = problem_flags.suite_from_flags()
    self.assertEqual(suite.settings, {'actions': actions, 'cache': '2024'})

  def test_a_table_among_settings(self):
    with flagsaver.flagsaver(
        env=_HISTORY, env_settings='length=3,more={"a":1,"b":[2,3]}'):
      suite = problem_flags.suite_from_flags()
    self.assertEqual(
        suite.settings, {'length': 3, 'more': {'a': 1, 'b': [2, 3]}})

  def test_what_is_no_setting(self):
    with flagsaver.flagsaver(env=_HISTORY, env_settings='length'):
      with self.assertRaisesRegex(
          checks.UserError, "=length holds 'length', which is no setting"):
        problem_flags.suite_from_flags()

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
        batches.spec_of(problem_flags.suite_from_flags())


class MannerTest(absltest.TestCase):

  @flagsaver.flagsaver(streams=8, splits=2, evaluation_max_steps=25)
  def test_is_that_of_the_flags(self):
    manner = problem_flags.manner()
    self.assertEqual((manner.training_streams, manner.max_steps), (16, 25))


class WithoutTeachersTest(absltest.TestCase):

  def test_weights_without_teachers(self):
    for weights, text in (
        ('nonsense', "unknown schedule 'nonsense'"),
        ('constant:1', 'without teachers has no effect')):
      with flagsaver.flagsaver((shared_flags.WEIGHTS, weights)):
        shared_flags.FLAGS['weights'].present = 1
        with self.assertRaisesRegex(checks.UserError, text):
          problem_flags.check_without(1000)
    problem_flags.check_without(1000)

  def test_what_only_teachers_are_read_with(self):
    for name, value in (('divergence', 'reverse_kl'),
                        ('teacher_temperature', 0.3)):
      with flagsaver.flagsaver(**{name: value}):
        shared_flags.FLAGS[name].present = 1
        with self.assertRaisesRegex(
            checks.UserError, f'{name}={value} without teachers has no eff'):
          problem_flags.check_without(1000)


if __name__ == '__main__':
  absltest.main()
