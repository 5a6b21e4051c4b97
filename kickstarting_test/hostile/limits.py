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
"""Runs cases within limits of time and memory, in processes that it forks.

Whoever imports this loads the library once; each group of cases has a fork of
that process, which goes on after a case that hangs or dies. Here: `run`,
`thinned`. Not here: the cases (`load_paths.py`, `flag_cases.py`).
"""

from collections.abc import Callable, Iterator, Sequence
import contextlib
import dataclasses
import io
import json
import os
import pathlib
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from typing import Any

from kickstarting import checks
from kickstarting_test.hostile import kinds

MOST_S = 5.0  # of a case, on a core of its own
_MOST_WAIT_S = 6 * MOST_S  # of a case, whatever else the machine does
MOST_BYTES = 2**30
_HANGS_S = 2 * _MOST_WAIT_S  # a process that is silent for so long is ended


@dataclasses.dataclass(frozen=True)
class Case:
  """Something to be done in a folder of its own.

  Attributes:
    group: cases of one group share a process.
    name: of the case, in its group.
    run: does it, in the folder; raises a UserError, or SystemExit after it
      wrote a line to standard error; returns otherwise.
    names: what the text of the error must have one of.
    may_be_right: whether it may return.
    is_one_of_many: whether there are others much like it; `thinned` leaves some
      of those out.
  """

  group: str
  name: str
  run: Callable[[pathlib.Path], Any]
  names: Sequence[str] = ()
  may_be_right: bool = False
  is_one_of_many: bool = False


@dataclasses.dataclass
class Outcome:
  """What became of a case."""

  group: str
  name: str
  kind: str  # 'refused', 'right', or 'failed'
  text: str
  seconds: float = 0.0  # of a core
  num_bytes: int = 0  # of memory, beside what there was before


class _TooLong(BaseException):
  """A case took too long."""


def _interrupt(*unused_args: Any) -> None:
  raise _TooLong()


def _status(name: str) -> int:
  """Returns a number of bytes that the system knows of this process."""
  with open('/proc/self/status', encoding='ascii') as file:
    for line in file:
      if line.startswith(name):
        return int(line.split()[1]) * 1024
  return 0


def _forget_peak() -> int:
  """Returns the memory in use, from which on the peak is measured."""
  with open('/proc/self/clear_refs', 'w', encoding='ascii') as file:
    file.write('5')
  return _status('VmRSS:')


def _judge(case: Case, text: str) -> str:
  """Returns what is wrong with the text of an error; '' if nothing is."""
  if '\n' in text.strip('\n') or len(text) > 1500:
    return 'not one line'
  if 'Traceback' in text:
    return 'a traceback'
  if case.names and not any(name in text for name in case.names):
    return f'it names none of {case.names}'
  if len(text) < 30 or not text.rstrip().endswith(('.', ')', '?')):
    return 'no sentence'
  return ''


def _attempt(case: Case, folder: pathlib.Path) -> tuple[str, str]:
  """Returns the kind of the outcome, and its text."""
  error_stream = io.StringIO()
  try:
    with contextlib.redirect_stderr(error_stream):
      case.run(folder)
  except checks.UserError as error:
    text = str(error)
  except SystemExit as error:
    text = error_stream.getvalue()
    if error.code != 2 or not text.startswith('error: '):
      return 'failed', f'exit status {error.code}: {text[-600:]}'
  except _TooLong:
    return 'failed', (
        f'more than {_MOST_WAIT_S} s: {traceback.format_exc()[-600:]}')
  except BaseException:  # pylint: disable=broad-except
    return 'failed', traceback.format_exc()[-900:]
  else:
    return ('right' if case.may_be_right else 'failed'), 'accepted'
  reason = _judge(case, text)
  return ('failed' if reason else 'refused'), (
      f'{reason}: {text}' if reason else text)


def _do(case: Case, root: pathlib.Path) -> Outcome:
  """Runs one case; nothing but its folder may be changed."""
  outside = root / 'outside'
  folder = outside / 'inside'
  folder.mkdir(parents=True)
  before = _forget_peak()
  start = time.process_time()
  signal.setitimer(signal.ITIMER_REAL, _MOST_WAIT_S)
  try:
    kind, text = _attempt(case, folder)
  except _TooLong:  # between two lines
    kind, text = 'failed', f'more than {_MOST_WAIT_S} s'
  finally:
    signal.setitimer(signal.ITIMER_REAL, 0)
  seconds = time.process_time() - start
  if seconds > MOST_S:
    kind, text = 'failed', f'{seconds} s: {text}'
  num_bytes = max(_status('VmHWM:') - before, 0)
  if num_bytes > MOST_BYTES:
    kind, text = 'failed', f'{num_bytes} bytes: {text}'
  if os.listdir(outside) != ['inside'] or os.listdir(root) != ['outside']:
    kind, text = 'failed', f'it wrote {os.listdir(root)}: {text}'
  if os.path.exists(os.environ[kinds.MARKER]):
    kind, text = 'failed', f'it executed code: {text}'
    os.unlink(os.environ[kinds.MARKER])
  shutil.rmtree(outside)
  return Outcome(case.group, case.name, kind, text, seconds, num_bytes)


