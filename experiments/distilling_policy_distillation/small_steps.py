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
"""One small step of many tabular students, side by side.

All that concerns every action is done once a visit (`_arrive`, `_leave`); a
step (`_act`, `_weigh`) reads and changes single numbers.

XLA copies an array which one operation reads and another one changes, unless
the first has to come before; hence the order here. Not here: lanes and visits
(`lanes.py`, read it first), the numbers that `uniform` has (`sampling.py`).
"""

import math

import jax
import jax.numpy as jnp

from experiments.distilling_policy_distillation import chance
from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import lanes
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import tabular
from kickstarting.losses import distillation


def small_step(
    plan: lanes.Plan,
    state: lanes.State,
    mdps: mdp_lib.MDP,
    teacher: tabular.Table,
    target: lanes.Target,
    uniform: jax.Array,
    count: jax.Array,
) -> tuple[lanes.State, jax.Array]:
  """Makes one small step in every lane, or as many as visits last.

  Args:
    plan: of the students.
    state: of the lanes.
    mdps: [N].
    teacher: [N].
    target: [N].
    uniform: [U, 2, M] numbers in [0, 1), for a step each.
    count: how many of them are used up.

  Returns:
    The new state, and how many are used up then.
  """
  state, probs = _arrive(plan, state, target)

  def steps(carry):
    state, count = carry
    state = _act(plan, state, mdps, probs, uniform[count])
    return _weigh(plan, state, mdps, teacher, target), count + 1

  carry = state, count
  if plan.has_visits:
    # Until so many lanes wait for something that takes long.
    enough = _num_going(state, len(mdps.start)) * (1 - plan.share_that_waits)
    state, used = jax.lax.while_loop(
        lambda x: (_num_going(x[0], len(mdps.start)) > enough) & (
            x[1] < len(uniform)), steps, carry)
    count = jnp.maximum(used, count + 1)  # or nobody going would never end
  else:
    state, count = steps(carry)
  return _leave(plan, state, target), count


def _num_going(state, num):
  """Returns how many students can make a step at once."""
  is_acting = lanes.can_act(state.acting, num) & ~state.acting.is_new
  return jnp.sum(is_acting) + jnp.sum(_can_learn(state.learning))


def _can_learn(learning):
  return (learning.time > 0) & ~learning.is_due


def _pick(plan, wanted):
  """Returns the lanes, K of M, to do now what concerns all actions."""
  if plan.share_at_once == 1:
    return slice(None)
  num_picked = math.ceil(len(wanted) * plan.share_at_once)
  return jnp.argsort(~wanted, stable=True)[:num_picked]


def _arrive(plan, state, target):
  """Computes policies in states that are new; probabilities [K, A] there."""
  acting, records = state.acting, state.records
  num, _, num_actions = state.student.logits.shape
  is_new = lanes.can_act(acting, num) & acting.is_new
  picked = _pick(plan, is_new)
  is_new = is_new[picked]
  column = acting.seat.column[picked]
  item = jnp.minimum(acting.seat.item[picked], num - 1)
  then = acting.state[picked]
  logits = state.student.logits[item, then]
  logits -= jnp.max(logits, axis=-1, keepdims=True)
  probs = jnp.exp(logits)
  total = jnp.sum(probs, axis=-1, keepdims=True)
  probs /= total
  where = jnp.where(
      is_new, acting.visit[picked], plan.config.max_steps)  # or dropped
  blocks = probs.reshape(len(item), -1, plan.width)
  records = records._replace(
      probs=records.probs.at[where, column].set(blocks, mode='drop'))
  if plan.rewards_distance:
    wanted = target.probs[item, then]
    distance = jnp.log(total[:, 0]) - jnp.sum(
        jnp.where(wanted > 0, wanted * logits[:, :wanted.shape[1]], 0.0),
        axis=-1)
    records = records._replace(
        distance=records.distance.at[where, column].set(
            distance, mode='drop'))
  if plan.control != 'student':
    wanted = target.probs[item, then]
    missing = probs.shape[1] - wanted.shape[1]
    probs = exact.control_policy(
        plan.control, probs, jnp.pad(wanted, ((0, 0), (0, missing))))
  if plan.has_visits:
    acting = acting._replace(
        is_new=acting.is_new.at[picked].min(~is_new),
        blocks=acting.blocks.at[picked].set(jnp.where(
            is_new[:, None], jnp.sum(blocks, axis=-1), acting.blocks[picked])))
  return state._replace(acting=acting, records=records), probs


