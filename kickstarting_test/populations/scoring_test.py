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
"""Tests of scores of members: rounds, windows, copies."""

from absl.testing import absltest
import numpy as np

from kickstarting.environments import scores
from kickstarting.populations import scoring
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import layout as layout_lib


def _make(num_tasks=2):
  return scoring.MemberScores(
      lambda frames: scores.ScoreWindow(
          [0.0] * num_tasks, [10.0] * num_tasks, frames), 100,
      layout_lib.Layout(splits=2, num_members=2))


def _episode(stream, task, value):
  return actor_lib.Episode(stream, task, value, 1)


def _scores(member_scores):
  return [window.score() for window in member_scores.windows]


class RoundsTest(absltest.TestCase):
  """A round is one episode of each task."""

  def test_every_episode_of_a_suite_of_one_task_is_a_round(self):
    member_scores = _make(num_tasks=1)
    rounds, num_episodes = member_scores.observe(
        0, [_episode(0, 0, 1.0), _episode(2, 0, 9.0), _episode(1, 0, 3.0),
            _episode(0, 0, 2.0)])
    self.assertEqual(rounds, [[10.0, 30.0, 20.0], [90.0]])
    self.assertEqual(num_episodes.tolist(), [3, 1])

  def test_a_task_alone_is_no_round(self):
    member_scores = _make()
    rounds, num_episodes = member_scores.observe(
        0, [_episode(0, 0, 1.0), _episode(1, 0, 3.0), _episode(2, 1, 9.0)])
    self.assertEqual(rounds, [[], []])
    self.assertEqual(num_episodes.tolist(), [2, 1])

  def test_episodes_that_wait_belong_to_the_next_rounds_in_order(self):
    member_scores = _make()
    member_scores.observe(0, [_episode(0, 0, 1.0), _episode(1, 0, 3.0)])
    # A task's score is capped at 100.
    rounds, _ = member_scores.observe(1, [_episode(4, 1, 25.0)])
    self.assertEqual(rounds, [[(10 + 100) / 2], []])
    rounds, _ = member_scores.observe(
        2, [_episode(0, 1, 5.0), _episode(0, 1, 6.0), _episode(0, 0, 2.0)])
    self.assertEqual(rounds, [[(30 + 50) / 2, (20 + 60) / 2], []])

  def test_tasks_of_short_episodes_leave_out_their_oldest(self):
    member_scores = _make()
    num_short = scoring.MOST_WAITING + 3
    _, num_episodes = member_scores.observe(
        0, [_episode(0, 0, 0.125 * i) for i in range(num_short)])
    self.assertEqual(num_episodes.tolist(), [num_short, 0])
    rounds, _ = member_scores.observe(1, [_episode(0, 1, 0.0)])
    self.assertEqual(rounds, [[(3.75 + 0.0) / 2], []])


class MemberScoresTest(absltest.TestCase):

  def test_windows_are_of_members(self):
    member_scores = _make()
    member_scores.observe(
        0, [_episode(1, 0, 4.0), _episode(2, 0, 2.0), _episode(3, 1, 6.0)])
    np.testing.assert_array_equal(
        [window.task_scores() for window in member_scores.windows],
        [[40.0, np.nan], [20.0, 60.0]])
    np.testing.assert_array_equal(_scores(member_scores), [np.nan, 40.0])

  def test_advancing_drops_what_is_too_old(self):
    member_scores = _make()
    member_scores.observe(0, [_episode(0, 0, 4.0)])
    member_scores.observe(90, [_episode(0, 0, 8.0)])
    member_scores.advance(150)
    self.assertEqual(member_scores.windows[0].returns()[0], 8.0)

  def test_copy(self):
    member_scores = _make()
    member_scores.observe(0, [_episode(0, 0, 4.0), _episode(2, 0, 2.0)])
    member_scores.copy([1, 1])
    np.testing.assert_array_equal(
        [window.task_scores() for window in member_scores.windows],
        2 * [[20.0, np.nan]])
    # The round under way was of other weights.
    rounds, _ = member_scores.observe(
        2, [_episode(0, 1, 4.0), _episode(2, 1, 4.0)])
    self.assertEqual(rounds, [[], [(20 + 40) / 2]])

  def test_restored_scores_go_on_alike(self):
    one, other = _make(), _make()
    one.observe(
        0, [_episode(0, 0, 4.0), _episode(0, 0, 5.0), _episode(2, 1, 2.0)])
    other.restore(one.snapshot())
    for member_scores in (one, other):
      member_scores.found = member_scores.observe(
          5, [_episode(0, 1, 6.0), _episode(0, 1, 7.0), _episode(2, 0, 8.0)])
    self.assertEqual(one.found[0], [[50.0, 60.0], [50.0]])
    self.assertEqual(one.found[0], other.found[0])
    self.assertEqual(_scores(one), _scores(other))


class SummariseTest(absltest.TestCase):

  def test_of_members_without_those_that_failed(self):
    summary = scoring.summarise(
        np.array([1.0, np.nan, 5.0, 3.0, 2.0]),
        [{'a': float(i), 'b': 10.0 * i} for i in range(5)])
    np.testing.assert_equal(summary.pop('member_score'), {
        '0': 1.0, '1': np.nan, '2': 5.0, '3': 3.0, '4': 2.0})
    self.assertEqual(summary, {
        'score': 5.0,
        'score_top3': 10 / 3,
        'score_median': 2.5,
        'best_member': 2,
        'task_score': {'a': 2.0, 'b': 20.0},
        'task_score_top3': {'a': 3.0, 'b': 30.0},
    })


  def test_of_members_of_whom_none_has_a_score(self):
    for values in ([np.nan, np.nan], [np.nan, 3.0]):
      known = np.isfinite(values).any()
      summary = scoring.summarise(
          np.array(values), [{'a': np.nan}, {'a': values[1]}])
      self.assertEqual(summary['best_member'], 1 if known else 0)
      for name in ('score', 'score_top3', 'score_median'):
        np.testing.assert_equal(summary[name], 3.0 if known else np.nan)
      np.testing.assert_equal(
          summary['task_score_top3'], {'a': 3.0 if known else np.nan})


class BestThreeTest(absltest.TestCase):

  def test_of_many(self):
    self.assertEqual(
        scoring.best_three(np.array([1.0, 5.0, np.nan, 3.0, 4.0])), [1, 4, 3])

  def test_of_few(self):
    self.assertEqual(scoring.best_three(np.array([np.nan, 2.0])), [1])
    self.assertEqual(scoring.best_three(np.array([np.nan])), [0])

  def test_of_equals_the_first(self):
    self.assertEqual(scoring.best_three(np.zeros(5)), [0, 1, 2])


if __name__ == '__main__':
  absltest.main()
