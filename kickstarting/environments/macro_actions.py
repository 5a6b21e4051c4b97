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
"""Short sequences of actions as actions: a batch with hundreds of them.

An action of this batch is a row of a table, played in as many steps of the one
underneath; rewards inside are added up. A small set of actions is then a subset
of a large one, as Mix & Match curricula over action spaces need it. All streams
step side by side, so where an episode ends inside a row the rest of it is spent
with an action that does nothing, as is the restart: a new episode begins after
up to 2 * L - 1 such steps, for rows of L.

Not here: what agents make of it (`networks/branches.py`). Read `base.py` for
what a batch promises.
"""

from collections.abc import Sequence
import itertools

import jax
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.environments import base


def all_sequences(num_actions: int, length: int) -> np.ndarray:
  """Returns every sequence, the first action slowest; [num_actions**L, L]."""
  return np.array(
      list(itertools.product(range(num_actions), repeat=length)), np.int32)


def single_actions(num_actions: int, length: int, idle: int) -> tuple[int, ...]:
  """Returns the rows of `all_sequences` that play one action and then idle."""
  rest = np.ravel_multi_index(
      (0,) + (idle,) * (length - 1), (num_actions,) * length)
  return tuple(
      int(rest) + action * num_actions ** (length - 1)
      for action in range(num_actions))


class MacroActions(base.Wrapper):
  """A batch whose actions are sequences of those of another."""

  def __init__(
      self,
      environment: base.BatchedEnvironment,
      table: np.ndarray | Sequence[Sequence[int]],
      idle: int,
  ):
    """Wraps a batch, which this one then owns.

    Args:
      environment: the batch underneath.
      table: the actions of each sequence; [A, L] int32.
      idle: an action underneath that does nothing.

    Raises:
      ValueError: an action is none of the batch underneath.
    """
    super().__init__(environment)
    self._table = np.asarray(table, np.int32)
    num_actions = environment.spec.num_actions
    if self._table.ndim != 2 or not self._table.size:
      raise checks.UserError(
          f'table has shape {self._table.shape}; expected [actions, steps], at'
          ' least one of each.')
    for action in (self._table.min(), self._table.max(), idle):
      if not 0 <= action < num_actions:
        raise checks.UserError(
            f'a macro-action has action {action}, but the environment has'
            f' {num_actions}; expected 0 to {num_actions - 1}. Correct the'
            ' table, or the action that does nothing.')
    self._idle = idle
    self.frames_per_step = (
        self._table.shape[1] * environment.frames_per_step)
    self.spec = environment.spec._replace(num_actions=len(self._table))

  def reset(self) -> types.Timestep:
    """Starts an episode in every stream; leaves of the result are [B, ...]."""
    timestep = super().reset()
    self._is_over = np.asarray(timestep.step_type == base.LAST)
    return timestep

  def send(self, actions: np.ndarray) -> None:
    """Starts a sequence in every stream; `actions` is int32 [B]."""
    base.check_actions(actions, self.num_streams)
    self._actions = np.array(actions)
    self._play(0, self._is_over)

  def receive(self) -> types.Timestep:
    """Waits for the sequences to end; leaves are [B, ...]."""
    is_restarting = np.array(self._is_over)
    has_ended = np.zeros(self.num_streams, bool)
    reward = np.zeros(self.num_streams, np.float32)
    timestep = None
    for i in range(self._table.shape[1]):
      if i:
        self._play(i, is_restarting | has_ended)
      inner = super().receive()
      # A stream is cut where its environment broke, see `base.py`.
      is_restarting |= (inner.step_type == base.FIRST) & ~has_ended
      reward[is_restarting] = 0
      reward += np.where(is_restarting | has_ended, 0, inner.reward)
      timestep = inner if timestep is None else _choose(
          has_ended, timestep, inner)
      is_last = inner.step_type == base.LAST
      if (is_last & (is_restarting | has_ended)).any():
        raise checks.UserError(
            'an episode ended while its stream waited with action'
            f' {self._idle}; expected one that does nothing, and time limits'
            f' above {2 * self._table.shape[1]} steps. Choose another.')
      has_ended |= is_last
    assert timestep is not None
    self._is_over = has_ended
    step_type = np.where(
        is_restarting, np.int32(base.FIRST), timestep.step_type)
    return timestep._replace(
        previous_action=base.previous_action(self._actions, step_type),
        reward=reward,
        discount=np.where(is_restarting, np.float32(1), timestep.discount),
        step_type=step_type,
    )

  def _play(self, i: int, is_idle: types.Array) -> None:
    super().send(np.where(
        is_idle, np.int32(self._idle), self._table[self._actions, i]))


def _choose(
    condition: np.ndarray, x: types.Timestep, y: types.Timestep
) -> types.Timestep:
  """Returns x in the streams where the condition holds, else y."""
  return jax.tree.map(
      lambda a, b: np.where(
          condition.reshape((-1,) + (1,) * (a.ndim - 1)), a, b), x, y)