def _child(
    make: Callable[[pathlib.Path], Sequence[Case]], first: int, out: int
) -> None:
  """Runs the cases of a group from `first` on; writes a line for each."""
  null = os.open(os.devnull, os.O_RDWR)
  for descriptor in (0, 1):
    os.dup2(null, descriptor)
  signal.signal(signal.SIGALRM, _interrupt)
  with tempfile.TemporaryDirectory() as name:
    root = pathlib.Path(name) / 'root'
    root.mkdir()
    os.environ[kinds.MARKER] = str(pathlib.Path(name) / 'executed')
    template = pathlib.Path(name) / 'template'
    template.mkdir()
    os.chdir(root)
    cases = make(template)
    with os.fdopen(out, 'w') as stream:
      # What is reserved counts here, not what is used: a bound for the worst.
      most = _status('VmSize:') + 6 * MOST_BYTES
      resource.setrlimit(resource.RLIMIT_AS, (most, most))
      for case in cases[first:]:
        stream.write(json.dumps(['begin', case.group, case.name]) + '\n')
        stream.flush()
        outcome = _do(case, root)
        stream.write(json.dumps(['end', dataclasses.asdict(outcome)]) + '\n')
        stream.flush()


class _Group:
  """A group of cases, and the process that runs them."""

  def __init__(self, make: Callable[[pathlib.Path], Sequence[Case]]):
    self._make = make
    self._begun: list[str] | None = None
    self.outcomes: list[Outcome] = []
    self._start()

  def _start(self) -> None:
    ours, its = os.pipe()
    self._pid = os.fork()
    if not self._pid:
      status = 1
      try:
        os.close(ours)
        _child(self._make, len(self.outcomes), its)
        status = 0
      except BaseException:  # pylint: disable=broad-except
        traceback.print_exc()
      finally:
        sys.stderr.flush()
        os._exit(status)
    os.close(its)
    self.stream = os.fdopen(ours)
    self.heard = time.monotonic()

  def read(self) -> bool:
    """Takes a line; returns whether there is more to come."""
    self.heard = time.monotonic()
    line = self.stream.readline()
    if line:
      what, *rest = json.loads(line)
      if what == 'begin':
        self._begun = rest
      else:
        self._begun = None
        self.outcomes.append(Outcome(**rest[0]))
      return True
    return self._end('its process died')

  def hangs(self) -> bool:
    """Ends a process that says nothing; returns whether it goes on."""
    os.kill(self._pid, signal.SIGKILL)
    return self._end(f'it did not end within {_HANGS_S} s')

  def _end(self, reason: str) -> bool:
    self.stream.close()
    _, status = os.waitpid(self._pid, 0)
    if not self._begun:
      if status:
        raise RuntimeError(f'a group could not be run: status {status}')
      return False
    self.outcomes.append(Outcome(*self._begun, 'failed', reason, _HANGS_S))
    self._begun = None
    self._start()
    return True


def thinned(cases: Sequence[Case], keep: int) -> list[Case]:
  """Returns cases without most of those that are much like others."""
  many = [case for case in cases if case.is_one_of_many]
  left_out = {id(case) for i, case in enumerate(many) if i % keep}
  return [case for case in cases if id(case) not in left_out]


def run(
    makers: Sequence[Callable[[pathlib.Path], Sequence[Case]]],
    num_processes: int = 2,
) -> Iterator[Outcome]:
  """Runs groups of cases, some at a time.

  Args:
    makers: of the cases of a group, from an empty folder for what they share;
      called in the process that runs them.
    num_processes: groups at a time.

  Yields:
    What became of each case.
  """
  waiting, running = list(makers), []
  while waiting or running:
    while waiting and len(running) < num_processes:
      running.append(_Group(waiting.pop(0)))
    ready, _, _ = select.select([g.stream for g in running], [], [], 1.0)
    for group in list(running):
      goes_on = True
      if group.stream in ready:
        goes_on = group.read()
      elif time.monotonic() - group.heard > _HANGS_S:
        goes_on = group.hangs()
      if not goes_on:
        running.remove(group)
        yield from group.outcomes
