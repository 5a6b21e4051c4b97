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
"""Environments in processes of their own: those that hold the GIL, or crash.

Every worker process has some streams; what they return is written to memory
that is shared. A worker that dies, hangs or raises is started again, and its
streams go on with a new episode: FIRST, with no LAST before it. No loss reads
the step that leads into a FIRST, so nothing leaks across the cut.

Gymnasium's AsyncVectorEnv has the processes and the shared memory, but ends
with the first worker that does, waits for one that hangs, and has a process
for each stream. Observations, instructions and time-outs are as in
`python_batch.py`; of an instruction the first 1,024 bytes are kept. Not here:
how workers are mended (`worker_pool.py`), what one does (`worker.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import os
import sys
from typing import Any

import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.environments import base
from kickstarting.environments import instructions as instructions_lib
from kickstarting.environments import seeds
from kickstarting.environments import shared_arrays
from kickstarting.environments import worker_pool
from kickstarting.environments import worker_process


def task_batch(
    builders: Mapping[str, worker_process.Builder],
    streams_per_task: int,
    *,
    seed: int,
    actor_id: int = 0,
    group: seeds.Group = seeds.Group.TRAINING,
    max_words: int = instructions_lib.MAX_WORDS,
    instruction_key: str = 'mission',
    instruction_every_step: bool = False,
    bootstrap_on_timeout: bool = False,
    frames_per_step: int = 1,
    pool: worker_pool.PoolConfig = worker_pool.DEFAULT,
) -> 'ProcessBatch':
  """Makes a batch of `streams_per_task` streams of every task.

  Args:
    builders: makes a `dm_env.Environment` or a Gymnasium `Env` from a seed,
      by name of the task; row i of the task list is the i-th of them.
    streams_per_task: streams of each task, beside each other in the batch.
    seed: of the run.
    actor_id: which actor of the run will own the batch.
    group: what the episodes are for; see `seeds.first_seed`. An environment
      that is started again gets a seed that none had before it, until the 4,096
      of the block are used up.
    max_words: words of an instruction that are kept.
    instruction_key: entry of the observation that is the instruction.
    instruction_every_step: whether it may change inside an episode.
    bootstrap_on_timeout: whether a time-out of Gymnasium keeps discount 1.
    frames_per_step: frames of the environments that a step of a stream is.
    pool: how environments are spread over processes.

  Raises:
    ValueError: actions that are not discrete, or tasks that do not fit each
      other.
    RuntimeError: an environment cannot be made; with its own traceback.
  """
  seeds.check_streams(len(builders), streams_per_task)
  rows = [(name, builder) for name, builder in builders.items()
          for _ in range(streams_per_task)]
  first_seed = seeds.first_seed(seed, actor_id, group)

  def request(streams: slice, attempt: int) -> dict[str, Any]:
    """Returns what a worker builds that has some of the streams."""
    return {
        'path': sys.path,
        'first_stream': streams.start,
        'instruction_key': instruction_key,
        'bootstrap_on_timeout': bootstrap_on_timeout,
        'rows': [{
            'task': rows[i][0],
            'target': rows[i][1].target,
            'arguments': dict(rows[i][1].arguments),
            'seed': first_seed + (
                attempt * len(rows) + i) % seeds.MAX_STREAMS,
        } for i in range(streams.start, streams.stop)]}

  return ProcessBatch(
      request, [name for name, _ in rows], max_words, instruction_every_step,
      frames_per_step, pool)


class ProcessBatch(base.BatchedEnvironment):
  """See `task_batch`, which makes it, and `base.BatchedEnvironment`."""

  def __init__(
      self,
      request: Callable[[slice, int], dict[str, Any]],
      task_of_stream: Sequence[str],
      max_words: int,
      instruction_every_step: bool,
      frames_per_step: int,
      pool: worker_pool.PoolConfig,
  ):
    """Starts all workers and waits for their first observations."""
    self.num_streams = len(task_of_stream)
    self._task_names = tuple(dict.fromkeys(task_of_stream))
    self.task = np.array(
        [self._task_names.index(name) for name in task_of_stream], np.int32)
    self.instructions = instructions_lib.InstructionTable(max_words)
    self.frames_per_step = frames_per_step
    self._every_step = instruction_every_step
    self._turn = base.TurnTaking()
    self._instruction = np.zeros(self.num_streams, np.int32)
    self._is_closed = False
    self._memory = shared_arrays.allocate()
    self._workers = worker_pool.WorkerPool(
        request, task_of_stream, self._memory, pool)
    try:
      self._begin(task_of_stream, max_words)
    except BaseException:
      self.close()
      raise

  @property
  def restarts(self) -> int:
    """Of workers so far."""
    return self._workers.restarts

  @property
  def pids(self) -> list[int]:
    """Of the processes."""
    return self._workers.pids

  def reset(self) -> types.Timestep:
    """Starts an episode in every stream."""
    self._turn.begin('reset')
    self._arrays['action'][:] = 0
    self._workers.reset()
    return self._timestep()

  def send(self, actions: np.ndarray) -> None:
    """Starts a step in all workers and returns at once."""
    base.check_actions(actions, self.num_streams)
    self._turn.begin('send')
    self._arrays['action'][:] = actions
    self._workers.begin_step()

  def receive(self) -> types.Timestep:
    """Waits for all workers, and starts those again that failed."""
    self._turn.end()
    self._workers.finish_step()
    return self._timestep()

  def close(self) -> None:
    """Ends all workers."""
    if self._is_closed:
      return
    self._is_closed = True
    self._workers.close()
    os.close(self._memory)

  def _begin(self, task_of_stream: Sequence[str], max_words: int) -> None:
    """Starts the workers, and maps arrays that hold what they observe."""
    streams = self._workers.start()
    specs = [_observation(row) for row in streams]
    for i, spec in enumerate(specs):
      if spec != specs[0]:
        raise checks.UserError(
            f'task {task_of_stream[0]!r} observes {specs[0]} but'
            f' {task_of_stream[i]!r} observes {spec}; the tasks of one batch'
            ' must observe the same.')
    self.spec = base.EnvironmentSpec(
        base.common_num_actions(
            task_of_stream, [row['num_actions'] for row in streams]),
        specs[0], max_words)
    fields = (*shared_arrays.COMMON, *(
        shared_arrays.Field(
            shared_arrays.OBSERVATION + name, array.shape, array.dtype.name)
        for name, array in specs[0].items()))
    shared_arrays.resize(self._memory, fields, self.num_streams)
    self._arrays = shared_arrays.attach(
        self._memory, fields, self.num_streams)
    self._workers.map(fields)

  def _timestep(self) -> types.Timestep:
    """Copies what the workers wrote."""
    arrays = self._arrays
    step_type = arrays['step_type'].copy()
    reward = arrays['reward'].copy()
    self._read_instructions(step_type)
    prefix = shared_arrays.OBSERVATION
    timestep = types.Timestep(
        observation={
            name: arrays[prefix + name].copy()
            for name in self.spec.observation},
        instruction=self._instruction.copy(),
        previous_action=base.previous_action(arrays['action'], step_type),
        reward=reward,
        discount=arrays['discount'].copy(),
        step_type=step_type)
    base.check_timestep(timestep, self.task, self._task_names)
    return timestep

  def _read_instructions(self, step_type: np.ndarray) -> None:
    """Updates the row of each stream's instruction, where it may change."""
    is_read = self._every_step | (step_type == base.FIRST)
    length, text = self._arrays['text_length'], self._arrays['text']
    for i in np.flatnonzero(is_read):
      self._instruction[i] = self.instructions.intern(
          text[i, :length[i]].tobytes())


def _observation(row: Mapping[str, Any]) -> dict[str, types.ArraySpec]:
  return {name: types.ArraySpec(tuple(shape), np.dtype(dtype))
          for name, shape, dtype in row['observation']}
