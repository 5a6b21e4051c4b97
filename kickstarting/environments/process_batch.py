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
what a worker does (`worker.py`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
import dataclasses
import os
import selectors
import sys
import time
from typing import Any

from absl import logging
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.environments import base
from kickstarting.environments import instructions as instructions_lib
from kickstarting.environments import seeds
from kickstarting.environments import shared_arrays
from kickstarting.environments import worker_process


@dataclasses.dataclass(frozen=True)
class PoolConfig:
  """How environments are spread, and how much trouble they may make."""

  streams_per_worker: int = 0  # 0: one worker for each core of this process
  start_timeout_s: float = 300.0  # to build environments and start episodes
  step_timeout_s: float = 120.0  # of a worker; levels may compile inside a step
  max_restarts: int = 1000  # of all workers of a batch together
  max_failed_starts: int = 5  # of one worker, one after the other
  backoff_s: float = 1.0  # before the second start, doubled for each further

  def __post_init__(self):
    if self.max_failed_starts < 1:
      raise ValueError(
          f'max_failed_starts is {self.max_failed_starts}; expected at least'
          ' 1.')
    for name in ('start_timeout_s', 'step_timeout_s'):
      checks.check_positive(name, getattr(self, name))
    for name in ('streams_per_worker', 'max_restarts', 'backoff_s'):
      checks.check_not_negative(name, getattr(self, name))


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
    pool: PoolConfig = PoolConfig(),
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
  if not builders or streams_per_task < 1:
    raise ValueError(
        f'got {len(builders)} tasks with {streams_per_task} streams each;'
        ' expected at least one of both.')
  rows = [(name, builder) for name, builder in builders.items()
          for _ in range(streams_per_task)]
  if len(rows) > seeds.MAX_STREAMS:
    raise ValueError(
        f'{len(builders)} tasks with {streams_per_task} streams each make'
        f' {len(rows)} streams; one batch holds at most {seeds.MAX_STREAMS};'
        ' use more actors with fewer streams each.')
  first_seed = seeds.first_seed(seed, actor_id, group)
  pool = dataclasses.replace(
      pool, streams_per_worker=(
          pool.streams_per_worker or -(-len(rows) // _num_cores())))

  def request(first: int, attempt: int) -> dict[str, Any]:
    """Returns what a worker builds, which has the streams from `first` on."""
    last = min(first + pool.streams_per_worker, len(rows))
    return {
        'path': sys.path,
        'first_stream': first,
        'instruction_key': instruction_key,
        'bootstrap_on_timeout': bootstrap_on_timeout,
        'rows': [{
            'task': rows[i][0],
            'target': rows[i][1].target,
            'arguments': dict(rows[i][1].arguments),
            'seed': first_seed + (
                attempt * len(rows) + i) % seeds.MAX_STREAMS,
        } for i in range(first, last)]}

  return ProcessBatch(
      request, [name for name, _ in rows], max_words, instruction_every_step,
      frames_per_step, pool)


def _num_cores() -> int:
  """Returns on how many cores the calling thread, and its children, may run."""
  if hasattr(os, 'sched_getaffinity'):
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1


class _Worker:
  """A place in the batch, and the process that has it."""

  def __init__(self, first: int, streams: slice):
    self.first = first
    self.streams = streams
    self.attempts = 0
    self.process: worker_process.WorkerProcess | None = None


class ProcessBatch(base.BatchedEnvironment):
  """See `task_batch`, which makes it, and `base.BatchedEnvironment`.

  Attributes:
    restarts: of workers so far.
  """

  def __init__(
      self,
      request: Callable[[int, int], dict[str, Any]],
      task_of_stream: Sequence[str],
      max_words: int,
      instruction_every_step: bool,
      frames_per_step: int,
      pool: PoolConfig,
  ):
    """Starts all workers and waits for their first observations."""
    self.num_streams = len(task_of_stream)
    self._task_names = tuple(dict.fromkeys(task_of_stream))
    self.task = np.array(
        [self._task_names.index(name) for name in task_of_stream], np.int32)
    self.instructions = instructions_lib.InstructionTable(max_words)
    self.frames_per_step = frames_per_step
    self.restarts = 0
    self._request = request
    self._every_step = instruction_every_step
    self._pool = pool
    self._turn = base.TurnTaking()
    self._instruction = np.zeros(self.num_streams, np.int32)
    size = pool.streams_per_worker
    self._workers = [
        _Worker(first, slice(first, min(first + size, self.num_streams)))
        for first in range(0, self.num_streams, size)]
    self._memory = shared_arrays.allocate()
    self._is_closed = False
    try:
      self._begin(task_of_stream, max_words)
    except BaseException:
      self.close()
      raise

  @property
  def pids(self) -> list[int]:
    """Of the processes."""
    return [self._running(worker).pid for worker in self._workers]

  def reset(self) -> types.Timestep:
    """Starts an episode in every stream."""
    self._turn.begin('reset')
    self._arrays['action'][:] = 0
    self._ask_all(b'R', self._pool.start_timeout_s)
    return self._timestep()

  def send(self, actions: np.ndarray) -> None:
    """Starts a step in all workers and returns at once."""
    base.check_actions(actions, self.num_streams)
    self._turn.begin('send')
    self._arrays['action'][:] = actions
    for worker in self._workers:
      self._running(worker).ask(b'S')

  def receive(self) -> types.Timestep:
    """Waits for all workers, and starts those again that failed."""
    self._turn.end()
    self._finish(self._workers, self._pool.step_timeout_s)
    return self._timestep()

  def close(self) -> None:
    """Ends all workers."""
    if self._is_closed:
      return
    self._is_closed = True
    for worker in self._workers:
      if worker.process:
        worker.process.hang_up()
    for worker in self._workers:
      if worker.process:
        worker.process.close()
    os.close(self._memory)

  def _begin(self, task_of_stream: Sequence[str], max_words: int) -> None:
    """Starts all workers, and maps arrays that hold what they observe."""
    for worker in self._workers:
      self._start(worker)
    found = self._hear(task_of_stream)
    streams = [row for worker in self._workers for row in found[worker]]
    specs = [_observation(row) for row in streams]
    for i, spec in enumerate(specs):
      if spec != specs[0]:
        raise ValueError(
            f'task {task_of_stream[0]!r} observes {specs[0]} but'
            f' {task_of_stream[i]!r} observes {spec}; the tasks of one batch'
            ' must observe the same.')
    self.spec = base.EnvironmentSpec(
        base.common_num_actions(
            task_of_stream, [row['num_actions'] for row in streams]),
        specs[0], max_words)
    self._fields = (*shared_arrays.COMMON, *(
        shared_arrays.Field(
            shared_arrays.OBSERVATION + name, array.shape, array.dtype.name)
        for name, array in specs[0].items()))
    shared_arrays.resize(self._memory, self._fields, self.num_streams)
    self._arrays = shared_arrays.attach(
        self._memory, self._fields, self.num_streams)
    for worker in self._workers:
      self._map(worker)

  def _hear(
      self, task_of_stream: Sequence[str]
  ) -> dict[_Worker, list[dict[str, Any]]]:
    """Returns what the streams of each worker are like.

    Who dies or hangs is started again; an error is none that would pass.

    Raises:
      RuntimeError: environments cannot be made.
    """
    found: dict[_Worker, list[dict[str, Any]]] = {}
    for trial in range(self._pool.max_failed_starts):
      silent = [worker for worker in self._workers if worker not in found]
      if not silent:
        break
      for worker, answer in self._answers(silent, self._pool.start_timeout_s):
        if not isinstance(answer, worker_process.Failure):
          found[worker] = answer
        elif (isinstance(answer, worker_process.Raised)
              or trial == self._pool.max_failed_starts - 1):
          raise RuntimeError(
              f'an environment of task {task_of_stream[worker.first]!r} cannot'
              f' be made: {answer}')
        else:
          self._note(worker, answer)
          self._start(worker)
    return found

  def _start(self, worker: _Worker) -> None:
    """Starts a process for a worker's streams."""
    worker.process = worker_process.WorkerProcess(
        self._request(worker.first, worker.attempts), self._memory)
    worker.attempts += 1

  def _map(self, worker: _Worker) -> None:
    self._running(worker).ask(b'M', {
        'fields': self._fields, 'num_streams': self.num_streams})

  def _running(self, worker: _Worker) -> worker_process.WorkerProcess:
    assert worker.process is not None
    return worker.process

  def _ask_all(self, kind: bytes, timeout_s: float) -> None:
    for worker in self._workers:
      self._running(worker).ask(kind)
    self._finish(self._workers, timeout_s)

  def _finish(self, workers: Sequence[_Worker], timeout_s: float) -> None:
    """Awaits answers; who fails begins anew with an episode."""
    failed = [
        (worker, answer) for worker, answer in self._answers(workers, timeout_s)
        if isinstance(answer, worker_process.Failure)]
    for worker, failure in failed:
      self._note(worker, failure)
      self._start(worker)
    for worker, failure in failed:
      self._revive(worker, failure)

  def _note(self, worker: _Worker, failure: worker_process.Failure) -> None:
    """Counts a restart, and tells of it.

    Raises:
      RuntimeError: there were too many.
    """
    self._running(worker).kill()
    worker.process = None
    name = self._task_names[self.task[worker.first]]
    if self.restarts >= self._pool.max_restarts:
      raise RuntimeError(
          f'environments were started again {self.restarts} times, as often as'
          f' max_restarts={self._pool.max_restarts} allows; the last was one'
          f' of task {name!r}: {failure}')
    self.restarts += 1
    logging.warning(
        'Restart %d of a worker: task %r, streams %d to %d: %s', self.restarts,
        name, worker.first, worker.streams.stop - 1, failure)

  def _revive(self, worker: _Worker, failure: worker_process.Failure) -> None:
    """Waits until a worker that was started again is in a new episode.

    Raises:
      RuntimeError: it cannot be started.
    """
    for trial in range(self._pool.max_failed_starts):
      if trial:
        self._note(worker, failure)
        time.sleep(self._pool.backoff_s * 2 ** (trial - 1))
        self._start(worker)
      failure_or_none = self._try_episode(worker)
      if failure_or_none is None:
        return
      failure = failure_or_none
    self._running(worker).kill()
    worker.process = None
    raise RuntimeError(
        f'an environment of task {self._task_names[self.task[worker.first]]!r}'
        f' could not be started again in {self._pool.max_failed_starts} trials;'
        f' the last: {failure}')

  def _try_episode(
      self, worker: _Worker
  ) -> worker_process.Failure | None:
    """Lets a worker build its environments and start an episode in each."""
    [(_, answer)] = self._answers([worker], self._pool.start_timeout_s)
    if isinstance(answer, worker_process.Failure):
      return answer
    self._map(worker)
    self._running(worker).ask(b'R')
    [(_, answer)] = self._answers([worker], self._pool.start_timeout_s)
    return answer if isinstance(answer, worker_process.Failure) else None

  def _answers(
      self, workers: Sequence[_Worker], timeout_s: float
  ) -> Iterable[tuple[_Worker, Any]]:
    """Returns each worker's answer, or the Failure that is in its place."""
    answers: list[tuple[_Worker, Any]] = []
    with selectors.DefaultSelector() as selector:
      for worker in workers:
        selector.register(
            self._running(worker), selectors.EVENT_READ, worker)
      deadline = time.monotonic() + timeout_s
      while selector.get_map():
        ready = selector.select(max(deadline - time.monotonic(), 0))
        if not ready:
          break
        for key, _ in ready:
          selector.unregister(key.fileobj)
          answers.append((key.data, _answer(key.fileobj)))
      late = [key.data for key in selector.get_map().values()]
    answers += [(worker, worker_process.Failure(
        f'it did not answer within {timeout_s:g} s')) for worker in late]
    return answers

  def _timestep(self) -> types.Timestep:
    """Copies what the workers wrote."""
    arrays = self._arrays
    step_type = arrays['step_type'].copy()
    reward = arrays['reward'].copy()
    base.check_rewards(reward, self.task, self._task_names)
    self._read_instructions(step_type)
    prefix = shared_arrays.OBSERVATION
    return types.Timestep(
        observation={
            name: arrays[prefix + name].copy()
            for name in self.spec.observation},
        instruction=self._instruction.copy(),
        previous_action=base.previous_action(
            arrays['action'].copy(), step_type),
        reward=reward,
        discount=arrays['discount'].copy(),
        step_type=step_type)

  def _read_instructions(self, step_type: np.ndarray) -> None:
    """Updates the row of each stream's instruction, where it may change."""
    is_read = self._every_step | (step_type == base.FIRST)
    length, text = self._arrays['text_length'], self._arrays['text']
    for i in np.flatnonzero(is_read):
      self._instruction[i] = self.instructions.intern(
          text[i, :length[i]].tobytes())


def _answer(process: Any) -> Any:
  """Returns what a worker says, or its Failure."""
  try:
    return process.answer()
  except worker_process.Failure as failure:
    return failure


def _observation(row: Mapping[str, Any]) -> dict[str, base.ArraySpec]:
  return {name: base.ArraySpec(tuple(shape), np.dtype(dtype))
          for name, shape, dtype in row['observation']}
