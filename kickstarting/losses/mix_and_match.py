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
"""Mixtures of policies, and what lets the last of them learn from the others.

K agents, from simple to complex, act as one:

  pi_mm(a|s) = sum_i share_i pi_i(a|s).

The RL loss reads log pi_mm, so that its gradients reach all of them, and the
shares move from outside until the last agent, the only one that matters at the
end, has all. Czarnecki et al. (2018), "Mix & Match - Agent Curricula for
Reinforcement Learning", arXiv:1806.01780, and its supplement.

Not here: networks whose agents share parts (`networks/branches.py`), who moves
the shares (`weights/`, `pbt/`), costs and sums over steps (`reduction.py`).
Read `divergences.py` next.
"""

from collections.abc import Callable
import types as python_types
from typing import TypeAlias

import chex
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import inputs
from kickstarting import products
from kickstarting import types
from kickstarting.distributions import categorical
from kickstarting.losses import divergences

_TOLERANCE = 1e-5  # of a sum of shares in float32, at least

Transfer: TypeAlias = Callable[[types.Array, types.Array], jax.Array]


def check_shares(shares: types.Array) -> np.ndarray:
  """Returns the shares of a mixture, or raises a ValueError.

  Args:
    shares: one for each agent; [K], no traced array.

  Raises:
    ValueError: there is none, one is negative, or their sum is not 1.
  """
  checked, = inputs.arrays(shares=(shares, float, 'K'))
  known = _known_shares(shares, checked)
  if known is None:
    raise checks.UserError(
        'shares of a mixture are traced; expected numbers, for what is traced'
        ' cannot be checked. Check them outside jax.jit.')
  return known


def _known_shares(given: types.Array, shares: jax.Array) -> np.ndarray | None:
  """Returns shares that were checked; None if they are traced.

  Args:
    given: what a user passed, whose dtype says how exact a sum can be.
    shares: the same in float32 at least.
  """
  known = inputs.known(shares)
  if known is None:
    return None
  values = known[0]
  dtype = getattr(given, 'dtype', shares.dtype)
  tolerance = max(_TOLERANCE, len(values) * float(
      jnp.finfo(dtype if jnp.issubdtype(dtype, jnp.floating) else shares.dtype
                ).eps))
  if not (values >= 0).all() or not abs(values.sum() - 1) <= tolerance:
    raise checks.UserError(
        f'shares of a mixture are {values.tolist()}; expected one for each'
        ' agent, none negative, of sum 1. Divide them by their sum.')
  return values


def shares_along(mixing: chex.Numeric, num_agents: int) -> jax.Array:
  """Returns the shares of K agents at one point of their curriculum.

  The path goes from agent to agent: with two, `mixing` is the share alpha of
  the final agent, as in the paper; with more it runs from 0, the first alone,
  to 1, the last alone, and mixes neighbours only.

  Args:
    mixing: in [0, 1]; clipped to it if it is traced.
    num_agents: K.

  Returns:
    [K] float32, not negative, of sum 1.

  Raises:
    ValueError: mixing is outside [0, 1], or K is below 1.
  """
  mixing = checks.check_fraction('mixing', mixing)
  checks.check_count('num_agents', num_agents)
  place = jnp.clip(mixing, 0.0, 1.0) * (num_agents - 1)
  distance = jnp.abs(place - jnp.arange(num_agents, dtype=jnp.float32))
  return jnp.maximum(1.0 - distance, 0.0)


def mixture_log_probs(logits: types.Array, shares: types.Array) -> jax.Array:
  """Returns log pi_mm(a) = log sum_i share_i pi_i(a).

  Its gradient is that of drawing the agent that acts, in expectation, with a
  lower variance.
  Source: Czarnecki et al. (2018), supplement, section 5, arXiv:1806.01780.

  Args:
    logits: of the agents; [..., K, A] float32; gradients flow. Minus infinity
      is an action that an agent lacks.
    shares: [K] float32, not negative, of sum 1; gradients are stopped.

  Returns:
    [..., A] float32; minus infinity where no agent with a share has the action.
  """
  logits, shares = _inputs(logits, shares)
  log_p = categorical.log_probs(logits)
  shares = jax.lax.broadcast_in_dim(
      shares, log_p.shape, (log_p.ndim - 2,))
  has_part = (log_p != -jnp.inf) & (shares > 0)
  # An agent without a share is left out before its log 0 is taken.
  weighted = log_p + jnp.log(jnp.where(shares > 0, shares, 1.0))
  return jax.nn.logsumexp(
      jnp.where(has_part, weighted, -jnp.inf), axis=-2)


