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
"""A worker process as its batch sees it: started, asked, watched, ended.

Not here: what it does (`worker.py`), when it is started again
(`worker_pool.py`), that it ends with this process (`children.py`).
"""

from collections.abc import Mapping, Sequence
import dataclasses
import math
import os
import pathlib
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from typing import Any

from kickstarting import checks
from kickstarting import children
from kickstarting.environments import channel as channel_lib
from kickstarting.environments import scratch

_LAUNCH = 'kickstarting.environments.launch'
_SCRIPT = pathlib.Path(__file__).with_name(f'{_LAUNCH.split(".")[-1]}.py')
_CLOSE_S = 5.0  # for environments to be closed
_END_S = 1.0  # for a process to end that has closed its connection
_POLL_S = 0.5  # where no descriptor tells that a process has ended
_TIMEOUT = struct.pack('@ll', 10, 0)  # s and us, inside a message
_TAIL = 4000  # characters of what it wrote, in errors
_MAX_OUTPUT = 1 << 24  # bytes of that, before they are dropped
_TRIM_EVERY = 1 << 12  # requests


@dataclasses.dataclass(frozen=True)
class Builder:
  """Names what makes an environment, for another process to call.

  `target` is `module:function` or `path/to/file.py:function`, called with a
  seed and with `arguments`, which JSON must be able to hold.
  """

  target: str
  arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class Failure(Exception):
  """A worker has ended, or hangs.

  Attributes:
    by_others: whether somebody else has ended it, perhaps for want of memory.
  """

  def __init__(self, text: str, by_others: bool = False):
    super().__init__(text)
    self.by_others = by_others


class Raised(Failure):
  """An environment raised something, which is told in a line.

  Attributes:
    details: the traceback, and what the process wrote.
  """

  def __init__(self, text: str, details: str):
    super().__init__(text)
    self.details = details

  @property
  def kind(self) -> tuple[str, str]:
    """What was raised, and where; not what it said."""
    text = str(self)
    return text.partition(':')[0], text.rpartition(' (')[2]


class WorkerProcess:
  """One process with some streams."""

  def __init__(self, request: Mapping[str, Any], memory: int):
    """Starts the process and asks it to build its environments."""
    mine, its = socket.socketpair()
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
      mine.setsockopt(socket.SOL_SOCKET, option, _TIMEOUT)
    self._output = tempfile.TemporaryFile('a+b')
    self._folder = scratch.Folder()
    # One thread: cores are what processes are for.
    threads = {f'{x}_NUM_THREADS': '1' for x in ('OMP', 'OPENBLAS', 'MKL')}
    with its:
      self._child = children.Child(
          [sys.executable, str(_SCRIPT), str(its.fileno()), str(memory)],
          stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output,
          pass_fds=(its.fileno(), memory),
          env={**threads, **os.environ, 'TMPDIR': self._folder.path})
    self._channel = channel_lib.Channel(mine.detach())
    self._poll = _poll([self])
    self._num_requests = 0
    self.ask(b'B', request)

  @property
  def pid(self) -> int:
    """Of the process, and of the session of those that it started."""
    return self._child.process.pid

  def ask(self, kind: bytes, content: Any = None) -> None:
    """Sends a request; one that has ended is found when it is to answer."""
    self._num_requests += 1
    if self._num_requests % _TRIM_EVERY == 0:
      self._trim()
    try:
      self._channel.send(kind, content)
    except channel_lib.Closed:
      pass

  def answer(self) -> Any:
    """Returns what the worker says; waits for it.

    Raises:
      Failure: it has ended.
      Raised: an environment raised something.
      ValueError: what an environment returned cannot be held.
    """
    try:
      # What it said before it ended is worth more than that it ended.
      if self._channel.fileno() not in _ready(self._poll, [self], None):
        raise channel_lib.Closed
      kind, content = self._channel.receive()
    except (channel_lib.Closed, OSError):
      raise self._ending() from None
    if kind == b'W':
      raise checks.UserError(content)
    if kind == b'E':
      text, details = content
      raise Raised(text, details.rstrip() + self._wrote())
    return content

  def note_memory(self) -> None:
    """Notes what memory the environments have; see `Child.note_memory`."""
    self._child.note_memory()

  def kill(self) -> None:
    """Ends the process at once, and all that it started."""
    kill([self])

  def hang_up(self) -> None:
    """Tells the process to close its environments and to end."""
    self._channel.close()

  def has_ended(self, timeout_s: float) -> bool:
    """Returns whether the process ends within some time."""
    return self._child.has_ended(timeout_s)

  def _trim(self) -> None:
    """Drops what it wrote, if that is much."""
    if os.fstat(self._output.fileno()).st_size > _MAX_OUTPUT:
      os.ftruncate(self._output.fileno(), 0)

  def _ending(self) -> Failure:
    """Ends what is left; returns how it ended, and what it wrote last."""
    by_itself = self._child.has_ended(_END_S)
    self._child.end()
    status = self._child.process.returncode
    how = f'its process ended with status {status}'
    if not by_itself:
      how = 'its process closed the connection'
    elif status is not None and status < 0:
      how = f'its process ended with signal {signal.Signals(-status).name}'
    return Failure(how + self._wrote(), by_others=by_itself and status in (
        -signal.SIGKILL, -signal.SIGTERM))

  def _wrote(self) -> str:
    """Returns the last that it wrote, for the end of a message."""
    end = self._output.seek(0, os.SEEK_END)
    self._output.seek(max(end - _TAIL, 0))
    wrote = self._output.read().decode('utf-8', 'replace').strip()
    return f', after writing:\n{wrote}' if wrote else ''


