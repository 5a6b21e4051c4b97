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
(`process_batch.py`).
"""

from collections.abc import Mapping
import dataclasses
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
from typing import Any

from kickstarting import checks
from kickstarting.environments import channel as channel_lib
from kickstarting.environments import scratch

_LAUNCH = 'kickstarting.environments.launch'
_SCRIPT = pathlib.Path(__file__).with_name(f'{_LAUNCH.split(".")[-1]}.py')
_CLOSE_S = 5.0  # for environments to be closed
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
  """A worker has ended, or hangs."""


class Raised(Failure):
  """An environment raised something; the text is the traceback."""


class WorkerProcess:
  """One process with some streams."""

  def __init__(self, request: Mapping[str, Any], memory: int):
    """Starts the process and asks it to build its environments."""
    mine, its = socket.socketpair()
    self._output = tempfile.TemporaryFile('a+b')
    self._folder = scratch.Folder()
    # One thread: cores are what processes are for.
    threads = {f'{x}_NUM_THREADS': '1' for x in ('OMP', 'OPENBLAS', 'MKL')}
    with its:
      self._process = subprocess.Popen(
          [sys.executable, str(_SCRIPT), str(its.fileno()), str(memory)],
          stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output,
          pass_fds=(its.fileno(), memory),
          env={**threads, **os.environ, 'TMPDIR': self._folder.path},
          start_new_session=True)  # with whatever it starts itself
    self._channel = channel_lib.Channel(mine.detach())
    self._num_requests = 0
    self.ask(b'B', request)

  @property
  def pid(self) -> int:
    """Of the process, and of the group of those that it started."""
    return self._process.pid

  def fileno(self) -> int:
    """Returns what is readable when there is an answer, for selectors."""
    return self._channel.fileno()

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
    """Returns what the worker says.

    Raises:
      Failure: it has ended.
      Raised: an environment raised something.
      ValueError: what an environment returned cannot be held.
    """
    try:
      kind, content = self._channel.receive()
    except channel_lib.Closed:
      raise Failure(self._ending()) from None
    if kind == b'W':
      raise checks.UserError(content)
    if kind == b'E':
      raise Raised(content)
    return content

  def kill(self) -> None:
    """Ends the process at once."""
    self._kill()
    self._channel.close()
    self._output.close()
    self._folder.remove()

  def hang_up(self) -> None:
    """Tells the process to close its environments and to end."""
    self._channel.close()

  def close(self) -> None:
    """Waits for the process to end after `hang_up`; ends it if it does not."""
    try:
      self._process.wait(_CLOSE_S)
    except subprocess.TimeoutExpired:
      pass
    self._kill()
    self._output.close()
    self._folder.remove()

  def _kill(self) -> None:
    """Ends the process, and those that it started."""
    try:
      os.killpg(self._process.pid, signal.SIGKILL)
    except ProcessLookupError:
      pass
    self._process.wait()

  def _trim(self) -> None:
    """Drops what it wrote, if that is much."""
    if os.fstat(self._output.fileno()).st_size > _MAX_OUTPUT:
      os.ftruncate(self._output.fileno(), 0)

  def _ending(self) -> str:
    """Returns how the process ended, and the last that it wrote."""
    status = self._process.wait()
    how = f'status {status}'
    if status < 0:
      how = f'signal {signal.Signals(-status).name}'
    end = self._output.seek(0, os.SEEK_END)
    self._output.seek(max(end - _TAIL, 0))
    wrote = self._output.read().decode('utf-8', 'replace').strip()
    return f'its process ended with {how}' + (
        f', after writing:\n{wrote}' if wrote else '')
