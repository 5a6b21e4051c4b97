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
"""V-trace: value targets and advantages from another policy's experience.

Not here: losses made of them; read `actor_critic.py` next. The module is not
called after its function `vtrace`, so that `losses.vtrace` is never ambiguous.
"""

import functools
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import distributions
from kickstarting import inputs
from kickstarting import products
from kickstarting import types

_LARGEST = 1e18  # its square is a number of float32


class VTraceOutput(NamedTuple):
  """What V-trace gives the critic and the policy; gradients are stopped."""

  targets_tm1: types.Array  # float32 [T, B], what V of the source should be
  advantages_tm1: types.Array  # float32 [T, B], clipped rho * (q - V)


def log_importance_ratios(
    policy: types.Array,
    behaviour_log_prob: types.Array,
    actions: types.Array,
    distribution: distributions.Distribution | None = None,
) -> jax.Array:
  """Returns log pi(a) - log mu(a) of the actions that were taken.

  It is minus infinity, the ratio 0, for an action that pi cannot take, even if
  mu could not either.

  Args:
    policy: parameters of the policy pi to learn about; [..., P] float32;
      gradients flow.
    behaviour_log_prob: log mu(a) of the policy mu that acted; [...] float32;
      gradients flow.
    actions: taken by mu; [...] int32, 0 to A - 1, or as the distribution has
      them. Under `jax.jit` another number is an action that pi cannot take.
    distribution: of the policy; None: choices, by their logits.

  Returns:
    Log-ratios; [...]; never NaN of parameters without NaN.

  Raises:
    ValueError: an action is not one of the policy's, or shapes differ.
  """
  if distributions.is_of_choices(distribution):
    policy, behaviour_log_prob, _ = inputs.arrays(
        policy=(policy, float, '...A'),
        behaviour_log_prob=(behaviour_log_prob, float, '...'),
        actions=(actions, int, '...'))
    inputs.actions('actions', actions, policy.shape[-1])
  return log_ratios(policy, behaviour_log_prob, actions, distribution)


def log_ratios(
    policy: types.Array,
    behaviour_log_prob: types.Array,
    actions: types.Array,
    distribution: distributions.Distribution | None = None,
) -> jax.Array:
  """Computes `log_importance_ratios`, always as under `jax.jit`.

  No action is refused, for those of steps that do not count may be anything.
  """
  policy, behaviour_log_prob = inputs.arrays(
      policy=(policy, float, '...A'),
      behaviour_log_prob=(behaviour_log_prob, float, '...'))
  distribution = distributions.or_categorical(distribution, policy)
  log_pi = distribution.log_prob(policy, actions)
  is_possible = log_pi != -jnp.inf
  return jnp.where(
      is_possible, jnp.where(is_possible, log_pi, 0.0) - behaviour_log_prob,
      -jnp.inf)


