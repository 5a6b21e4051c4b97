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
"""Tests of playing.py: what is compiled, and what a judge sees."""

from unittest import mock

from absl.testing import absltest
import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import playing
from kickstarting.environments import scores
from kickstarting.environments import seeds
from kickstarting.environments import suites
from kickstarting.environments.suites import batches
from kickstarting.networks import build as networks
from kickstarting.runtime import threads
from kickstarting_test.runtime import taped

_SHORT, _LONG = 'GoToLocalS8N7', 'DoorKey-8x8'  # instructions


def _num_traces(task_names: list[str]) -> int:
  """Returns how often evaluating these tasks traces the encoder."""
  suite = suites.get_suite('minigrid8')
  agent = agent_lib.make_agent(
      networks.get_network('grid_small'),
      batches.spec_of(suite).observation, suite.num_actions)
  traces = []

  def encode(*args):
    traces.append(args)
    return agent.encode(*args)

  chosen = tuple(task for task in suite.tasks if task.name in task_names)
  playing.evaluate(
      agent._replace(encode=encode), suite._replace(tasks=chosen),
      agent.init(jax.random.key(0)), episodes=1, seed=0)
  return len(traces)


class EvaluateTest(absltest.TestCase):

  def test_compiles_once_for_short_and_for_long_instructions(self):
    short, long = suites.get_suite('minigrid8', [_SHORT, _LONG]).tasks
    self.assertLess(short.max_words, long.max_words)
    self.assertEqual(
        _num_traces([_SHORT, _LONG]),
        _num_traces([_SHORT]),
    )


class RefereeTest(absltest.TestCase):

  def test_ends_though_episodes_do_not(self):
    agent = taped.make_agent()
    referee = self._referee(agent, playing.Manner(max_steps=25))
    window = referee(agent.init(jax.random.key(0)), 7)
    # The streams get 1 and 2 at every step.
    np.testing.assert_allclose(window.returns(), [25.0, 50.0])

  def test_hears_a_request_to_stop(self):
    agent = taped.make_agent()
    referee = self._referee(agent, playing.Manner(should_stop=lambda: True))
    with self.assertRaises(threads.Stopped):
      referee(agent.init(jax.random.key(0)), 7)

  def _referee(self, agent, manner):
    self.enter_context(mock.patch.object(
        batches, 'make_environment',
        lambda *args, **kwargs: taped.TapedBatch([10**9] * 2, [0, 1])))
    return playing.make_referee(
        agent, suites.get_suite('minigrid8', [_SHORT, _LONG]), 0,
        lambda frames: scores.ScoreWindow([0.0, 0.0], [99.0, 99.0], frames),
        manner=manner)


class MakeJudgeTest(absltest.TestCase):

  def test_decisions_play_other_episodes_than_training(self):
    suite = suites.get_suite('minigrid8', [_LONG])
    with mock.patch.object(
        batches, 'make_environment') as make_environment:
      judge = playing.make_judge(
          mock.Mock(agent='agent'), suite, seed=5, rounds=3, num_members=2)
      judge.make_environment(65)
    self.assertEqual(judge.agent, 'agent')
    make_environment.assert_called_once_with(
        suite, 3, 5, 1, seeds.Group.SELECTION, splits=2)

  def test_more_streams_than_seeds(self):
    with self.assertRaisesRegex(
        ValueError, '20 rounds of 8 tasks for 32 members are 5120 episodes.*at'
        ' most 4096. Lower the returns'):
      playing.make_judge(
          mock.Mock(), suites.get_suite('minigrid8'), 0, 20, 32)


if __name__ == '__main__':
  absltest.main()
