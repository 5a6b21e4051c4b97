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
"""A running mean and deviation of what is observed, among the parameters.

They are saved with the others, and are the same for actor, learner and teacher.
No gradient reaches them: `absorb` moves them, before an update. Not here: the
torso that reads through them (`mixed.py`).
"""

import haiku as hk
import jax
import jax.numpy as jnp

from kickstarting import types

NAME = 'normaliser'  # last part of the module's name
_LARGEST = 10.0  # of what comes out, either way
_EPSILON = 1e-8  # of the variance
# Rows that are remembered, about: later ones count as if there had been no more
# before them, so that a changing policy is followed.
_MEMORY = 1e6


class Normaliser(hk.Module):
  """(x - mean) / deviation, within [-10, 10]; x as it is before any row."""

  def __init__(self):
    super().__init__(name=NAME)

  def __call__(self, x: jax.Array) -> jax.Array:
    """Returns [N, D] float32 of [N, D]; gradients reach x alone."""
    size = x.shape[-1:]
    mean = hk.get_parameter('mean', size, init=jnp.zeros)
    variance = hk.get_parameter('variance', size, init=jnp.ones)
    hk.get_parameter('count', (), init=jnp.zeros)  # of rows; see `absorb`
    mean, variance = jax.lax.stop_gradient((mean, variance))
    scaled = (x - mean[jnp.newaxis]) * jax.lax.rsqrt(
        variance + _EPSILON)[jnp.newaxis]
    return jnp.clip(scaled, -_LARGEST, _LARGEST)


def absorb(
    moments: types.Params, x: types.Array, is_new: types.Array
) -> types.Params:
  """Returns the parameters of a `Normaliser` that has seen more rows.

  Mean and variance are those of all rows, as if they had been seen at once; the
  first rows replace what was there. Source: Chan, Golub and LeVeque (1979),
  "Updating formulae and a pairwise algorithm for computing sample variances".

  Args:
    moments: 'mean' and 'variance' [D], 'count' [].
    x: rows; [N, D] float32.
    is_new: rows that are to be seen; bool [N].
  """
  weight = jnp.asarray(is_new, jnp.float32)[:, jnp.newaxis]
  new = jnp.sum(weight)
  divisor = jnp.maximum(new, 1.0)
  mean = jnp.sum(weight * x, axis=0) / divisor
  variance = jnp.sum(
      weight * jnp.square(x - mean[jnp.newaxis]), axis=0) / divisor
  old = moments['count']
  total = jnp.maximum(old + new, 1.0)
  difference = mean - moments['mean']
  share = new / total
  together = (
      moments['variance'] * (1.0 - share) + variance * share
      + jnp.square(difference) * share * (1.0 - share))
  return {
      'mean': moments['mean'] + difference * share,
      'variance': jnp.where(old + new > 0, together, moments['variance']),
      'count': jnp.minimum(old + new, _MEMORY),
  }
