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
"""Values, visits and expected updates of tabular policies, without sampling.

Everything is of one MDP; map over many with `jax.vmap`. Not here: episodes
(`sampling.py`).
"""

from collections.abc import Callable

import chex
import jax
import jax.numpy as jnp

from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import tabular
from kickstarting import checks
from kickstarting import types
from kickstarting.losses import distillation
from kickstarting.losses import method_step

# Means of rewards, which are whole numbers, differ by less in rounding alone.
_SAME_REWARD = 1e-5


def _spread(
    mdp: mdp_lib.MDP, dynamics: mdp_lib.Dynamics, values: types.Array
) -> jax.Array:
  """Returns the mean of `values` [S] where each action leads; [S, A].

  Steps that end the episode count 0, and so do those from terminal states.
  """
  there = values[mdp.successor]  # [S, M]
  num_more = dynamics.num_actions - there.shape[1]
  stay = jnp.broadcast_to(values[:, None], (len(values), num_more))
  noisy = (1 - dynamics.noise) * there + dynamics.noise * jnp.mean(
      there, axis=1, keepdims=True)
  mean = jnp.concatenate([noisy, stay], axis=1)
  mean *= 1 - dynamics.end_probability
  return jnp.where(mdp.is_terminal[:, None], 0.0, mean)


def transitions(
    mdp: mdp_lib.MDP, dynamics: mdp_lib.Dynamics, policy: types.Array
) -> jax.Array:
  """Returns P(s'|s) without the steps that end the episode; [S, S].

  Args:
    mdp: one.
    dynamics: its chance.
    policy: probabilities [S, A].
  """
  num_states, num_moves = mdp.successor.shape
  moves = policy[:, :num_moves]
  moves = (1 - dynamics.noise) * moves + dynamics.noise * jnp.mean(
      moves, axis=1, keepdims=True)
  stay = jnp.sum(policy[:, num_moves:], axis=1)
  rows = jnp.broadcast_to(
      jnp.arange(num_states)[:, None], mdp.successor.shape)
  matrix = jnp.diag(stay).at[rows, mdp.successor].add(moves)
  matrix *= 1 - dynamics.end_probability
  return jnp.where(mdp.is_terminal[:, None], 0.0, matrix)


def rewards(mdp: mdp_lib.MDP, dynamics: mdp_lib.Dynamics) -> jax.Array:
  """Returns the mean reward of each action; [S, A]."""
  return _spread(mdp, dynamics, mdp.reward)


def next_reward_policy(
    mdp: mdp_lib.MDP, dynamics: mdp_lib.Dynamics
) -> jax.Array:
  """Returns where students end that learn from the next reward alone; [S, A].

  They take the actions of the largest mean reward, all of them alike if there
  are several: nothing sets those apart.
  """
  mean = rewards(mdp, dynamics)
  is_best = mean >= jnp.max(mean, axis=1, keepdims=True) - _SAME_REWARD
  return is_best / jnp.sum(is_best, axis=1, keepdims=True)


def visits(
    mdp: mdp_lib.MDP, dynamics: mdp_lib.Dynamics, policy: types.Array
) -> jax.Array:
  """Returns how often an episode is in each state, 0 for terminal ones; [S]."""
  matrix = transitions(mdp, dynamics, policy)
  num_states = len(matrix)
  start = jax.nn.one_hot(mdp.start, num_states)
  found = jnp.linalg.solve(jnp.eye(num_states) - matrix.T, start)
  return jnp.where(mdp.is_terminal, 0.0, found)


def value(
    mdp: mdp_lib.MDP,
    dynamics: mdp_lib.Dynamics,
    policy: types.Array,
    action_rewards: types.Array,
    discount: chex.Numeric = 1.0,
) -> jax.Array:
  """Returns V of a policy [S], for rewards of state and action [S, A]."""
  matrix = transitions(mdp, dynamics, policy)
  mean = jnp.where(
      mdp.is_terminal, 0.0, jnp.sum(policy * action_rewards, axis=1))
  return jnp.linalg.solve(jnp.eye(len(matrix)) - discount * matrix, mean)


def action_value(
    mdp: mdp_lib.MDP,
    dynamics: mdp_lib.Dynamics,
    values: types.Array,
    action_rewards: types.Array,
    discount: chex.Numeric = 1.0,
) -> jax.Array:
  """Returns Q [S, A] of V [S]."""
  return action_rewards + discount * _spread(mdp, dynamics, values)


