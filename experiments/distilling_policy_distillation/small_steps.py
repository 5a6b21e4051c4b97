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
from experiments.distilling_policy_distillation import plan as plan_lib
from experiments.distilling_policy_distillation import tabular
from experiments.distilling_policy_distillation import targets
from kickstarting.losses import distillation
from kickstarting.losses import method_step


def small_step(
    plan: plan_lib.Plan,
    state: lanes.State,
    mdps: mdp_lib.MDP,
    teacher: tabular.Table,
    target: targets.Target,
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
  if plan.rewarded_divergence:
    found = targets.divergence(
        plan.rewarded_divergence, logits - jnp.log(total),
        jax.tree.map(lambda x: x[item, then], target), plan.log_never)
    records = records._replace(
        divergence=records.divergence.at[where, column].set(
            found, mode='drop'))
  if plan.config.critic:
    value = sum(
        x[item, then] for x, is_learnt in zip(
            state.student.value, plan.learns)
        if is_learnt)
    records = records._replace(
        baseline=records.baseline.at[where, column].set(value, mode='drop'))
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
  records = records._replace(
      choices=records.choices.at[where, column].set(
          acting.state * num_actions + action, mode='drop'))
  if plan.records_rewards:
    records = records._replace(
        rewards=records.rewards.at[where, column].set(
            mdps.reward[item, ahead], mode='drop'))
  if plan.config.restart:
    ahead = chance.restart(mdps, item, ahead)
  is_over = is_going & (
      mdps.is_terminal[item, ahead]
      | (acting.time + 1 >= plan.config.max_steps))
  goes_on = is_going & ~is_over
  if plan.has_visits:
    goes_on &= ahead != acting.state
    acting = acting._replace(is_new=acting.is_new | goes_on)
  return state._replace(
      records=records,
      acting=acting._replace(
          time=acting.time + is_going,
          state=jnp.where(is_going, ahead, acting.state),
          visit=acting.visit + goes_on,
          is_over=acting.is_over | is_over))


def _at(values, are_learnt, item, state):
  """Returns the values of states [M]; 0 for those that are not learnt."""
  return plan_lib.Parts(*(
      x[item, state] if is_learnt else jnp.zeros(len(item))
      for x, is_learnt in zip(values, are_learnt)))


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
  values = _at(student.value, plan.learns, item, then)
  read = lambda name, get: get() if name in plan.read else zeros
  divergence = {name: zeros for name in plan_lib.DIVERGENCES}
  if plan.rewarded_divergence:
    divergence[plan.rewarded_divergence] = records.divergence[visit, column]
  step = method_step.Step(
      **divergence,
      teacher_log_prob=read(
          'teacher_log_prob', lambda: jnp.where(
              chosen < known, target.log_probs[
                  item, then, jnp.minimum(chosen, known - 1)],
              plan.log_never)),
      student_log_prob=read(
          'student_log_prob', lambda: jnp.log(records.probs[
              visit, column, chosen // plan.width, chosen % plan.width])),
      teacher_value=read('teacher_value', lambda: teacher.value[item, then]),
      student_value=values.rewards)
  reward = zeros
  if plan.records_rewards:
    reward = records.rewards[before, column]
  elif method.adds_reward or plan.learns.rewards:
    reward = mdps.reward[item, learning.state]
  terms = plan_lib.Parts(reward, distillation.teacher_reward(
      method, step, learning.following, jnp.where(
          learning.has_following, plan.discounts.teacher, 0.0)))
  ahead = jax.tree.map(
      lambda discount, value: 0.0 if method.is_one_step else discount * value,
      plan.discounts, _at(
          student.value, plan.learns, item, learning.state))
  sums = jax.tree.map(
      lambda term, discount, later: term if method.is_one_step else (
          term + discount * later),
      terms, plan.discounts, learning.later)
  if plan.has_bootstrap:
    sums = jax.tree.map(jnp.add, terms, ahead)
  returns = sums.teacher + (sums.rewards if method.adds_reward else 0.0)
  if plan.config.critic:
    returns -= records.baseline[visit, column]
  student = student._replace(value=plan_lib.Parts(*(
      table.at[jnp.where(is_going, item, num), then].add(
          config.value_rate * (term + bootstrap - value), mode='drop')
      if is_learnt else table
      for table, term, bootstrap, value, is_learnt in zip(
          student.value, terms, ahead, values, plan.learns))))
  slopes = learning.slopes
  if method.loss:
    slope = jax.grad(lambda x: jnp.sum(method.loss(x)))(step)
    slopes = {name: x + jnp.where(is_going, getattr(slope, name), 0.0)
              for name, x in slopes.items()}
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
          later=jax.tree.map(keep, sums, learning.later),
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
  for name, slope in learning.slopes.items():
    descent += slope[picked, None] * targets.slope(
        name, probs, jax.tree.map(lambda x: x[item, then], target),
        plan.log_never)
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
