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
"""Threads that end together, and queues that never block for ever.

Here: `Stopped`, `ThreadGroup`, `TimedQueue`. The first exception of any thread
stops all of them and is raised again, with the thread's name, by whoever waits.
Not here: what the threads do (`actor.py`, `loop.py`).
"""

from collections.abc import Callable
import queue
import threading
import time
from typing import Any

from kickstarting import checks

_POLL_S = 0.1  # how soon a blocked thread notices a stop


class Stopped(Exception):
  """Raised inside a blocked call when the group is stopping."""


class ThreadError(RuntimeError):
  """A thread of the group failed; the cause is its exception."""


class ThreadGroup:
  """Starts threads; stops all when one fails."""

  def __init__(self):
    self.stop = threading.Event()
    self._threads: list[threading.Thread] = []
    self._lock = threading.Lock()
    self._error: tuple[str, BaseException] | None = None

  def start(self, name: str, function: Callable[[], None]) -> None:
    """Runs `function` in a thread of that name."""

    def run():
      try:
        function()
      except Stopped:
        pass
      except BaseException as e:  # pylint: disable=broad-except
        with self._lock:
          if self._error is None:
            self._error = (name, e)
        self.stop.set()

    thread = threading.Thread(target=run, name=name, daemon=True)
    self._threads.append(thread)
    thread.start()

  def check(self) -> None:
    """Raises ThreadError if a thread has failed."""
    if self._error is not None:
      name, error = self._error
      raise ThreadError(f'{name} failed: {error}') from error

  def join(self, deadline_s: float = 30.0) -> list[str]:
    """Asks all threads to stop and waits for them.

    Args:
      deadline_s: for all of them together.

    Returns:
      Names of the threads that were still running then.
    """
    self.stop.set()
    end = time.monotonic() + deadline_s
    for thread in self._threads:
      thread.join(max(0.0, end - time.monotonic()))
    return [thread.name for thread in self._threads if thread.is_alive()]


class TimedQueue:
  """A bounded queue whose calls give up when the group stops."""

  def __init__(self, size: int, stop: threading.Event):
    """Makes a queue.

    Raises:
      ValueError: `size` is below 1; an unbounded queue would let the actors
        run ahead of the learner without limit.
    """
    if size < 1:
      raise checks.UserError(f'queue size is {size}; expected at least 1.')
    self._queue: queue.Queue[Any] = queue.Queue(size)
    self._stop = stop
    self.put_wait_s = 0.0  # total over all producers
    self.get_wait_s = 0.0  # total over all consumers

  def put(self, item: Any) -> None:
    """Waits for room. Raises Stopped when the group stops first."""
    start = time.monotonic()
    while not self._stop.is_set():
      try:
        self._queue.put(item, timeout=_POLL_S)
      except queue.Full:
        continue
      self.put_wait_s += time.monotonic() - start
      return
    raise Stopped()

  def get(self, give_up: Callable[[], bool] = lambda: False) -> Any:
    """Waits for an item.

    Args:
      give_up: polled while waiting; True ends the wait.

    Raises:
      Stopped: the group stops, or `give_up` says so, before there is an item.
    """
    start = time.monotonic()
    while not self._stop.is_set():
      try:
        item = self._queue.get(timeout=_POLL_S)
      except queue.Empty:
        if give_up():
          break
        continue
      self.get_wait_s += time.monotonic() - start
      return item
    raise Stopped()

  def __len__(self) -> int:
    return self._queue.qsize()
