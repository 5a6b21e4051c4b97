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
"""Actors: they step environments and hand over labelled trajectories.

Here: `Rollout` (one batch of streams), `rollouts` (several in turn, so that
one batch's environments step while another's actions are computed) and the
episode statistics. The generator serves a thread and a lockstep loop alike.
Not here: queues and threads (`sources.py`), teachers (`teachers/`).
"""

from collections.abc import Callable, Iterator, Sequence
import functools
from typing import Any, NamedTuple

import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import types
from kickstarting.distributions import categorical
from kickstarting.environments import base
from kickstarting.environments import tables
from kickstarting.runtime import instruction_slots
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import parameter_store
from kickstarting.teachers import labelling


class Episode(NamedTuple):
  """An episode that ended, or that was cut."""

  stream: int  # of its batch
  task: int  # row of the suite's task list
  episode_return: float  # undiscounted, raw
  length: int  # steps
  is_cut: bool = False  # it went on, and its rest is not looked at
  copies: int = 0  # of its member, when it began; see `parameter_store`


class Rollout(NamedTuple):
  """What an actor hands over."""

  version: int  # of the parameters that acted
  trajectory: types.Trajectory
  episodes: list[Episode]  # that ended inside
  frames: int  # of the environments, over all streams
  cuts: int = 0  # streams that went on without an end, for something broke
  copies: np.ndarray | None = None  # int64 [P], of the parameters that acted


class ActorFunctions(NamedTuple):
  """The agent's functions, jitted once and shared by all actors.

  step(params, rng_key, counter, timestep [B], context, core state)
    -> ((actions [B], log mu(a) [B], policy [B, P]), core state).
  """

  initial_state: Callable[[int], types.CoreState]
  step: Callable[..., Any]
  slots: instruction_slots.SlotFunctions
  check: Callable[[base.EnvironmentSpec], None]  # raises if it fits no agent


def make_actor_functions(agent: agent_lib.Agent) -> ActorFunctions:
  """Jits what actors call."""

  def step(params, rng_key, counter, timestep, context, state):
    rng_key = jax.random.fold_in(rng_key, counter)
    (actions, output), state = agent.step(
        params, rng_key, timestep, context, state)
    log_prob = categorical.action_log_prob(output.policy, actions)
    return (actions, log_prob, output.policy), state

  return ActorFunctions(
      agent.initial_state, jax.jit(step),
      instruction_slots.make_slot_functions(agent.encode),
      functools.partial(
          agent_lib.check_meets, agent.reads, agent.num_actions))


class StreamActor:
  """Acts in one batch of streams; owns its environments and core state."""

  def __init__(
      self,
      functions: ActorFunctions,
      environment: base.BatchedEnvironment,
      labeller: labelling.Labeller | None,
      rng_key: types.Array,
      layout: layout_lib.Layout = layout_lib.WHOLE,
      max_steps: int | None = None,
  ):
    """Resets the environments.

    Args:
      functions: of the agent.
      environment: freshly made; owned from now on.
      labeller: of its streams; None without teachers.
      rng_key: of the actions.
      layout: of the streams.
      max_steps: an episode that is still under way after so many is reported,
        as one that was cut, and once more where it ends. None: at its end.

    Raises:
      ValueError: the agent was made for another environment.
    """
    functions.check(environment.spec)
    self._functions = functions
    self._environment = environment
    self._labeller = labeller
    self._carry = labeller.initial_carry() if labeller else None
    self._rng_key = rng_key
    self._counter = 0
    num_streams = environment.num_streams
    self._slots = instruction_slots.InstructionSlots(
        functions.slots, environment.instructions, layout.members(num_streams))
    self._narrow = tables.Narrow()
    self._members = layout.members(num_streams)
    # Of the parameters that act, and of those that began each episode.
    self._copies = self._copies_at_first = np.zeros(num_streams, np.int64)
    self._state = functions.initial_state(num_streams)
    self._returns = np.zeros(num_streams)
    self._lengths = np.zeros(num_streams, np.int64)
    self._timesteps: list[types.Timestep] = [environment.reset()]
    self._is_waiting = False  # for the environments
    self._max_steps = max_steps
    self._begun: Any = None

  def begin(self, newest: parameter_store.Versioned) -> None:
    """Starts an unroll with these parameters."""
    self._params = newest.params
    self._timesteps = self._timesteps[-1:]  # the overlap of two unrolls
    self._take_notice(newest.copies)
    self._begun = (newest, self._state)
    self._actions: list[np.ndarray] = []
    self._log_prob: list[Any] = []
    self._slots.refresh(newest.params, self._timesteps[0].instruction)

  def step(self) -> None:
    """Acts once in every stream."""
    if self._is_waiting:
      self._receive()
    timestep = self._timesteps[-1]
    row, context = self._slots.look_up(self._params, timestep.instruction)
    (actions, log_prob, logits), self._state = self._functions.step(
        self._params, self._rng_key, np.uint32(self._counter),
        timestep._replace(instruction=row), context, self._state)
    if self._labeller and self._labeller.act:
      (actions, log_prob), self._carry = self._labeller.act(
          self._carry, self._rng_key, np.uint32(self._counter), timestep,
          self._environment.instructions.tokens, logits)
    self._counter += 1
    actions = np.asarray(actions)
    self._environment.send(actions)
    self._actions.append(actions)
    self._log_prob.append(log_prob)
    self._is_waiting = True

  def finish(self) -> Rollout:
    """Ends the unroll; the last timestep starts the next one."""
    self._receive()
    timesteps = jax.tree.map(lambda *x: np.stack(x), *self._timesteps)
    newest, initial_state = self._begun
    episodes = self._count(timesteps)
    rows, narrowed = self._narrow(
        timesteps.instruction[None], self._environment.instructions.tokens)
    # The trajectory has its words now.
    self._environment.instructions.release(timesteps.instruction[-1])
    timesteps = timesteps._replace(instruction=rows[0])
    tokens = narrowed[0]
    teacher = None
    if self._labeller:
      teacher, self._carry = self._labeller.label(
          self._carry, timesteps, tokens)
    trajectory = types.Trajectory(
        timesteps=timesteps,
        actions=np.stack(self._actions),
        behaviour_log_prob=np.stack(self._log_prob),
        initial_core_state=initial_state,
        instructions=tokens,
        task=self._environment.task,
        teacher=teacher,
    )
    return Rollout(
        newest.version, trajectory, episodes,
        trajectory.actions.size * self._environment.frames_per_step,
        _count_cuts(timesteps.step_type), newest.copies)

  def close(self) -> None:
    """Frees the environments."""
    self._environment.close()

  def _take_notice(self, copies: np.ndarray | None) -> None:
    """Forgets what members remember of weights that are not theirs any more.

    Their episodes go on, but whoever compares members can tell that others
    began them.

    Args:
      copies: of each member, or None.
    """
    if copies is not None:
      mine = copies[self._members]
      is_new = mine != self._copies
      if is_new.any():
        fresh = self._functions.initial_state(len(mine))
        self._state = jax.tree.map(
            lambda new, old: np.where(
                is_new.reshape((-1,) + (1,) * (np.ndim(old) - 1)), new, old),
            fresh, self._state)
      self._copies = mine
    self._copies_at_first = np.where(
        self._timesteps[0].step_type == base.FIRST, self._copies,
        self._copies_at_first)

  def _receive(self) -> None:
    self._timesteps.append(self._environment.receive())
    self._is_waiting = False

  def _count(self, timesteps: types.Timestep) -> list[Episode]:
    """Adds rewards up and returns the episodes that ended."""
    episodes = []
    for step_type, reward in zip(
        timesteps.step_type[1:], timesteps.reward[1:]):
      is_first = step_type == base.FIRST
      self._returns = np.where(is_first, 0.0, self._returns + reward)
      self._lengths = np.where(is_first, 0, self._lengths + 1)
      self._copies_at_first = np.where(
          is_first, self._copies, self._copies_at_first)
      is_last = step_type == base.LAST
      is_cut = ~is_last & (self._lengths == (self._max_steps or -1))
      for stream in np.flatnonzero(is_last | is_cut):
        episodes.append(Episode(
            int(stream), int(self._environment.task[stream]),
            float(self._returns[stream]), int(self._lengths[stream]),
            bool(is_cut[stream]), int(self._copies_at_first[stream])))
    return episodes


