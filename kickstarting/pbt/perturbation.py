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
"""Explore: where hyper-parameters start and how they move.

Not here: who explores (`evolution.py`), the rules as data (`rules.py`).
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import types
from kickstarting.pbt import population as population_lib
from kickstarting.pbt import priors
from kickstarting.pbt import rules as rules_lib


def draw_hypers(
    rules: rules_lib.Rules,
    shapes: Mapping[str, tuple[int, ...]],
    num_members: int,
    rng_key: types.Array,
) -> dict[str, jax.Array]:
  """Draws where the evolving hyper-parameters start.

  Args:
    rules: whose priors.
    shapes: name -> shape in one member; () for a number, [K] for `rho`.
    num_members: P.
    rng_key: consumed.

  Returns:
    name -> float32 [P, *shape], of the names that the rules evolve.

  Raises:
    ValueError: the rules name what is not in `shapes`; P is below 1.
  """
  if num_members < 1:
    raise checks.UserError(
        f'num_members is {num_members}; expected at least 1. Pass the size of'
        ' the population.')
  _check_names(rules, shapes)
  return {
      name: priors.draw(
          evolution.prior, _key(rng_key, rules, name),
          (num_members, *shapes[name]))
      for name, evolution in rules.evolutions.items()
  }


def explore(
    population: population_lib.Population,
    rng_key: types.Array,
    rules: rules_lib.Rules,
    may: types.Array,
) -> population_lib.Population:
  """Perturbs hyper-parameters, each with its own probability.

  Args:
    population: to perturb.
    rng_key: consumed.
    rules: of which `evolutions` are read.
    may: bool [P], members that explore.

  Raises:
    ValueError: the rules name a hyper-parameter that the population lacks.
  """
  hypers = population['hypers']
  _check_names(rules, hypers)
  changed = {
      name: _perturb(
          hypers[name], _key(rng_key, rules, name), evolution,
          jnp.reshape(may, (-1,) + (1,) * (hypers[name].ndim - 1)))
      for name, evolution in rules.evolutions.items()
  }
  return population | {'hypers': hypers | changed}


def _perturb(value, rng_key, evolution, may):
  keys = jax.random.split(rng_key, 4)
  changes = jnp.asarray(evolution.changes, jnp.float32)
  change = jax.random.choice(keys[0], changes, value.shape)
  if evolution.space == 'linear':
    moved = value + change
  elif evolution.space == 'log':
    moved = value * change
  else:
    moved = 1 - (1 - value) * change
  drawn_anew = jax.random.bernoulli(keys[1], evolution.resample, value.shape)
  anew = priors.draw(evolution.prior, keys[2], value.shape)
  moved = jnp.clip(
      jnp.where(drawn_anew, anew, moved), evolution.low, evolution.high)
  happens = jax.random.bernoulli(keys[3], evolution.probability, value.shape)
  return jnp.where(may & happens, moved, value)


def _key(rng_key, rules, name):
  """Returns a key for one name, whatever order the rules list them in."""
  return jax.random.fold_in(rng_key, sorted(rules.evolutions).index(name))


def _check_names(rules, known):
  missing = sorted(set(rules.evolutions) - set(known))
  if missing:
    raise checks.UserError(
        f'the rules evolve {", ".join(missing)}, which the population lacks; it'
        f' has {", ".join(sorted(known))}. Add the hyper-parameter or drop its'
        ' rule.')
