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
"""The one place where steps are left out, costs multiplied and sums taken.

Not here: the terms; read `kickstart.py` next for the one that this library
is about.
"""

from collections.abc import Mapping
import types as python_types

import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import inputs
from kickstarting import products
from kickstarting import types

REDUCTIONS = ('mean', 'sum')
_EVERYWHERE: Mapping[str, types.Array] = python_types.MappingProxyType({})


def total(
    terms: Mapping[str, types.Array],
    costs: Mapping[str, types.Array | float],
    is_learnable: types.Array,
    *,
    reduction: str = 'mean',
    applies_to: Mapping[str, types.Array] = _EVERYWHERE,
) -> tuple[jax.Array, dict[str, jax.Array]]:
  """Adds up loss terms: sum_i sum_{t,b} cost_i term_i over learnable steps.

  A step that is not learnable, or whose cost is exactly 0, adds exactly 0 even
  if its term is NaN or infinite. (The cost of such a step gets no gradient
  either.)
  'mean' divides by the number of learnable steps, so the loss does not depend
  on the batch size. 'sum' does not divide: Espeholt et al. (2018), IMPALA,
  Table D.1, arXiv:1802.01561.

  Args:
    terms: name -> [T, B] float32, to be minimised; gradients flow.
    costs: name -> multiplier, one for each term; a scalar, [B] or [T, B].
    is_learnable: bool [T, B], True for the steps that count.
    reduction: 'mean' or 'sum' over T and B.
    applies_to: name -> bool [T, B], the steps over which the metric of a term
      is averaged, whatever their cost; the learnable ones if it is left out. A
      distillation term, for example, applies where there is a teacher.

  Returns:
    loss: scalar float32.
    metrics: scalars; per term '<name>', its mean without cost over the steps
      that it applies to, whatever the reduction, and '<name>_weighted', its
      share of the loss; 'loss'; and 'entropy', the positive entropy, where
      there is a term 'negative_entropy'.

  Raises:
    ValueError: if the reduction is unknown, costs and terms differ in names, or
      an array has other axes or another dtype.
  """
  checks.check_name('reduction', reduction, REDUCTIONS)
  for name, value in (
      ('terms', terms), ('costs', costs), ('applies_to', applies_to)):
    checks.check_type(name, value, Mapping, 'a mapping with names of terms')
  _check_names(terms, costs, applies_to)
  is_learnable, *arrays = inputs.arrays(
      is_learnable=(is_learnable, bool, 'TB'),
      **{f'term {name}': (term, float, 'TB') for name, term in terms.items()},
      **{f'applies_to {name}': (where, bool, 'TB')
         for name, where in applies_to.items()})
  terms = dict(zip(terms, arrays))
  applies_to = dict(zip(applies_to, arrays[len(terms):]))
  num_learnable = jnp.maximum(jnp.sum(is_learnable), 1).astype(jnp.float32)
  divisor = num_learnable if reduction == 'mean' else 1.0
  loss = jnp.zeros((), jnp.float32)
  metrics = {}
  for name, term in terms.items():
    cost = _cost_of_steps(name, costs[name], term)
    is_counted = is_learnable & (cost != 0)
    weighted = products.product(jnp.where(is_counted, cost, 0.0), term)
    metrics[name] = _mean(term, applies_to.get(name, is_learnable))
    metrics[f'{name}_weighted'] = jnp.sum(weighted) / divisor
    loss += metrics[f'{name}_weighted']
  if 'negative_entropy' in terms:
    metrics['entropy'] = -metrics['negative_entropy']
  metrics['loss'] = loss
  return loss, metrics


def _cost_of_steps(
    name: str, cost: types.Array | float, term: types.Array
) -> jax.Array:
  """Returns the cost of each step; [T, B]."""
  ndim = getattr(cost, 'ndim', 0) if not isinstance(cost, (list, tuple)) else 1
  if ndim == 0:
    cost = checks.check_finite(f'cost of {name}', cost)
    return jnp.broadcast_to(jnp.asarray(cost, jnp.float32), term.shape)
  _, cost = inputs.arrays(**{
      f'term {name}': (term, float, 'TB'),
      f'cost of {name}': (cost, float, 'B' if ndim == 1 else 'TB')})
  return jnp.broadcast_to(cost, term.shape)


def _mean(term: types.Array, is_counted: types.Array) -> jax.Array:
  """Returns the mean over the steps that count; 0 if none does."""
  number = jnp.maximum(jnp.sum(is_counted), 1).astype(jnp.float32)
  return jnp.sum(jnp.where(is_counted, term, 0.0)) / number


def _check_names(
    terms: Mapping[str, types.Array],
    costs: Mapping[str, types.Array | float],
    applies_to: Mapping[str, types.Array],
) -> None:
  if set(terms) != set(costs):
    raise checks.UserError(
        f'costs are named {sorted(costs)}; expected one for each loss term, '
        f'{sorted(terms)}. Add the missing costs and remove the others.'
    )
  for name in applies_to:
    checks.check_name('loss term in applies_to', name, terms)