def episode_return(
    mdp: mdp_lib.MDP, dynamics: mdp_lib.Dynamics, policy: types.Array
) -> jax.Array:
  """Returns the mean undiscounted return of an episode; []."""
  found = visits(mdp, dynamics, policy)[:, None] * policy
  return jnp.sum(found * rewards(mdp, dynamics))


def control_policy(
    control: str, student: jax.Array, teacher: jax.Array
) -> jax.Array:
  """Returns the probabilities of who acts, from those of both; [..., A].

  Raises:
    ValueError: the control is unknown.
  """
  found = {
      'student': student,
      'teacher': teacher,
      'uniform': jnp.full_like(student, 1 / student.shape[-1]),
      'mixture': (student + teacher) / 2,
  }
  if control not in found:
    raise checks.UserError(
        f'control is {control!r}; expected one of {", ".join(found)}.')
  return found[control]


def expected_update(
    method: distillation.Method,
    mdp: mdp_lib.MDP,
    dynamics: mdp_lib.Dynamics,
    params: types.Params,
    student_logits: Callable[[types.Params], types.Array],
    teacher_logits: types.Array,
    teacher_value: types.Array,
    *,
    discount: chex.Numeric = 1.0,
    distill_discount: chex.Numeric = 1.0,
    restart: bool = False,
    divergence: str = 'cross_entropy',
    floor: chex.Numeric = method_step.TEACHER_FLOOR,
) -> types.Params:
  """Returns the direction that a method descends, over all episodes.

  Source: Czarnecki et al. (2019), Eq. 1, arXiv:1902.02186; visits are not
  discounted. It can be differentiated in `params`: then nothing is held fixed.

  Args:
    method: which one.
    mdp: one.
    dynamics: its chance.
    params: of the student.
    student_logits: params -> [S, A].
    teacher_logits: [S, A].
    teacher_value: [S]; what it says of terminal states is not read.
    discount: gamma of rewards.
    distill_discount: of what comes from the teacher in the returns, see
      `tabular.teacher_reward_discount`.
    restart: whether episodes go on at the start after a terminal cell.
    divergence: see `method_step.make_step`.
    floor: see `method_step.make_step`.

  Returns:
    A tree like `params`.
  """
  fixed = student_logits(params)
  policy = control_policy(
      method.control, jax.nn.softmax(fixed), jax.nn.softmax(teacher_logits))
  teacher_value = jnp.where(mdp.is_terminal, 0.0, teacher_value)
  action_rewards = rewards(mdp, dynamics)
  if restart:
    mdp = mdp_lib.restarting(mdp)
  student_value = value(
      mdp, dynamics, jax.nn.softmax(fixed), action_rewards, discount)

  def make_step(logits):
    return method_step.make_step(
        logits, teacher_logits, None, student_value, teacher_value,
        divergence=divergence, floor=floor)

  step = make_step(fixed)
  wide = lambda x: jnp.broadcast_to(x, fixed.shape)
  now = wide(method.reward_now(step)) if method.reward_now else 0.0
  following = jnp.zeros(len(fixed))
  if method.reward_next:
    following = jnp.where(
        mdp.is_terminal, 0.0,
        jnp.sum(policy * wide(method.reward_next(step)), axis=1))

  def sum_up(step_rewards, gamma):
    if method.is_one_step:
      return step_rewards
    later = value(mdp, dynamics, policy, step_rewards, gamma)
    return action_value(mdp, dynamics, later, step_rewards, gamma)

  returns = jnp.zeros_like(fixed)
  if method.has_teacher_reward:
    gamma = tabular.teacher_reward_discount(method, discount, distill_discount)
    returns += sum_up(
        now + gamma * _spread(mdp, dynamics, following), gamma)
  if method.adds_reward:
    returns += sum_up(action_rewards, discount)
  weight = visits(mdp, dynamics, policy)

  def surrogate(params):
    logits = student_logits(params)
    total = jnp.zeros(())
    if method.has_return:
      total -= jnp.sum(
          weight[:, None] * policy * returns * jax.nn.log_softmax(logits))
    if method.loss:
      total += jnp.sum(weight * method.loss(make_step(logits))[:, 0])
    return total

  return jax.grad(surrogate)(params)
