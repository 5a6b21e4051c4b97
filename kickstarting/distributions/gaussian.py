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
"""Actions that are numbers: diagonal Gaussians.

Parameters are N means, then N logarithms of deviations. A floor is added to the
variance, so that a policy that has become sure still has a density that can be
learnt from, and that a teacher may be a mean alone (a logarithm of minus
infinity). All quantities are closed forms.

Not here: actions with ends that a policy must not leave; read
`tanh_gaussian.py` next.
"""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import inputs
from kickstarting import types
from kickstarting.distributions import distribution

FLOOR = 1e-3  # of a deviation, where an action reaches from -1 to 1
_LARGEST_LOG = 20.0  # of a deviation, whose square float32 holds
# Of a distance in units of the deviation, whose square float32 holds.
_FARTHEST = 1e9
_LOG_2_PI = math.log(2.0 * math.pi)


def make_gaussian(
    size: int, *, floor: float = FLOOR
) -> distribution.Distribution:
  """Returns the policies over N independent numbers, given by [..., 2 N].

  Means stand first, then the logarithms of deviations sigma; the deviation is
  sqrt(sigma^2 + floor^2). Environments take actions of -1 to 1 and clip what is
  beyond, as those who train with Gaussians do.

  Args:
    size: N.
    floor: smallest deviation; 0 for none, where a deviation of 0 has no
      density.

  Raises:
    ValueError: there is no number, or the floor is negative.
  """
  checks.check_count('size', size)
  floor = float(checks.check_not_negative('floor', floor))

  split = functools.partial(moments, size=size, floor=floor)

  def log_prob(parameters, actions):
    mean, variance = split(parameters)
    actions, mean = inputs.arrays(
        actions=(actions, float, '...N'), mean=(mean, float, '...N'))
    return -jnp.sum(
        0.5 * (_LOG_2_PI + jnp.log(variance))
        + 0.5 * _squared(actions - mean, variance), axis=-1)

  def sample(parameters, rng_key):
    mean, variance = split(parameters)
    noise = jax.random.normal(rng_key, mean.shape, mean.dtype)
    return jax.lax.stop_gradient(mean + jnp.sqrt(variance) * noise)

  def entropy(parameters):
    _, variance = split(parameters)
    return jnp.sum(0.5 * (1.0 + _LOG_2_PI + jnp.log(variance)), axis=-1)

  def cross_entropy(p, q):
    mean_p, variance_p = split(p)
    mean_q, variance_q = split(q)
    return jnp.sum(
        0.5 * (_LOG_2_PI + jnp.log(variance_q))
        + 0.5 * (variance_p / variance_q
                 + _squared(mean_p - mean_q, variance_q)), axis=-1)

  def kl(p, q):
    mean_p, variance_p = split(p)
    mean_q, variance_q = split(q)
    # x - 1 - log x is 0 at 1 without cancellation.
    log_ratio = jnp.log(variance_p) - jnp.log(variance_q)
    return 0.5 * jnp.sum(
        jnp.expm1(log_ratio) - log_ratio
        + _squared(mean_p - mean_q, variance_q), axis=-1)

  def temper(parameters, temperature):
    temperature = checks.check_positive_finite('temperature', temperature)
    mean, variance = split(parameters)
    # The floor stays, so that nothing is sharpened below it.
    rest = variance * temperature - floor**2
    is_above = rest > 0.0
    log_deviation = jnp.where(
        is_above, 0.5 * jnp.log(jnp.where(is_above, rest, 1.0)), -jnp.inf)
    return jnp.concatenate([mean, log_deviation], axis=-1)

  return distribution.Distribution(
      name='Gaussian',
      num_parameters=2 * size,
      action=types.ArraySpec((size,), np.dtype(np.float32)),
      log_prob=log_prob,
      sample=sample,
      mode=lambda parameters: jax.lax.stop_gradient(split(parameters)[0]),
      entropy=entropy,
      cross_entropy=cross_entropy,
      kl=kl,
      temper=temper,
      restrict=lambda p, q: p,  # every one has all actions
      to_environment=lambda actions: jnp.clip(actions, -1.0, 1.0))


def moments(
    parameters: types.Array, size: int, floor: float
) -> tuple[jax.Array, jax.Array]:
  """Returns means and variances; each [..., N].

  Args:
    parameters: means, then logarithms of deviations; [..., 2 N] float32.
    size: N.
    floor: see `make_gaussian`.

  Raises:
    ValueError: there are not 2 N of them.
  """
  parameters, = inputs.arrays(parameters=(parameters, float, '...P'))
  if parameters.shape[-1] != 2 * size:
    raise checks.UserError(
        f'parameters has shape {parameters.shape}; expected {2 * size} in a'
        f' row: {size} means, then {size} logarithms of deviations.')
  mean, log_deviation = jnp.split(parameters, 2, axis=-1)
  variance = jnp.exp(2.0 * jnp.minimum(log_deviation, _LARGEST_LOG))
  return mean, variance + floor**2


def _squared(distance: jax.Array, variance: jax.Array) -> jax.Array:
  """Returns distance^2 / variance, held within what float32 holds."""
  return jnp.square(jnp.clip(
      distance / jnp.sqrt(variance), -_FARTHEST, _FARTHEST))
