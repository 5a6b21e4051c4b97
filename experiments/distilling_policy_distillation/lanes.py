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

Not here: what is done in a step (`small_steps.py`, read it next), which student
gets a seat (`sampling.py`).
"""

import dataclasses
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

from experiments.distilling_policy_distillation import chance
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import tabular
from kickstarting.losses import distillation


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
  later: jax.Array  # float32, the return after `state`
  following: distillation.Step  # of `state`
  has_following: jax.Array  # bool, whether there is one
  chosen: jax.Array  # int32, the action of the step before
  returns: jax.Array  # float32, summed over the steps of the visit
  slopes: tuple[jax.Array, jax.Array]  # likewise, of the loss; by distance
                                           # and by reverse_cross_entropy
  is_due: jax.Array  # bool, whether the visit is ready to be learnt from


class Records(NamedTuple):
  """Episodes of T steps; each seat has a column."""

  probs: jax.Array  # float32 [T, 2M, B, A / B], of a visit
  distance: jax.Array  # float32 [T, 2M], of a visit; [0, 0] if none reads it
  choices: jax.Array  # int32 [T, 2M], state * A + action


class Target(NamedTuple):
  """What is read of the teachers at every step, computed once.

  They never take actions beyond the first K: few numbers, where the students
  have many.
  """

  probs: jax.Array  # float32 [N, S, K]
  log_probs: jax.Array  # float32 [N, S, K], of teachers with a floor


class State(NamedTuple):
  """All that changes in a small step."""

  student: tabular.Table
  acting: Acting
  learning: Learning
  records: Records


@dataclasses.dataclass(frozen=True)
class Plan:
  """What students do, and how it is computed; static."""

  config: tabular.UpdateConfig
  dynamics: mdp_lib.Dynamics

  @property
  def method(self) -> distillation.Method:
    return distillation.get_method(self.config.method)

  @property
  def control(self) -> str:
    return self.config.control or self.method.control

  @property
  def has_visits(self) -> bool:
    """Whether a visit may take several steps here."""
    return self.dynamics.num_actions > 16 and self.control == 'student'

  @property
  def share_at_once(self) -> float:
    """Of the lanes, those in which something is done for every action.

    The others wait, so that nothing is computed in vain. With few actions that
    is not worth picking lanes for.
    """
    return 0.25 if self.dynamics.num_actions > 100 else 1.0

  @property
  def share_that_waits(self) -> float:
    """Of the lanes, those that are to wait before it is done."""
    return min(self.share_at_once, 0.5)

  @property
  def width(self) -> int:
    """Actions in a block."""
    num_actions = self.dynamics.num_actions
    return chance.block_width(num_actions) if self.has_visits else num_actions

  @property
  def log_never(self) -> float:
    """Log-probability of what teachers with a floor never take."""
    floor = self.config.floor / self.dynamics.num_actions
    return math.log(floor) if floor > 0 else -math.inf

  @property
  def learns_value(self) -> bool:
    return (self.config.returns == 'one_step'
            or self.method.reads_student_value)

  @property
  def rewards_distance(self) -> bool:
    """Whether r_i reads the distance."""
    return 'distance' in self.method.reward_reads

  @property
  def read(self) -> frozenset[str]:
    """What the method reads of a Step."""
    return self.method.reward_reads | self.method.loss_reads


def init(
    plan: Plan, mdps: mdp_lib.MDP, num_lanes: int, quota: int
) -> tuple[Acting, Learning, Records]:
  """Seats the first 2 `num_lanes` students."""
  zeros = jnp.zeros(num_lanes, jnp.float32)
  counts = jnp.zeros(num_lanes, jnp.int32)
  nobody = counts > 0
  num, num_actions = len(mdps.start), plan.dynamics.num_actions
  lanes = jnp.arange(num_lanes)
  step = distillation.Step(*[zeros] * len(distillation.Step._fields))
  seats = [Seat(first + lanes, counts, counts + quota, first + lanes)
           for first in (0, num_lanes)]
  num_blocks = num_actions // plan.width
  length = plan.config.max_steps
  acting = Acting(
      seats[0], jnp.asarray(mdps.start)[jnp.minimum(lanes, num - 1)], counts,
      counts, ~nobody, nobody, jnp.zeros((num_lanes, num_blocks)))
  learning = Learning(
      seats[1], counts, counts, counts, zeros, step, nobody, counts, zeros,
      (zeros, zeros), nobody)
  records = Records(
      jnp.zeros((length, 2 * num_lanes, num_blocks, plan.width)),
      jnp.zeros((length, 2 * num_lanes) if plan.rewards_distance else (0, 0)),
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
          later=jnp.where(is_done, 0.0, learning.later),
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
  num = len(state.student.value)
  return (state.acting.seat.item < num) | (state.learning.seat.item < num)
