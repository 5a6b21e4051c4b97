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
"""Worker processes that are mended: started, asked together, started again.

A worker that dies, hangs or raises is killed, and its streams begin anew with
an episode, while the others are still waited for. Who fails again and again,
with hardly a step in between, ends the batch. Not here: one process
(`worker_process.py`), what the streams of a batch return (`process_batch.py`).
"""

from collections.abc import Callable, Sequence
import dataclasses
import enum
import itertools
import os
import time
from typing import Any

from absl import logging

from kickstarting import checks
from kickstarting import children
from kickstarting import options
from kickstarting.environments import shared_arrays
from kickstarting.environments import worker_process

_STEPS_BETWEEN = 10  # errors of an environment that are not the same trouble
_KILLS = 5  # by others, that weigh as much as a failure of its own


@dataclasses.dataclass(frozen=True)
class PoolConfig:
  """How environments are spread, and how much trouble they may make."""

  streams_per_worker: int = options.option(
      0, 'environment',
      'Environments in a process, where environments live in processes; 0: as '
      'many as make one process for each core.')
  start_timeout_s: float = options.option(
      300.0, 'environment',
      'Seconds that a process may take to start an episode.')
  step_timeout_s: float = options.option(
      120.0, 'environment',
      'Seconds that a process may take for a step.')
  max_restarts: int = options.option(
      1000, 'environment',
      'Of processes that died, hung or raised, in a batch.')
  max_failures_in_a_row: int = 5  # of one worker, with hardly a step in between
  backoff_s: float = 1.0  # after two in a row, doubled for each further

  def __post_init__(self):
    if self.max_failures_in_a_row < 1:
      raise checks.UserError(
          f'max_failures_in_a_row is {self.max_failures_in_a_row}; expected at'
          ' least 1.')
    for name in ('start_timeout_s', 'step_timeout_s'):
      checks.check_positive(name, getattr(self, name))
    for name in ('streams_per_worker', 'max_restarts', 'backoff_s'):
      checks.check_not_negative(name, getattr(self, name))


DEFAULT = PoolConfig()


class EnvironmentFailed(checks.UserError, RuntimeError):
  """Environments cannot be made, or fail too often; tells what they raised."""


class _Stage(enum.Enum):
  """What a worker does."""

  PAUSING = enum.auto()  # there is no process; it will be started again
  BUILDING = enum.auto()
  BEGINNING = enum.auto()  # episodes
  STEPPING = enum.auto()
  READY = enum.auto()  # it waits for us


class _Worker:
  """A place in the batch, and the process that has it."""

  def __init__(self, streams: slice):
    self.streams = streams
    self.stage = _Stage.PAUSING
    self.until = 0.0  # of the clock; when the stage ends, or is too long
    self.starts = 0
    self.steps = 0  # since the last start
    self.failures = 0  # in a row
    self.kills = 0  # by others; in a row with those
    self.found: list[dict[str, Any]] | None = None  # of each stream
    self.process: worker_process.WorkerProcess | None = None

  @property
  def running(self) -> worker_process.WorkerProcess:
    """The process, where one must be."""
    assert self.process is not None
    return self.process

  def ask(self, kind: bytes, stage: _Stage, timeout_s: float) -> None:
    """Asks for something that is to be answered in time."""
    self.stage, self.until = stage, time.monotonic() + timeout_s
    self.running.ask(kind)


