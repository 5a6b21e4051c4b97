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
"""How far tabular students are from their teachers, in rows of all actions.

Not here: what is computed of the one action that was taken (`small_steps.py`),
divergences that can be differentiated (`kickstarting/losses/divergences.py`).
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

from experiments.distilling_policy_distillation import tabular
from kickstarting import types
from kickstarting.losses import method_step


class Target(NamedTuple):
  """What is read of the teachers at every step, computed once.

  They never take actions beyond the first K: few numbers, where the students
  have many.
  """

  probs: jax.Array  # float32 [N, S, K]
  log_probs: jax.Array  # float32 [N, S, K], of teachers with a floor


def make(logits: types.Array, num_actions: int, floor: float) -> Target:
  """Returns what is read of teachers with logits [N, S, K]."""
  log_probs = method_step.floor_teacher(
      tabular.for_all_actions(logits, num_actions), floor)
  return Target(jax.nn.softmax(logits), log_probs[..., :logits.shape[-1]])


def log_never(num_actions: int, floor: float) -> float:
  """Returns the log-probability of what teachers with a floor never take."""
  return math.log(floor / num_actions) if floor > 0 else -math.inf


def divergence(
    name: str, log_probs: jax.Array, target: Target, never: float
) -> jax.Array:
  """Returns the distance or the reverse KL of students; [M].

  Args:
    name: of the field of a Step, which r_i reads.
    log_probs: of the students; [M, A].
    target: [M, K], in the same states.
    never: from `log_never`.
  """
  if name == 'distance':
    wanted = target.probs
    return -jnp.sum(jnp.where(
        wanted > 0, wanted * log_probs[:, :wanted.shape[1]], 0.0), axis=-1)
  return jnp.sum(jnp.exp(log_probs) * (
      log_probs - _pad(target.log_probs, log_probs.shape[1], never)), axis=-1)


def slope(
    name: str, probs: jax.Array, target: Target, never: float
) -> jax.Array:
  """Returns the gradient of a divergence by the students' logits; [M, A].

  Args:
    name: of the field of a Step, which the loss reads.
    probs: of the students; [M, A].
    target: [M, K], in the same states.
    never: from `log_never`.
  """
  num_actions = probs.shape[1]
  if name == 'distance':
    return probs - _pad(target.probs, num_actions, 0.0)
  costs = -_pad(target.log_probs, num_actions, never)
  if name == 'reverse_kl':
    costs += jnp.log(jnp.maximum(probs, jnp.finfo(probs.dtype).tiny))
  return probs * (costs - jnp.sum(probs * costs, axis=-1, keepdims=True))


def _pad(known, num_actions, value):
  return jnp.pad(
      known, ((0, 0), (0, num_actions - known.shape[1])),
      constant_values=value)
