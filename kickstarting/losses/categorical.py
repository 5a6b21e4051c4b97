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
"""Categorical policies given by logits: log-probabilities and entropy.

All sums over actions in the losses are exact and go through `log_probs` here,
so temperature and action masks mean the same thing everywhere.

Not here: distances between two policies; read `divergences.py` next.
"""

import chex
import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import types


def log_probs(
    logits: types.Array,
    *,
    temperature: chex.Numeric = 1.0,
    is_legal: types.Array | None = None,
) -> jax.Array:
  """Normalises logits / temperature over the legal actions.

  Args:
    logits: of a policy; [..., A] float32; gradients flow. Minus infinity is an
      action of probability 0; at least one legal action must be above it.
    temperature: divides the logits; below 1 sharpens, above 1 flattens.
    is_legal: bool [..., A]; None when every action is legal. At least one
      action of each row must be legal.

  Returns:
    Log-probabilities; [..., A] float32; minus infinity for illegal actions.

  Raises:
    ValueError: if temperature is not positive and finite.
  """
  checks.check_positive_finite('temperature', temperature)
  chex.assert_type(logits, float)
  scaled = logits / temperature
  if is_legal is not None:
    chex.assert_equal_shape([logits, is_legal])
    chex.assert_type(is_legal, bool)
    scaled = jnp.where(is_legal, scaled, -jnp.inf)
  return jax.nn.log_softmax(scaled, axis=-1)


def expectation(log_p: jax.Array, values: jax.Array) -> jax.Array:
  """Sums p * values over actions, [..., A] -> [...], taking 0 * inf as 0."""
  p = jnp.exp(log_p)
  # The mask stands on the inner value too: a where around the product alone
  # would still send 0 * inf = NaN back as a gradient.
  return jnp.sum(p * jnp.where(p > 0, values, 0.0), axis=-1)


def log_prob(logits: types.Array, actions: types.Array) -> jax.Array:
  """Returns log pi(a); logits [..., A] float32, actions [...] int, -> [...]."""
  chex.assert_equal_shape_prefix([logits, actions], actions.ndim)
  chex.assert_rank(logits, actions.ndim + 1)
  chex.assert_type([logits, actions], [float, int])
  chosen = jnp.take_along_axis(
      log_probs(logits), actions[..., jnp.newaxis], axis=-1
  )
  return jnp.squeeze(chosen, axis=-1)


def entropy(
    logits: types.Array, *, is_legal: types.Array | None = None
) -> jax.Array:
  """Returns H(pi) = -sum_a pi(a) log pi(a), in nats, never negative.

  Args:
    logits: [..., A] float32; gradients flow.
    is_legal: bool [..., A], or None when every action is legal.

  Returns:
    The entropy over the legal actions; [...] float32, between 0 and log A.
  """
  log_p = log_probs(logits, is_legal=is_legal)
  return -expectation(log_p, log_p)
