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
"""Where hyper-parameters start: distributions as data, and draws from them.

Not here: how values move afterwards (`rules.py`).
"""

import dataclasses
import math
from typing import TypeAlias

import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import types


@dataclasses.dataclass(frozen=True)
class LogUniform:
  """Uniform in the logarithm, between two positive numbers."""

  low: float
  high: float

  def __post_init__(self):
    checks.check_fields(self)
    checks.check_positive_finite('low', self.low)
    _check_order(self.low, self.high)


@dataclasses.dataclass(frozen=True)
class Uniform:
  """Uniform between two numbers."""

  low: float
  high: float

  def __post_init__(self):
    checks.check_fields(self)
    _check_order(self.low, self.high)


@dataclasses.dataclass(frozen=True)
class Categorical:
  """One of some values, each as likely; a single one is a fixed start."""

  values: tuple[float, ...]

  def __post_init__(self):
    for value in self.values:
      checks.check_type('one of values', value, (int, float), 'a number')
    if not self.values or not all(map(math.isfinite, self.values)):
      raise checks.UserError(
          f'values is {self.values}; expected at least one number, all finite.'
          ' List the values to draw from.')


Prior: TypeAlias = LogUniform | Uniform | Categorical


def draw(
    prior: Prior, rng_key: types.Array, shape: tuple[int, ...]
) -> jax.Array:
  """Draws independent values.

  Args:
    prior: from what.
    rng_key: consumed.
    shape: of the result.

  Returns:
    float32 [*shape].
  """
  if isinstance(prior, Categorical):
    values = jnp.asarray(prior.values, jnp.float32)
    return jax.random.choice(rng_key, values, shape)
  if isinstance(prior, Uniform):
    return jax.random.uniform(
        rng_key, shape, minval=prior.low, maxval=prior.high)
  exponent = jax.random.uniform(
      rng_key, shape, minval=math.log(prior.low), maxval=math.log(prior.high))
  return jnp.exp(exponent)


def support(prior: Prior) -> tuple[float, float]:
  """Returns the least and the greatest value that can be drawn."""
  if isinstance(prior, Categorical):
    return min(prior.values), max(prior.values)
  return prior.low, prior.high


def _check_order(low: float, high: float) -> None:
  if not (math.isfinite(low) and math.isfinite(high) and low <= high):
    raise checks.UserError(
        f'low is {low} and high is {high}; expected finite numbers, low at most'
        ' high. Exchange or correct them.')
