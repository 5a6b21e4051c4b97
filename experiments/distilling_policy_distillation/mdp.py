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
"""Decision processes with few states, and those of the paper.

The grid worlds follow appendix A of Czarnecki et al. (2019), arXiv:1902.02186.
Their densities and their noise are not printed there; the defaults here were
fitted to its figures. Not here: values (`exact.py`), episodes (`sampling.py`).
"""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import types

LEFT, RIGHT, UP, DOWN = range(4)


class MDP(NamedTuple):
  """Deterministic moves; `Dynamics` adds chance. Stack them for many.

  A reward is paid on arrival, also on arrival where one already is. State S-1
  is terminal and pays nothing: episodes that are cut short go there.
  """

  successor: types.Array  # int32 [S, M], where the moves lead
  reward: types.Array  # float32 [S]
  is_terminal: types.Array  # bool [S]
  start: types.Array  # int32 []


@dataclasses.dataclass(frozen=True)
class Dynamics:
  """What chance does, and how many actions there are."""

  num_actions: int = 4  # those beyond the moves stay where they are, always
  noise: float = 0.1  # probability of a uniformly random move instead of one
  end_probability: float = 0.01  # of each step to end the episode instead

  def __post_init__(self):
    if self.num_actions < 1:
      raise checks.UserError(
          f'num_actions is {self.num_actions}; expected at least 1.')
    checks.check_fraction('noise', self.noise)
    checks.check_fraction('end_probability', self.end_probability)


@dataclasses.dataclass(frozen=True)
class GridConfig:
  """How grid worlds are drawn."""

  size: int = 20
  wall: float = 0.1  # probability of a cell to be one
  terminal: float = 0.01  # of each of the rewards that end the episode
  penalty: float = 0.1  # of a cell to pay -1 and to go on

  def __post_init__(self):
    if self.size < 2:
      raise checks.UserError(f'size is {self.size}; expected at least 2 cells.')
    for name in ('wall', 'terminal', 'penalty'):
      checks.check_fraction(name, getattr(self, name))


_TERMINAL_REWARDS = (10.0, -10.0, 5.0, -5.0)


def check(mdp: MDP, dynamics: Dynamics) -> None:
  """Raises ValueError if an MDP is not sound, or an episode may never end."""
  num_states, num_moves = mdp.successor.shape
  if num_moves > dynamics.num_actions:
    raise checks.UserError(
        f'there are {num_moves} moves but num_actions is'
        f' {dynamics.num_actions}; expected at least one action for each.')
  if not ((0 <= mdp.successor) & (mdp.successor < num_states)).all():
    raise checks.UserError(
        f'successor has states outside 0 to {num_states - 1}; expected rows of'
        ' the same table.')
  if not np.isfinite(mdp.reward).all():
    raise checks.UserError('reward is not finite everywhere; expected numbers.')
  if not mdp.is_terminal[-1] or mdp.reward[-1] != 0:
    raise checks.UserError(
        f'the last state, {num_states - 1}, is no terminal one of reward 0;'
        ' expected it to be, for episodes that are cut short end there.')
  if not 0 <= mdp.start < num_states or mdp.is_terminal[mdp.start]:
    raise checks.UserError(
        f'start is {mdp.start}; expected a state that is not terminal.')
  if dynamics.end_probability > 0:
    return
  can_end = np.array(mdp.is_terminal)
  for _ in range(num_states):
    can_end = can_end | can_end[mdp.successor].any(axis=1)
  reached = np.zeros(num_states, bool)
  reached[mdp.start] = True
  for _ in range(num_states):
    going = reached & ~mdp.is_terminal
    reached[mdp.successor[going].ravel()] = True
  stuck = np.flatnonzero(reached & ~can_end)
  if stuck.size:
    raise checks.UserError(
        f'no terminal state can be reached from state {stuck[0]}, and'
        ' end_probability is 0; expected every episode to end. Add a terminal'
        ' state, or a probability.')


