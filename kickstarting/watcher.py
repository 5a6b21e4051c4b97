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
"""Ends what a process has started: its children, theirs, and their memory.

Run as a script it is a watcher: a small process beside one that has children
(`children.py`). When that one is gone, however it went, the watcher ends the
children with all that they started. It loads the standard library alone.

A child leads a session and has a mark in its environment, which those that it
starts inherit. So one is found that has left the session, and one whose parent
has ended. Where there is no /proc, only groups of processes are ended.

Engines leave memory behind that has a name in /dev/shm. Removed is what the
ended processes had mapped, was made after their start, and is nobody else's.
"""

from collections.abc import Iterator, Sequence
import json
import os
import select
import signal
import sys
import time
from typing import NamedTuple

VARIABLE = 'KICKSTARTING_CHILD'  # in the environment; its value is the mark
_FOLDER = '/dev/shm/'
_DELETED = ' (deleted)'  # after a path whose file has none any more
_LIMIT_S = 10.0  # for processes to end after they were killed
_GRACE_S = 0.2  # for those that end by themselves after their parent
_PAUSE_S = 0.005
_LATE_S = 1.0  # in which a child may appear that was begun before
_CLOCK_S = 0.05  # by which time stamps of files are behind


class Segment(NamedTuple):
  """Memory with a name."""

  path: str
  inode: int


class Child(NamedTuple):
  """A process that leads a session."""

  mark: str
  pid: int  # 0: not known, or may be another's by now
  segments: frozenset[Segment] = frozenset()  # that it had when last asked


def new_mark() -> str:
  """Returns a mark that no other child has; it tells the time."""
  return f'{time.time():.3f}-{os.getpid()}-{os.urandom(8).hex()}'


def end(children: Sequence[Child]) -> None:
  """Kills children and all that they started, and removes their memory.

  Waits until they have ended, but for no longer than 10 s, since the kernel
  may hold a process. Reaps none.
  """
  if not has_proc():
    for child in children:
      if child.pid:
        _signal_group(child.pid)
    return
  pids = {child.pid for child in children if child.pid}
  marks = {child.mark for child in children}
  segments = {segment for child in children for segment in child.segments}
  deadline = time.monotonic() + _LIMIT_S
  members = list(_members(pids, marks))
  if members and not pids.intersection(members):
    # Such as Python's resource tracker, which knows what is to be removed.
    grace = time.monotonic() + _GRACE_S
    while members and time.monotonic() < grace:
      segments.update(*map(segments_of, members))
      time.sleep(_PAUSE_S)
      members = list(_members(pids, marks))
  while members and time.monotonic() < deadline:
    segments.update(*map(segments_of, members))
    for pid in members:
      _kill(pid, pids, marks)
    time.sleep(_PAUSE_S)
    members = list(_members(pids, marks))
  _remove(segments, min(
      (float(mark.partition('-')[0]) for mark in marks), default=0.0))


def has_proc() -> bool:
  """Returns whether /proc shows the processes of our own namespace."""
  try:
    return os.readlink('/proc/self') == str(os.getpid())
  except OSError:
    return False


def _signal_group(pid: int) -> None:
  try:
    os.killpg(pid, signal.SIGKILL)
  except (ProcessLookupError, PermissionError):
    pass


def _all_pids() -> Iterator[int]:
  return (int(name) for name in os.listdir('/proc') if name.isdigit())


def _members(pids: set[int], marks: set[str]) -> Iterator[int]:
  """Yields who is running of the sessions, or has one of the marks."""
  me = os.getpid()
  return (pid for pid in _all_pids()
          if pid != me and _is_member(pid, pids, marks))


def _is_member(pid: int, pids: set[int], marks: set[str]) -> bool:
  state, *numbers = _read(f'/proc/{pid}/stat').rpartition(b')')[2].split()[
      :4] or [b'X']
  if state in b'ZX':
    return False
  if pids.intersection(map(int, numbers[1:])):  # group, session
    return True
  prefix = VARIABLE.encode() + b'='
  return any(
      entry.startswith(prefix) and entry[len(prefix):].decode() in marks
      for entry in _read(f'/proc/{pid}/environ').split(b'\0'))


def _kill(pid: int, pids: set[int], marks: set[str]) -> None:
  """Kills a process, unless its number has become another's meanwhile."""
  try:
    descriptor = os.pidfd_open(pid)
  except ProcessLookupError:
    return
  except (AttributeError, OSError):  # an old kernel
    descriptor = -1
  try:
    if not _is_member(pid, pids, marks):
      return
    if descriptor >= 0:
      signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    else:
      os.kill(pid, signal.SIGKILL)
  except OSError:
    pass
  finally:
    if descriptor >= 0:
      os.close(descriptor)


def segments_of(pid: int) -> set[Segment]:
  """Returns the memory with a name that a process has mapped."""
  found = set()
  for line in _read(f'/proc/{pid}/maps').decode(errors='replace').splitlines():
    *_, inode, path = line.split(maxsplit=5) if _FOLDER in line else ('', '')
    if path.startswith(_FOLDER) and not path.endswith(_DELETED):
      found.add(Segment(path, int(inode)))
  return found


def _remove(segments: set[Segment], since_s: float) -> None:
  """Removes memory that was made since then and that nobody has mapped."""
  mine = set()
  for segment in segments:
    try:
      status = os.stat(segment.path, follow_symlinks=False)
    except OSError:
      continue
    if (status.st_ino == segment.inode and status.st_uid == os.geteuid()
        and status.st_ctime >= since_s - _CLOCK_S):
      mine.add(segment)
  for pid in _all_pids() if mine else ():
    mine -= segments_of(pid)
  for segment in mine:
    try:
      os.unlink(segment.path)
    except OSError:
      pass


def _read(path: str) -> bytes:
  """Returns what a file of /proc holds; nothing where its process ended."""
  try:
    with open(path, 'rb') as file:
      return file.read()
  except OSError:
    return b''


def tell(child: Child, is_over: bool = False) -> bytes:
  """Returns a line for a watcher: of a child that is new, changed, or over."""
  return json.dumps([is_over, child.mark, child.pid, [
      list(segment) for segment in child.segments]]).encode() + b'\n'


def watch(control: int, parent: int) -> None:
  """Ends the children of a process when that is gone.

  Args:
    control: descriptor from which lines are read (`tell`); an empty one is the
      last. When nobody can write any more, the process is gone.
    parent: descriptor that is readable when the process has ended; -1: none.
  """
  children: dict[str, Child] = {}
  poll = select.poll()
  for descriptor in {control, parent} - {-1}:
    poll.register(descriptor, select.POLLIN)
  rest, is_over = b'', False
  while not is_over:
    ready = {descriptor for descriptor, _ in poll.poll()}
    if control not in ready:
      break  # it has ended, and we have read all that it said
    text = os.read(control, 1 << 16)
    is_over = not text
    *lines, rest = (rest + text).split(b'\n')
    for line in lines:
      if not line:
        return
      is_past, mark, pid, segments = json.loads(line)
      children.pop(mark, None)
      if not is_past:
        children[mark] = Child(
            mark, pid, frozenset(Segment(*row) for row in segments))
  late = [child for child in children.values() if not child.pid]
  end(list(children.values()))
  deadline = time.monotonic() + _LATE_S
  while late and time.monotonic() < deadline:
    time.sleep(10 * _PAUSE_S)
    end(late)


def main() -> None:
  """Watches who started this process."""
  for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
  watch(int(sys.argv[1]), int(sys.argv[2]))


if __name__ == '__main__':
  main()
