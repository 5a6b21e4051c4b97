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
"""Unrolls that are learnt from again: a first-in-first-out memory of streams.

Each batch that actors send is kept, and older unrolls are put beside it:
V-trace corrects for the policies that acted then, and what teachers said of
them is kept with them. Source: Espeholt et al. (2018), section 5.2.2,
arXiv:1802.01561: 10,000 unrolls, half of each batch. The memory is empty
whenever actors start, also where a run is resumed. Not here: the actors
(`sources.py`), the loss.
"""

import os
import threading

import jax
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.environments import tables


def num_replayed(num_streams: int, share: float) -> int:
  """Returns how many older unrolls stand beside fresh ones.

  Args:
    num_streams: fresh ones.
    share: of the older ones in all of them, from 0 to below 1.
  """
  return round(num_streams * share / (1.0 - share))


class Replay:
  """Keeps unrolls of single streams; safe to be called from several threads."""

  def __init__(self, share: float, capacity: int, rng: np.random.Generator):
    """Starts empty.

    Args:
      share: of older unrolls in a batch, from 0 to below 1.
      capacity: unrolls that are kept.
      rng: draws them.
    """
    self._share = share
    self._capacity = capacity
    self._rng = rng
    self._lock = threading.Lock()
    self._narrow = tables.Narrow()
    self._kept: types.Trajectory | None = None  # [.., capacity, ..]
    self._words = np.zeros((0, 0, 0), np.int32)  # [capacity, T + 1, L]
    self._num_seen = 0

  def __call__(self, fresh: types.Trajectory) -> types.Trajectory:
    """Keeps a batch, and returns it with older unrolls behind it.

    Of the first batch its own stand in their place.

    Args:
      fresh: of B streams.

    Returns:
      A trajectory of B + `num_replayed(B, share)` streams, or the same one if
      none are replayed.
    """
    num = num_replayed(len(fresh.task), self._share)
    if not num:
      return fresh
    fresh = jax.tree.map(np.asarray, fresh)
    with self._lock:
      is_first = self._kept is None
      kept = self._keep(fresh) if self._kept is None else self._kept
      chosen = self._rng.integers(
          min(self._num_seen, self._capacity), size=num)
      old = types.map_streams(
          lambda axis, x: np.take(x, chosen, axis), kept)
      old_words = self._words[chosen]
      if not is_first:
        self._keep(fresh)
      # All words of all steps: those of the fresh ones, then the older ones.
      width = self._words.shape[-1]
      words = np.concatenate(
          [_widened(_words_of(fresh), width), _widened(old_words, width)])
      unique, rows = np.unique(
          words.reshape(-1, words.shape[-1]), axis=0, return_inverse=True)
      rows = rows.reshape(words.shape[:2]).T  # [T + 1, B + R]
      rows, narrowed = self._narrow(rows[np.newaxis].astype(np.int32), unique)
    both = types.map_streams(
        lambda axis, *x: np.concatenate(x, axis), fresh, old)
    return both._replace(
        timesteps=both.timesteps._replace(instruction=rows[0]),
        instructions=narrowed[0])

  def _keep(self, fresh: types.Trajectory) -> types.Trajectory:
    """Writes a batch over the oldest unrolls; returns all that are kept."""
    num = len(fresh.task)
    length = len(fresh.timesteps.step_type)
    if self._kept is None:
      self._check_memory(fresh)
      self._kept = types.map_streams(
          lambda axis, x: np.zeros(
              (*x.shape[:axis], self._capacity, *x.shape[axis + 1:]), x.dtype),
          fresh)
      self._words = np.zeros((self._capacity, length, 0), np.int32)
    width = max(fresh.instructions.shape[-1], self._words.shape[-1])
    self._words = _widened(self._words, width)
    where = (self._num_seen + np.arange(num))[-self._capacity:]
    newest, where = slice(num - len(where), num), where % self._capacity

    def write(axis, kept, new):
      if axis:
        kept[:, where] = new[:, newest]
      else:
        kept[where] = new[newest]

    types.map_streams(write, self._kept, fresh)
    self._words[where] = _widened(_words_of(fresh), width)[newest]
    self._num_seen += num
    return self._kept

  def _check_memory(self, fresh: types.Trajectory) -> None:
    """Raises UserError if what is to be kept is larger than the machine."""
    size = sum(x.nbytes for x in jax.tree.leaves(fresh)) * (
        self._capacity / len(fresh.task))
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    if size > memory:
      raise checks.UserError(
          f'replay_unrolls is {self._capacity}, for which {size / 2**30:,.0f}'
          f' GiB are needed; expected what fits into the {memory / 2**30:.0f}'
          ' GiB of this machine. Lower it.')


def _words_of(trajectory: types.Trajectory) -> np.ndarray:
  """Returns the words of each step of each stream; [B, T + 1, L]."""
  instruction = np.asarray(trajectory.timesteps.instruction)
  return np.asarray(trajectory.instructions)[instruction.T]


def _widened(words: np.ndarray, width: int) -> np.ndarray:
  """Returns words with more padding; [..., width]."""
  more = width - words.shape[-1]
  return np.pad(words, ((0, 0), (0, 0), (0, more))) if more else words
