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
"""Distral: policies of many tasks that share what they have in common.

Each task i has a policy pi_i, and all share a distilled policy pi_0. They
maximise the regularised return

  sum_i E_{pi_i}[ sum_t gamma^t R_reg ],
  R_reg = R_i - c_KL log(pi_i / pi_0) - c_Ent log pi_i

with alpha = c_KL / (c_KL + c_Ent) and beta = 1 / (c_KL + c_Ent). Teh et al.
(2017), "Distral: Robust Multitask Reinforcement Learning", arXiv:1707.04175.

Not here: the networks (`networks/branches.py`), the policy gradient
(`actor_critic.py`, read it next), the tabular form.
"""

import chex
import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import inputs
from kickstarting import products
from kickstarting import types
from kickstarting.distributions import categorical
from kickstarting.losses import divergences
from kickstarting.losses import gradients
from kickstarting.losses import transitions as transitions_lib


def columns_weight(
    kl_cost: chex.Numeric, entropy_cost: chex.Numeric
) -> chex.Numeric:
  """Returns alpha = c_KL / (c_KL + c_Ent), of the shared column's logits.

  Raises:
    ValueError: kl_cost is not positive.
  """
  kl_cost = checks.check_positive_finite('kl_cost', kl_cost)
  entropy_cost = checks.check_not_negative('entropy_cost', entropy_cost)
  return kl_cost / (kl_cost + entropy_cost)


def apply_distral(
    transitions: transitions_lib.Transitions,
    distilled_logits_tm1: types.Array,
    *,
    kl_cost: chex.Numeric,
    entropy_cost: chex.Numeric,
) -> tuple[transitions_lib.Transitions, jax.Array]:
  """Applies Distral to an unroll.

  Args:
    transitions: of the tasks' policies; [T, B].
    distilled_logits_tm1: [T, B, A] float32; gradients flow where the step is
      learnable.
    kl_cost: c_KL.
    entropy_cost: c_Ent; the RL loss then needs no bonus for entropy.

  Returns:
    The transitions with regularised rewards, and `distillation_loss` [T, B].

  Raises:
    ValueError: a cost is negative or infinite, or arrays have other axes or
      dtypes.
  """
  transitions = transitions_lib.check_transitions(transitions)
  _, distilled_logits_tm1 = inputs.arrays(
      policy_tm1=(transitions.policy_tm1, float, 'TBA'),
      distilled_logits_tm1=(distilled_logits_tm1, float, 'TBA'))
  is_learnable_tm1 = transitions.is_learnable_tm1
  distilled = gradients.pass_where(is_learnable_tm1, distilled_logits_tm1)
  r_t = regularised_rewards(
      transitions.r_t, transitions.policy_tm1, distilled, transitions.a_tm1,
      kl_cost=kl_cost, entropy_cost=entropy_cost)
  return (
      transitions._replace(
          r_t=jnp.where(is_learnable_tm1, r_t, transitions.r_t)),
      distillation_loss(transitions.policy_tm1, distilled))


def regularised_rewards(
    r_t: types.Array,
    task_logits_tm1: types.Array,
    distilled_logits_tm1: types.Array,
    a_tm1: types.Array,
    *,
    kl_cost: chex.Numeric,
    entropy_cost: chex.Numeric,
) -> jax.Array:
  """Computes R_reg, see above.

  In the terms of the paper R + (alpha / beta) log pi_0 - (1 / beta) log pi_i.
  Its sum takes the place of the return: a bonus for the entropy of single steps
  is not added to it once more. For an action that pi_i cannot take it is R
  alone: V-trace gives such a step the ratio 0. Where pi_0 lacks an action that
  pi_i has, it is minus infinity, as defined.
  Source: Teh et al. (2017), Eq. 1 and section 2.3, arXiv:1707.04175.
  Shapes: any leading axes, A actions.

  Args:
    r_t: rewards; [...] float32.
    task_logits_tm1: of pi_i of the stream's task; [..., A] float32; gradients
      are stopped.
    distilled_logits_tm1: of pi_0; [..., A] float32; gradients are stopped.
    a_tm1: actions; [...] int32.
    kl_cost: c_KL; scalar.
    entropy_cost: c_Ent; scalar.

  Returns:
    [...] float32, without gradient.

  Raises:
    ValueError: a cost is negative or infinite, or arrays have other axes or
      dtypes.
  """
  kl_cost = checks.check_not_negative('kl_cost', kl_cost)
  entropy_cost = checks.check_not_negative('entropy_cost', entropy_cost)
  r_t, task_logits_tm1, distilled_logits_tm1, a_tm1 = inputs.arrays(
      r_t=(r_t, float, '...'),
      task_logits_tm1=(task_logits_tm1, float, '...A'),
      distilled_logits_tm1=(distilled_logits_tm1, float, '...A'),
      a_tm1=(a_tm1, int, '...'))
  log_task = categorical.action_log_prob(task_logits_tm1, a_tm1)
  log_distilled = categorical.action_log_prob(distilled_logits_tm1, a_tm1)
  is_possible = log_task != -jnp.inf
  cost = products.product(kl_cost, log_task - log_distilled)
  cost += products.product(entropy_cost, log_task)
  reward = r_t - jnp.where(is_possible, cost, 0.0)
  return jax.lax.stop_gradient(jnp.asarray(reward))


def distillation_loss(
    task_logits: types.Array, distilled_logits: types.Array
) -> jax.Array:
  """Computes H(pi_i || pi_0), by which pi_0 follows the tasks' policies.

  Times c_KL = alpha / beta its gradient in the shared column is the second term
  of the paper's gradient, (alpha / beta) sum_a (pi_0 - pi_i) grad h_0, to be
  descended. The first, through log pi_i, is that of the policy gradient.
  Source: Teh et al. (2017), section 2.3, arXiv:1707.04175.

  Args:
    task_logits: [..., A] float32; gradients are stopped.
    distilled_logits: [..., A] float32; gradients flow.

  Returns:
    [...] float32.
  """
  task_logits, distilled_logits = inputs.arrays(
      task_logits=(task_logits, float, '...A'),
      distilled_logits=(distilled_logits, float, '...A'))
  return divergences.cross_entropy(
      jax.lax.stop_gradient(task_logits), distilled_logits)
