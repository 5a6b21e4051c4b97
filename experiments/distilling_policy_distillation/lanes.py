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
"""Who is in which lane, and what is remembered there.

Episodes differ in length, and whoever waited for the longest would mostly wait.
So a *lane* has two students: while one acts, the other learns from its episode,
from the last step to the first. When both are done they change places. An
episode that is cut at `max_steps` ends there for a method: the last step has no
next one.

A *visit* is the time that an episode stays in one state. With many actions that
do nothing it is long, so all that concerns every action is done once a visit.
With few actions that does not pay: then each step is a visit.

Not here: what is to be done (`plan.py`), what is done in a step
(`small_steps.py`, read it next), which student gets a seat (`sampling.py`).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import plan as plan_lib
from kickstarting.losses import method_step


class Student(NamedTuple):
  """Tabular policies, and the values that they learn."""

  logits: jax.Array  # float32 [N, S, A]
  value: plan_lib.Parts  # float32 [N, S]


class Seat(NamedTuple):
  """Which students the lanes have, one each; [M]."""

  item: jax.Array  # int32, the student; N and more: none
  num_updates: jax.Array  # int32, of that student
  quota: jax.Array  # int32, where it waits to be looked at
  column: jax.Array  # int32, of the records


class Acting(NamedTuple):
  """The students that act; [M]."""

  seat: Seat
  state: jax.Array  # int32
  time: jax.Array  # int32, steps before `state`
  visit: jax.Array  # int32, visits before this one
  is_new: jax.Array  # bool, whether the policy there is to be computed
  is_over: jax.Array  # bool, whether the episode is
  blocks: jax.Array  # float32 [M, B], probabilities of blocks of actions


class Learning(NamedTuple):
  """The students that learn, backwards; [M]."""

  seat: Seat
  state: jax.Array  # int32
  time: jax.Array  # int32, steps before `state`
  visit: jax.Array  # int32, of the step before `state`
  later: plan_lib.Parts  # the returns after `state`
  following: method_step.Step  # of `state`
  has_following: jax.Array  # bool, whether there is one
  chosen: jax.Array  # int32, the action of the step before
  returns: jax.Array  # float32, summed over the steps of the visit
  slopes: dict[str, jax.Array]  # likewise, of the loss; by what it reads
  is_due: jax.Array  # bool, whether the visit is ready to be learnt from


class Records(NamedTuple):
  """Episodes of T steps; each seat has a column.

  What is not read is [0, 0].
  """

  probs: jax.Array  # float32 [T, 2M, B, A / B], of a visit
  divergence: jax.Array  # float32 [T, 2M], of a visit, as r_i reads it
  baseline: jax.Array  # float32 [T, 2M], the value before a visit
  rewards: jax.Array  # float32 [T, 2M], of steps
  choices: jax.Array  # int32 [T, 2M], state * A + action


class State(NamedTuple):
  """All that changes in a small step."""

  student: Student
  acting: Acting
  learning: Learning
  records: Records


def init(
    plan: plan_lib.Plan, mdps: mdp_lib.MDP, num_lanes: int, quota: int
) -> tuple[Acting, Learning, Records]:
  """Seats the first 2 `num_lanes` students."""
  zeros = jnp.zeros(num_lanes, jnp.float32)
  counts = jnp.zeros(num_lanes, jnp.int32)
  nobody = counts > 0
  num, num_actions = len(mdps.start), plan.dynamics.num_actions
  lanes = jnp.arange(num_lanes)
  step = method_step.Step(*[zeros] * len(method_step.Step._fields))
  seats = [Seat(first + lanes, counts, counts + quota, first + lanes)
           for first in (0, num_lanes)]
  num_blocks = num_actions // plan.width
  length = plan.config.max_steps
  acting = Acting(
      seats[0], jnp.asarray(mdps.start)[jnp.minimum(lanes, num - 1)], counts,
      counts, ~nobody, nobody, jnp.zeros((num_lanes, num_blocks)))
  slopes = {name: zeros for name in plan_lib.DIVERGENCES
            if name in plan.method.loss_reads}
  learning = Learning(
      seats[1], counts, counts, counts, plan_lib.Parts(zeros, zeros), step,
      nobody, counts, zeros, slopes, nobody)
  where = lambda is_read: jnp.zeros(
      (length, 2 * num_lanes) if is_read else (0, 0))
  records = Records(
      jnp.zeros((length, 2 * num_lanes, num_blocks, plan.width)),
      where(plan.rewarded_divergence), where(plan.config.critic),
      where(plan.records_rewards),
      jnp.zeros((length, 2 * num_lanes), jnp.int32))
  return acting, learning, records


def can_act(acting: Acting, num: int) -> jax.Array:
  """Returns where a student, of `num`, has an episode to go on with."""
  return (acting.seat.item < num) & ~acting.is_over


def is_waiting(seat: Seat, num: int) -> jax.Array:
  """Returns where a student, of `num`, waits to be looked at."""
  return (seat.item < num) & (seat.num_updates >= seat.quota)


def swap(state: State, mdps: mdp_lib.MDP) -> State:
  """Lets two students change places where both are done."""
  acting, learning = state.acting, state.learning
  num = len(mdps.start)
  is_done = ~can_act(acting, num) & (learning.time == 0) & ~(
      learning.is_due | is_waiting(learning.seat, num))
  start = jnp.asarray(mdps.start)[jnp.minimum(learning.seat.item, num - 1)]
  where = lambda new, old: jnp.where(is_done, new, old)
  clear = lambda x: jnp.where(is_done, 0, x)
  return state._replace(
      acting=acting._replace(
          seat=jax.tree.map(where, learning.seat, acting.seat),
          state=where(start, acting.state),
          time=clear(acting.time),
          visit=clear(acting.visit),
          is_new=acting.is_new | is_done,
          is_over=acting.is_over & ~is_done),
      learning=learning._replace(
          seat=jax.tree.map(where, acting.seat, learning.seat),
          state=where(acting.state, learning.state),
          time=where(acting.time, learning.time),
          visit=where(acting.visit, learning.visit),
          later=jax.tree.map(
              lambda x: jnp.where(is_done, 0.0, x), learning.later),
          has_following=learning.has_following & ~is_done))


def num_used(state: State) -> jax.Array:
  """Returns how many lanes have a student, or two; int32 []."""
  return jnp.sum(_is_used(state))


def narrow(state: State, num_lanes: int) -> State:
  """Keeps so many lanes, those with students first."""
  before = len(state.acting.state)
  kept = jnp.argsort(~_is_used(state), stable=True)[:num_lanes]
  columns = jnp.concatenate([kept, before + kept])

  def move(seat):
    return seat._replace(column=jnp.arange(num_lanes) + jnp.where(
        seat.column < before, 0, num_lanes))

  acting, learning = jax.tree.map(
      lambda x: x[kept], (state.acting, state.learning))
  return state._replace(
      acting=acting._replace(seat=move(acting.seat)),
      learning=learning._replace(seat=move(learning.seat)),
      records=jax.tree.map(
          lambda x: x[:, columns] if x.size else x, state.records))


def _is_used(state):
  num = len(state.student.logits)
  return (state.acting.seat.item < num) | (state.learning.seat.item < num)
