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
"""Products in which nothing of a factor 0 is left, neither NaN nor infinity.

What has probability 0, weight 0 or discount 0 must not count, but 0 times an
infinite log-probability, reward or value is NaN. Every product of the losses
whose second factor may be infinite is taken here.

Not here: which steps count in a loss; read `reduction.py` next.
"""

import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import inputs
from kickstarting import types


def product(factor: types.Array | float, x: types.Array | float) -> jax.Array:
  """Returns factor * x; exactly 0, with its gradients, where factor is 0.

  Args:
    factor: any shape.
    x: of the same shape, or a scalar; where the factor is 0 it may be anything.

  Raises:
    ValueError: one of them is no array of floats, or has another shape.
  """
  factor, = inputs.arrays(factor=(factor, float, '...'))
  x, = inputs.arrays(x=(x, float, '...'))
  if factor.ndim and x.ndim and factor.shape != x.shape:
    raise checks.UserError(
        f'x has shape {x.shape}; expected that of factor, {factor.shape}, or a'
        ' scalar.')
  is_counted = factor != 0
  # The inner selection keeps the derivative in the factor finite too.
  return jnp.where(is_counted, factor * jnp.where(is_counted, x, 0.0), 0.0)