def mixture_value(values: types.Array, shares: types.Array) -> jax.Array:
  """Returns V_mm = sum_i share_i V_i.

  The paper draws one node that mixes policies and values alike; that the shares
  are the same is our reading.

  Args:
    values: of the agents; [..., K] float32; gradients flow.
    shares: [K] float32; gradients are stopped.
  """
  values, checked = inputs.arrays(
      values=(values, float, '...K'), shares=(shares, float, 'K'))
  _known_shares(shares, checked)
  return _weighted(values, jax.lax.stop_gradient(checked))


def knowledge_transfer(
    logits: types.Array, shares: types.Array
) -> jax.Array:
  """Computes L_mm = sum_{i<K} share_i KL(pi_i || pi_K), per step.

  The full divergence, and gradients into both sides: the helpers are kept near
  the final agent too. A helper is restricted to what the final agent can do
  (`categorical.restrict`).
  Source: Czarnecki et al. (2018), supplement, Eq. 1 and section 3,
  arXiv:1806.01780. Differs from it in: the sum over more than one helper.

  Args:
    logits: of the agents, the final one last; [..., K, A] float32; gradients
      flow. Minus infinity is an action that a helper lacks.
    shares: [K] float32; gradients are stopped.

  Returns:
    [...] float32, at least 0.
  """
  return _transfer(logits, shares, only_shared_actions=False)


def masked_transfer(
    logits: types.Array, shares: types.Array
) -> jax.Array:
  """Computes `knowledge_transfer` over the actions that each helper has.

  The final agent is normalised over them, so that what it does with the rest of
  its probability is free.
  Source: Czarnecki et al. (2018), Figure 3, "Masked KL".
  """
  return _transfer(logits, shares, only_shared_actions=True)


def mixture_transfer(
    logits: types.Array, shares: types.Array
) -> jax.Array:
  """Computes the alternative KL(pi_mm || pi_K), per step.

  At most `knowledge_transfer`: what lacks is H(pi_mm) - sum_i share_i H(pi_i),
  which is not negative.
  Source: Czarnecki et al. (2018), supplement, "On alpha based scaling".

  Args:
    logits: see `knowledge_transfer`.
    shares: see `knowledge_transfer`.
  """
  logits, shares = _inputs(logits, shares)
  return divergences.forward_kl(
      mixture_log_probs(logits, shares), logits[..., -1, :])


TRANSFERS = python_types.MappingProxyType({
    'knowledge': knowledge_transfer,
    'masked': masked_transfer,
    'mixture': mixture_transfer,
})


def get_transfer(name: str) -> Transfer:
  """Returns the transfer loss called `name`, or raises a ValueError."""
  checks.check_name('transfer', name, TRANSFERS)
  return TRANSFERS[name]


def _transfer(logits, shares, *, only_shared_actions):
  logits, shares = _inputs(logits, shares)
  helpers = logits[..., :-1, :]  # [..., K - 1, A]
  final = jnp.broadcast_to(logits[..., -1:, :], helpers.shape)
  is_legal = helpers != -jnp.inf if only_shared_actions else None
  distance = divergences.forward_kl(helpers, final, is_legal=is_legal)
  return _weighted(distance, shares[:-1])


def _weighted(x: types.Array, shares: jax.Array) -> jax.Array:
  """Returns sum_i share_i x_i; [..., K] -> [...]."""
  shares = jax.lax.broadcast_in_dim(shares, x.shape, (x.ndim - 1,))
  return jnp.sum(products.product(shares, x), axis=-1)


def _inputs(
    logits: types.Array, shares: types.Array
) -> tuple[jax.Array, jax.Array]:
  """Returns the checked arguments, the shares without gradient."""
  logits, checked = inputs.arrays(
      logits=(logits, float, '...KA'), shares=(shares, float, 'K'))
  _known_shares(shares, checked)
  return logits, jax.lax.stop_gradient(checked)
