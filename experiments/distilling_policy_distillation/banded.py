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
"""Visits and values of policies from banded linear systems, on the host.

The successors of a state are near it, so that each MDP makes one banded system.
`exact.py` has dense ones, which can be differentiated. Not here: what is
measured with them (`measuring.py`).
"""

from collections.abc import Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib
from kickstarting import checks
from kickstarting import types


class Steps(NamedTuple):
  """What a step of a policy does, in each state."""

  # Probabilities of each move, and last of staying. What is missing to 1 ends
  # the episode; terminal states are not left, whatever stands there.
  going: types.Array  # float32 [..., S, M + 1]
  rewards: types.Array  # mean; float32 [..., S]


def steps(
    logits: types.Array, mdp: mdp_lib.MDP, dynamics: mdp_lib.Dynamics
) -> Steps:
  """Returns what a policy with logits [S, A] does in one MDP."""
  num_moves = mdp.successor.shape[-1]
  policy = jax.nn.softmax(logits)
  moves = policy[:, :num_moves]
  moves = (1 - dynamics.noise) * moves + dynamics.noise * jnp.mean(
      moves, axis=-1, keepdims=True)
  stay = jnp.sum(policy[:, num_moves:], axis=-1, keepdims=True)
  going = (1 - dynamics.end_probability) * jnp.concatenate(
      [moves, stay], axis=-1)
  rewards = jnp.sum(policy * exact.rewards(mdp, dynamics), axis=-1)
  return Steps(going, rewards)


def visits(mdps: mdp_lib.MDP, going: np.ndarray) -> np.ndarray:
  """Returns how often an episode is in each state; float64 [N, S].

  Args:
    mdps: [N].
    going: of `Steps`; [N, S, M + 1].

  Raises:
    ValueError: a policy never ends its episode.
  """
  own = np.arange(going.shape[1])
  found = np.empty(going.shape[:2])
  for i, (width, leaving, offsets, start) in enumerate(_each(mdps, going)):
    # Row width + t - s of column s is the entry at (t, s) of I - P transposed.
    bands = np.zeros((2 * width + 1, len(own)))
    bands[width] = 1.0 - leaving[:, -1]
    for offset, probability in zip(offsets, leaving.T):
      bands[width + offset, own] -= probability
    found[i] = _solve(width, bands, (own == start).astype(float))
  _check(found)
  return np.where(mdps.is_terminal, 0.0, found)


def values(mdps: mdp_lib.MDP, policy: Steps, discount: float) -> np.ndarray:
  """Returns the mean discounted sum of what is to come; float64 [N, S].

  Args:
    mdps: [N].
    policy: from `steps`, of each; leaves [N, ...].
    discount: of each step.

  Raises:
    ValueError: a policy never ends its episode, and nothing is discounted.
  """
  going, rewards = map(np.asarray, policy)
  own = np.arange(going.shape[1])
  found = np.empty(going.shape[:2])
  for i, (width, leaving, offsets, _) in enumerate(_each(mdps, going)):
    # Row width + s - t of column t is the entry at (s, t) of I - discount P.
    bands = np.zeros((2 * width + 1, len(own)))
    bands[width] = 1.0 - discount * leaving[:, -1]
    for offset, probability in zip(offsets, leaving.T):
      bands[width - offset, own + offset] -= discount * probability
    found[i] = _solve(
        width, bands, np.where(mdps.is_terminal[i], 0.0, rewards[i]))
  _check(found)
  return found


def _each(
    mdps: mdp_lib.MDP, going: np.ndarray
) -> Iterator[tuple[int, np.ndarray, np.ndarray, int]]:
  """Yields for each MDP how far a move leads, `going`, offsets, the start."""
  own = np.arange(going.shape[1])
  for i in range(len(going)):
    offsets = np.asarray(mdps.successor[i]).T - own
    leaving = np.where(
        np.asarray(mdps.is_terminal[i])[:, np.newaxis], 0.0, going[i])
    yield int(np.abs(offsets).max()), leaving, offsets, int(mdps.start[i])


def _solve(width: int, bands: np.ndarray, right: np.ndarray) -> np.ndarray:
  try:
    return scipy.linalg.solve_banded(
        (width, width), bands, right, overwrite_ab=True, overwrite_b=True,
        check_finite=False)
  except np.linalg.LinAlgError:
    return np.full(len(right), np.nan)


def _check(found: np.ndarray) -> None:
  if not np.isfinite(found).all():
    raise checks.UserError(
        'a policy stays in an episode for ever; expected each to end. Give'
        ' steps a probability to end it (--end_probability).')
