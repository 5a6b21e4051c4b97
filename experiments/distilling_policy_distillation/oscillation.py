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
"""The process of Figure 2, on which one update goes around for ever.

Czarnecki et al. (2019), Figure 2 and appendix C, arXiv:1902.02186: the loss -4q
is there in one state alone, and the student has two sigmoids. Not here: the
expected update (`exact.py`), the picture (`figure_2.py`).
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib
from kickstarting.losses import distillation
from kickstarting.losses import method_step

_RIGHT_STATE = 2
_METHODS = ('on_policy_distill_plus_r', 'n_distill_plus_r')


def student_logits(params: jax.Array) -> jax.Array:
  """Returns [8, 2]: one sigmoid at the start, one shared by both sides."""
  right = jnp.concatenate([params[:1], jnp.repeat(params[1:], 2), jnp.zeros(5)])
  return jnp.stack([jnp.zeros(8), right], axis=1)


def _loss(step: method_step.Step) -> jax.Array:
  # One number where a method is asked what it reads.
  log_probs = jnp.broadcast_to(step.student_log_prob, (8, 2))
  right = jnp.exp(log_probs[_RIGHT_STATE, 1])
  return jnp.zeros((8, 1)).at[_RIGHT_STATE].set(-4 * right)


def methods() -> dict[str, distillation.Method]:
  """Returns the figure's two updates, with the figure's loss."""
  on_policy, n_distill = map(distillation.get_method, _METHODS)
  return {
      _METHODS[0]: dataclasses.replace(on_policy, loss=_loss),
      _METHODS[1]: dataclasses.replace(
          n_distill, loss=_loss, reward_next=lambda step: -_loss(step)),
  }


def direction(method: distillation.Method, params: jax.Array) -> jax.Array:
  """Returns the expected update [2] of a method; it is descended along."""
  return exact.expected_update(
      method, mdp_lib.oscillation(), mdp_lib.Dynamics(2, 0.0, 0.0), params,
      student_logits, jnp.zeros((8, 2)), jnp.zeros(8))


def follow(
    method: distillation.Method, start: float, rate: float, steps: int
) -> np.ndarray:
  """Returns the probabilities of going right, float32 [steps + 1, 2]."""

  def body(params, _):
    new = params - rate * direction(method, params)
    return new, new

  first = jnp.full(2, start)
  _, found = jax.lax.scan(body, first, None, length=steps)
  return np.asarray(jax.nn.sigmoid(jnp.concatenate([first[None], found])))


def crossings(values: np.ndarray) -> list[int]:
  """Returns the steps at which a path passes 1/2."""
  is_above = values > 0.5
  return (np.flatnonzero(is_above[1:] != is_above[:-1]) + 1).tolist()
