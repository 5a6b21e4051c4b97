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
"""Sampled updates of tabular students, one episode each, many MDPs at once.

Episodes differ in length, and so do MDPs. Whoever waited for the longest would
mostly wait; so nobody does. A *slot* takes a student and makes one small step
with it at a time: forward, an action and a move; then backward over the same
episode, from its last step to its first, with the update of each. Then the
student's next episode begins, and when all are done, the next student's. All
slots step side by side in one program. An episode that is cut at `max_steps`
ends there for a method: the last step has no next one.

Not here: expectations (`exact.py`), curves of many students (`laboratory.py`).
"""

from collections.abc import Callable
import dataclasses
import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib
from kickstarting import checks
from kickstarting import types
from kickstarting.losses import categorical
from kickstarting.losses import distillation

RETURNS = ('monte_carlo', 'one_step')
_BURST = 32  # small steps between two looks at who is done


class Table(NamedTuple):
  """Tabular policies and their values."""

  logits: types.Array  # float32 [N, S, A]
  value: types.Array  # float32 [N, S]


@dataclasses.dataclass(frozen=True)
class UpdateConfig:
  """How a student learns.

  The paper prints neither rates nor the critic. `learning_rate` was fitted to
  its Figure 3; `value_rate` is of TD(0), whose value closes the gate of
  `v_gated` and is the target of `one_step` returns. Others learn no value.
  """

  method: str = 'on_policy_distill'  # a key of `distillation.METHODS`
  control: str = ''  # of `distillation.CONTROLS`, in place of the method's own
  returns: str = 'monte_carlo'  # one of RETURNS
  learning_rate: float = 0.0018  # of plain gradient descent, loss summed
  value_rate: float = 0.1
  discount: float = 0.99
  floor: float = distillation.TEACHER_FLOOR
  max_steps: int = 400  # of an episode; what comes later is not learnt from

  def __post_init__(self):
    distillation.get_method(self.method)
    if self.control:
      checks.check_name('control', self.control, distillation.CONTROLS)
      if distillation.get_method(self.method).has_return and (
          self.control != 'student'):
        raise ValueError(
            f'control is {self.control!r} with method {self.method!r}; expected'
            ' the student, whose returns its policy gradient is of. Take a'
            ' method without returns, such as on_policy_distill.')
    checks.check_name('returns', self.returns, RETURNS)
    for name in ('discount', 'floor', 'value_rate'):
      checks.check_fraction(name, getattr(self, name))
    checks.check_positive_finite('learning_rate', self.learning_rate)
    if self.max_steps < 1:
      raise ValueError(f'max_steps is {self.max_steps}; expected at least 1.')


def choose(probs: jax.Array, uniform: jax.Array) -> jax.Array:
  """Returns the action of each row [M, A] that a number in [0, 1) falls on."""
  num = probs.shape[-1]
  width = 1
  if num > 16:
    width = max(i for i in range(1, math.isqrt(num) + 1) if num % i == 0)
  # First the block that it falls into: a sum over all actions is cheap, a
  # cumulated one is not.
  blocks = probs.reshape(len(probs), -1, width)
  sums = jnp.sum(blocks, axis=-1)
  block, rest = _fall(sums, uniform * jnp.sum(sums, axis=-1))
  if width == 1:
    return block
  chosen = jnp.take_along_axis(blocks, block[:, None, None], axis=1)[:, 0]
  return block * width + _fall(chosen, rest)[0]


def _fall(weights: jax.Array, height: jax.Array) -> tuple[jax.Array, jax.Array]:
  """Returns where a height falls among weights [M, B], and how far into it."""
  above = jnp.cumsum(weights, axis=-1)
  index = jnp.sum(above <= height[:, None], axis=-1)
  # Rounding may lead beyond the end, or to an action of probability 0.
  last = weights.shape[-1] - 1 - jnp.argmax(weights[:, ::-1] > 0, axis=-1)
  index = jnp.minimum(index, last)
  below = jnp.take_along_axis(
      above - weights, index[:, None], axis=-1)[:, 0]
  return index, jnp.maximum(height - below, 0.0)


def move(
    mdps: mdp_lib.MDP,
    dynamics: mdp_lib.Dynamics,
    items: jax.Array,
    states: jax.Array,
    actions: jax.Array,
    uniform: jax.Array,
) -> jax.Array:
  """Returns the next states, in MDPs number `items`; all arrays [M]."""
  num_states, num_moves = mdps.successor.shape[1:]
  end = dynamics.end_probability
  rest = (uniform - end) / max(1 - end, 1e-12)
  is_noise = (rest < dynamics.noise) & (actions < num_moves)
  other = (rest / max(dynamics.noise, 1e-12) * num_moves).astype(jnp.int32)
  chosen = jnp.where(is_noise, jnp.clip(other, 0, num_moves - 1), actions)
  there = mdps.successor[items, states, jnp.minimum(chosen, num_moves - 1)]
  there = jnp.where(chosen < num_moves, there, states)
  return jnp.where(uniform < end, num_states - 1, there)


