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
"""A population as one program: all members act, and learn, in one call.

Parameters, optimiser state and hyper-parameters have a leading member axis [P];
streams of all members stand side by side in one batch (`runtime/layout.py`),
and are sorted by member inside the jitted functions. Not here: who sets the
hyper-parameters (`evolving.py`).
"""

from collections.abc import Callable
import functools
from typing import Any

import jax
import jax.numpy as jnp

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import types
from kickstarting import update as update_lib
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import layout as layout_lib

MEMBER_AXES = ('vmap', 'map')


def make_init(
    agent: agent_lib.Agent, update: update_lib.Update, num_members: int
) -> Callable[[types.Array], types.LearnerState]:
  """Returns what draws the members, each from a key of its own.

  Returns:
    rng_key -> LearnerState with leaves [P, ...].
  """

  def init(rng_key):
    keys = jax.random.split(rng_key, num_members)
    return jax.vmap(lambda key: update.init(agent.init(key)))(keys)

  return init


def make_update(
    update: update_lib.Update, num_members: int, member_axis: str | None = None
) -> Callable[..., tuple[types.LearnerState, dict[str, jax.Array]]]:
  """Returns the update of all members.

  Args:
    update: of one student.
    num_members: P.
    member_axis: 'vmap' computes the members side by side, 'map' one after the
      other in the same program; None for the faster one: 'map' on the CPU,
      whose products of matrices know no batch, else 'vmap'.

  Returns:
    (LearnerState [P, ...], Hypers [P, ...], Trajectory of a learner batch) ->
    (LearnerState [P, ...], metrics float32 [P]).

  Raises:
    ValueError: unknown member_axis.
  """
  if member_axis is None:
    member_axis = 'map' if jax.default_backend() == 'cpu' else 'vmap'
  if member_axis not in MEMBER_AXES:
    raise checks.UserError(
        f'member_axis is {member_axis!r}; expected one of'
        f' {", ".join(MEMBER_AXES)}, or None to choose by the device.')

  def call(state, hypers, trajectory):
    members = (state, hypers, _split_trajectory(trajectory, num_members))
    if member_axis == 'vmap':
      return jax.vmap(update.update)(*members)
    return jax.lax.map(lambda member: update.update(*member), members)

  return call


def make_adopt(
    agent: agent_lib.Agent
) -> Callable[[types.Params, types.Hypers], types.Params] | None:
  """Returns `Program.adopt` for leaves [P, ...]."""
  return agent.adopt and jax.vmap(agent.adopt)


def make_actor_functions(
    agent: agent_lib.Agent, layout: layout_lib.Layout
) -> actor_lib.ActorFunctions:
  """Returns what actors call, for parameters with a leading axis [P].

  The context of instructions has leading axis [P * S], S rows of each member
  in turn, as `InstructionSlots` lays it out.
  """
  size = layout.num_members
  to_members = functools.partial(_to_members, layout=layout)
  to_streams = functools.partial(_to_streams, layout=layout)

  def encode(params, tokens):
    context = jax.vmap(agent.encode)(
        params, tokens.reshape(size, -1, tokens.shape[-1]))
    return jax.tree.map(lambda x: x.reshape((-1,) + x.shape[2:]), context)

  def step(params, rng_key, timestep, context, state):
    context = jax.tree.map(
        lambda x: x.reshape((size, -1) + x.shape[1:]), context)
    # The slots of a member are numbered from 0 up in its own context.
    num_slots = max(
        (x.shape[1] for x in jax.tree.leaves(context)), default=1)
    timestep = timestep._replace(instruction=timestep.instruction % num_slots)
    (actions, output), state = jax.vmap(agent.step)(
        params, jax.random.split(rng_key, size), to_members(timestep), context,
        to_members(state))
    return (to_streams(actions), to_streams(output)), to_streams(state)

  return actor_lib.make_actor_functions(
      agent._replace(encode=encode, step=step))


def _to_members(tree: Any, layout: layout_lib.Layout) -> Any:
  """Sorts an acting batch [B, ...] by member: [P, B / P, ...]."""

  def sort(x):
    x = jnp.asarray(x).reshape(
        (-1, layout.num_members, layout.splits) + x.shape[1:])
    return jnp.moveaxis(x, 1, 0).reshape(
        (layout.num_members, -1) + x.shape[3:])

  return jax.tree.map(sort, tree)


def _to_streams(tree: Any, layout: layout_lib.Layout) -> Any:
  """Undoes `_to_members`."""

  def merge(x):
    x = x.reshape((layout.num_members, -1, layout.splits) + x.shape[2:])
    return jnp.moveaxis(x, 0, 1).reshape((-1,) + x.shape[3:])

  return jax.tree.map(merge, tree)


def _split_trajectory(
    trajectory: types.Trajectory, num_members: int
) -> types.Trajectory:
  """Sorts a learner batch by member; a new leading axis [P] on every leaf."""

  def sort(axis):

    def call(x):
      x = jnp.asarray(x)
      shape = x.shape[:axis] + (-1, num_members) + x.shape[axis + 1:]
      return jnp.moveaxis(x.reshape(shape), axis + 1, 0)

    return functools.partial(jax.tree.map, call)

  by_time, by_stream = sort(1), sort(0)
  tokens = jnp.asarray(trajectory.instructions)
  tokens = tokens.reshape(num_members, -1, tokens.shape[-1])
  timesteps = by_time(trajectory.timesteps)
  teacher = trajectory.teacher
  if teacher is not None:
    logits, value, features = by_time(
        (teacher.policy, teacher.value, teacher.features))
    teacher = types.TeacherOutput(
        logits, value, by_stream(teacher.index), features)
  return types.Trajectory(
      # The rows of a member are numbered from 0 up in its own table.
      timesteps=timesteps._replace(
          instruction=timesteps.instruction % tokens.shape[1]),
      actions=by_time(trajectory.actions),
      behaviour_log_prob=by_time(trajectory.behaviour_log_prob),
      initial_core_state=by_stream(trajectory.initial_core_state),
      instructions=tokens,
      task=by_stream(trajectory.task),
      teacher=teacher,
  )
