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
"""Child processes that end with this one, however it ends.

The kernel's own signal for the death of a parent belongs to the thread that
started the child, and spares what the child started. So a process that has
children also has a watcher (`watcher.py`), which does nothing until this
process is gone. It starts with the first child, is started again if somebody
ends it, and ends with the last child. Loads neither JAX nor the rest of the
package.
"""

from collections.abc import Mapping, Sequence
import os
import pathlib
import select
import socket
import subprocess
import sys
import threading
from typing import Any

from kickstarting import watcher as watcher_lib

_SCRIPT = pathlib.Path(watcher_lib.__file__)
_REAP_S = 1.0  # for a process that was killed to be gone
_TALK_S = 1.0  # for the watcher to listen, and to end


class Child:
  """A process that was started, in a session of its own.

  Attributes:
    process: as `subprocess` has it.
  """

  def __init__(
      self,
      command: Sequence[str],
      *,
      env: Mapping[str, str] | None = None,
      start_new_session: bool = True,
      **options: Any,
  ):
    """Starts the process.

    Args:
      command: see `subprocess.Popen`.
      env: its environment; None: ours.
      start_new_session: whether signals of our terminal do not reach it.
      **options: of `subprocess.Popen`.
    """
    self._known = watcher_lib.Child(watcher_lib.new_mark(), 0)
    self._has_ended = False
    environment = dict(os.environ if env is None else env)
    environment[watcher_lib.VARIABLE] = self._known.mark
    _WATCH.tell(self._known)
    try:
      self.process: subprocess.Popen[Any] = subprocess.Popen(
          command, env=environment, start_new_session=start_new_session,
          **options)
    except BaseException:
      _WATCH.forget([self._known])
      raise
    self._sentinel = _descriptor_of(self.process.pid)
    if start_new_session:
      self._known = self._known._replace(pid=self.process.pid)
      _WATCH.tell(self._known)

  @property
  def sentinel(self) -> int:
    """A descriptor, readable when the process has ended; -1: no such thing.

    Whoever waits for it does not reap the process. It is closed by `end`.
    """
    return self._sentinel

  def has_ended(self, timeout_s: float = 0.0) -> bool:
    """Returns whether the process ends within some time."""
    if self._sentinel >= 0:
      poll = select.poll()
      poll.register(self._sentinel, select.POLLIN)
      return bool(poll.poll(1000 * timeout_s))
    try:
      self.process.wait(timeout_s)
    except subprocess.TimeoutExpired:
      return False
    return True

  def note_memory(self) -> None:
    """Notes what memory the process has mapped, to be removed after its end.

    Of a process that somebody else kills nothing can be seen any more.
    """
    segments = watcher_lib.segments_of(self.process.pid)
    if segments != self._known.segments:
      self._known = self._known._replace(segments=frozenset(segments))
      _WATCH.tell(self._known)

  def end(self) -> None:
    """Kills the process and all that it started; see `watcher.end`."""
    end([self])


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
  """Starts a process as `subprocess.Popen` does, that ends with this one.

  It stays in our session, where a terminal's Ctrl-C reaches it as well.
  """
  for child in list(_STARTED):
    if child.process.poll() is not None:
      _STARTED.remove(child)
      child.end()
  _STARTED.append(Child(command, start_new_session=False, **options))
  return _STARTED[-1].process


def end(children: Sequence[Child]) -> None:
  """Kills processes and all that they started, together."""
  children = [child for child in children if not child._has_ended]
  if not children:
    return
  # The number of one that was waited for may be another's, and is not needed.
  has_proc = watcher_lib.has_proc()
  watcher_lib.end([
      child._known._replace(pid=0)
      if child.process.returncode is not None and has_proc else child._known
      for child in children])
  for child in children:
    child._has_ended = True
    try:
      child.process.wait(_REAP_S)
    except subprocess.TimeoutExpired:
      pass  # the kernel holds it; it ends as soon as it can
    if child._sentinel >= 0:
      os.close(child._sentinel)
      child._sentinel = -1
  _WATCH.forget([child._known for child in children])


def keep_watch() -> None:
  """Starts the watcher again, if it has ended and there are children."""
  _WATCH.keep()


def watcher_pid() -> int | None:
  """Returns who watches; None: nobody, as there are no children."""
  return _WATCH.pid


class _Watch:
  """The watcher of this process, and the children that it knows."""

  def __init__(self):
    self._lock = threading.Lock()
    self._owner = 0  # a process that was forked has no children yet
    self._process: subprocess.Popen[bytes] | None = None
    self._control: socket.socket | None = None
    self._children: dict[str, watcher_lib.Child] = {}

  @property
  def pid(self) -> int | None:
    """Of the watcher."""
    return self._process.pid if self._process else None

  def tell(self, child: watcher_lib.Child) -> None:
    """Has a child watched, or tells more of it."""
    with self._lock:
      if self._owner != os.getpid():
        self._owner, self._process, self._children = os.getpid(), None, {}
      self._children[child.mark] = child
      if self._is_running():
        self._say(watcher_lib.tell(child))
      else:
        self._start()

  def forget(self, children: Sequence[watcher_lib.Child]) -> None:
    """Has children watched no longer."""
    with self._lock:
      if self._owner != os.getpid():
        return
      for child in children:
        self._children.pop(child.mark, None)
      self._say(b''.join(
          watcher_lib.tell(child, is_over=True) for child in children))
      if not self._children:
        self._stop()

  def keep(self) -> None:
    """Starts the watcher again, if it has ended and there are children."""
    if self._process is None or self._process.poll() is None:
      return
    with self._lock:
      if self._owner == os.getpid() and self._children:
        if not self._is_running():
          self._start()

  def _is_running(self) -> bool:
    return self._process is not None and self._process.poll() is None

  def _start(self) -> None:
    """Starts a watcher, and tells it of all children."""
    if self._control:
      self._control.close()
    mine, its = socket.socketpair()
    mine.settimeout(_TALK_S)
    parent = _descriptor_of(os.getpid())
    descriptors = [its.fileno(), *([parent] if parent >= 0 else [])]
    try:
      with its:
        self._process = subprocess.Popen(
            [sys.executable, '-I', '-S', str(_SCRIPT), str(its.fileno()),
             str(parent)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, pass_fds=descriptors, cwd='/',
            env={name: value for name, value in os.environ.items()
                 if name != watcher_lib.VARIABLE}, start_new_session=True)
    finally:
      if parent >= 0:
        os.close(parent)
    self._control = mine
    self._say(b''.join(map(watcher_lib.tell, self._children.values())))

  def _stop(self) -> None:
    """Ends the watcher, which has nobody to watch."""
    if self._process is None or self._control is None:
      return
    self._say(b'\n')
    self._control.close()
    try:
      self._process.wait(_TALK_S)
    except subprocess.TimeoutExpired:  # somebody has stopped it
      self._process.kill()
      self._process.wait()
    self._process = self._control = None

  def _say(self, text: bytes) -> None:
    if self._control:
      try:
        self._control.sendall(text)
      except OSError:
        pass  # it was ended; `keep` and `tell` start another


def _descriptor_of(pid: int) -> int:
  """Returns what is readable when a process has ended; -1: no such thing."""
  try:
    return os.pidfd_open(pid)
  except (AttributeError, OSError):  # another system, or an old kernel
    return -1


_WATCH = _Watch()
_STARTED: list[Child] = []  # by `start`; those that have ended go one later