class _Slots(NamedTuple):
  """What M slots are doing; [M]."""

  item: jax.Array  # int32, the student; N and more: none is left
  num_updates: jax.Array  # int32, of this student
  quota: jax.Array  # int32, where it waits to be looked at
  is_backward: jax.Array  # bool
  time: jax.Array  # int32, steps of the episode before `state`
  state: jax.Array  # int32
  later: jax.Array  # float32, the return after `state`
  following: distillation.Step  # of `state`, in the backward direction
  has_following: jax.Array  # bool, whether there is one


class _Target(NamedTuple):
  """What is read of the teachers at every step, computed once."""

  probs: jax.Array  # float32 [N, S, A]
  log_probs: jax.Array  # float32 [N, S, A], with a share of the uniform policy


class State(NamedTuple):
  """Students on their way."""

  student: Table
  target: _Target
  snapshots: jax.Array  # float32 [points, N, S, A], logits
  slots: _Slots
  rows: jax.Array  # float32 [max_steps, M, A], log-probabilities of episodes
  choices: jax.Array  # int32 [max_steps, M], state * A + action
  next_item: jax.Array  # int32 []


class Learner(NamedTuple):
  """Functions of (mdps, teacher), leaves [N, ...].

  init(mdps, teacher) -> State.
  advance(state, mdps, teacher, rng_key) -> State, some small steps later. The
    state is given away.
  updates_left(state) -> int32 [], of all students together.
  """

  init: Callable[[mdp_lib.MDP, Table], State]
  advance: Callable[[State, mdp_lib.MDP, Table, jax.Array], State]
  updates_left: Callable[[State], jax.Array]


@functools.cache
def make_learner(
    config: UpdateConfig,
    dynamics: mdp_lib.Dynamics,
    num_updates: int,
    num_points: int = 1,
    num_slots: int = 512,
    num_bursts: int = 100,
) -> Learner:
  """Builds what lets students learn.

  Args:
    config: how.
    dynamics: of all MDPs.
    num_updates: of each student.
    num_points: after equally many updates each a student's logits are kept; a
      divisor of `num_updates`.
    num_slots: M, at most; more of them are faster, until memory is short.
    num_bursts: how much `advance` does, in bursts of small steps.

  Raises:
    ValueError: the points do not divide the updates.
  """
  if num_updates % num_points:
    raise ValueError(
        f'num_updates is {num_updates}, which {num_points} points do not'
        ' divide; expected a multiple.')
  method = distillation.get_method(config.method)
  control = config.control or method.control
  per_point = num_updates // num_points

  def init(mdps, teacher):
    num, num_states, num_actions = teacher.logits.shape
    slots = min(num, num_slots)
    zeros = jnp.zeros(slots, jnp.float32)
    counts = jnp.zeros(slots, jnp.int32)
    item = jnp.arange(slots)
    return State(
        student=Table(jnp.zeros(teacher.logits.shape),
                      jnp.zeros((num, num_states))),
        target=_Target(
            jax.nn.softmax(teacher.logits),
            distillation.floor_teacher(teacher.logits, config.floor)),
        snapshots=jnp.zeros((num_points, num, num_states, num_actions)),
        slots=_Slots(
            item, counts, counts + per_point, counts > 0, counts,
            jnp.asarray(mdps.start)[item], zeros,
            distillation.Step(*[zeros] * len(distillation.Step._fields)),
            counts > 0),
        rows=jnp.zeros((config.max_steps, slots, num_actions)),
        choices=jnp.zeros((config.max_steps, slots), jnp.int32),
        next_item=jnp.array(slots, jnp.int32))

  def updates_left(state):
    slots, num = state.slots, len(state.student.value)
    left = jnp.where(slots.item < num, num_updates - slots.num_updates, 0)
    waiting = jnp.maximum(num - state.next_item, 0)
    return jnp.sum(left) + waiting * num_updates

  @functools.partial(jax.jit, donate_argnums=0)
  def advance(state, mdps, teacher, rng_key):
    return jax.lax.fori_loop(0, num_bursts, lambda i, x: _look(
        _burst(x, mdps, teacher, jax.random.fold_in(rng_key, i)), mdps), state)

  def _burst(state, mdps, teacher, rng_key):
    num_slots = len(state.slots.item)
    uniform = jax.random.uniform(rng_key, (_BURST, 2, num_slots))
    return jax.lax.fori_loop(0, _BURST, lambda i, x: _step(
        config, method, control, dynamics, x, mdps, teacher, uniform[i]), state)

  def _look(state, mdps):
    """Keeps what is asked for, and gives the next students to who is done."""
    num = len(state.student.value)

    def is_waiting(state):
      slots = state.slots
      return (slots.item < num) & (slots.num_updates >= slots.quota)

    def serve(state):
      i = jnp.argmax(is_waiting(state))
      slots, item = state.slots, state.slots.item[i]
      point = slots.quota[i] // per_point - 1
      snapshots = jax.lax.dynamic_update_slice(
          state.snapshots, state.student.logits[item][None, None],
          (point, item, 0, 0))
      is_done = slots.quota[i] >= num_updates
      new = jnp.where(is_done, state.next_item, item)
      start = jnp.asarray(mdps.start)[jnp.minimum(new, num - 1)]
      return state._replace(
          snapshots=snapshots,
          next_item=state.next_item + is_done,
          slots=slots._replace(
              item=slots.item.at[i].set(new),
              state=slots.state.at[i].set(start),
              num_updates=slots.num_updates.at[i].multiply(1 - is_done),
              quota=slots.quota.at[i].set(
                  jnp.where(is_done, 0, slots.quota[i]) + per_point)))

    return jax.lax.while_loop(
        lambda x: jnp.any(is_waiting(x)), serve, state)

  return Learner(jax.jit(init), advance, jax.jit(updates_left))