def restarting(mdp: MDP) -> MDP:
  """Returns an MDP whose moves lead to the start where they lead to an end.

  The last state, of episodes that are cut short, still is one. Rewards are paid
  for where a move arrives, so they are to be taken from the MDP as it was.
  """
  is_end = jnp.asarray(mdp.is_terminal).at[-1].set(False)
  return mdp._replace(successor=jnp.where(
      is_end[mdp.successor], mdp.start, mdp.successor))


def grid_world(config: GridConfig, rng: np.random.Generator) -> MDP:
  """Draws a grid world.

  Each cell is, with its probability and the first of these that comes true: a
  wall, terminal with +10, -10, +5 or -5, or one that pays -1. The start, in the
  centre, is none of them.
  """
  size = config.size
  start = (size // 2) * size + size // 2
  draws = rng.random((size * size, 6)) < np.array(
      [config.wall, *4 * [config.terminal], config.penalty])
  draws[start] = False
  kind = np.where(draws.any(axis=1), draws.argmax(axis=1), -1)
  is_wall = kind == 0
  is_terminal = (1 <= kind) & (kind <= 4)
  rewards = np.array([0.0, *_TERMINAL_REWARDS, -1.0, 0.0], np.float32)[kind]
  cells = np.arange(size * size)
  row, column = np.divmod(cells, size)
  successor = np.empty((cells.size + 1, 4), np.int32)
  for move, (down, right) in enumerate(((0, -1), (0, 1), (-1, 0), (1, 0))):
    there = (row + down) * size + column + right
    is_outside = ((row + down < 0) | (row + down >= size)
                  | (column + right < 0) | (column + right >= size))
    there = np.where(is_outside, cells, there)
    successor[:-1, move] = np.where(is_wall[there], cells, there)
  successor[-1] = cells.size
  return MDP(
      successor=successor,
      reward=np.append(rewards, 0.0).astype(np.float32),
      is_terminal=np.append(is_terminal, True),
      start=np.array(start, np.int32))


def chain(length: int) -> MDP:
  """Returns the corridor of section 4.2, with 2 `length` + 1 cells.

  The start is in the middle, +1 at the right end and -1 at the left end; the
  moves are LEFT and RIGHT.
  """
  if length < 1:
    raise checks.UserError(
        f'length is {length}; expected at least 1 cell each side.')
  num_cells = 2 * length + 1
  cells = np.arange(num_cells + 1)
  successor = np.stack([cells - 1, cells + 1], axis=1)
  is_terminal = np.isin(cells, (0, num_cells - 1, num_cells))
  successor[is_terminal] = cells[is_terminal, np.newaxis]
  reward = np.zeros(num_cells + 1, np.float32)
  reward[0], reward[num_cells - 1] = -1.0, 1.0
  return MDP(
      successor.astype(np.int32), reward, is_terminal,
      np.array(length, np.int32))


def oscillation() -> MDP:
  """Returns the process of Figure 2: states start, left, right, then ends."""
  successor = np.array(
      [[1, 2], [3, 4], [5, 6], *([i, i] for i in range(3, 8))], np.int32)
  reward = np.array([0, 0, 0, -1, -2, 0, -3, 0], np.float32)
  return MDP(successor, reward, np.arange(8) >= 3, np.zeros((), np.int32))


def stack(mdps: list[MDP]) -> MDP:
  """Stacks MDPs of equally many states along a new first axis."""
  sizes = sorted({np.shape(mdp.successor) for mdp in mdps})
  if len(sizes) != 1:
    raise checks.UserError(
        f'MDPs have tables of {sizes}; expected at least one MDP, and one shape'
        ' for all.')
  return jax.tree.map(lambda *x: np.stack(x), *mdps)


def grid_worlds(
    num: int, config: GridConfig, seed: int, first: int = 0
) -> MDP:
  """Draws grid worlds from number `first` on; each has a seed of its own."""
  return stack([
      grid_world(config, np.random.default_rng([seed, i]))
      for i in range(first, first + num)])