def _count_cuts(step_type: np.ndarray) -> int:
  """Returns how many streams began anew without an end; from [T+1, B]."""
  return int(np.sum(
      (step_type[1:] == base.FIRST) & (step_type[:-1] != base.LAST)))


class Splitter:
  """Cuts rollouts of many streams into learner batches of fewer."""

  def __init__(self, layout: layout_lib.Layout):
    self._layout = layout
    self._narrow = tables.Narrow()

  def __call__(self, rollout: Rollout) -> list[Rollout]:
    """Returns the parts; see `Layout`.

    Their tables of instructions [P * U, L] hold U rows for each member.
    """
    if self._layout == layout_lib.WHOLE:
      return [rollout]
    return [self._part(rollout, i) for i in range(self._layout.splits)]

  def _part(self, rollout: Rollout, i: int) -> Rollout:
    splits = self._layout.splits
    mine = slice(i, None, splits)
    part = types.map_streams(
        lambda axis, x: x[:, mine] if axis else x[mine], rollout.trajectory)
    rows, tokens = self._narrow_each(
        np.asarray(part.timesteps.instruction), np.asarray(part.instructions))
    return rollout._replace(
        trajectory=part._replace(
            timesteps=part.timesteps._replace(instruction=rows),
            instructions=tokens),
        episodes=[e for e in rollout.episodes if e.stream % splits == i],
        frames=rollout.frames // splits,
        cuts=rollout.cuts if i == 0 else 0)

  def _narrow_each(
      self, instruction: np.ndarray, tokens: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """Gives each member rows of its own; [T+1, B], [P * U, L]."""
    num_members = self._layout.num_members
    by_member = instruction.reshape(len(instruction), -1, num_members)
    rows, narrowed = self._narrow(np.moveaxis(by_member, 2, 0), tokens)
    size = narrowed.shape[1]
    first = size * np.arange(num_members, dtype=np.int32)
    rows = np.moveaxis(rows, 0, 2) + first
    return (rows.reshape(instruction.shape),
            narrowed.reshape(-1, narrowed.shape[2]))


def rollouts(
    actors: Sequence[StreamActor],
    store: parameter_store.ParameterStore,
    unroll_steps: int,
    layout: layout_lib.Layout = layout_lib.WHOLE,
) -> Iterator[Rollout]:
  """Yields rollouts for ever.

  The actors take turns step by step and are offset against each other, so that
  while one waits for its environments another computes, and their unrolls end
  at different times.

  Args:
    actors: batches of streams that one thread serves.
    store: where each unroll takes its parameters from.
    unroll_steps: T.
    layout: how each actor's rollout is cut.
  """
  split = Splitter(layout)
  clocks = [-(i * unroll_steps) // len(actors) for i in range(len(actors))]
  while True:
    for i, actor in enumerate(actors):
      if clocks[i] >= 0:
        if clocks[i] == 0:
          actor.begin(store.get())
        actor.step()
      clocks[i] += 1
      if clocks[i] == unroll_steps:
        yield from split(actor.finish())
        clocks[i] = 0