def _step(
    config, method, control, dynamics, state, mdps, teacher, uniform
) -> State:
  """Makes one small step in every slot."""
  student, slots = state.student, state.slots
  num, _, num_actions = student.logits.shape
  rows = jnp.arange(len(slots.item))
  item = jnp.minimum(slots.item, num - 1)
  is_busy = (slots.item < num) & (slots.num_updates < slots.quota)
  is_backward = is_busy & slots.is_backward
  is_forward = is_busy & ~slots.is_backward
  learns_value = config.returns == 'one_step' or method.reads_student_value

  # Forward: the action and where it leads.
  logits = student.logits[item, slots.state]
  logits -= jnp.max(logits, axis=-1, keepdims=True)
  acting = jnp.exp(logits)  # times a number, which `choose` does not mind
  total = jnp.sum(acting, axis=-1, keepdims=True)
  log_probs = logits - jnp.log(total)
  if control != 'student':
    acting = exact.control_policy(
        control, acting / total, state.target.probs[item, slots.state])
  action = choose(acting, uniform[0])
  ahead = move(mdps, dynamics, item, slots.state, action, uniform[1])
  time = jnp.where(is_forward, slots.time, config.max_steps)  # dropped
  new_rows = state.rows.at[time, rows].set(log_probs, mode='drop')
  choices = state.choices.at[time, rows].set(
      slots.state * num_actions + action, mode='drop')
  is_over = mdps.is_terminal[item, ahead] | (slots.time + 1 >= config.max_steps)

  # Backward: the update of the step that led to `state`. What was written is
  # read after it, and so on down to the students' tables: where one operation
  # reads an array that another one changes, in no order, XLA copies it.
  before = jnp.maximum(slots.time - 1, 0)
  then, taken = jnp.divmod(choices[before, rows], num_actions)
  log_probs = new_rows[before, rows]
  value = student.value[item, then] if learns_value else jnp.zeros(len(rows))
  step_of = lambda x: distillation.Step(
      distance=-jnp.sum(state.target.probs[item, then] * x, axis=-1),
      reverse_cross_entropy=-categorical.expectation(
          x, state.target.log_probs[item, then]),
      teacher_log_prob=state.target.log_probs[item, then, taken],
      student_log_prob=x[rows, taken],
      teacher_value=teacher.value[item, then],
      student_value=value)
  step = step_of(log_probs)
  reward = mdps.reward[item, slots.state]
  pseudo = distillation.pseudo_reward(
      method, step, slots.following, reward,
      jnp.where(slots.has_following, config.discount, 0.0))
  returns = pseudo
  if config.returns == 'monte_carlo' and not method.is_one_step:
    returns = pseudo + config.discount * slots.later
  if learns_value:
    bootstrap = config.discount * student.value[item, slots.state]
    error = (pseudo if method.has_return else reward) + bootstrap - value
    if config.returns == 'one_step' and not method.is_one_step:
      returns = pseudo + bootstrap
  descent = jnp.zeros_like(log_probs)  # of the log-probabilities, at first
  if method.has_return:
    chosen = jnp.arange(num_actions)[None] == taken[:, None]
    descent -= returns[:, None] * chosen
  if method.loss:
    descent += jax.grad(
        lambda x: jnp.sum(method.loss(step_of(x))))(log_probs)
  descent -= jnp.exp(log_probs) * jnp.sum(descent, axis=-1, keepdims=True)
  where = jnp.where(is_backward, item, num)  # dropped
  student = student._replace(logits=student.logits.at[where, then].add(
      -config.learning_rate * descent, mode='drop'))
  if learns_value:
    student = student._replace(value=student.value.at[where, then].add(
        config.value_rate * error, mode='drop'))

  is_first = is_backward & (slots.time == 1)
  return state._replace(
      student=student, rows=new_rows, choices=choices,
      slots=slots._replace(
          num_updates=slots.num_updates + is_first,
          is_backward=jnp.where(
              is_forward, is_over, slots.is_backward & ~is_first),
          time=slots.time + is_forward - is_backward,
          state=jnp.where(
              is_forward, ahead, jnp.where(is_backward, then, slots.state)),
          later=jnp.where(is_backward, returns, 0.0),
          following=step,
          has_following=is_backward & ~is_first))
