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
"""Many tasks at once through EnvPool, made for MiniGrid and BabyAI levels.

One pool per task. A step is sent to all pools before the first is awaited, so
that they all work at the same time, and their arrays are joined into one
batch: one inference call serves all tasks.

The pools are driven by `_send` and `_recv`, the calls below EnvPool's dm_env
interface: that interface drops the flag of time-outs that bootstrapping needs,
mixes facts that no agent may see (`agent_pos`) into the observation, and costs
20 microseconds a pool and step more. Discounts, step types and automatic
resets are exactly those of the dm_env interface.

Not here: the lists of levels (`suites.py`) and environments written in Python
(`python_batch.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.environments import base
from kickstarting.environments import engines
from kickstarting.environments import envpool_settings
from kickstarting.environments import instructions as instructions_lib
from kickstarting.environments import observations
from kickstarting.environments import seeds

_MISSION = 'obs:mission'
_OBSERVATION = 'obs'  # alone or before a colon; 'info:' is not for agents
_IMAGE = 'image'


def task_batch(
    levels: Sequence[str],
    streams_per_task: int,
    *,
    seed: int,
    actor_id: int = 0,
    group: seeds.Group = seeds.Group.TRAINING,
    max_words: int = instructions_lib.MAX_WORDS,
    threads_per_pool: int = 1,
    bootstrap_on_timeout: bool = False,
    settings: Mapping[str, Any] | None = None,
) -> 'EnvPoolBatch':
  """Makes a batch of `streams_per_task` streams of every level.

  Args:
    levels: names that EnvPool knows; row i of the task list is levels[i].
    streams_per_task: streams of each level, beside each other in the batch.
    seed: of the run.
    actor_id: which actor of the run will own the batch.
    group: what the episodes are for; with seed and actor_id it names a block
      of seeds that no other batch has (`seeds.first_seed`).
    max_words: words of an instruction that are kept.
    threads_per_pool: threads in EnvPool for each level; all levels run at the
      same time, so that more than 1 pays only with few levels and many cores.
    bootstrap_on_timeout: whether a time-out keeps discount 1. MiniGrid itself
      means it as the end (its reward falls with time): discount 0.
    settings: of EnvPool, beside its own.

  Raises:
    ValueError: an unknown level or setting, a setting of another type, levels
      with different action counts or observations, or a number of streams that
      cannot be; EnvPool, or what a level needs beside it, is missing.
  """
  seeds.check_streams(len(levels), streams_per_task)
  settings = envpool_settings.check(levels, settings or {})
  first_seed = seeds.first_seed(seed, actor_id, group)
  pools = [
      _make_pool(
          level,
          num_envs=streams_per_task,
          num_threads=threads_per_pool,
          seed=first_seed + i * streams_per_task,
          **settings,
      )
      for i, level in enumerate(levels)
  ]
  return EnvPoolBatch(
      pools, levels, streams_per_task, max_words, bootstrap_on_timeout
  )


class _Entry(NamedTuple):
  """One array of an observation."""

  key: str  # EnvPool's
  is_image: bool  # EnvPool has its channels first, an agent last


class EnvPoolBatch(base.BatchedEnvironment):
  """See `task_batch`, which makes it, and `base.BatchedEnvironment`."""

  def __init__(
      self,
      pools: Sequence[Any],
      levels: Sequence[str],
      streams_per_task: int,
      max_words: int,
      bootstrap_on_timeout: bool,
  ):
    """Initialises the batch over pools of equal size, one per level."""
    self.num_streams = len(pools) * streams_per_task
    self.task = np.repeat(
        np.arange(len(pools), dtype=np.int32), streams_per_task
    )
    self.spec = _common_spec(pools, levels, max_words)
    self.frames_per_step = getattr(pools[0].spec.config, 'frame_skip', 1)
    self.instructions = instructions_lib.InstructionTable(max_words)
    self._pools = list(pools)
    self._levels = tuple(levels)
    self._per_pool = streams_per_task
    self._bootstrap_on_timeout = bootstrap_on_timeout
    self._ids = np.arange(streams_per_task, dtype=np.int32)
    self._column = {key: i for i, key in enumerate(pools[0]._state_keys)}
    self._entries = _entries(pools[0])
    # An episode of these that pays on its very last step reached its goal,
    # which is an end and no time-out. EnvPool's flag says only that the limit
    # was reached.
    self._pays_at_goal = np.repeat(
        [level.startswith(('MiniGrid-', 'BabyAI-')) for level in levels],
        streams_per_task,
    )
    self._has_mission = _MISSION in self._column
    self._turn = base.TurnTaking()
    self._actions = np.zeros(self.num_streams, np.int32)
    self._instruction = np.zeros(self.num_streams, np.int32)

  def reset(self) -> types.Timestep:
    """Starts an episode in every stream."""
    self._turn.begin('reset')
    for pool in self._pools:
      pool._reset(self._ids)
    return self._gather()

  def send(self, actions: np.ndarray) -> None:
    """Starts a step in all pools and returns at once."""
    base.check_actions(actions, self.num_streams)
    self._turn.begin('send')
    # A copy, because the pools read it while the caller goes on.
    self._actions = np.array(actions, np.int32)
    for i, pool in enumerate(self._pools):
      part = self._actions[i * self._per_pool : (i + 1) * self._per_pool]
      pool._send([self._ids, self._ids, part])

  def receive(self) -> types.Timestep:
    """Waits for all pools."""
    self._turn.end()
    return self._gather()

  def close(self) -> None:
    """Ends the threads of all pools, which the destructor of a pool joins."""
    self._pools.clear()

  def _gather(self) -> types.Timestep:
    """Awaits all pools and joins what they return; fresh arrays."""
    states = [pool._recv() for pool in self._pools]
    step_type = self._join(states, 'step_type')
    reward = self._join(states, 'reward')
    discount = self._join(states, 'discount')
    if self._bootstrap_on_timeout:
      is_goal = self._pays_at_goal & (reward > 0)
      is_timeout = self._join(states, 'trunc') & ~is_goal
      discount = np.where(is_timeout, np.float32(1), discount)
    timestep = types.Timestep(
        observation={
            name: self._entry(states, name, entry)
            for name, entry in self._entries.items()
        },
        instruction=self._instructions(states, step_type),
        previous_action=base.previous_action(self._actions, step_type),
        reward=reward,
        discount=discount,
        step_type=step_type,
    )
    base.check_timestep(timestep, self.task, self._levels)
    return timestep

  def _entry(
      self, states: list[list[np.ndarray]], name: str, entry: _Entry
  ) -> np.ndarray:
    array = self._join(states, entry.key)
    if array.dtype in observations.NARROW:
      array = observations.narrow(
          array, name, [self._levels[row] for row in self.task])
    if entry.is_image:
      array = np.ascontiguousarray(np.moveaxis(array, 1, -1))
    return array

  def _join(self, states: list[list[np.ndarray]], key: str) -> np.ndarray:
    column = self._column[key]
    if len(states) == 1:  # EnvPool hands out arrays that it never reuses
      return states[0][column]
    return np.concatenate([state[column] for state in states])

  def _instructions(
      self, states: list[list[np.ndarray]], step_type: np.ndarray
  ) -> np.ndarray:
    """Returns the row of each stream's instruction, which changes at FIRST."""
    if self._has_mission:
      column = self._column[_MISSION]
      for stream in np.flatnonzero(step_type == base.FIRST).tolist():
        pool, row = divmod(stream, self._per_pool)
        self._instruction[stream] = self.instructions.intern(
            states[pool][column][row].tobytes()
        )
    return self._instruction.copy()


