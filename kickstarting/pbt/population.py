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
"""A population as a plain dict of arrays, and what builds and reads it.

Every leaf has a leading axis [P], one entry per member:

  params, opt_state   pytrees; empty ones where members live elsewhere
  hypers              name -> float32 [P, ...]
  frames              int32 [P], environment frames of each member's own;
                      int64 on the host, see `relative`
  returns             float32 [P, W], the last finished returns, newest last,
                      NaN where there are none yet
  num_episodes        int32 [P], finished episodes of each member's own
  lineage             name -> int32 [P]; see `make_population`

Not here: what changes it (`evolution.py`). Read `rules.py` next.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import types

Population: TypeAlias = dict[str, Any]
MOST_FRAMES = 2**30  # between two times when a member is ready


def make_population(
    params: types.Params,
    opt_state: types.PyTree,
    hypers: Mapping[str, types.Array],
    window: int,
) -> Population:
  """Builds a population that has done nothing yet.

  Args:
    params: leaves [P, ...].
    opt_state: leaves [P, ...].
    hypers: name -> float32 [P, ...]; evolving and fixed ones.
    window: W, how many returns are kept; at least the exploit rule's.

  Returns:
    The population; its `lineage` holds `ready_frames` and `ready_episodes`,
    the counts when the member was last ready.

  Raises:
    ValueError: leading axes differ.
  """
  leaves = jax.tree.leaves((params, opt_state, dict(hypers)))
  sizes = sorted({np.shape(leaf)[:1] for leaf in leaves})
  if len(sizes) != 1 or not sizes[0]:
    raise checks.UserError(
        f'leading axes of the members are {sizes}; expected one size for all,'
        ' the number of members. Stack every array along a new first axis.')
  [(size,)] = sizes
  zeros = jnp.zeros(size, jnp.int32)
  return {
      'params': params,
      'opt_state': opt_state,
      'hypers': {
          name: jnp.asarray(x, jnp.float32) for name, x in hypers.items()},
      'frames': zeros,
      'returns': jnp.full((size, window), jnp.nan, jnp.float32),
      'num_episodes': zeros,
      'lineage': {
          'ready_frames': zeros,
          'ready_episodes': zeros,
      },
  }


def stack(members: Sequence[Population]) -> Population:
  """Stacks members, dicts without the leading axis, into a population.

  Raises:
    ValueError: there is none, or they differ in structure or shapes.
  """
  if not members:
    raise checks.UserError(
        'members is empty; expected at least one member to stack.')
  describe = lambda member: jax.tree.map(
      lambda x: (np.shape(x), np.asarray(x).dtype.name), member)
  first = describe(members[0])
  for i, member in enumerate(members):
    if describe(member) != first:
      raise checks.UserError(
          f'member {i} has another structure than member 0; expected the same'
          ' names, shapes and types everywhere. Build all members from one'
          ' network and one set of hyper-parameters.')
  return jax.tree.map(lambda *x: jnp.stack(x), *members)


def unstack(population: Population) -> list[Population]:
  """Returns the members, dicts without the leading axis."""
  size = population['frames'].shape[0]
  return [jax.tree.map(lambda x, i=i: x[i], population) for i in range(size)]


def add_returns(
    population: Population,
    returns: Sequence[Sequence[float]] | np.ndarray,
    num_episodes: types.Array | Sequence[int] | None = None,
) -> Population:
  """Appends finished returns on the host; members may have different numbers.

  Args:
    population: to append to.
    returns: of each member, P of them, the oldest first.
    num_episodes: int [P], episodes that each member finished; None for one to
      each return.

  Raises:
    ValueError: `returns` are not of P members.
  """
  old = np.asarray(population['returns'])
  if len(returns) != len(old):
    raise checks.UserError(
        f'returns are of {len(returns)} members; expected those of'
        f' {len(old)}. Pass an empty list for a member without any.')
  if num_episodes is None:
    num_episodes = [len(row) for row in returns]
  kept = old.shape[1]
  rows = [
      np.concatenate([row, np.asarray(new, np.float32)[-kept:]])[-kept:]
      for row, new in zip(old, returns)]
  return population | {
      'returns': jnp.asarray(np.stack(rows), jnp.float32),
      'num_episodes': population['num_episodes'] + jnp.asarray(
          num_episodes, jnp.int32),
  }


def scores(population: Population, window: int) -> jax.Array:
  """Returns the mean of the last returns; [P], NaN where there are too few."""
  return jnp.mean(recent_returns(population, window), axis=1)


def recent_returns(population: Population, window: int) -> jax.Array:
  """Returns float32 [P, window], the last finished returns.

  Raises:
    ValueError: the population keeps fewer.
  """
  kept = population['returns'].shape[1]
  if kept < window:
    raise checks.UserError(
        f'the population keeps {kept} returns but the rules look at {window};'
        ' expected at least as many. Build it with a larger window.')
  return population['returns'][:, kept - window:]


def is_seen(population: Population, window: int) -> jax.Array:
  """Returns which members have as many returns as that; bool [P]."""
  return jnp.all(jnp.isfinite(recent_returns(population, window)), axis=1)


def relative(population: Population) -> tuple[Population, int]:
  """Makes frames of any size fit into int32, as devices count.

  Args:
    population: its `frames` and `ready_frames` may be int64, of the host.

  Returns:
    The population with int32 counts above a base, and the base; give both to
    `absolute` after a step. What was last ready before the base seems so at it,
    at least MOST_FRAMES ago.
  """
  frames = np.asarray(population['frames'], np.int64)
  base = max(0, int(frames.max()) // MOST_FRAMES - 1) * MOST_FRAMES
  above = lambda x: np.maximum(
      np.asarray(x, np.int64) - base, 0).astype(np.int32)
  return _with_frames(population, above), base


def absolute(population: Population, base: int) -> Population:
  """Undoes `relative`; frames are int64."""
  return _with_frames(population, lambda x: np.asarray(x, np.int64) + base)


def _with_frames(population, change):
  lineage = population['lineage']
  return population | {
      'frames': change(population['frames']),
      'lineage': lineage | {'ready_frames': change(lineage['ready_frames'])},
  }
