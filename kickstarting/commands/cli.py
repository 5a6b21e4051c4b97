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
"""Runs the main function of a binary and reports mistakes in one line.

Here: `run`. What a user can put right (a wrong flag, `checks.UserError`, also
in a thread, a full disk) ends with `error: text` on standard error and exit
status 2; who was asked to stop ends with that of the signal. Anything else is a
defect and keeps its traceback. Not here: what the binaries do.
"""

from collections.abc import Callable, Sequence
import contextlib
import errno
import math
import os
import re
import sys
from typing import Any, TextIO

from absl import app
from absl import flags as absl_flags

from kickstarting import checks
from kickstarting import files
from kickstarting.commands import flag_groups
from kickstarting.commands import help_text
from kickstarting.commands import stopping
from kickstarting.runtime import threads
from kickstarting.runtime import training_config

_EXIT_STATUS = 2
_HELP = ('--help', '-help', '-h', '-?')
_LONG = re.compile(r'\S{200,}')  # what a user typed, or had typed by a script
# No defect of ours, wherever they are raised.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def run(
    main: Callable[[Sequence[str]], Any], *, takes_arguments: bool = False
) -> None:
  """Parses the flags and calls `main`; does not return.

  Args:
    main: called with the program's name and what is left beside flags.
    takes_arguments: whether anything may be left beside flags.
  """

  def reporting(argv: Sequence[str]) -> Any:
    try:
      if len(argv) > 1 and not takes_arguments:
        raise checks.UserError(
            f'arguments {argv[1:]} are no flags; flags look like --name=value.')
      with contextlib.redirect_stdout(_Output(sys.stdout)):
        status = main(argv)
        sys.stdout.flush()
        return status or stopping.status()
    except (OSError, checks.UserError, threads.ThreadError) as error:
      if not is_mistake(error):
        raise
      try:
        print(f'error: {_shortened(_text(error))}', file=sys.stderr, flush=True)
      except OSError:  # it may be on the same full disk
        _discard(sys.stderr)
      return _EXIT_STATUS

  module = sys.modules[main.__module__]
  app.run(reporting, flags_parser=lambda argv: _parse(
      argv, module.__doc__ or '', getattr(module, 'READ', None)))


def _parse(
    argv: Sequence[str], doc: str, read: frozenset[str] | None
) -> list[str]:
  """Returns what is left beside flags; ends the process for wrong ones."""
  if any(argument in _HELP for argument in argv[1:]):
    of = _taken([argument for argument in argv if argument not in _HELP])
    try:
      print(help_text.render(doc, read, '' if read else of), flush=True)
    except BrokenPipeError:  # who reads it has seen enough
      _discard(sys.stdout)
    sys.exit(0)
  try:
    left = absl_flags.FLAGS(list(argv))
    for name in absl_flags.FLAGS:
      _check_number(name, absl_flags.FLAGS[name].value)
    flag_groups.check_read(read)
    return left
  except (absl_flags.Error, checks.UserError) as error:
    text = _shortened(' '.join(str(error).split()))
    print(f'error: {text} (--help lists the flags.)', file=sys.stderr,
          flush=True)
    sys.exit(_EXIT_STATUS)


def _taken(argv: Sequence[str]) -> str:
  """Takes the defaults of the environment that is named; returns its name."""
  try:
    absl_flags.FLAGS(list(argv))
    return ''.join(take() for take in flag_groups.BEFORE_HELP)
  except (absl_flags.Error, checks.UserError):  # help is still to be had
    return ''


def _check_number(name: str, value: Any) -> None:
  """Raises ValueError for what absl takes for a number, and nothing can use."""
  if isinstance(value, float) and math.isnan(value):
    raise checks.UserError(f'--{name} is {value}; expected a number.')
  if isinstance(value, int) and abs(value) > training_config.MOST:
    raise checks.UserError(
        f'--{name} is {value}; expected at most {training_config.MOST} either'
        ' way.')


def _shortened(text: str) -> str:
  """Returns a text whose long words are cut in their middle."""
  return _LONG.sub(lambda word: f'{word[0][:120]}...{word[0][-40:]}', text)


def is_mistake(error: BaseException) -> bool:
  """Returns whether the text of an error is all that a user needs."""
  if isinstance(error, threads.ThreadError):
    return error.__cause__ is not None and is_mistake(error.__cause__)
  if isinstance(error, OSError):
    return error.errno in _NO_ROOM
  return isinstance(error, checks.UserError)


def _text(error: BaseException) -> str:
  """Returns what a user is told of a mistake."""
  cause = error.__cause__ if isinstance(error, threads.ThreadError) else error
  if not isinstance(cause, OSError):
    return str(error)
  try:
    with files.writing(cause.filename or 'a file'):
      raise cause
  except files.OutputError as output_error:
    return str(output_error)


def _discard(stream: TextIO) -> None:
  """Drops what is left in a buffer, which would be written at the end."""
  null = os.open(os.devnull, os.O_WRONLY)
  os.dup2(null, stream.fileno())
  os.close(null)


class _Output:
  """Standard output, whose errors are those of any output of the run."""

  def __init__(self, stream: TextIO | None):
    self._stream = stream

  def write(self, text: str) -> int:
    """Writes; a stream that is closed takes everything."""
    if self._stream is not None:
      with self._writing(self._stream):
        self._stream.write(text)
    return len(text)

  def flush(self) -> None:
    """Flushes."""
    if self._stream is not None:
      with self._writing(self._stream):
        self._stream.flush()

  def __getattr__(self, name: str) -> Any:
    return getattr(self._stream, name)

  @contextlib.contextmanager
  def _writing(self, stream: TextIO):
    try:
      with files.writing('standard output'):
        yield
    except files.OutputError as error:
      self._stream = None
      _discard(stream)
      assert isinstance(error.__cause__, OSError)
      if error.__cause__.errno != errno.EIO:
        raise
      # The terminal is gone; the signal that says so may come later.
      stopping.request('the terminal is gone')
