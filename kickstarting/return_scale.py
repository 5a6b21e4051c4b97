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
"""Values in units of their own, so that costs mean the same everywhere.

An agent that has a scale learns a value whose targets have a mean square of
about 1, whatever rewards are; what it gives is in rewards. The scale is a
running mean of the squared targets, among the parameters: it is saved with
them, no gradient reaches it, and `absorb` moves it after an update.

Source: van Hasselt et al. (2016), "Learning values across many orders of
magnitude", arXiv:1602.07714. Differs from it in: the mean is not subtracted,
and the weights of the last layer are left as they are when the scale moves.
Not here: the agent (`agent.py`), the losses, which see rewards in these units
(`update.py`).
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from kickstarting import types

MODULE = 'return_scale'
_LEAST = 1e-4  # of a scale
# Steps that are remembered, about: returns grow while a student learns.
_MEMORY = 1e5


def init() -> types.Params:
  """Returns the scale before any target was seen, to be added to parameters."""
  return {MODULE: {'mean_square': jnp.ones(()), 'count': jnp.zeros(())}}


def scale(params: types.Params) -> jax.Array:
  """Returns the unit of the value, in rewards; [] float32."""
  mean_square = jax.lax.stop_gradient(params[MODULE]['mean_square'])
  return jnp.maximum(jnp.sqrt(mean_square), _LEAST)


def moments(
    targets: types.Array, is_learnable: types.Array
) -> dict[str, jax.Array]:
  """Returns what `absorb` takes of the targets of a batch.

  Args:
    targets: of the value, in rewards; float32 [T, B].
    is_learnable: those that count; bool [T, B].
  """
  kept = jnp.where(is_learnable, targets, 0.0)
  count = jnp.sum(jnp.asarray(is_learnable, jnp.float32))
  return {'mean_square': jnp.sum(jnp.square(kept)) / jnp.maximum(count, 1.0),
          'count': count}


def absorb(
    params: types.Params, new: Mapping[str, types.Array]
) -> types.Params:
  """Returns the parameters of a scaled agent that has seen more targets.

  Args:
    params: of the agent.
    new: `moments` of the targets.
  """
  old = params[MODULE]
  total = old['count'] + new['count']
  share = new['count'] / jnp.maximum(total, 1.0)
  return {**params, MODULE: {
      'mean_square': (
          old['mean_square'] * (1.0 - share) + new['mean_square'] * share),
      'count': jnp.minimum(total, _MEMORY)}}
