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
"""Small files through which processes speak to each other.

A file is written whole or not at all, and never changed afterwards: whoever is
killed finds everything as it was. Here: JSON files, waiting for one, locks,
signs of life. Not here: what they say (`populations/generations.py`).
"""

from collections.abc import Callable
import errno
import fcntl
import json
import os
import pathlib
import shlex
import socket
import sys
import time
from typing import Any

from kickstarting import checks
from kickstarting import files
from kickstarting.runtime import threads

_POLL_S = 0.1
_MAX_OWNER = 1 << 20  # bytes of what a lock says


class ExchangeError(checks.UserError):
  """The other side is gone."""


def read_json(
    path: pathlib.Path, kind: type | tuple[type, ...] = dict
) -> Any:
  """Returns what a file holds; None if there is none.

  It may hold NaN: a population knows no return of a member that is new.

  Args:
    path: of a JSON file.
    kind: the type of what it holds.

  Raises:
    ValueError: it is damaged.
  """
  if not os.path.lexists(path):
    return None
  return files.read_json(
      path, 'what another process of this run wrote', kind=kind,
      allows_nan=True)


def wait_for(
    path: pathlib.Path,
    should_stop: Callable[[], bool],
    check: Callable[[], None] = lambda: None,
    kind: type | tuple[type, ...] = dict,
) -> Any:
  """Waits until a file is there, and returns what it holds.

  Args:
    path: of a JSON file.
    should_stop: polled; True ends the wait.
    check: called now and then; raises when waiting is in vain.
    kind: see `read_json`.

  Raises:
    threads.Stopped: `should_stop` said so.
    ValueError: it is damaged.
  """
  while (value := read_json(path, kind)) is None:
    if should_stop():
      raise threads.Stopped()
    check()
    time.sleep(_POLL_S)
  return value


class Pulse:
  """A file that tells whether a process lives, and which one."""

  def __init__(self, path: pathlib.Path, timeout_s: float):
    self._path = path
    self._timeout_s = timeout_s
    self._seen: Any = None

  def beat(self) -> None:
    """Says that this process lives."""
    if self._seen is None:
      self._seen = os.getpid()
      files.write_json(self._path, self._seen)
    with files.writing(self._path):
      os.utime(self._path)

  def check(self) -> None:
    """Raises ExchangeError unless the other process was alive lately.

    It must be the same one as at the first call.
    """
    process = read_json(self._path, int)
    self._seen = self._seen or process
    if process != self._seen:
      raise ExchangeError(
          f'{str(self._path)!r} is of process {process} now, not of'
          f' {self._seen}: another one has taken over, and starts its own'
          ' members.')
    try:
      age = time.time() - self._path.stat().st_mtime
    except FileNotFoundError:
      age = float('inf')
    if age > self._timeout_s:
      raise ExchangeError(
          f'{str(self._path)!r} was not touched for {self._timeout_s:.0f} s:'
          ' the process that should is gone. What is saved is intact; resume'
          ' the run.')


class Lock:
  """Keeps a second process out; the system frees it when this one dies.

  The file says which process has it. A file system without locks lets everybody
  in.
  """

  def __init__(self, path: pathlib.Path):
    """Opens the file, and makes its folder if it is missing."""
    self._path = path
    if os.path.lexists(path):
      with files.opened(path, 'the lock of a folder'):
        pass  # a pipe would be no lock, and is refused
    with files.writing(path):
      path.parent.mkdir(parents=True, exist_ok=True)
      self._file = path.open('a+', encoding='utf-8')

  def try_acquire(self) -> bool:
    """Takes the lock if it is free; returns whether it was."""
    if not _try_lock(self._file.fileno(), fcntl.LOCK_EX):
      return False
    with files.writing(self._path):
      self._file.truncate(0)
      self._file.write(json.dumps({
          'pid': os.getpid(), 'host': socket.gethostname(),
          'command': shlex.join(sys.orig_argv)}) + '\n')
      self._file.flush()
    return True

  def acquire(
      self, should_stop: Callable[[], bool], timeout_s: float = 60.0
  ) -> None:
    """Waits for the lock.

    Raises:
      threads.Stopped: `should_stop` said so.
      ExchangeError: another process keeps it.
    """
    end = time.monotonic() + timeout_s
    while not self.try_acquire():
      if should_stop():
        raise threads.Stopped()
      if time.monotonic() > end:
        raise ExchangeError(
            f'{str(self._path.parent)!r} is in use by {_owner(self._path)}. End'
            ' that one, or name another folder.')
      time.sleep(_POLL_S)

  def check(self) -> None:
    """Raises files.OutputError if the file is gone, and its folder perhaps."""
    files.check_same(self._path, self._file.fileno())

  def release(self) -> None:
    """Lets the next one in."""
    self._file.close()


def check_free(path: pathlib.Path) -> None:
  """Checks that no process has a lock; changes nothing on disk.

  Raises:
    ExchangeError: one has it.
  """
  if not os.path.lexists(path):
    return
  with files.opened(path, 'the lock of a folder') as file:
    is_free = _try_lock(file.fileno(), fcntl.LOCK_SH)
  if not is_free:
    raise ExchangeError(
        f'{str(path.parent)!r} is in use by {_owner(path)}. End that one, or'
        ' name another folder.')


def _try_lock(descriptor: int, kind: int) -> bool:
  try:
    fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
  except BlockingIOError:
    return False
  except OSError as error:
    if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
      raise
  return True


def _owner(path: pathlib.Path) -> str:
  """Names the process that has a lock."""
  try:
    owner = files.read_json(path, 'a lock', kind=dict, max_bytes=_MAX_OWNER)
    return (
        f'process {owner["pid"]} on {owner["host"]} ({owner["command"]})')
  except (files.InputError, KeyError):
    return 'another process'