def _make_pool(level: str, **config: Any) -> Any:
  return engines.load_envpool().make_dm(level, **config)


def _common_spec(
    pools: Sequence[Any],
    levels: Sequence[str],
    max_words: int,
) -> base.EnvironmentSpec:
  """Returns what all the pools share.

  Raises:
    ValueError: naming two levels that disagree.
  """
  num_actions = base.common_num_actions(
      levels, list(map(_num_actions, pools, levels))
  )
  specs = [_observation_spec(pool) for pool in pools]
  for level, spec in zip(levels, specs, strict=True):
    if spec != specs[0]:
      raise checks.UserError(
          f'{levels[0]} observes {specs[0]} but {level} observes'
          f' {spec}; the tasks of one batch must observe the same.'
      )
  return base.EnvironmentSpec(num_actions, specs[0], max_words)


def _num_actions(pool: Any, level: str) -> int:
  num_actions = getattr(pool.action_spec(), 'num_values', None)
  if num_actions is None:
    raise checks.UserError(
        f'{level} has action {pool.action_spec()}; expected one discrete'
        ' action; wrap the environment and use python_batch.'
    )
  return int(num_actions)


def _observation_keys(pool: Any) -> list[str]:
  """Returns the keys of what an agent may see, the instruction left out."""
  return [
      key
      for key in pool._state_keys
      if key.split(':')[0] == _OBSERVATION and key != _MISSION
  ]


def _entries(pool: Any) -> dict[str, _Entry]:
  """Returns the arrays by our names; a single one has no name of its own."""
  entries = {}
  for key in _observation_keys(pool):
    spec = pool.spec.state_array_spec[key]
    is_image = (
        key == _OBSERVATION and len(spec.shape) == 3 and spec.dtype == np.uint8)
    name = key.partition(':')[2] or (_IMAGE if is_image else 'observation')
    entries[name] = _Entry(key, is_image)
  return entries


def _observation_spec(pool: Any) -> dict[str, types.ArraySpec]:
  spec = pool.spec.state_array_spec  # -1 stands for the axis of the streams
  found = {}
  for name, entry in _entries(pool).items():
    shape = [n for n in spec[entry.key].shape if n >= 0]
    if entry.is_image:
      shape = [*shape[1:], shape[0]]
    dtype = np.dtype(spec[entry.key].dtype)
    found[name] = types.ArraySpec(
        tuple(shape), observations.NARROW.get(dtype, dtype))
  return found
