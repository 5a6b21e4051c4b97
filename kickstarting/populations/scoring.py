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
round of the suite: one episode of each task. Short episodes do not count more
than long ones so, and rounds are independent, for no episode is in two of them.
Not here: who compares them (`pbt/`).
"""

import collections
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from kickstarting import types
from kickstarting.environments import scores
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import layout as layout_lib

FOREVER = 2**62  # frames: a round has no window
# Episodes of a task that wait for those of the others. More would be of a
# policy that is long gone where one task's episodes are the shortest by far.
MOST_WAITING = 8


def round_score(
    make_window: Callable[[int], scores.ScoreWindow], returns: Iterable[float]
) -> float:
  """Returns the score of one episode of each task."""
  window = make_window(FOREVER)
  for task, episode_return in enumerate(returns):
    window.add(0, task, episode_return)
  return window.score()


class MemberScores:
  """A sliding window of scores, and rounds under way, for each member."""

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
    self._waiting = [self._nobody() for _ in members]

  def observe(
      self, frames: int, episodes: Sequence[actor_lib.Episode]
  ) -> tuple[list[list[float]], np.ndarray]:
    """Adds episodes that ended, in the order in which they did.

    Returns:
      The scores of the rounds that each member finished, the oldest first, and
      how many episodes it finished, int64 [P].
    """
    rounds: list[list[float]] = [[] for _ in self.windows]
    num_episodes = np.zeros(len(rounds), np.int64)
    for episode in episodes:
      member = self._layout.member(episode.stream)
      self.windows[member].add(frames, episode.task, episode.episode_return)
      num_episodes[member] += 1
      waiting = self._waiting[member]
      waiting[episode.task].append(episode.episode_return)
      if all(waiting):
        rounds[member].append(round_score(
            self._make_window, [returns.popleft() for returns in waiting]))
    return rounds, num_episodes

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
      self._waiting[member] = self._nobody()

  def snapshot(self) -> dict[str, types.PyTree]:
    """Returns all that `restore` needs."""
    waiting = np.full(
        (len(self._waiting), len(self._waiting[0]), MOST_WAITING), np.nan)
    for member, tasks in enumerate(self._waiting):
      for task, returns in enumerate(tasks):
        waiting[member, task, :len(returns)] = returns
    return {
        'windows': [window.state() for window in self.windows],
        'waiting': waiting,  # [P, tasks, MOST_WAITING], NaN for nobody
    }

  def restore(self, saved: Mapping[str, types.PyTree]) -> None:
    """Takes back what `snapshot` returned."""
    for window, state in zip(self.windows, saved['windows'], strict=True):
      window.restore(state)
    for member, tasks in enumerate(np.asarray(saved['waiting'])):
      self._waiting[member] = self._nobody()
      for returns, row in zip(self._waiting[member], tasks, strict=True):
        returns.extend(row[~np.isnan(row)].tolist())

  def _nobody(self) -> list[collections.deque[float]]:
    """Returns no episodes of each task."""
    return [collections.deque(maxlen=MOST_WAITING)
            for _ in self.windows[0].num_episodes]


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
