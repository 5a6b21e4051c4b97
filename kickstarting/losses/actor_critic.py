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
"""Actor-critic losses: V-trace for delayed policies, A2C for fresh ones.

Each returns the same named terms, to be minimised, one number per step:
  policy_gradient: -log pi(a) * advantage, its cost is 1;
  baseline: (target - V)^2 / 2, times the baseline cost;
  negative_entropy: -H(pi), times the entropy cost.

Not here: costs, masks and sums over T and B; read `reduction.py` next.
"""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import rlax

from kickstarting import checks
from kickstarting import distributions
from kickstarting import inputs
from kickstarting import products
from kickstarting import types
from kickstarting.losses import gradients
from kickstarting.losses import off_policy
from kickstarting.losses import transitions as transitions_lib

# Of advantages in units of the return; below it they are noise for the most
# part, as where every episode is perfect, and are not to be enlarged.
_LEAST_DEVIATION = 0.1


def vtrace_actor_critic(
    transitions: transitions_lib.Transitions,
    *,
    lambda_: chex.Numeric = 1.0,
    rho_clip: chex.Numeric = 1.0,
    c_clip: chex.Numeric = 1.0,
    pg_rho_clip: chex.Numeric = 1.0,
    ratio_clip: chex.Numeric = np.inf,
    normalise_advantages: bool = False,
    distribution: distributions.Distribution | None = None,
) -> dict[str, jax.Array]:
  """Computes the terms of the V-trace actor-critic loss.

  Source: Schmitt et al. (2018), Eq. 4, arXiv:1803.03835; Espeholt et al.
  (2018), section 4.2, arXiv:1802.01561. Differs from it in: the critic's
  square is halved, as in IMPALA's published code. An action that the learner
  cannot take (its logit is minus infinity by now, though another policy could
  take it) has ratio 0: nothing is learnt from it.

  Args:
    transitions: gradients flow into policy_tm1 and v_tm1 only, and only where
      the step is learnable.
    lambda_: see `off_policy.vtrace`, as for the other arguments.
    rho_clip: largest ratio of the targets.
    c_clip: largest ratio of the traces.
    pg_rho_clip: largest ratio of the advantages.
    ratio_clip: the policy is not pushed further where its ratio to the one that
      acted has left [1 - clip, 1 + clip] in the direction of the advantage, so
      that a batch can be learnt from several times. Source: Schulman et al.
      (2017), Eq. 7, arXiv:1707.06347, whose gradient it is where ratios are at
      most `pg_rho_clip`.
    normalise_advantages: whether advantages get mean 0 and deviation 1 over the
      learnable steps; a deviation below 0.1 counts as that, so that rewards are
      to be in units of their return, about.
    distribution: of the policy; None: choices, by their logits.

  Returns:
    Terms policy_gradient, baseline and negative_entropy; each [T, B].

  Raises:
    ValueError: see `off_policy.vtrace`; or an action of a learnable step is not
      one of the logits', or `ratio_clip` is not above 0.
  """
  ratio_clip = checks.check_positive('ratio_clip', ratio_clip)
  checks.check_bool('normalise_advantages', normalise_advantages)
  transitions = transitions_lib.check_transitions(transitions, distribution)
  log_rho_tm1 = off_policy.log_ratios(
      transitions.policy_tm1,
      transitions.behaviour_log_prob_tm1,
      transitions.a_tm1,
      distribution,
  )
  targets_tm1, advantages_tm1 = off_policy.vtrace(
      transitions.v_tm1,
      transitions.v_t,
      transitions.r_t,
      transitions.discount_t,
      log_rho_tm1,
      is_learnable_tm1=transitions.is_learnable_tm1,
      lambda_=lambda_,
      rho_clip=rho_clip,
      c_clip=c_clip,
      pg_rho_clip=pg_rho_clip,
  )
  if normalise_advantages:
    advantages_tm1 = _standardise(
        advantages_tm1, transitions.is_learnable_tm1)
  if not (isinstance(ratio_clip, float) and ratio_clip == np.inf):
    moved_tm1 = jnp.sign(advantages_tm1) * (jnp.exp(log_rho_tm1) - 1.0)
    advantages_tm1 = jnp.where(moved_tm1 > ratio_clip, 0.0, advantages_tm1)
  return _terms(transitions, targets_tm1, advantages_tm1, distribution)


def _standardise(
    advantages_tm1: types.Array, is_learnable_tm1: types.Array
) -> jax.Array:
  """Returns advantages [T, B] with mean 0 and deviation 1.

  Those of steps that are not learnable do not count, and become 0.
  """
  number = jnp.maximum(jnp.sum(is_learnable_tm1), 1).astype(
      advantages_tm1.dtype)
  kept = jnp.where(is_learnable_tm1, advantages_tm1, 0.0)
  centred = jnp.where(is_learnable_tm1, kept - jnp.sum(kept) / number, 0.0)
  deviation = jnp.sqrt(jnp.sum(jnp.square(centred)) / number)
  return jnp.where(  # here, too, for a deviation that is no number
      is_learnable_tm1, centred / jnp.maximum(deviation, _LEAST_DEVIATION), 0.0)


