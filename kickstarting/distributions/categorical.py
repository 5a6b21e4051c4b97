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
so temperature and action masks mean the same thing everywhere. A logit of minus
infinity is an action that the policy lacks; a policy that lacks every action
has probability 0 of all, and sums over its actions are 0, not NaN.

Not here: actions of several parts; read `factored.py` next.
"""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import inputs
from kickstarting import types
from kickstarting.distributions import distribution as distribution_lib

# What log-probabilities do not go below, unless an action is impossible, so
# that products of them with advantages stay finite.
_LEAST = -1e18


def log_probs(
    logits: types.Array,
    *,
    temperature: chex.Numeric = 1.0,
    is_legal: types.Array | None = None,
) -> jax.Array:
  """Normalises logits / temperature over the legal actions.

  Args:
    logits: of a policy; [..., A] float32; gradients flow. Minus infinity is an
      action of probability 0; plus infinity counts as the largest float32.
    temperature: divides the logits; below 1 sharpens, above 1 flattens.
    is_legal: bool [..., A]; None when every action is legal.

  Returns:
    Log-probabilities; [..., A] float32; minus infinity for actions that are
    illegal or impossible, no less than -1e18 for others.

  Raises:
    ValueError: if temperature is not positive and finite, or the logits are no
      floats or have no action.
  """
  temperature = checks.check_positive_finite('temperature', temperature)
  logits, legal = logits_and_legal(is_legal, logits=logits)
  is_possible = legal & (logits != -jnp.inf)
  logits = jnp.where(
      is_possible, jnp.minimum(logits, jnp.finfo(logits.dtype).max), -jnp.inf)
  best = jnp.max(logits, axis=-1, keepdims=True)
  best = jax.lax.stop_gradient(jnp.where(best == -jnp.inf, 0.0, best))
  # What is impossible takes the place of the best, whose derivative is finite.
  # The best is subtracted first: of a quotient beyond 1e9 a compiler that
  # rounds it twice, in two ways, leaves only the difference of the roundings.
  from_best = (jnp.where(is_possible, logits, best) - best) / temperature
  from_best = jnp.where(
      is_possible, jnp.maximum(from_best, _LEAST), -jnp.inf)
  total = jnp.sum(jnp.exp(from_best), axis=-1, keepdims=True)
  # It is 0 where nothing is possible, and else 1 at least.
  return from_best - jnp.log(jnp.where(total == 0.0, 1.0, total))


def restrict(logits: types.Array, able_logits: types.Array) -> jax.Array:
  """Returns logits without the actions that another policy lacks.

  A teacher says nothing of how its student should take an action that the
  student does not have: what it would do there is left out, and the rest is
  renormalised. Source: Czarnecki et al. (2018), Figure 3, "Masked KL",
  arXiv:1806.01780.

  Args:
    logits: of a teacher; [..., A] float32; gradients flow.
    able_logits: of the student; [..., A] float32; only where they are minus
      infinity is read.

  Returns:
    The teacher's logits, minus infinity where the student's are; all of a row
    where the two have no action in common.
  """
  logits, able_logits = inputs.arrays(
      logits=(logits, float, '...A'), able_logits=(able_logits, float, '...A'))
  return jnp.where(able_logits == -jnp.inf, -jnp.inf, logits)


def logits_and_legal(
    is_legal: types.Array | None, **logits: types.Array
) -> list[jax.Array]:
  """Returns checked logits and is_legal, True everywhere if it is None.

  Args:
    is_legal: bool [..., A], or None.
    **logits: name of an argument -> [..., A] float32.

  Raises:
    ValueError: an array has other axes or another dtype.
  """
  specs = {name: (value, float, '...A') for name, value in logits.items()}
  if is_legal is not None:
    return inputs.arrays(**specs, is_legal=(is_legal, bool, '...A'))
  checked = inputs.arrays(**specs)
  return [*checked, jnp.ones(checked[0].shape, bool)]


def expectation(log_p: types.Array, values: types.Array) -> jax.Array:
  """Sums p * values over actions, [..., A] -> [...], taking 0 * inf as 0."""
  log_p, values = inputs.arrays(
      log_p=(log_p, float, '...A'), values=(values, float, '...A'))
  p = jnp.exp(log_p)
  # The mask stands on the inner value too: a where around the product alone
  # would still send 0 * inf = NaN back as a gradient.
  return jnp.sum(p * jnp.where(p > 0, values, 0.0), axis=-1)


def log_prob(logits: types.Array, actions: types.Array) -> jax.Array:
  """Returns log pi(a).

  Args:
    logits: [..., A] float32; gradients flow.
    actions: [...] int32, 0 to A - 1. Under `jax.jit`, which knows no values,
      another number is an action that the policy lacks.

  Returns:
    Log-probabilities; [...] float32; minus infinity for an impossible action.

  Raises:
    ValueError: an action is not one of the logits', or shapes differ.
  """
  logits, chosen = inputs.arrays(
      logits=(logits, float, '...A'), actions=(actions, int, '...'))
  inputs.actions('actions', actions, logits.shape[-1])
  return action_log_prob(logits, chosen)


def action_log_prob(logits: types.Array, actions: types.Array) -> jax.Array:
  """Computes `log_prob`, always as under `jax.jit`: no action is refused."""
  return take(log_probs(logits), actions, -jnp.inf)


def take(x: types.Array, actions: types.Array, otherwise: float) -> jax.Array:
  """Returns the entries of the actions, [..., A] and [...] int -> [...].

  Args:
    x: one number for each action.
    actions: which ones.
    otherwise: the number of what is not 0 to A - 1.
  """
  number = checks.as_number('otherwise', otherwise)
  x, actions = inputs.arrays(
      x=(x, float, '...A'), actions=(actions, int, '...'))
  num_actions = x.shape[-1]
  is_action = (actions >= 0) & (actions < num_actions)
  index = jnp.clip(actions, 0, num_actions - 1)[..., jnp.newaxis]
  taken = jnp.squeeze(jnp.take_along_axis(x, index, axis=-1), axis=-1)
  return jnp.where(is_action, taken, otherwise if number is None else number)


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


def or_categorical(
    distribution: distribution_lib.Distribution | None, policy: types.Array
) -> distribution_lib.Distribution:
  """Returns a distribution, or that of the logits of choices if there is none.

  Args:
    distribution: of the policy, or None.
    policy: its parameters; [..., P] float32.

  Raises:
    ValueError: it has another number of parameters.
  """
  size = policy.shape[-1]
  if distribution is None:
    return make_categorical(size)
  _check(distribution)
  if distribution.num_parameters != size:
    raise checks.UserError(
        f'the policy has {size} parameters; expected'
        f' {distribution.num_parameters}, of the {distribution.name}'
        ' distribution. Pass the one that its network was made for.')
  return distribution


def is_of_choices(
    distribution: distribution_lib.Distribution | None
) -> bool:
  """Returns whether each action is one number, a choice.

  Args:
    distribution: one, or None for that of choices by their logits.

  Raises:
    ValueError: it is something else.
  """
  if distribution is None:
    return True
  _check(distribution)
  return not distribution.action.shape


def _check(distribution: distribution_lib.Distribution) -> None:
  """Raises UserError unless it is a distribution."""
  checks.check_type(
      'distribution', distribution, distribution_lib.Distribution,
      'a Distribution, or None for choices by their logits')


def make_categorical(num_actions: int) -> distribution_lib.Distribution:
  """Returns the policies over one of several actions, given by logits [..., A].

  Actions are int32 [...], 0 to A - 1; another number is an action that the
  policy lacks.

  Args:
    num_actions: A.

  Raises:
    ValueError: there is no action.
  """
  checks.check_count('num_actions', num_actions)

  def sample(logits, rng_key):
    return jax.random.categorical(rng_key, log_probs(logits)).astype(jnp.int32)

  def temper(logits, temperature):
    return log_probs(logits, temperature=temperature)

  def cross_entropy(p, q):
    return -expectation(log_probs(p), log_probs(q))

  def kl(p, q):
    log_p = log_probs(p)
    return expectation(log_p, log_p - log_probs(q))

  return distribution_lib.Distribution(
      name='categorical',
      num_parameters=num_actions,
      action=types.ArraySpec((), np.dtype(np.int32)),
      log_prob=action_log_prob,
      sample=sample,
      mode=lambda logits: jnp.argmax(logits, axis=-1).astype(jnp.int32),
      entropy=entropy,
      cross_entropy=cross_entropy,
      kl=kl,
      temper=temper,
      restrict=restrict,
      to_environment=lambda actions: actions)