def _act(plan, state, mdps, probs, uniform):
  """Makes a step in the environment; `probs` [M, A] of actions."""
  acting, records = state.acting, state.records
  num, num_actions = len(mdps.start), plan.dynamics.num_actions
  item = jnp.minimum(acting.seat.item, num - 1)
  column = acting.seat.column
  is_going = lanes.can_act(acting, num)
  if plan.has_visits:
    is_going &= ~acting.is_new
    total = jnp.sum(acting.blocks, axis=-1)
    block, rest = chance.fall(acting.blocks, uniform[0] * total)
    within = records.probs[acting.visit, column, block]
    action = block * plan.width + chance.fall(within, rest)[0]
  else:
    action = chance.choose(probs, uniform[0])
  ahead = chance.move(
      mdps, plan.dynamics, item, acting.state, action, uniform[1])
  where = jnp.where(is_going, acting.time, plan.config.max_steps)  # dropped
  choices = records.choices.at[where, column].set(
      acting.state * num_actions + action, mode='drop')
  is_over = is_going & (
      mdps.is_terminal[item, ahead]
      | (acting.time + 1 >= plan.config.max_steps))
  goes_on = is_going & ~is_over
  if plan.has_visits:
    goes_on &= ahead != acting.state
    acting = acting._replace(is_new=acting.is_new | goes_on)
  return state._replace(
      records=records._replace(choices=choices),
      acting=acting._replace(
          time=acting.time + is_going,
          state=jnp.where(is_going, ahead, acting.state),
          visit=acting.visit + goes_on,
          is_over=acting.is_over | is_over))


