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
"""Tests of `populations/judging.py`, and of who listens to a judge."""

import dataclasses

from absl.testing import absltest
import jax
import numpy as np

from kickstarting import pbt
from kickstarting.environments import scores
from kickstarting.populations import judging
from kickstarting.populations import training
from kickstarting.runtime import evaluation
from kickstarting.runtime import threads
from kickstarting_test.runtime import taped
from kickstarting_test.runtime import tiny

jax.config.update('jax_numpy_rank_promotion', 'raise')

_SIZE = 2
_AGENT = taped.make_agent()
# Streams 0 to 3 play task 0, the others task 1; even ones are member 0's.
_TASKS = [0] * 4 + [1] * 4
_LENGTHS = [1, 2, 3, 1, 2, 1, 1, 2]


def _make_window(frames):
  return scores.ScoreWindow([0.0, 0.0], [10.0, 20.0], frames)


def _params():
  keys = jax.random.split(jax.random.key(0), _SIZE)
  return jax.vmap(_AGENT.init)(keys)


class PlayTest(absltest.TestCase):

  def test_every_stream_plays_one_episode_of_its_member(self):
    batch = taped.TapedBatch(_LENGTHS, _TASKS)
    play = judging.make_play(
        judging.Judge(_AGENT, lambda decision: batch), _make_window, _SIZE)
    played = play(0, _params(), jax.random.key(1))
    # A stream's episode returns length * (stream + 1); scores are capped.
    expected = []
    for member in range(_SIZE):
      expected.append([])
      for first, second in ((member, 4 + member), (2 + member, 6 + member)):
        returns = [_LENGTHS[s] * (s + 1) for s in (first, second)]
        expected[-1].append(np.mean(
            [min(100, 10 * returns[0]), min(100, 5 * returns[1])]))
    self.assertEqual(played.dtype, np.float32)
    np.testing.assert_allclose(played, expected)
    self.assertTrue(batch.is_closed)

  def test_an_episode_that_never_ends_counts_as_it_was_cut(self):
    lengths = [10**9, *_LENGTHS[1:]]
    play = judging.make_play(
        judging.Judge(
            _AGENT, lambda decision: taped.TapedBatch(lengths, _TASKS),
            evaluation.Limits(max_steps=4)), _make_window, _SIZE)
    played = play(0, _params(), jax.random.key(1))
    # Scores of 4 steps of reward 1 and of 2 steps of reward 5, of 10 and 20.
    self.assertAlmostEqual(float(played[0, 0]), (40 + 50) / 2, places=4)

  def test_a_request_to_stop_is_heard(self):
    play = judging.make_play(
        judging.Judge(
            _AGENT, lambda decision: taped.TapedBatch([10**9] * 8, _TASKS),
            evaluation.Limits(should_stop=lambda: True)), _make_window, _SIZE)
    with self.assertRaises(threads.Stopped):
      play(0, _params(), jax.random.key(1))

  def test_decisions_have_episodes_of_their_own(self):
    seen = []

    def make_environment(decision):
      seen.append(decision)
      return taped.TapedBatch(_LENGTHS, _TASKS)

    play = judging.make_play(
        judging.Judge(_AGENT, make_environment), _make_window, _SIZE)
    for decision in (3, 4):
      play(decision, _params(), jax.random.key(1))
    self.assertEqual(seen, [3, 4])

  def test_tasks_of_different_numbers_of_streams(self):
    batch = taped.TapedBatch([1] * 6, [0] * 4 + [1] * 2)
    play = judging.make_play(
        judging.Judge(_AGENT, lambda decision: batch), _make_window, _SIZE)
    with self.assertRaisesRegex(ValueError, 'strict|argument 2 is shorter'):
      play(0, _params(), jax.random.key(1))

  def test_the_policy_that_plays_is_the_judges(self):
    # Its actions are all 2, whatever the parameters say.
    constant = _AGENT._replace(
        step=lambda params, rng_key, timestep, context, state: (
            (2 + 0 * timestep.previous_action, _AGENT.step(
                params, rng_key, timestep, context, state)[0][1]), state))
    batch = taped.TapedBatch(_LENGTHS, _TASKS)
    judging.make_play(
        judging.Judge(constant, lambda decision: batch), _make_window, _SIZE)(
            0, _params(), jax.random.key(1))
    self.assertEqual({int(a) for sent in batch.sent for a in sent}, {2})


class TrainTest(tiny.TestCase):
  """Member 0 earns more in training, member 1 before the judge."""

  _RULES = pbt.Rules(
      pbt.Ready(6 * tiny.ROLLOUT), pbt.Margin(window=1, points=0.0), {})
  _POPULATION = training.PopulationConfig(_RULES, _SIZE)

  def _train(self, judge, **kwargs):
    problem = tiny.make_problem(
        make_environment=lambda block: taped.TapedBatch(
            [3, 1, 3, 1], [0, 0, 1, 1], words=[b'go'], reward=0.1))
    return training.train(
        problem, tiny.LOCKSTEP, self._POPULATION, judge=judge,
        **({'on_record': self.records.append} | kwargs))

  def _judge(self):
    return judging.Judge(_AGENT, lambda decision: taped.TapedBatch(
        [1, 3 + decision, 1, 3 + decision], [0, 0, 1, 1], words=[b'go']))

  def test_a_judge_is_listened_to_instead_of_training(self):
    parents = lambda outcome: {
        (r['member'], r['parent']) for r in outcome.records if r['step']}
    self.assertIn((1, 0), parents(self._train(None)))
    self.assertNotIn((0, 1), parents(self._train(None)))
    self.assertIn((0, 1), parents(self._train(self._judge())))
    self.assertNotIn((1, 0), parents(self._train(self._judge())))

  def test_resumed_runs_are_exact(self):
    whole = self._train(
        self._judge(), checkpointer=self.checkpointer('whole'))
    with self.assertRaises(tiny.Killed):
      self._train(
          self._judge(), checkpointer=self.checkpointer(),
          on_record=self.kill_after(13 * tiny.ROLLOUT))
    resumed = self._train(
        self._judge(), checkpointer=self.checkpointer(), resume=True)
    self.assertEqual(resumed.records, whole.records)
    tiny.assert_same(resumed.params, whole.params)

  def test_runs_that_are_stopped_and_resumed_are_exact(self):
    whole = self._train(
        self._judge(), checkpointer=self.checkpointer('whole'))
    for updates in (8, 15):  # the checkpoints are after 6, 12 and 18
      self.records = []
      stopped = self._train(
          self._judge(), checkpointer=self.checkpointer(f'{updates}'),
          should_stop=lambda: len(self.records) >= updates)  # noqa: B023
      self.assertEqual(stopped.ended, 'interrupted')
      resumed = self._train(
          self._judge(), checkpointer=self.checkpointer(f'{updates}'),
          resume=True)
      self.assertEqual(resumed.records, whole.records)
      tiny.assert_same(resumed.params, whole.params)

  def test_rules_that_count_episodes(self):
    rules = dataclasses.replace(self._RULES, ready=pbt.Ready(5, 'episodes'))
    with self.assertRaisesRegex(
        ValueError, 'the rules count episodes, which a judge.*interval in'):
      training.train(
          tiny.make_problem(), tiny.LOCKSTEP,
          training.PopulationConfig(rules, _SIZE), judge=self._judge(),
          on_record=self.records.append)


if __name__ == '__main__':
  absltest.main()