def wait(
    processes: Sequence[WorkerProcess], timeout_s: float
) -> list[WorkerProcess]:
  """Returns those that have answered or ended, after at most some time.

  The connection alone does not tell that a process has ended: what its
  environments started may hold the other end.
  """
  ready = _ready(_poll(processes), processes, timeout_s)
  return [process for process in processes
          if ready.intersection(_descriptors(process))]


def _descriptors(process: WorkerProcess) -> list[int]:
  """Returns what is readable when there is an answer, and after the end."""
  sentinel = process._child.sentinel
  return [process._channel.fileno(), *([sentinel] if sentinel >= 0 else [])]


def _poll(processes: Sequence[WorkerProcess]) -> select.poll:
  poll = select.poll()
  for process in processes:
    for descriptor in _descriptors(process):
      poll.register(descriptor, select.POLLIN)
  return poll


def _ready(
    poll: select.poll,
    processes: Sequence[WorkerProcess],
    timeout_s: float | None,
) -> set[int]:
  """Returns which descriptors are readable, after at most some time."""
  deadline = math.inf if timeout_s is None else time.monotonic() + timeout_s
  silent = [process for process in processes if process._child.sentinel < 0]
  while True:
    left = max(deadline - time.monotonic(), 0.0)
    slice_s = min(left, _POLL_S) if silent else left
    ready = {descriptor for descriptor, _ in poll.poll(
        None if math.isinf(slice_s) else 1000 * slice_s)}
    if ready:  # what was said just before an end may have been overlooked
      ready.update(descriptor for descriptor, _ in poll.poll(0))
    ready |= {process._channel.fileno()
              for process in silent if process.has_ended(0.0)}
    if ready or left <= slice_s:
      return ready


def kill(processes: Sequence[WorkerProcess]) -> None:
  """Ends processes at once, and all that they started."""
  children.end([process._child for process in processes])
  for process in processes:
    process._channel.close()
    process._output.close()
    process._folder.remove()


def close(processes: Sequence[WorkerProcess]) -> None:
  """Has processes close their environments and end; ends those that do not."""
  for process in processes:
    process.hang_up()
  deadline = time.monotonic() + _CLOSE_S
  for process in processes:
    process.has_ended(max(deadline - time.monotonic(), 0.0))
  kill(processes)
