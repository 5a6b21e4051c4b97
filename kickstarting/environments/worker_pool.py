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
an episode. Not here: one process (`worker_process.py`), what the streams of a
batch return (`process_batch.py`).
"""

from collections.abc import Callable, Iterable, Sequence
import dataclasses
import itertools
import os
import selectors
import time
from typing import Any

from absl import logging

from kickstarting import checks
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
      raise checks.UserError(
          f'max_failed_starts is {self.max_failed_starts}; expected at least'
          ' 1.')
    for name in ('start_timeout_s', 'step_timeout_s'):
      checks.check_positive(name, getattr(self, name))
    for name in ('streams_per_worker', 'max_restarts', 'backoff_s'):
      checks.check_not_negative(name, getattr(self, name))


DEFAULT = PoolConfig()


class _Worker:
  """A place in the batch, and the process that has it."""

  def __init__(self, streams: slice):
    self.streams = streams
    self.attempts = 0
    self.process: worker_process.WorkerProcess | None = None

  @property
  def running(self) -> worker_process.WorkerProcess:
    """The process, where one must be."""
    assert self.process is not None
    return self.process


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
    """Of the processes."""
    return [worker.running.pid for worker in self._workers]

  def start(self) -> list[dict[str, Any]]:
    """Starts all workers, and waits; returns what each stream is like.

    Who dies or hangs is started again; who raises would do so again.

    Raises:
      RuntimeError: environments cannot be made.
    """
    for worker in self._workers:
      self._start(worker)
    found: dict[_Worker, list[dict[str, Any]]] = {}
    trials = self._config.max_failed_starts
    for trial in range(trials):
      silent = [worker for worker in self._workers if worker not in found]
      for worker, answer in self._answers(
          silent, self._config.start_timeout_s):
        if not isinstance(answer, worker_process.Failure):
          found[worker] = answer
        elif isinstance(answer, worker_process.Raised) or trial == trials - 1:
          raise RuntimeError(
              f'an environment of task {self._task(worker)!r} cannot be made:'
              f' {answer}')
        else:
          self._note(worker, answer)
          self._start(worker)
    return [row for worker in self._workers for row in found[worker]]

  def map(self, fields: Sequence[shared_arrays.Field]) -> None:
    """Lets all workers, and those started later, map the shared arrays."""
    self._mapping = {
        'fields': fields, 'num_streams': len(self._task_of_stream)}
    for worker in self._workers:
      worker.running.ask(b'M', self._mapping)

  def reset(self) -> None:
    """Starts an episode in every stream, and waits; raises as `finish_step`."""
    for worker in self._workers:
      worker.running.ask(b'R')
    self._finish(self._config.start_timeout_s)

  def begin_step(self) -> None:
    """Starts a step in all workers and returns at once."""
    for worker in self._workers:
      worker.running.ask(b'S')

  def finish_step(self) -> None:
    """Waits for all workers; who fails begins anew with an episode.

    Raises:
      RuntimeError: that happened too often, or cannot be done.
      ValueError: what an environment returned cannot be held.
    """
    self._finish(self._config.step_timeout_s)

  def close(self) -> None:
    """Ends all workers."""
    for worker in self._workers:
      if worker.process:
        worker.process.hang_up()
    for worker in self._workers:
      if worker.process:
        worker.process.close()

  def _task(self, worker: _Worker) -> str:
    return self._task_of_stream[worker.streams.start]

  def _start(self, worker: _Worker) -> None:
    """Starts a process for a worker's streams."""
    worker.process = worker_process.WorkerProcess(
        self._request(worker.streams, worker.attempts), self._memory)
    worker.attempts += 1

  def _finish(self, timeout_s: float) -> None:
    failed = [
        (worker, answer)
        for worker, answer in self._answers(self._workers, timeout_s)
        if isinstance(answer, worker_process.Failure)]
    for worker, failure in failed:
      self._note(worker, failure)
      self._start(worker)
    for worker, failure in failed:
      self._revive(worker, failure)

  def _note(self, worker: _Worker, failure: worker_process.Failure) -> None:
    """Ends a worker and counts its restart, and tells of it.

    Raises:
      RuntimeError: there were too many.
    """
    self._end(worker)
    if self.restarts >= self._config.max_restarts:
      raise RuntimeError(
          f'environments were started again {self.restarts} times, as often as'
          f' max_restarts={self._config.max_restarts} allows; the last was one'
          f' of task {self._task(worker)!r}: {failure}')
    self.restarts += 1
    logging.warning(
        'Restart %d of a worker: task %r, streams %d to %d: %s', self.restarts,
        self._task(worker), worker.streams.start, worker.streams.stop - 1,
        failure)

  def _revive(self, worker: _Worker, failure: worker_process.Failure) -> None:
    """Waits until a worker that was started again is in a new episode.

    Raises:
      RuntimeError: it cannot be started.
    """
    for trial in range(self._config.max_failed_starts):
      if trial:
        self._note(worker, failure)
        time.sleep(self._config.backoff_s * 2 ** (trial - 1))
        self._start(worker)
      failure_or_none = self._try_episode(worker)
      if failure_or_none is None:
        return
      failure = failure_or_none
    self._end(worker)
    raise RuntimeError(
        f'an environment of task {self._task(worker)!r} could not be started'
        f' again in {self._config.max_failed_starts} trials; the last:'
        f' {failure}')

  def _end(self, worker: _Worker) -> None:
    worker.running.kill()
    worker.process = None

  def _try_episode(
      self, worker: _Worker
  ) -> worker_process.Failure | None:
    """Lets a worker build its environments and start an episode in each."""
    timeout_s = self._config.start_timeout_s
    [(_, answer)] = self._answers([worker], timeout_s)
    if isinstance(answer, worker_process.Failure):
      return answer
    worker.running.ask(b'M', self._mapping)
    worker.running.ask(b'R')
    [(_, answer)] = self._answers([worker], timeout_s)
    return answer if isinstance(answer, worker_process.Failure) else None

  def _answers(
      self, workers: Sequence[_Worker], timeout_s: float
  ) -> Iterable[tuple[_Worker, Any]]:
    """Returns each worker's answer, or the Failure that is in its place."""
    answers: list[tuple[_Worker, Any]] = []
    with selectors.DefaultSelector() as selector:
      for worker in workers:
        selector.register(worker.running, selectors.EVENT_READ, worker)
      deadline = time.monotonic() + timeout_s
      while selector.get_map():
        ready = selector.select(max(deadline - time.monotonic(), 0))
        if not ready:
          break
        for key, _ in ready:
          selector.unregister(key.fileobj)
          answers.append((key.data, _answer(key.data.running)))
      late = [key.data for key in selector.get_map().values()]
    answers += [(worker, worker_process.Failure(
        f'it did not answer within {timeout_s:g} s')) for worker in late]
    return answers


def _answer(process: worker_process.WorkerProcess) -> Any:
  """Returns what a worker says, or its Failure."""
  try:
    return process.answer()
  except worker_process.Failure as failure:
    return failure


def num_cores() -> int:
  """Returns on how many cores the calling thread, and its children, may run."""
  if hasattr(os, 'sched_getaffinity'):
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1
