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

import numbers
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import types
from kickstarting.losses import categorical
from kickstarting.losses import products


class VTraceOutput(NamedTuple):
  """What V-trace gives the critic and the policy; gradients are stopped."""

  targets_tm1: types.Array  # float32 [T, B], what V of the source should be
  advantages_tm1: types.Array  # float32 [T, B], clipped rho * (q - V)


def log_importance_ratios(
    logits: types.Array, behaviour_logits: types.Array, actions: types.Array
) -> jax.Array:
  """Returns log pi(a) - log mu(a) of the actions that were taken.

  It is minus infinity, the ratio 0, for an action that pi cannot take, even if
  mu says that it could not either.

  Args:
    logits: of the policy pi to learn about; [..., A] float32; gradients flow.
    behaviour_logits: of the policy mu that acted; [..., A] float32; gradients
      flow.
    actions: taken by mu; [...] int32.

  Returns:
    Log-ratios; [...].
  """
  chex.assert_equal_shape([logits, behaviour_logits])
  log_pi = categorical.log_prob(logits, actions)
  log_mu = categorical.log_prob(behaviour_logits, actions)
  is_possible = log_pi != -jnp.inf
  return jnp.where(
      is_possible, jnp.where(is_possible, log_pi, 0.0) - log_mu, -jnp.inf)


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
  are clipped before the exponential, so huge log-ratios stay finite. What is
  multiplied by a ratio or a discount of 0 is not read: a reward may be infinite
  there, and policies may lack the action that another one took. At a step
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
      exceeds rho_clip. Traced numbers are not checked.
  """
  check_clips(lambda_, rho_clip, c_clip, pg_rho_clip)
  inputs = [v_tm1, v_t, r_t, discount_t, log_rho_tm1]
  chex.assert_rank(inputs, 2)
  chex.assert_type(inputs, float)
  if is_learnable_tm1 is None:
    is_learnable_tm1 = jnp.ones(v_tm1.shape, bool)
  chex.assert_equal_shape([*inputs, is_learnable_tm1])
  chex.assert_type(is_learnable_tm1, bool)

  def clipped(threshold: chex.Numeric) -> jax.Array:
    ratio = jnp.exp(jnp.minimum(log_rho_tm1, jnp.log(threshold)))
    return jnp.where(is_learnable_tm1, ratio, 0.0)

  delta_tm1 = products.product(
      clipped(rho_clip), r_t + products.product(discount_t, v_t) - v_tm1)
  trace_tm1 = products.product(clipped(c_clip), discount_t * lambda_)

  _, errors_tm1 = jax.lax.scan(
      _accumulate,
      jnp.zeros_like(delta_tm1[0]),
      (delta_tm1, trace_tm1),
      reverse=True,
  )
  targets_tm1 = v_tm1 + errors_tm1  # [T, B]
  targets_t = jnp.concatenate([targets_tm1[1:], v_t[-1:]])  # [T, B]
  advantages_tm1 = products.product(
      clipped(pg_rho_clip),
      r_t + products.product(discount_t, targets_t) - v_tm1)
  return jax.lax.stop_gradient(VTraceOutput(targets_tm1, advantages_tm1))


def _accumulate(
    error_t: jax.Array, inputs_tm1: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
  """Steps the recursion of V-trace errors back by one step."""
  delta_tm1, trace_tm1 = inputs_tm1
  error_tm1 = delta_tm1 + products.product(trace_tm1, error_t)
  return error_tm1, error_tm1


def check_clips(
    lambda_: chex.Numeric,
    rho_clip: chex.Numeric,
    c_clip: chex.Numeric,
    pg_rho_clip: chex.Numeric,
) -> None:
  """Raises ValueError for numbers that `vtrace` refuses; see there."""
  checks.check_fraction('lambda_', lambda_)
  checks.check_positive('rho_clip', rho_clip)
  checks.check_positive('c_clip', c_clip)
  checks.check_positive('pg_rho_clip', pg_rho_clip)
  both = isinstance(rho_clip, numbers.Real) and isinstance(c_clip, numbers.Real)
  if both and float(c_clip) > float(rho_clip):
    raise checks.UserError(
        f'c_clip is {c_clip} and rho_clip is {rho_clip}; expected c_clip <= '
        'rho_clip, or V-trace may diverge. Lower c_clip or raise rho_clip.'
    )
