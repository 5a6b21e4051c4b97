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
"""One step of evolution: whoever is ready copies and explores.

Copying is a gather on the leading axis: weights, optimiser state,
hyper-parameters and the returns that they earned go together; what counts a
member's own work stays. Nothing is edited in place, and all of it runs under
`jax.jit` with the rules closed over. Not here: whom a member copies
(`selection.py`), how a value moves (`perturbation.py`), what is kept of events
(`lineage.py`).
"""

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import types
from kickstarting.pbt import perturbation
from kickstarting.pbt import population as population_lib
from kickstarting.pbt import rules as rules_lib
from kickstarting.pbt import selection

_COPIED = ('params', 'opt_state', 'hypers', 'returns')
_COUNTS = {'frames': 'frames', 'episodes': 'num_episodes'}  # unit -> key


class Events(NamedTuple):
  """What one step did to each member; leading axis [P]."""

  ready: types.Array  # bool [P], was looked at
  parent: types.Array  # int32 [P], whom it copied; itself if nobody
  rescued: types.Array  # bool [P], copied because it had failed
  frames: types.Array  # int32 [P], its own
  parent_frames: types.Array  # int32 [P]
  scores: types.Array  # float32 [P], before; NaN without returns
  old_hypers: Mapping[str, types.Array]  # name -> float32 [P, ...]
  new_hypers: Mapping[str, types.Array]


def ready(
    population: population_lib.Population, rules: rules_lib.Rules
) -> jax.Array:
  """Returns which members are to be looked at; bool [P]."""
  return is_due(population, rules) & population_lib.is_seen(
      population, rules.exploit.window)


def is_due(
    population: population_lib.Population, rules: rules_lib.Rules
) -> jax.Array:
  """Returns which members are ready once there are returns; bool [P]."""
  lineage = population['lineage']
  if rules.ready.unit not in _COUNTS:
    raise checks.UserError(
        f'the rules count {rules.ready.unit}, which a population does not;'
        f' expected one of {", ".join(_COUNTS)}. Call pbt.in_frames.')
  counted = _COUNTS[rules.ready.unit]
  since = population[counted] - lineage[f'ready_{rules.ready.unit}']
  return (since >= rules.ready.every) & (
      population['frames'] >= rules.ready.burn_in)


def copy(
    population: population_lib.Population, parent: types.Array
) -> population_lib.Population:
  """Gives every member what its parent knows; int32 [P]."""
  take = lambda tree: jax.tree.map(lambda x: jnp.asarray(x)[parent], tree)
  return population | {name: take(population[name]) for name in _COPIED}


def step(
    population: population_lib.Population,
    rng_key: types.Array,
    rules: rules_lib.Rules,
    failed: types.Array | None = None,
) -> tuple[population_lib.Population, Events]:
  """Lets every member that is ready copy and explore, as the rules say.

  Source: Jaderberg et al. (2017), Algorithm 1, arXiv:1711.09846; exploring
  whether or not a copy happened: Espeholt et al. (2018), appendix F.

  Args:
    population: as it is.
    rng_key: consumed.
    rules: static.
    failed: bool [P], members that lost their weights or whose weights are not
      finite; each takes those of a random other member at once. At least one
      member must be alive. None if all are.

  Returns:
    The next population, and what happened.

  Raises:
    ValueError: the rules name a hyper-parameter that the population lacks, or
      count steps.
  """
  exploit_key, rescue_key, explore_key = jax.random.split(rng_key, 3)
  size = population['frames'].shape[0]
  own = jnp.arange(size, dtype=jnp.int32)
  failed = jnp.zeros(size, bool) if failed is None else jnp.asarray(failed)
  population = population | {'returns': jnp.where(
      failed[:, None], jnp.nan, population['returns'])}  # nobody copies these
  looked_at = ready(population, rules)
  parent = selection.exploit(population, exploit_key, rules, looked_at)
  rescuer = jax.random.categorical(
      rescue_key, jnp.where(failed, -jnp.inf, 0.0), shape=(size,))
  parent = jnp.where(failed, rescuer.astype(jnp.int32), parent)
  looked_at |= failed
  copied = copy(population, parent)
  explores = looked_at if rules.explore_when == 'always' else parent != own
  explored = perturbation.explore(copied, explore_key, rules, explores)
  marks = {}
  for unit, name in _COUNTS.items():
    count = population[name]
    if unit == rules.ready.unit:
      # Counts come in lumps (an update's frames), which would add up to delays.
      count -= count % rules.ready.every
    mark = f'ready_{unit}'
    marks[mark] = jnp.where(looked_at, count, explored['lineage'][mark])
  events = Events(
      ready=looked_at,
      parent=parent,
      rescued=failed,
      frames=population['frames'],
      parent_frames=population['frames'][parent],
      scores=population_lib.scores(population, rules.exploit.window),
      old_hypers=population['hypers'],
      new_hypers=explored['hypers'],
  )
  return explored | {'lineage': explored['lineage'] | marks}, events