def vtrace(
    v_tm1: types.Array,
    v_t: types.Array,
    r_t: types.Array,
    discount_t: types.Array,
    log_rho_tm1: types.Array,
    *,
    is_learnable_tm1: types.Array | None = None,
    lambda_: chex.Numeric = 1.0,
    rho_clip: chex.Numeric = 1.0,
    c_clip: chex.Numeric = 1.0,
    pg_rho_clip: chex.Numeric = 1.0,
) -> VTraceOutput:
  """Computes V-trace targets and advantages.

  With w = pi(a) / mu(a), rho = min(rho_clip, w) and c = lambda min(c_clip, w):
    delta_t = rho_t (r_t + discount_t V(x_{t+1}) - V(x_t))
    target_t = V(x_t) + delta_t
               + discount_t c_t (target_{t+1} - V(x_{t+1}))
    advantage_t = min(pg_rho_clip, w_t)
                  (r_t + discount_t target_{t+1} - V(x_t))
  where the target after the last step is its bootstrap value v_t[-1]. Ratios
  are clipped before the exponential, so huge log-ratios stay finite; without a
  clip they and all sums are held within 1e18, whose square float32 holds. What
  is multiplied by a ratio or a discount of 0 is not read: a reward may be
  infinite there, and a policy may lack the action that another took. At a step
  that is not learnable rho = c = 0: its target is its own value, nothing flows
  across it, and the step before it bootstraps from that value.
  Source: Espeholt et al. (2018), IMPALA, sections 4.1 and 4.2 and Remark 2,
  arXiv:1802.01561. Differs from it in: the learnable steps and the policy
  gradient's own clip (which its published code has too). Differs from
  `rlax.vtrace_td_error_and_advantage` in: a free c_clip, and the advantage
  uses the target of the next state whatever lambda.
  Shapes: T time, B batch.

  Args:
    v_tm1: values of the sources; [T, B] float32; gradients are stopped.
    v_t: values of the destinations; [T, B] float32; gradients are stopped.
    r_t: rewards; [T, B] float32.
    discount_t: discounts, 0 where an episode terminated; [T, B] float32.
    log_rho_tm1: log pi(a) - log mu(a); [T, B] float32; gradients are stopped.
    is_learnable_tm1: bool [T, B]; None when every step is learnable.
    lambda_: mixes one-step (0) and full (1) corrected returns.
    rho_clip: largest rho, > 0; sets the fixed point. Infinity: no clip.
    c_clip: largest c, in (0, rho_clip]; sets the speed. Infinity: no clip.
    pg_rho_clip: largest ratio of the advantages, > 0. Infinity: no clip.

  Returns:
    VTraceOutput: targets and advantages; [T, B].

  Raises:
    ValueError: if a clip is not positive, lambda_ is outside [0, 1] or c_clip
      exceeds rho_clip; or if arrays differ in shape, are no floats, or hold no
      step. Traced numbers are not checked.
  """
  lambda_, rho_clip, c_clip, pg_rho_clip = check_clips(
      lambda_, rho_clip, c_clip, pg_rho_clip)
  v_tm1, v_t, r_t, discount_t, log_rho_tm1 = inputs.arrays(
      v_tm1=(v_tm1, float, 'TB'), v_t=(v_t, float, 'TB'),
      r_t=(r_t, float, 'TB'), discount_t=(discount_t, float, 'TB'),
      log_rho_tm1=(log_rho_tm1, float, 'TB'))
  if is_learnable_tm1 is None:
    is_learnable_tm1 = jnp.ones(v_tm1.shape, bool)
  _, is_learnable_tm1 = inputs.arrays(
      v_tm1=(v_tm1, float, 'TB'),
      is_learnable_tm1=(is_learnable_tm1, bool, 'TB'))

  def clipped(threshold: chex.Numeric) -> jax.Array:
    log_clip = jnp.log(jnp.minimum(threshold, _LARGEST))
    ratio = jnp.exp(jnp.minimum(log_rho_tm1, log_clip))
    return jnp.where(is_learnable_tm1, ratio, 0.0)

  delta_tm1 = _held(products.product(
      clipped(rho_clip), r_t + products.product(discount_t, v_t) - v_tm1),
      r_t, v_tm1, v_t)
  trace_tm1 = products.product(clipped(c_clip), discount_t * lambda_)

  _, errors_tm1 = jax.lax.scan(
      _accumulate,
      jnp.zeros_like(delta_tm1[0]),
      (delta_tm1, trace_tm1),
      reverse=True,
  )
  targets_tm1 = v_tm1 + errors_tm1  # [T, B]
  targets_t = jnp.concatenate([targets_tm1[1:], v_t[-1:]])  # [T, B]
  advantages_tm1 = _held(products.product(
      clipped(pg_rho_clip),
      r_t + products.product(discount_t, targets_t) - v_tm1), r_t, targets_t)
  return jax.lax.stop_gradient(VTraceOutput(targets_tm1, advantages_tm1))


def _accumulate(
    error_t: jax.Array, inputs_tm1: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
  """Steps the recursion of V-trace errors back by one step."""
  delta_tm1, trace_tm1 = inputs_tm1
  error_tm1 = _held(
      delta_tm1 + products.product(trace_tm1, error_t), delta_tm1, error_t)
  return error_tm1, error_tm1


def _held(x: jax.Array, *parts: jax.Array) -> jax.Array:
  """Keeps x within numbers that have a square, if its parts are finite.

  Ratios without a clip multiply to more than float32 holds. What is infinite
  or NaN of itself, such as a reward, is shown.
  """
  are_finite = functools.reduce(jnp.logical_and, map(jnp.isfinite, parts))
  return jnp.where(are_finite, jnp.clip(x, -_LARGEST, _LARGEST), x)


def check_clips(
    lambda_: chex.Numeric,
    rho_clip: chex.Numeric,
    c_clip: chex.Numeric,
    pg_rho_clip: chex.Numeric,
) -> tuple[chex.Numeric, ...]:
  """Returns the arguments as numbers to compute with."""
  checked = (
      checks.check_fraction('lambda_', lambda_),
      checks.check_positive('rho_clip', rho_clip),
      checks.check_positive('c_clip', c_clip),
      checks.check_positive('pg_rho_clip', pg_rho_clip))
  rho = checks.as_number('rho_clip', rho_clip)
  c = checks.as_number('c_clip', c_clip)
  if rho is not None and c is not None and c > rho:
    raise checks.UserError(
        f'c_clip is {c_clip} and rho_clip is {rho_clip}; expected c_clip <= '
        'rho_clip, or V-trace may diverge. Lower c_clip or raise rho_clip.'
    )
  return checked