def a2c(
    transitions: transitions_lib.Transitions,
    *,
    lambda_: chex.Numeric = 1.0,
    normalise_advantages: bool = False,
    distribution: distributions.Distribution | None = None,
) -> dict[str, jax.Array]:
  """Computes the terms of the on-policy advantage actor-critic loss.

  The target is the return up to the end of the unroll or the episode, then the
  bootstrap value (lambda 1), or the lambda-return below. Who acted is not
  read: the actions must come from the policy that learns. One that it
  cannot take, whose logit is minus infinity, is refused; under `jax.jit`, which
  knows no values, the policy learns nothing from it, and the critic does.
  Source: Schmitt et al. (2018), Eq. 3, arXiv:1803.03835; Mnih et al. (2016),
  section 4, arXiv:1602.01783. Differs from it in: the signs, which make every
  term one to minimise, and the halved square of the critic.

  Args:
    transitions: gradients flow into policy_tm1 and v_tm1 only, and only where
      the step is learnable.
    lambda_: mixes one-step (0) and longest (1) returns, in [0, 1].
    normalise_advantages: see `vtrace_actor_critic`.
    distribution: see `vtrace_actor_critic`.

  Returns:
    Terms policy_gradient, baseline and negative_entropy; each [T, B].

  Raises:
    ValueError: if lambda_ is outside [0, 1], or the learner cannot take an
      action.
  """
  lambda_ = checks.check_fraction('lambda_', lambda_)
  checks.check_bool('normalise_advantages', normalise_advantages)
  transitions = transitions_lib.check_transitions(transitions, distribution)
  _refuse_impossible_actions(transitions, distribution)
  is_learnable_tm1 = transitions.is_learnable_tm1
  # A dead step returns its own value, so the step before it bootstraps there.
  r_t = jnp.where(is_learnable_tm1, transitions.r_t, transitions.v_tm1)
  discount_t = jnp.where(is_learnable_tm1, transitions.discount_t, 0.0)
  # What is multiplied by a discount of 0 is not read.
  v_t = jnp.where(discount_t == 0, 0.0, transitions.v_t)
  dtype = jnp.result_type(r_t, discount_t, v_t)
  targets_tm1 = _lambda_returns(*(
      jnp.asarray(x, dtype) for x in (r_t, discount_t, v_t, lambda_)))
  advantages_tm1 = targets_tm1 - transitions.v_tm1
  if normalise_advantages:
    advantages_tm1 = _standardise(advantages_tm1, is_learnable_tm1)
  return _terms(transitions, targets_tm1, advantages_tm1, distribution)


# Compiled once for each shape, where nobody else compiles.
_lambda_returns = jax.jit(jax.vmap(
    rlax.lambda_returns, in_axes=(1, 1, 1, None), out_axes=1))


def _refuse_impossible_actions(
    transitions: transitions_lib.Transitions,
    distribution: distributions.Distribution | None,
) -> None:
  """Raises where the learner cannot have taken an action, if values are known.

  Raises:
    ValueError: a learnable step has an action of probability 0.
  """
  distribution = distributions.or_categorical(
      distribution, transitions.policy_tm1)
  log_prob_tm1 = distribution.log_prob(
      transitions.policy_tm1, transitions.a_tm1)
  is_impossible = transitions.is_learnable_tm1 & (log_prob_tm1 == -jnp.inf)
  known = inputs.known(is_impossible)
  if known is None:
    return
  for t, b in np.argwhere(*known)[:1].tolist():
    raise checks.UserError(
        f'a_tm1 is {transitions.a_tm1[t, b]} at [{t}, {b}], which policy_tm1'
        ' gives probability 0; expected actions of the policy that learns.'
        ' Take vtrace_actor_critic for those of another policy.')


def _terms(
    transitions: transitions_lib.Transitions,
    targets_tm1: types.Array,
    advantages_tm1: types.Array,
    distribution: distributions.Distribution | None,
) -> dict[str, jax.Array]:
  """Makes the terms of both losses from targets and advantages."""
  targets_tm1 = jax.lax.stop_gradient(targets_tm1)
  advantages_tm1 = jax.lax.stop_gradient(advantages_tm1)
  # Leaving a step out of the sum does not suffice: 0 times a NaN derivative is
  # NaN, so gradients of steps that are not learnable are cut here too. The
  # critic needs no cut: the target of such a step is its own value.
  policy_tm1 = gradients.pass_where(
      transitions.is_learnable_tm1, transitions.policy_tm1
  )
  distribution = distributions.or_categorical(distribution, policy_tm1)
  log_prob_tm1 = distribution.log_prob(policy_tm1, transitions.a_tm1)
  is_possible = log_prob_tm1 != -jnp.inf
  advantages_tm1 = jnp.where(is_possible, advantages_tm1, 0.0)
  return {
      'policy_gradient': -products.product(advantages_tm1, log_prob_tm1),
      'baseline': 0.5 * jnp.square(targets_tm1 - transitions.v_tm1),
      'negative_entropy': -distribution.entropy(policy_tm1),
  }