def _weigh(plan, state, mdps, teacher, target):
  """Computes the return of the step before, and what its loss weighs."""
  learning, records, student = state.learning, state.records, state.student
  config, method = plan.config, plan.method
  num, num_actions = len(mdps.start), plan.dynamics.num_actions
  item = jnp.minimum(learning.seat.item, num - 1)
  column, visit = learning.seat.column, learning.visit
  known = target.probs.shape[-1]
  is_going = _can_learn(learning)
  before = jnp.maximum(learning.time - 1, 0)
  then, chosen = jnp.divmod(records.choices[before, column], num_actions)
  zeros = jnp.zeros(len(item))
  value = student.value[item, then] if plan.learns_value else zeros
  read = lambda name, get: get() if name in plan.read else zeros
  step = distillation.Step(
      distance=(records.distance[visit, column]
                if plan.rewards_distance else zeros),
      reverse_cross_entropy=zeros,
      reverse_kl=zeros,
      teacher_log_prob=read(
          'teacher_log_prob', lambda: jnp.where(
              chosen < known, target.log_probs[
                  item, then, jnp.minimum(chosen, known - 1)],
              plan.log_never)),
      student_log_prob=read(
          'student_log_prob', lambda: jnp.log(records.probs[
              visit, column, chosen // plan.width, chosen % plan.width])),
      teacher_value=read('teacher_value', lambda: teacher.value[item, then]),
      student_value=value)
  reward = zeros
  if method.has_return or plan.learns_value:
    reward = mdps.reward[item, learning.state]
  pseudo = distillation.pseudo_reward(
      method, step, learning.following, reward,
      jnp.where(learning.has_following, config.discount, 0.0))
  returns = pseudo
  if config.returns == 'monte_carlo' and not method.is_one_step:
    returns = pseudo + config.discount * learning.later
  if plan.learns_value:
    bootstrap = config.discount * student.value[item, learning.state]
    error = (pseudo if method.has_return else reward) + bootstrap - value
    if config.returns == 'one_step' and not method.is_one_step:
      returns = pseudo + bootstrap
    student = student._replace(value=student.value.at[
        jnp.where(is_going, item, num), then].add(
            config.value_rate * error, mode='drop'))
  slopes = learning.slopes
  if method.loss:
    slope = jax.grad(lambda x: jnp.sum(method.loss(x)))(step)
    slopes = jax.tree.map(
        lambda x, y: x + jnp.where(is_going, y, 0.0), slopes,
        (slope.distance, slope.reverse_cross_entropy))
  is_due = learning.is_due | is_going
  if plan.has_visits:
    earlier = records.choices[
        jnp.maximum(before - 1, 0), column] // num_actions
    is_due &= ~is_going | (before == 0) | (earlier != then)
    if method.has_return:
      student = student._replace(logits=student.logits.at[
          jnp.where(is_going, item, num), then, chosen].add(
              config.learning_rate * returns, mode='drop'))
  keep = lambda new, old: jnp.where(is_going, new, old)
  return state._replace(
      student=student,
      learning=learning._replace(
          time=learning.time - is_going,
          state=keep(then, learning.state),
          later=keep(returns, learning.later),
          following=jax.tree.map(keep, step, learning.following),
          has_following=learning.has_following | is_going,
          chosen=keep(chosen, learning.chosen),
          returns=learning.returns + jnp.where(is_going, returns, 0.0),
          slopes=slopes,
          is_due=is_due))


def _leave(plan, state, target):
  """Learns from visits that are complete, what concerns all actions."""
  learning, student = state.learning, state.student
  method = plan.method
  num, _, num_actions = student.logits.shape
  picked = _pick(plan, learning.is_due)
  due, then = learning.is_due[picked], learning.state[picked]
  item = jnp.minimum(learning.seat.item[picked], num - 1)
  probs = state.records.probs[
      learning.visit[picked], learning.seat.column[picked]].reshape(
          len(item), num_actions)
  descent = jnp.zeros_like(probs)
  if method.has_return:
    weight = probs
    if not plan.has_visits:
      weight = probs - (
          jnp.arange(num_actions)[None] == learning.chosen[picked, None])
    descent += learning.returns[picked, None] * weight
  if 'distance' in method.loss_reads:
    wanted = target.probs[item, then]
    missing = num_actions - wanted.shape[1]
    descent += learning.slopes[0][picked, None] * (
        probs - jnp.pad(wanted, ((0, 0), (0, missing))))
  if 'reverse_cross_entropy' in method.loss_reads:
    known = target.log_probs[item, then]
    missing = num_actions - known.shape[1]
    surprise = -jnp.pad(
        known, ((0, 0), (0, missing)), constant_values=plan.log_never)
    mean = jnp.sum(probs * surprise, axis=-1, keepdims=True)
    descent += learning.slopes[1][picked, None] * probs * (
        surprise - mean)
  student = student._replace(logits=student.logits.at[
      jnp.where(due, item, num), then].add(
          -plan.config.learning_rate * descent, mode='drop'))
  is_done = jnp.zeros_like(learning.is_due).at[picked].set(due)
  clear = lambda x: jnp.where(is_done, 0.0, x)
  seat = learning.seat
  return state._replace(
      student=student,
      learning=learning._replace(
          seat=seat._replace(
              num_updates=seat.num_updates + (is_done & (learning.time == 0))),
          visit=learning.visit - is_done,
          returns=clear(learning.returns),
          slopes=jax.tree.map(clear, learning.slopes),
          is_due=learning.is_due & ~is_done))
