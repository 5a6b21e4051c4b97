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
"""Actions of several parts, each drawn on its own: products of categoricals.

Parameters are the logits of all parts in a row. Sums over all actions are sums
over parts, so that 7 x 7 x 7 actions cost what 21 do, and are exact.

Not here: actions that are numbers; read `gaussian.py` next.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import inputs
from kickstarting import types
from kickstarting.distributions import categorical
from kickstarting.distributions import distribution


def make_factored(num_actions: Sequence[int]) -> distribution.Distribution:
  """Returns the policies over actions of N parts, given by logits [..., P].

  Actions are int32 [..., N]; a part that is not 0 to its number - 1 is one that
  the policy lacks.

  Args:
    num_actions: of each part; P is their sum.

  Raises:
    ValueError: there is no part, or one without actions.
  """
  sizes = _check_sizes(num_actions)
  one = categorical.make_categorical(max(sizes))
  # Parts of different sizes are filled up with actions that no policy has.
  starts = np.cumsum([0, *sizes[:-1]])
  place = starts[:, np.newaxis] + np.arange(max(sizes))
  is_there = np.arange(max(sizes)) < np.array(sizes)[:, np.newaxis]
  place = np.where(is_there, place, 0).astype(np.int32)

  def parts(logits):
    """Returns the logits of each part; [..., N, A]."""
    logits, = inputs.arrays(logits=(logits, float, '...P'))
    if logits.shape[-1] != sum(sizes):
      raise checks.UserError(
          f'logits has shape {logits.shape}; expected {sum(sizes)} in a row,'
          f' for parts of {", ".join(map(str, sizes))} actions.')
    if len(set(sizes)) == 1:
      return jnp.reshape(logits, (*logits.shape[:-1], len(sizes), sizes[0]))
    taken = jnp.take(logits, place, axis=-1)
    return jnp.where(
        jax.lax.broadcast_in_dim(
            is_there, taken.shape, (taken.ndim - 2, taken.ndim - 1)),
        taken, -jnp.inf)

  def joined(logits):
    """Returns logits [..., N, A] as [..., P]."""
    return jnp.concatenate(
        [logits[..., i, :size] for i, size in enumerate(sizes)], axis=-1)

  def summed(function):
    return lambda *logits: jnp.sum(
        function(*map(parts, logits)), axis=-1)

  return distribution.Distribution(
      name='factored categorical',
      num_parameters=sum(sizes),
      action=types.ArraySpec((len(sizes),), np.dtype(np.int32)),
      log_prob=lambda logits, actions: jnp.sum(
          one.log_prob(parts(logits), actions), axis=-1),
      sample=lambda logits, rng_key: one.sample(parts(logits), rng_key),
      mode=lambda logits: one.mode(parts(logits)),
      entropy=summed(one.entropy),
      cross_entropy=summed(one.cross_entropy),
      kl=summed(one.kl),
      temper=lambda logits, temperature: joined(
          one.temper(parts(logits), temperature)),
      restrict=one.restrict,
      to_environment=lambda actions: actions)


def _check_sizes(num_actions: Sequence[int]) -> tuple[int, ...]:
  """Returns how many actions the parts have."""
  if not isinstance(num_actions, (list, tuple, np.ndarray)) or not len(
      num_actions):
    raise checks.UserError(
        f'num_actions is {checks.short(num_actions)}; expected one number for'
        ' each part of an action, such as (3, 3, 2). For a single part take'
        ' categorical.')
  for size in num_actions:
    checks.check_count('num_actions', size)
  return tuple(int(size) for size in num_actions)
