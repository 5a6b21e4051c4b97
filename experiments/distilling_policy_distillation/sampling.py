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

All students learn in one program. A few at a time are in its lanes
(`lanes.py`, read it next); who has made all its updates gives its seat to the
next. Not here: expectations (`exact.py`), curves of many students
(`laboratory.py`).
"""

from collections.abc import Callable
import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp

from experiments.distilling_policy_distillation import lanes
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import plan as plan_lib
from experiments.distilling_policy_distillation import small_steps
from experiments.distilling_policy_distillation import tabular
from experiments.distilling_policy_distillation import targets
from kickstarting import checks
from kickstarting import types

_BURST = 32  # steps between two looks at who is done
_PER_SWAP = 4  # of them between two swaps, which are no progress
_MIN_LANES = 32  # where actions are few; each number is compiled anew


class State(NamedTuple):
  """Students on their way."""

  lanes: lanes.State
  target: targets.Target
  snapshots: types.PyTree  # of views; leaves [points, N, ...]
  next_item: jax.Array  # int32 []


class Learner(NamedTuple):
  """Functions of (mdps, teacher), leaves [N, ...].

  init(mdps, teacher) -> State.
  advance(state, mdps, teacher, rng_key) -> State, some small steps later. The
    state is given away.
  updates_left(state) -> int32 [], of all students together.
  """

  init: Callable[[mdp_lib.MDP, tabular.Table], State]
  advance: Callable[[State, mdp_lib.MDP, tabular.Table, jax.Array], State]
  updates_left: Callable[[State], jax.Array]


@functools.cache
def make_learner(
    config: tabular.UpdateConfig,
    dynamics: mdp_lib.Dynamics,
    num_updates: int,
    num_points: int = 1,
    num_slots: int = 256,
    num_bursts: int = 100,
    min_lanes: int | None = None,
    view: Callable[[jax.Array, mdp_lib.MDP, tabular.Table], types.PyTree] = (
        lambda logits, mdp, teacher: logits),
) -> Learner:
  """Builds what lets students learn.

  Args:
    config: how.
    dynamics: of all MDPs.
    num_updates: of each student.
    num_points: views that are kept of each student, after equally many updates
      each; a divisor of `num_updates`.
    num_slots: students that learn at a time.
    num_bursts: how much `advance` does, in bursts of small steps.
    min_lanes: no program is compiled for fewer; None for what pays.
    view: what is kept, from a student's logits [S, A], its MDP and its teacher;
      logits of all would fill the memory where there are many actions.

  Raises:
    ValueError: the points do not divide the updates.
  """
  if num_updates % num_points:
    raise checks.UserError(
        f'num_updates is {num_updates}, which {num_points} points do not'
        ' divide; expected a multiple.')
  plan = plan_lib.Plan(config, dynamics)
  if min_lanes is None:
    min_lanes = 1 if plan.has_visits else _MIN_LANES
  per_point = num_updates // num_points
  per_swap = 1 if plan.has_visits else _PER_SWAP

  def init(mdps, teacher):
    num_actions = dynamics.num_actions
    shape = (*teacher.logits.shape[:2], num_actions)
    num_lanes = (min(len(mdps.start), num_slots) + 1) // 2
    acting, learning, records = lanes.init(plan, mdps, num_lanes, per_point)
    return State(
        lanes.State(
            lanes.Student(
                jnp.zeros(shape), plan_lib.Parts(*2 * [jnp.zeros(shape[:2])])),
            acting, learning, records),
        targets.make(teacher.logits, num_actions, config.floor),
        jax.tree.map(
            lambda x: jnp.zeros((num_points, *x.shape), x.dtype),
            jax.eval_shape(
                jax.vmap(view), jnp.zeros(shape), mdps, teacher)),
        jnp.array(2 * num_lanes, jnp.int32))

  def updates_left(state):
    num = len(state.lanes.student.logits)
    waiting = jnp.maximum(num - state.next_item, 0)
    return waiting * num_updates + sum(
        jnp.sum(jnp.where(seat.item < num, num_updates - seat.num_updates, 0))
        for seat in (state.lanes.acting.seat, state.lanes.learning.seat))

  num_used = jax.jit(lanes.num_used)
  narrow = jax.jit(lanes.narrow, static_argnums=1)

  def advance(state, mdps, teacher, rng_key):
    fewer = len(state.lanes.acting.state) // 4
    if fewer >= min_lanes and int(num_used(state.lanes)) <= fewer:
      state = state._replace(lanes=narrow(state.lanes, fewer))
    return bursts(state, mdps, teacher, rng_key)

  @functools.partial(jax.jit, donate_argnums=0)
  def bursts(state, mdps, teacher, rng_key):
    def burst(i, state):
      uniform = jax.random.uniform(
          jax.random.fold_in(rng_key, i),
          (_BURST, 2, len(state.lanes.acting.state)))

      def small_step(_, carry):
        return small_steps.small_step(
            plan, carry[0], mdps, teacher, state.target, uniform, carry[1])

      def steps(carry):
        now, count = jax.lax.fori_loop(0, per_swap, small_step, carry)
        return lanes.swap(now, mdps), count

      now, _ = jax.lax.while_loop(
          lambda x: x[1] < _BURST, steps, (state.lanes, 0))
      return _look(state._replace(lanes=now), mdps, teacher)

    return jax.lax.fori_loop(0, num_bursts, burst, state)

  def _look(state, mdps, teacher):
    """Keeps what is asked for, and gives seats of who is done to the next."""
    num = len(state.lanes.student.logits)

    def is_waiting(state):
      return lanes.is_waiting(state.lanes.learning.seat, num)

    def serve(state):
      i = jnp.argmax(is_waiting(state))
      learning = state.lanes.learning
      seat, item = learning.seat, learning.seat.item[i]
      seen = view(state.lanes.student.logits[item], *jax.tree.map(
          lambda x: x[item], (mdps, teacher)))
      place = seat.quota[i] // per_point - 1, item
      snapshots = jax.tree.map(
          lambda x, y: jax.lax.dynamic_update_slice(
              x, y[None, None], (*place, *[0] * y.ndim)),
          state.snapshots, seen)
      is_done = seat.quota[i] >= num_updates
      seat = seat._replace(
          item=seat.item.at[i].set(jnp.where(is_done, state.next_item, item)),
          num_updates=seat.num_updates.at[i].multiply(1 - is_done),
          quota=seat.quota.at[i].set(
              jnp.where(is_done, 0, seat.quota[i]) + per_point))
      return state._replace(
          snapshots=snapshots,
          next_item=state.next_item + is_done,
          lanes=state.lanes._replace(learning=learning._replace(seat=seat)))

    return jax.lax.while_loop(
        lambda x: jnp.any(is_waiting(x)), serve, state)

  return Learner(jax.jit(init), advance, jax.jit(updates_left))
