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
"""What falls to chance in an episode: actions, and where moves lead.

Not here: who acts (`small_steps.py`, `teachers.py`), probabilities of it all
(`exact.py`).
"""

import math

import jax
import jax.numpy as jnp

from experiments.distilling_policy_distillation import mdp as mdp_lib


def block_width(num: int) -> int:
  """Returns how many of so many actions are in a block, for `fall` twice."""
  if num <= 16:
    return 1
  return max(i for i in range(1, math.isqrt(num) + 1) if num % i == 0)


def choose(probs: jax.Array, uniform: jax.Array) -> jax.Array:
  """Returns the action of each row [M, A] that a number in [0, 1) falls on."""
  width = block_width(probs.shape[-1])
  # First the block that it falls into: a sum over all actions is cheap, a
  # cumulated one is not.
  blocks = probs.reshape(len(probs), -1, width)
  sums = jnp.sum(blocks, axis=-1)
  block, rest = fall(sums, uniform * jnp.sum(sums, axis=-1))
  if width == 1:
    return block
  chosen = jnp.take_along_axis(blocks, block[:, None, None], axis=1)[:, 0]
  return block * width + fall(chosen, rest)[0]


def fall(weights: jax.Array, height: jax.Array) -> tuple[jax.Array, jax.Array]:
  """Returns where heights [M] fall among weights [M, B], and how far in."""
  num = weights.shape[-1]
  if num > 4:  # XLA cumulates in many passes
    above = weights @ jnp.triu(jnp.ones((num, num)))
  else:
    above = jnp.cumsum(weights, axis=-1)
  index = jnp.sum(above <= height[:, None], axis=-1)
  # Rounding may lead beyond the end, or to an action of probability 0.
  last = weights.shape[-1] - 1 - jnp.argmax(weights[:, ::-1] > 0, axis=-1)
  index = jnp.minimum(index, last)
  below = jnp.take_along_axis(
      above - weights, index[:, None], axis=-1)[:, 0]
  return index, jnp.maximum(height - below, 0.0)


def move(
    mdps: mdp_lib.MDP,
    dynamics: mdp_lib.Dynamics,
    items: jax.Array,
    states: jax.Array,
    actions: jax.Array,
    uniform: jax.Array,
) -> jax.Array:
  """Returns the next states, in MDPs number `items`; all arrays [M]."""
  num_states, num_moves = mdps.successor.shape[1:]
  end = dynamics.end_probability
  rest = (uniform - end) / max(1 - end, 1e-12)
  is_noise = (rest < dynamics.noise) & (actions < num_moves)
  other = (rest / max(dynamics.noise, 1e-12) * num_moves).astype(jnp.int32)
  chosen = jnp.where(is_noise, jnp.clip(other, 0, num_moves - 1), actions)
  there = mdps.successor[items, states, jnp.minimum(chosen, num_moves - 1)]
  there = jnp.where(chosen < num_moves, there, states)
  return jnp.where(uniform < end, num_states - 1, there)


def restart(
    mdps: mdp_lib.MDP, items: jax.Array, states: jax.Array
) -> jax.Array:
  """Returns where episodes go on that begin anew at a terminal cell; [M].

  The last state, of episodes that are cut short, is none.
  """
  is_end = mdps.is_terminal[items, states] & (
      states < mdps.is_terminal.shape[1] - 1)
  return jnp.where(is_end, mdps.start[items], states)
