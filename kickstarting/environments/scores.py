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
"""Normalised scores, and their mean over the recent episodes of a run.

Score of a task = 100 * (return - random) / (reference - random), capped at
100; score of a suite = mean over its tasks. Source: Schmitt et al. (2018),
section 4.3, arXiv:1803.03835, where the reference is a human.

Not here: the random and reference returns (`suites.py`), which
`experiments/measure_references.py` measures.
"""

import collections
from collections.abc import Sequence

import numpy as np
from numpy import typing as npt

from kickstarting import checks


def normalised_score(
    returns: npt.ArrayLike,
    random_return: npt.ArrayLike,
    reference_return: npt.ArrayLike,
) -> np.ndarray:
  """Returns 0 for the random policy and 100 for the reference.

  Args:
    returns: mean returns; any shape, as are the other two.
    random_return: of the uniformly random policy.
    reference_return: of the reference; above random_return.
  """
  returns, low, high = map(
      np.asarray, (returns, random_return, reference_return)
  )
  if np.any(~(high > low)):
    raise checks.UserError(
        f'reference_return {high} is not above random_return'
        f' {low}; a score between them means nothing; measure again.'
    )
  return 100 * (returns - low) / (high - low)


def capped_score(
    returns: npt.ArrayLike,
    random_return: npt.ArrayLike,
    reference_return: npt.ArrayLike,
    cap: float = 100.0,
) -> np.ndarray:
  """Returns `normalised_score`, at most `cap`; what is below 0 stays there."""
  return np.minimum(
      normalised_score(returns, random_return, reference_return), cap
  )


class ScoreWindow:
  """Returns of all training episodes in a sliding window of frames.

  A task with no finished episode in the window keeps the mean of its last
  window that had one. A task that never finished an episode has no score, and
  neither has the suite before all its tasks have one: 0 would be that of the
  random policy where references are known, and a lie where scores are returns.
  So a suite's score is always a mean over all its tasks, and a slow task
  cannot raise it by being absent.
  """

  def __init__(
      self,
      random_returns: Sequence[float],
      reference_returns: Sequence[float],
      window_frames: int = 30_000_000,
      cap: float = 100.0,
  ):
    """Initialises an empty window.

    Args:
      random_returns: one per task.
      reference_returns: one per task.
      window_frames: length; the paper's is 30 million.
      cap: of a task's score.
    """
    if window_frames < 1:
      raise checks.UserError(
          f'window_frames is {window_frames}; expected at least 1 frame.'
      )
    self._random = np.asarray(random_returns, np.float64)
    self._reference = np.asarray(reference_returns, np.float64)
    normalised_score(self._random, self._random, self._reference)  # raises
    self._window_frames = window_frames
    self._cap = cap
    self._episodes: collections.deque[tuple[int, int, float]] = (
        collections.deque()
    )
    num_tasks = len(self._random)
    self._sums = np.zeros(num_tasks)
    self._counts = np.zeros(num_tasks, np.int64)
    self._latest = np.full(num_tasks, np.nan)

  def add(self, frame: int, task: int, episode_return: float) -> None:
    """Adds an episode that ended at `frame` frames of the run.

    Frames do not run backwards; `advance` drops what has become too old.
    """
    self._episodes.append((int(frame), int(task), float(episode_return)))
    self._sums[task] += episode_return
    self._counts[task] += 1

  def advance(self, frame: int) -> None:
    """Drops the episodes that ended more than the window before `frame`."""
    self._note_means()
    while self._episodes and (
        self._episodes[0][0] <= frame - self._window_frames
    ):
      _, task, episode_return = self._episodes.popleft()
      self._sums[task] -= episode_return
      self._counts[task] -= 1

  @property
  def cap(self) -> float:
    """Of a task's score; infinite where scores are the returns themselves."""
    return self._cap

  @property
  def num_episodes(self) -> np.ndarray:
    """Episodes of each task in the window; int64 [tasks]."""
    return self._counts.copy()

  def returns(self) -> np.ndarray:
    """Mean return of each task; NaN if it never finished an episode."""
    self._note_means()
    return self._latest.copy()

  def task_scores(self) -> np.ndarray:
    """Capped score of each task; NaN if it never finished an episode."""
    return capped_score(
        self.returns(), self._random, self._reference, self._cap)

  def score(self) -> float:
    """Score of the suite: the mean of `task_scores`; NaN if one is."""
    return float(self.task_scores().mean())

  def state(self) -> dict[str, np.ndarray]:
    """Returns all that `restore` needs, as plain arrays."""
    self._note_means()
    frame, task, episode_return = (
        zip(*self._episodes, strict=True) if self._episodes else ((), (), ())
    )
    return {
        'frame': np.array(frame, np.int64),
        'task': np.array(task, np.int32),
        'return': np.array(episode_return, np.float64),
        'sum': self._sums.copy(),
        'latest': self._latest.copy(),
    }

  def restore(self, state: dict[str, np.ndarray]) -> None:
    """Replaces the contents by what `state` returned, of as many tasks."""
    if len(state['latest']) != len(self._random):
      raise checks.UserError(
          f'the saved window has {len(state["latest"])} tasks but this one has'
          f' {len(self._random)}; resume with the same suite and tasks.'
      )
    self._episodes.clear()
    self._sums[:] = 0
    self._counts[:] = 0
    for episode in zip(
        state['frame'], state['task'], state['return'], strict=True
    ):
      self.add(*episode)
    self._sums = np.array(state['sum'], np.float64)  # rounded as it was
    self._latest = np.array(state['latest'], np.float64)

  def _note_means(self) -> None:
    has_any = self._counts > 0
    self._latest[has_any] = self._sums[has_any] / self._counts[has_any]
