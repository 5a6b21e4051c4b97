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
"""Ctrl-C, SIGTERM and SIGHUP: a request to end, which whatever runs polls.

Before a run has its folder there is nothing to save: Ctrl-C ends the process
with one line (`at_start`, which `experiments/__init__.py` calls before anything
that takes long is imported). From then on (`accept`) a signal is a request, and
the process ends with `status`, as shells report one that a signal ended. Not
here: what is done about it. This module imports nothing that takes long.
"""

from collections.abc import Callable
import os
import signal
from typing import Any

_STANDARD_ERROR = 2  # `print` must not be called where it is interrupted
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_BY_SIGNAL = 128  # and its number
_by: int | None = None  # the signal that asked


def at_start() -> None:
  """Lets Ctrl-C end the process at once, in one line."""
  signal.signal(signal.SIGINT, _end)


def accept() -> Callable[[], bool]:
  """Turns signals into a request from now on; returns `requested`.

  The second signal of a kind ends the process at once.
  """
  for number in _SIGNALS:
    is_ignored = signal.getsignal(number) is signal.SIG_IGN
    # `nohup` and its like ignore it so that the run outlives its terminal.
    if not (is_ignored and number == signal.SIGHUP):
      signal.signal(number, _note)
  return requested


def requested() -> bool:
  """Returns whether the process was asked to end."""
  return _by is not None


def status() -> int:
  """Returns the exit status: 0 unless the process was asked to end."""
  return 0 if _by is None else _BY_SIGNAL + _by


def is_of_request(exit_status: int) -> bool:
  """Returns whether a process ended with it because it was asked to."""
  return exit_status in [_BY_SIGNAL + number for number in _SIGNALS]


def forget() -> None:
  """Takes a request back: all is done that was to be ended."""
  global _by
  _by = None


def request(reason: str, number: int = signal.SIGHUP) -> None:
  """Asks the process to end, as a signal of a number does."""
  global _by
  _by = number
  _say(f'{reason}; once more ends it at once\n')


def _note(number: int, frame: Any) -> None:
  del frame
  signal.signal(number, signal.SIG_DFL)
  request('stopping', number)


def _end(number: int, frame: Any) -> None:
  del number, frame
  _say('interrupted\n')
  os._exit(_BY_SIGNAL + signal.SIGINT)


def _say(text: str) -> None:
  """Writes a line, whatever the interrupted code was at."""
  try:
    os.write(_STANDARD_ERROR, text.encode())
  except OSError:
    pass  # a terminal that is gone
