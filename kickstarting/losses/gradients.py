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
"""Control of where gradients flow.

Not here: which steps count in a loss; read `reduction.py` next.
"""

import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import inputs
from kickstarting import types


def pass_where(condition: types.Array, x: types.Array) -> jax.Array:
  """Returns x, whose gradient is exactly 0 where the condition is False.

  Unlike a product with a mask it also holds back a NaN or infinite gradient.

  Args:
    condition: bool; its axes are the first axes of x.
    x: any further axes.

  Returns:
    The value of x, unchanged.

  Raises:
    ValueError: the condition is not bool, or x has other first axes.
  """
  condition, = inputs.arrays(condition=(condition, bool, '...'))
  x, = inputs.arrays(x=(x, float, '...'))
  if x.shape[:condition.ndim] != condition.shape:
    raise checks.UserError(
        f'x has shape {x.shape}; expected the axes of condition,'
        f' {condition.shape}, and any further ones.')
  trailing_axes = (1,) * (x.ndim - condition.ndim)
  per_element = jnp.reshape(condition, condition.shape + trailing_axes)
  return jnp.where(per_element, x, jax.lax.stop_gradient(x))
