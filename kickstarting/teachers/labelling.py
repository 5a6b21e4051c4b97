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
"""Teacher logits for a finished trajectory, all teachers in one jitted call.

Teachers of one architecture that have equally many streams are stacked and
mapped over, each over its own streams only, so the work per frame does not
grow with their number. Here: `make_labeller`. Not here: the contract
(`teacher.py`), the loss.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import types
from kickstarting.environments import tables
from kickstarting.teachers import teacher as teacher_lib


class Labeller(NamedTuple):
  """Evaluates the teachers on the streams of one batched environment.

  initial_carry() -> carry, before an environment's first timestep.
  label(carry, timesteps [T+1, B], tokens [U, L]) -> (TeacherOutput, carry).
  step(carry, timestep [B], tokens [U, L]) -> (TeacherOutput [B], carry).
  act: where teachers act too; see `acting.py`.

  The carry holds each teacher's core state and last output per stream: the
  last timestep of a trajectory is the first of the next one, and a teacher
  reads it once.
  """

  initial_carry: Callable[[], Any]
  label: Callable[..., tuple[types.TeacherOutput, Any]]
  step: Callable[..., tuple[types.TeacherOutput, Any]] | None = None
  act: Callable[..., tuple[Any, Any]] | None = None


class _Group(NamedTuple):
  """Teachers evaluated together."""

  teachers: tuple[int, ...]  # [G], rows of the list of teachers
  streams: np.ndarray  # int32 [G, N], the streams of each


def make_labeller(
    teachers: Sequence[teacher_lib.Teacher],
    teacher_of_stream: np.ndarray,
) -> Labeller:
  """Builds a labeller.

  Args:
    teachers: K of them, already checked against the environment; all give
      features of one size, or none does.
    teacher_of_stream: row of `teachers`, -1 for none; [B] int32.
  """
  groups = _group(teachers, teacher_of_stream)
  num_streams = len(teacher_of_stream)
  num_actions = teachers[0].num_actions
  feature_size = teachers[0].feature_size
  stacked = [
      jax.tree.map(lambda *x: jnp.stack(x),
                   *[teachers[k].params for k in group.teachers])
      for group in groups
  ]

  def initial_carry():
    return None

  @jax.jit
  def first(params, rows, timesteps, tokens):
    """Outputs for the very first timestep of the streams."""
    states = []
    for group in groups:
      size = group.streams.size
      state = teachers[group.teachers[0]].initial_state(size)
      states.append(jax.tree.map(
          lambda x, g=group: x.reshape(g.streams.shape + x.shape[1:]), state))
    output, states = evaluate(params, rows, timesteps, tokens, states)
    return jax.tree.map(lambda x: x[0], output), states

  def evaluate(params, rows, timesteps, tokens, states):
    length = timesteps.step_type.shape[0]
    empty = lambda *size: jnp.zeros((length, num_streams, *size))
    whole = types.AgentOutput(
        empty(num_actions), empty(),
        features=empty(feature_size) if feature_size else None)
    new_states = []
    for group, p, row, words, state in zip(
        groups, params, rows, tokens, states):
      teacher = teachers[group.teachers[0]]
      mine = jax.tree.map(
          lambda x, g=group: jnp.moveaxis(x[:, g.streams], 1, 0), timesteps)
      mine = mine._replace(instruction=row)  # [G, T, N, ...]

      def one(xs, teacher=teacher):
        p, words, steps, state = xs
        return teacher.unroll(p, steps, teacher.encode(p, words), state)

      if len(group.teachers) == 1:
        output, state = jax.tree.map(
            lambda x: x[None],
            one(jax.tree.map(lambda x: x[0], (p, words, mine, state))))
      else:
        output, state = jax.lax.map(one, (p, words, mine, state))
      streams = group.streams.reshape(-1)
      flat = lambda x: jnp.moveaxis(x, 0, 1).reshape(
          (length, streams.size) + x.shape[3:])
      output = types.AgentOutput(
          output.policy, output.value, features=output.features)
      whole = jax.tree.map(
          lambda x, y, s=streams: x.at[:, s].set(y),
          whole, jax.tree.map(flat, output))
      new_states.append(state)
    return whole, new_states

  @jax.jit
  def one_more(params, rows, timesteps, tokens, states):
    """Outputs for the next timestep of the streams."""
    output, states = evaluate(params, rows, timesteps, tokens, states)
    return jax.tree.map(lambda x: x[0], output), states

  @jax.jit
  def rest(params, rows, timesteps, tokens, carry):
    last, states = carry
    output, states = evaluate(params, rows, timesteps, tokens, states)
    whole = jax.tree.map(
        lambda a, b: jnp.concatenate([a[None], b]), last, output)
    return whole, (jax.tree.map(lambda x: x[-1], whole), states)

  index = np.asarray(teacher_of_stream, np.int32)
  narrow = [tables.Narrow() for _ in groups]

  def to_output(output):
    return types.TeacherOutput(
        output.policy, output.value, index, output.features)

  def narrowed(timesteps, tokens):
    # Each teacher encodes the instructions of its own streams only.
    return zip(*[
        n(np.moveaxis(timesteps.instruction[:, group.streams], 1, 0), tokens)
        for n, group in zip(narrow, groups)
    ])

  def step(carry, timestep, tokens):
    timesteps = jax.tree.map(lambda x: x[np.newaxis], timestep)
    rows, words = narrowed(timesteps, tokens)
    if carry is None:
      carry = first(stacked, rows, timesteps, words)
    else:
      carry = one_more(stacked, rows, timesteps, words, carry[1])
    return to_output(carry[0]), carry

  def label(carry, timesteps, tokens):
    rows, words = narrowed(timesteps, tokens)
    if carry is None:
      at = lambda s: (stacked, [r[:, s] for r in rows],
                      jax.tree.map(lambda x: x[s], timesteps), words)
      carry = first(*at(slice(0, 1)))
    output, carry = rest(
        stacked, [r[:, 1:] for r in rows],
        jax.tree.map(lambda x: x[1:], timesteps), words, carry)
    return to_output(output), carry

  return Labeller(initial_carry, label, step)


def _group(
    teachers: Sequence[teacher_lib.Teacher], teacher_of_stream: np.ndarray
) -> list[_Group]:
  """Puts teachers together that one mapped call can evaluate."""
  members: dict[Any, list[int]] = {}
  for k, teacher in enumerate(teachers):
    count = int(np.sum(teacher_of_stream == k))
    if count:
      members.setdefault((teacher.architecture, count), []).append(k)
  return [
      _Group(tuple(ks), np.stack(
          [np.flatnonzero(teacher_of_stream == k) for k in ks]))
      for ks in members.values()
  ]