class WorkerPool:
  """The workers of a batch.

  Attributes:
    restarts: of workers so far.
  """

  def __init__(
      self,
      request: Callable[[slice, int], dict[str, Any]],
      task_of_stream: Sequence[str],
      memory: int,
      config: PoolConfig,
  ):
    """Starts nothing yet.

    Args:
      request: returns what a worker is to build that has some streams, from how
        often it was started before.
      task_of_stream: names, for messages.
      memory: descriptor of the shared arrays.
      config: how streams are spread, and when to give up.
    """
    self.restarts = 0
    self._told: set[tuple[str, str]] = set()  # what environments raised
    self._request = request
    self._task_of_stream = task_of_stream
    self._memory = memory
    self._config = config
    self._mapping: dict[str, Any] = {}
    num_streams = len(task_of_stream)
    size = config.streams_per_worker or -(-num_streams // num_cores())
    bounds = [*range(0, num_streams, size), num_streams]
    self._workers = [
        _Worker(slice(*pair)) for pair in itertools.pairwise(bounds)]

  @property
  def pids(self) -> list[int]:
    """Of the processes that there are."""
    return [worker.process.pid for worker in self._workers if worker.process]

  def start(self) -> list[dict[str, Any]]:
    """Starts all workers, and waits; returns what each stream is like.

    Who dies or hangs is started again; who raises would do so again.

    Raises:
      EnvironmentFailed: environments cannot be made.
    """
    for worker in self._workers:
      self._start(worker)
    self._finish()
    return [row for worker in self._workers for row in worker.found or ()]

  def map(self, fields: Sequence[shared_arrays.Field]) -> None:
    """Lets all workers, and those started later, map the shared arrays."""
    self._mapping = {
        'fields': fields, 'num_streams': len(self._task_of_stream)}
    for worker in self._workers:
      worker.running.ask(b'M', self._mapping)

  def reset(self) -> None:
    """Starts an episode in every stream, and waits; raises as `finish_step`."""
    for worker in self._workers:
      worker.ask(b'R', _Stage.BEGINNING, self._config.start_timeout_s)
    self._finish()

  def begin_step(self) -> None:
    """Starts a step in all workers and returns at once."""
    for worker in self._workers:
      worker.ask(b'S', _Stage.STEPPING, self._config.step_timeout_s)

  def finish_step(self) -> None:
    """Waits for all workers; who fails begins anew with an episode.

    Raises:
      EnvironmentFailed: that happened too often, or cannot be done.
      ValueError: what an environment returned cannot be held.
    """
    until = time.monotonic() + self._config.step_timeout_s
    for worker in self._workers:
      worker.until = until  # whoever asks may have been late as well
    self._finish()

  def close(self) -> None:
    """Ends all workers."""
    worker_process.close([
        worker.process for worker in self._workers if worker.process])

  def _task(self, worker: _Worker) -> str:
    return self._task_of_stream[worker.streams.start]

  def _start(self, worker: _Worker) -> None:
    """Starts a process for a worker's streams."""
    worker.process = worker_process.WorkerProcess(
        self._request(worker.streams, worker.starts), self._memory)
    worker.starts += 1
    worker.steps = 0
    worker.stage = _Stage.BUILDING
    worker.until = time.monotonic() + self._config.start_timeout_s

  def _finish(self) -> None:
    """Waits until all workers are ready, and mends those that fail."""
    children.keep_watch()
    while True:
      busy = [x for x in self._workers if x.stage != _Stage.READY]
      if not busy:
        return
      asked = {x.running: x for x in busy if x.stage != _Stage.PAUSING}
      first = min(x.until for x in busy)
      for process in worker_process.wait(
          list(asked), max(first - time.monotonic(), 0.0)):
        try:
          answer = process.answer()
        except worker_process.Failure as failure:
          self._mend(asked[process], failure)
        else:
          self._go_on(asked[process], answer)
      self._check_times(busy)

  def _check_times(self, busy: Sequence[_Worker]) -> None:
    """Starts those whose pause is over, and mends those that are too late."""
    for worker in busy:
      if worker.stage == _Stage.READY or worker.until > time.monotonic():
        continue
      if worker.stage == _Stage.PAUSING:
        self._start(worker)
        continue
      limit_s = (self._config.step_timeout_s if worker.stage == _Stage.STEPPING
                 else self._config.start_timeout_s)
      self._mend(worker, worker_process.Failure(
          f'it did not answer within {limit_s:g} s'))

  def _go_on(self, worker: _Worker, answer: Any) -> None:
    """Brings a worker that has answered to its next stage."""
    stage, worker.stage = worker.stage, _Stage.READY
    if stage == _Stage.STEPPING:
      worker.steps += 1
    elif stage == _Stage.BEGINNING:
      worker.running.note_memory()
    elif stage == _Stage.BUILDING:
      worker.found = answer
      if self._mapping:
        worker.running.ask(b'M', self._mapping)
        worker.ask(b'R', _Stage.BEGINNING, self._config.start_timeout_s)

  def _mend(self, worker: _Worker, failure: worker_process.Failure) -> None:
    """Ends a worker, and has it started again.

    Raises:
      EnvironmentFailed: that is of no use.
    """
    worker.running.kill()
    worker.process = None
    raised = isinstance(failure, worker_process.Raised)
    if isinstance(failure, worker_process.Raised) and (
        failure.kind not in self._told):
      self._told.add(failure.kind)  # the next ones of its kind are a line each
      logging.warning(
          'task %r: %s', self._task(worker), failure.details)
    if worker.steps >= (_STEPS_BETWEEN if raised else 1):
      worker.failures = worker.kills = 0
    elif failure.by_others and worker.stage == _Stage.STEPPING:
      worker.kills += 1
    else:
      worker.failures += 1
    config = self._config
    failures = worker.failures + worker.kills // _KILLS
    task = f'an environment of task {self._task(worker)!r}'
    if worker.found is None and (
        raised or failures == config.max_failures_in_a_row):
      raise EnvironmentFailed(
          f'{task} cannot be made: {failure}; expected one that starts. Correct'
          ' it, or how it is called.')
    if failures == config.max_failures_in_a_row:
      raise EnvironmentFailed(
          f'{task} failed {worker.failures + worker.kills} times in a row, with'
          f' hardly a step in between; the last: {failure}. Correct it.')
    if self.restarts >= config.max_restarts:
      raise EnvironmentFailed(
          f'environments were started again {self.restarts} times, as often as'
          f' max_restarts={config.max_restarts} allows; the last was {task}:'
          f' {failure}')
    self.restarts += 1
    logging.warning(
        'Restart %d of a worker: task %r, streams %d to %d: %s', self.restarts,
        self._task(worker), worker.streams.start, worker.streams.stop - 1,
        failure)
    worker.stage = _Stage.PAUSING
    worker.until = time.monotonic() + (
        config.backoff_s * 2 ** (failures - 2) if failures > 1 else 0.0)


def num_cores() -> int:
  """Returns on how many cores the calling thread, and its children, may run."""
  if hasattr(os, 'sched_getaffinity'):
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1
