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
"""Scores of the members of a population.

A member's return, which the rules of evolution compare, is the score of one
round of the suite: as soon as every task has finished an episode, the capped
score of their means. Short episodes do not count more than long ones so, and
rounds are independent. Not here: who compares them (`pbt/`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kickstarting import types
from kickstarting.environments import scores
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import layout as layout_lib

FOREVER = 2**62  # frames: a round has no window


class MemberScores:
  """A sliding window of scores, and a round under way, for each member."""

  def __init__(
      self,
      make_window: Callable[[int], scores.ScoreWindow],
      window_frames: int,
      layout: layout_lib.Layout,
  ):
    self._make_window = make_window
    self._layout = layout
    members = range(layout.num_members)
    self.windows = [make_window(window_frames) for _ in members]
    self._rounds = [make_window(FOREVER) for _ in members]

  def observe(
      self, frames: int, episodes: Sequence[actor_lib.Episode]
  ) -> tuple[np.ndarray, np.ndarray]:
    """Adds episodes that ended.

    Returns:
      The return of each member's round, float32 [P], NaN for those that go on,
      and how many episodes it
      is of, int64 [P]: 0 for those whose round goes on.
    """
    for episode in episodes:
      member = (
          episode.stream // self._layout.splits % self._layout.num_members)
      for window in (self.windows[member], self._rounds[member]):
        window.add(frames, episode.task, episode.episode_return)
    is_over = np.array([r.num_episodes.min() > 0 for r in self._rounds])
    returns = np.array([r.score() for r in self._rounds], np.float32)
    num_episodes = np.array([r.num_episodes.sum() for r in self._rounds])
    self.restart_rounds(np.flatnonzero(is_over).tolist())
    return returns, np.where(is_over, num_episodes, 0)

  def advance(self, frames: int) -> None:
    """Drops what is too old."""
    for window in self.windows:
      window.advance(frames)

  def copy(self, parents: Sequence[int]) -> None:
    """Gives each member the window of its parent: scores go with weights."""
    states = [window.state() for window in self.windows]
    copies = [m for m, parent in enumerate(parents) if parent != m]
    for member in copies:
      self.windows[member].restore(states[parents[member]])
    self.restart_rounds(copies)

  def restart_rounds(self, members: Sequence[int]) -> None:
    """Forgets the rounds under way."""
    for member in members:
      self._rounds[member] = self._make_window(FOREVER)

  def snapshot(self) -> dict[str, types.PyTree]:
    """Returns all that `restore` needs."""
    return {
        'windows': [window.state() for window in self.windows],
        'rounds': [window.state() for window in self._rounds],
    }

  def restore(self, saved: Mapping[str, types.PyTree]) -> None:
    """Takes back what `snapshot` returned."""
    for windows, states in (
        (self.windows, saved['windows']), (self._rounds, saved['rounds'])):
      for window, state in zip(windows, states, strict=True):
        window.restore(state)


def summarise(
    member_scores: np.ndarray, task_scores: Sequence[Mapping[str, float]]
) -> dict[str, Any]:
  """Returns what a record of the curves says of the scores.

  Args:
    member_scores: float [P], NaN for members that failed or have none yet.
    task_scores: of each member; name of the task -> score.
  """
  is_known = np.isfinite(member_scores)
  best, *_ = three = best_three(member_scores)
  return {
      'score': float(member_scores[best]),
      'score_top3': float(member_scores[three].mean()),
      'score_median': (
          float(np.median(member_scores[is_known])) if is_known.any()
          else float('nan')),
      'best_member': best,
      'member_score': {
          str(m): float(score) for m, score in enumerate(member_scores)},
      'task_score': dict(task_scores[best]),
      'task_score_top3': {
          task: float(np.mean([task_scores[m][task] for m in three]))
          for task in task_scores[best]},
  }


def best_three(member_scores: np.ndarray) -> list[int]:
  """Returns the best members, the best first; at most three, none of NaN.

  Before any member has a score it is the first.
  """
  order = np.argsort(-member_scores, kind='stable').tolist()
  return [m for m in order if np.isfinite(member_scores[m])][:3] or [0]
