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


if __name__ == '__main__':
  absltest.main()
