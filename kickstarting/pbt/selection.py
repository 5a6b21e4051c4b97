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
"""Exploit: who copies whom, by each of the rules.

Not here: the copying (`evolution.py`), the rules as data (`rules.py`).
"""

import jax
import jax.numpy as jnp

from kickstarting import types
from kickstarting.pbt import population as population_lib
from kickstarting.pbt import rules as rules_lib


def exploit(
    population: population_lib.Population,
    rng_key: types.Array,
    rules: rules_lib.Rules,
    may: types.Array,
) -> jax.Array:
  """Chooses whom each member copies.

  Args:
    population: nothing of it changes; `copy` does that.
    rng_key: consumed.
    rules: of which `exploit` is read.
    may: bool [P], members that may copy.

  Returns:
    int32 [P], the member to copy, itself for none. Whoever has fewer returns
    than the rule's window is not copied.
  """
  own = jnp.arange(population['frames'].shape[0], dtype=jnp.int32)
  rule = rules.exploit
  choose = {
      rules_lib.TTest: _by_t_test,
      rules_lib.Margin: _by_margin,
      rules_lib.Truncation: _by_truncation,
  }[type(rule)]
  partner, is_better = choose(population, rng_key, rule)
  is_seen = population_lib.is_seen(population, rule.window)
  return jnp.where(may & is_better & is_seen[partner], partner, own)


def _random_other(rng_key: types.Array, size: int) -> jax.Array:
  """Returns another member for each, all as likely; itself if alone."""
  offset = jax.random.randint(rng_key, (size,), 1, max(size, 2))
  return (jnp.arange(size, dtype=jnp.int32) + offset) % size


def _by_t_test(population, rng_key, rule):
  recent = population_lib.recent_returns(population, rule.window)
  partner = _random_other(rng_key, len(recent))
  mean = jnp.mean(recent, axis=1)
  squared_error = jnp.var(recent, axis=1, ddof=1) / rule.window  # of the mean
  difference = mean[partner] - mean
  # The floor is for members without any variance.
  total = jnp.maximum(
      squared_error + squared_error[partner], jnp.finfo(jnp.float32).tiny)
  share = squared_error / total
  freedom = (rule.window - 1) / (share ** 2 + (1 - share) ** 2)
  t_squared = difference ** 2 / total
  # Two-sided tail of Student's distribution.
  p_value = jax.scipy.special.betainc(
      freedom / 2, 0.5, freedom / (freedom + t_squared))
  return partner, (difference > 0) & (p_value < rule.p_value)


def _by_margin(population, rng_key, rule):
  score = population_lib.scores(population, rule.window)
  partner = _random_other(rng_key, len(score))
  return partner, score[partner] > score + rule.points


def _by_truncation(population, rng_key, rule):
  score = population_lib.scores(population, rule.window)
  seen = jnp.isfinite(score)
  order = jnp.argsort(score)  # the worst first; NaN last
  rank = jnp.argsort(order)
  num_seen = jnp.sum(seen)
  cut = jnp.floor(rule.share * num_seen).astype(jnp.int32)
  cut = jnp.maximum(cut, (num_seen > 1).astype(jnp.int32))
  chosen = jax.random.randint(rng_key, score.shape, 0, jnp.maximum(cut, 1))
  partner = order[num_seen - 1 - chosen].astype(jnp.int32)
  return partner, seen & (rank < cut) & (score < score[partner])
