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
"""Tests of `runtime/evaluation.py`."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting.runtime import evaluation
from kickstarting.runtime import threads
from kickstarting_test.runtime import taped

jax.config.update('jax_numpy_rank_promotion', 'raise')

_AGENT = taped.make_agent()


def _evaluate(*batches, episodes, limits=evaluation.DEFAULT):
  return list(evaluation.evaluate(
      _AGENT, _AGENT.init(jax.random.key(0)), batches, episodes,
      jax.random.key(1), limits))


class EvaluationTest(parameterized.TestCase):

  @parameterized.parameters((1, 1), (4, 1), (5, 2), (8, 2))
  def test_every_stream_plays_its_quota(self, episodes, quota):
    # Streams 0 to 3 play task 0, 4 and 5 play task 1 and so twice as many.
    batch = taped.TapedBatch([2, 3, 4, 5, 2, 3], task=[0, 0, 0, 0, 1, 1])
    [(returns, cuts, _)] = _evaluate(batch, episodes=episodes)
    self.assertEqual(cuts.tolist(), [0, 0])
    self.assertLen(returns, 2)
    # A stream's episodes always return length * (stream + 1).
    self.assertCountEqual(returns[0], quota * [2, 6, 12, 20])
    self.assertCountEqual(returns[1], -(-episodes // 2) * [10, 18])

  def test_short_episodes_do_not_count_more_often(self):
    # Every stream alternates between short episodes and ones of 40 steps; the
    # first to end are short. The mean length is 21.
    batch = taped.TapedBatch([[2, 40]] * 4 + [[40, 2]] * 4, reward=1.0)
    [(returns, _, _)] = _evaluate(batch, episodes=32)
    self.assertLen(returns[0], 32)
    per_step = np.arange(1, 9)
    self.assertCountEqual(
        returns[0], np.concatenate([per_step * 2, per_step * 40] * 2))

  def test_frames_count_all_that_was_played(self):
    batch = taped.TapedBatch([3, 4])
    [(_, _, frames)] = _evaluate(batch, episodes=4)
    self.assertEqual(frames, 2 * len(batch.sent))

  def test_an_episode_that_never_ends_is_cut(self):
    # Stream 0 ends one episode in time; the next one has no end, as stream 1's.
    batch = taped.TapedBatch([[3, 10**9], 10**9, 5], task=[0, 0, 1])
    [played] = _evaluate(
        batch, episodes=4, limits=evaluation.Limits(max_steps=50))
    self.assertEqual(played.returns[0].tolist(), [3, 50, 2 * 50])
    self.assertEqual(played.returns[1].tolist(), [15] * 4)
    self.assertEqual(played.cuts.tolist(), [2, 0])
    self.assertTrue(batch.is_closed)

  @parameterized.parameters(7, 20, 21)
  def test_the_limit_is_exact(self, length):
    # Whether an episode of just that length, or of one more, is cut.
    for more, is_cut in ((0, False), (1, True)):
      [played] = _evaluate(
          taped.TapedBatch([length + more]), episodes=1,
          limits=evaluation.Limits(max_steps=length))
      self.assertEqual(played.returns[0].tolist(), [length])
      self.assertEqual(played.cuts.tolist(), [is_cut])

  def test_a_request_to_stop_is_heard(self):
    batch = taped.TapedBatch([10**9])
    with self.assertRaises(threads.Stopped):
      _evaluate(batch, episodes=1, limits=evaluation.Limits(
          should_stop=lambda: len(batch.sent) > 100))
    self.assertLess(len(batch.sent), 200)
    self.assertTrue(batch.is_closed)

  def test_progress_is_told(self):
    told = []
    _evaluate(taped.TapedBatch([30]), episodes=3, limits=evaluation.Limits(
        on_progress=lambda *counts: told.append(counts)))
    self.assertEqual(told, [(0, 3), (1, 3), (1, 3), (2, 3)])

  def test_one_environment_after_the_other(self):
    first, second = taped.TapedBatch([3]), taped.TapedBatch([5])

    def environments():
      yield first
      self.assertTrue(first.is_closed)
      yield second

    played = evaluation.evaluate(
        _AGENT, _AGENT.init(jax.random.key(0)), environments(), 2,
        jax.random.key(1))
    self.assertSequenceEqual(list(next(played)[0][0]), [3, 3])
    self.assertEmpty(second.sent)
    self.assertSequenceEqual(list(next(played)[0][0]), [5, 5])
    self.assertEmpty(list(played))
    self.assertTrue(second.is_closed)

  def test_environment_is_closed_after_an_error(self):
    batch = taped.TapedBatch([3])
    batch.receive = absltest.mock.Mock(side_effect=OSError('gone'))
    with self.assertRaisesRegex(OSError, 'gone'):
      _evaluate(batch, episodes=1)
    self.assertTrue(batch.is_closed)

  @parameterized.parameters(0, -3)
  def test_no_episodes_is_an_error(self, episodes):
    with self.assertRaisesRegex(
        ValueError, f'episodes is {episodes}; expected at least 1'):
      _evaluate(taped.TapedBatch([3]), episodes=episodes)


if __name__ == '__main__':
  absltest.main()
