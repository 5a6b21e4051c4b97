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
"""Tests of `experiments/build.py`; mistakes in flags are in `cli_test.py`."""

from unittest import mock

from absl.testing import absltest
from absl.testing import flagsaver
import jax

from experiments import build
from kickstarting import agent as agent_lib
from kickstarting.environments import seeds
from kickstarting.environments import suites
from kickstarting.networks import build as networks
from kickstarting.teachers import zoo

_SHORT, _LONG = 'GoToLocalS8N7', 'DoorKey-8x8'  # instructions


def _num_traces(task_names: list[str]) -> int:
  """Returns how often evaluating these tasks traces the encoder."""
  suite = suites.get_suite('minigrid8')
  agent = agent_lib.make_agent(
      networks.get_network('grid_small'), build.spec_of(suite).observation,
      suite.num_actions)
  traces = []

  def encode(*args):
    traces.append(args)
    return agent.encode(*args)

  chosen = tuple(task for task in suite.tasks if task.name in task_names)
  build.evaluate(
      agent._replace(encode=encode), suite._replace(tasks=chosen),
      agent.init(jax.random.key(0)), episodes=1, seed=0)
  return len(traces)


class EvaluateTest(absltest.TestCase):

  @flagsaver.flagsaver
  def test_compiles_once_for_short_and_for_long_instructions(self):
    short, long = suites.get_suite('minigrid8', [_SHORT, _LONG]).tasks
    self.assertLess(short.max_words, long.max_words)
    self.assertEqual(
        _num_traces([_SHORT, _LONG]),
        _num_traces([_SHORT]),
    )


class LoadTeachersTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.path = str(zoo.default_folder() / f'{_LONG}.npz')

  def _load(self, *specs):
    return build.load_teachers(
        specs, suites.get_suite('minigrid8'), 'constant:1', 1_000_000)

  def test_a_named_teacher_takes_the_place_of_the_shipped_expert(self):
    teaching = self._load('zoo', f'{_SHORT}={self.path}')
    names = [teacher.name for teacher in teaching.teachers]
    self.assertLen(names, 8)
    self.assertEqual(names[-1], _SHORT)
    self.assertLen(set(names), 8)
    self.assertSequenceEqual(
        [names[k] for k in teaching.teacher_of_task],
        suites.get_suite('minigrid8').task_names)

  def test_one_file_for_several_tasks_is_several_teachers(self):
    teaching = self._load(f'{_SHORT}={self.path}', f'{_LONG}={self.path}')
    self.assertEqual(
        [teacher.name for teacher in teaching.teachers], [_SHORT, _LONG])
    self.assertEqual(sorted(teaching.teacher_of_task), [-1] * 6 + [0, 1])

  def test_a_teacher_of_every_task_is_called_after_its_file(self):
    [teacher] = self._load(f'*={self.path}').teachers
    self.assertEqual(teacher.name, self.path)


class MakeJudgeTest(absltest.TestCase):

  def test_decisions_play_other_episodes_than_training(self):
    suite = suites.get_suite('minigrid8', [_LONG])
    with mock.patch.object(build, 'make_environment') as make_environment:
      judge = build.make_judge(
          mock.Mock(agent='agent'), suite, seed=5, rounds=3, num_members=2)
      judge.make_environment(65)
    self.assertEqual(judge.agent, 'agent')
    make_environment.assert_called_once_with(
        suite, 3, 5, 1, seeds.Group.SELECTION, splits=2)

  def test_more_streams_than_seeds(self):
    with self.assertRaisesRegex(
        ValueError, '20 rounds of 8 tasks for 32 members are 5120 episodes.*at'
        ' most 4096. Lower --returns or --population'):
      build.make_judge(
          mock.Mock(), suites.get_suite('minigrid8'), 0, 20, 32)


if __name__ == '__main__':
  absltest.main()
