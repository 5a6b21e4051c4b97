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
"""Files that are written whole, and files from outside that are read in bounds.

Here: one way to write (a temporary file, then a rename) and one to read, for
text and JSON; `writing` turns every OSError of an output into one line, and
`check_same` notices an output that somebody deletes while it is written. A file
from outside may be anything: what it may be (a regular file), how large, and
how deep is checked before it is parsed; `check_fields` looks at what it says.
Not here: archives of arrays (`archives.py`, read it next), checkpoints
(`runtime/checkpoint.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
import contextlib
import json
import math
import os
import pathlib
import stat
from typing import Any, BinaryIO, TypeAlias

from kickstarting import checks

MAX_TEXT_BYTES = 64 * 2**20
_MAX_DEPTH = 64  # of lists and objects inside each other
_MAX_DIGITS = 20  # of a whole number, so that floats hold it, about

Kind: TypeAlias = type | tuple[type, ...]
Kinds: TypeAlias = Mapping[str, Kind]


class OutputError(checks.UserError):
  """A file of the run could not be written; what was there is intact."""


class InputError(checks.UserError):
  """A file that was given cannot be read, or does not hold what it should."""


@contextlib.contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[None]:
  """Turns an OSError inside of it into an OutputError that names `path`.

  Args:
    path: the file or folder that is written; for the text of the error.

  Raises:
    OutputError: an OSError was raised, such as that of a full disk.
  """
  try:
    yield
  except OSError as error:
    raise OutputError(
        f'{str(path)!r} cannot be written ({error.strerror or error}). Free'
        ' some space or allow writing there, then resume; what was written'
        ' before is intact.') from error


def check_same(path: str | os.PathLike[str], descriptor: int) -> None:
  """Checks that what is open is still where it was opened.

  Args:
    path: of a file or folder.
    descriptor: of what was opened there.

  Raises:
    OutputError: somebody deleted, moved or replaced it.
  """
  try:
    is_same = os.path.samestat(os.stat(path), os.fstat(descriptor))
  except OSError:
    is_same = False
  if not is_same:
    raise OutputError(
        f'{str(path)!r} is gone: it was deleted, moved or replaced while the'
        ' run wrote to it. Put the folder back and resume, or start the run'
        ' again.')


def user_path(argument: str, text: str) -> pathlib.Path:
  """Returns the path that a user names; a tilde stands for a home.

  Args:
    argument: that has it, for messages.
    text: of the path.

  Raises:
    ValueError: it is no path, or there is no such home.
  """
  if not text.strip():
    raise checks.UserError(
        f'{argument} names no path; expected one of a file or folder. Write'
        ' one.')
  try:
    found = pathlib.Path(text).expanduser()
    if '\0' in text:
      raise ValueError('it has a null byte')
    found.exists()  # raises for too long a name
  except (OSError, RuntimeError, ValueError) as error:
    reason = getattr(error, 'strerror', None) or error
    raise checks.UserError(
        f'{argument}={shown(text)[1:-1]} is no path ({reason}); expected'
        ' one of a file or folder. Correct it.') from error
  return found


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
  """Writes a file whole or not at all; its folder is made if it is missing.

  Raises:
    OutputError: it cannot be written; an older file of that name is intact.
  """
  path = pathlib.Path(path)
  temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
  with writing(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
      with temporary.open('wb') as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
      temporary.replace(path)
    except BaseException:
      temporary.unlink(missing_ok=True)
      raise


def remove(path: str | os.PathLike[str]) -> None:
  """Removes a file, if it is there.

  Raises:
    OutputError: the system refuses.
  """
  with writing(path):
    pathlib.Path(path).unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
  """Writes text as UTF-8; see `write_bytes`."""
  write_bytes(path, text.encode('utf-8'))


def write_json(
    path: str | os.PathLike[str], value: Any, *, indent: int | None = None
) -> None:
  """Writes a value as JSON and a newline; see `write_bytes`."""
  write_text(path, json.dumps(value, indent=indent) + '\n')


@contextlib.contextmanager
def opened(path: str | os.PathLike[str], what: str) -> Iterator[BinaryIO]:
  """Opens a regular file to be read; every OSError inside is an InputError.

  Args:
    path: of the file; a link to a regular file is one.
    what: what it should be, for errors, such as 'a schedule'.

  Raises:
    InputError: there is none, it is no regular file (a pipe would be waited
      for), or it may not be read.
  """
  path = pathlib.Path(path)
  try:
    # A pipe without a writer would block the open.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
      mode = os.fstat(descriptor).st_mode
      if not stat.S_ISREG(mode):
        raise InputError(
            f'{shown(path)} is not a regular file; expected {what}. Name the'
            ' file itself.')
    except BaseException:
      os.close(descriptor)
      raise
    with open(descriptor, 'rb') as file:
      yield file
  except checks.UserError:
    raise
  except (OSError, ValueError) as error:  # a null byte in a path is the latter
    reason = getattr(error, 'strerror', None) or error
    raise InputError(
        f'{shown(path)} cannot be read ({reason}); expected {what}. Correct'
        ' the path, or restore the file from a copy.') from error


def read_bytes(
    path: str | os.PathLike[str],
    what: str,
    *,
    max_bytes: int = MAX_TEXT_BYTES,
) -> bytes:
  """Reads a regular file of bounded size; see `opened`.

  Raises:
    InputError: it is larger than `max_bytes`, or cannot be read.
  """
  with opened(path, what) as file:
    content = file.read(max_bytes + 1)
  if len(content) > max_bytes:
    raise InputError(
        f'{shown(path)} has more than {max_bytes} bytes; expected {what}, which'
        ' is smaller. Name the right file.')
  return content


def read_text(
    path: str | os.PathLike[str],
    what: str,
    *,
    max_bytes: int = MAX_TEXT_BYTES,
) -> str:
  """Reads UTF-8 text; see `read_bytes`."""
  content = read_bytes(path, what, max_bytes=max_bytes)
  try:
    return content.decode('utf-8')
  except UnicodeDecodeError as error:
    raise InputError(
        f'{shown(path)} is not UTF-8 text ({error.reason} at byte'
        f' {error.start}); expected {what}. Name the right file, or restore it'
        ' from a copy.') from error


def read_json(
    path: str | os.PathLike[str],
    what: str,
    *,
    kind: Kind = object,
    max_bytes: int = MAX_TEXT_BYTES,
    allows_nan: bool = False,
) -> Any:
  """Reads JSON; see `read_bytes` and `parse_json`."""
  return parse_json(
      read_text(path, what, max_bytes=max_bytes), shown(path), what,
      kind=kind, allows_nan=allows_nan)


def parse_json(
    text: str,
    where: str,
    what: str,
    *,
    kind: Kind = object,
    allows_nan: bool = False,
) -> Any:
  """Parses JSON of bounded depth.

  Args:
    text: what is parsed.
    where: whose text it is, for errors, such as the quoted path of a file.
    what: what it should be, for errors.
    kind: the type of the outermost value, such as dict.
    allows_nan: whether it may hold NaN and infinities, which JSON lacks.

  Raises:
    InputError: it is no JSON, nested too deeply, or of another type.
  """
  def constant(name: str) -> float:
    if not allows_nan:
      raise ValueError(f'{name} is no JSON')
    return float(name)

  def number(text: str) -> float:
    value = float(text)
    if math.isinf(value):  # such as 1e999
      raise ValueError(f'{text[:40]} is too large a number')
    return value

  def whole_number(text: str) -> int:
    if len(text) > _MAX_DIGITS:
      raise ValueError(f'{text[:40]}... is too large a number')
    return int(text)

  try:
    value = json.loads(
        text, parse_constant=constant, parse_float=number,
        parse_int=whole_number)
    reason = _misfit(value, kind)
  except (RecursionError, ValueError) as error:
    reason = (
        'it is nested too deeply' if isinstance(error, RecursionError)
        else str(error))
  if reason:
    raise InputError(
        f'{where} is damaged ({reason}); expected {what}. Restore it from a'
        ' copy, or write it anew.')
  return value


def check_fields(
    record: Mapping[str, Any],
    kinds: Kinds,
    where: str,
    what: str,
    *,
    optional: Sequence[str] = (),
) -> None:
  """Checks what a file says by name; see `misfit`.

  Args:
    record: from JSON.
    kinds: types by name.
    where: as for `parse_json`.
    what: as for `parse_json`.
    optional: names that may be missing.

  Raises:
    InputError: a name is missing, or its value is of another type.
  """
  reason = misfit(record, kinds, optional=optional)
  if reason:
    raise InputError(
        f'{where} is damaged ({reason}); expected {what}. Restore it from a'
        ' copy, or write it anew.')


def misfit(
    record: Mapping[str, Any], kinds: Kinds, *, optional: Sequence[str] = ()
) -> str:
  """Returns what is wrong with the types of a record's values; '' if nothing.

  Args:
    record: from JSON.
    kinds: types by name; float stands for every number, int for whole ones, and
      bool alone for True and False.
    optional: names that may be missing.
  """
  for name, kind in kinds.items():
    if name in record:
      reason = _misfit(record[name], kind)
      if reason:
        return f'{name!r}: {reason}'
    elif name not in optional:
      return f'{name!r} is missing'
  return ''


def without_nan(value: Any) -> Any:
  """Returns a value with None for NaN and infinities, which JSON lacks."""
  if isinstance(value, Mapping):
    return {key: without_nan(v) for key, v in value.items()}
  if isinstance(value, (list, tuple)):
    return [without_nan(v) for v in value]
  if isinstance(value, float) and not math.isfinite(value):
    return None
  return value


def shown(value: Any, most: int = 200) -> str:
  """Returns a path or a value for an error: quoted, on one line, not long."""
  if isinstance(value, os.PathLike):
    value = os.fspath(value)
  return checks.short(value, most)


def _misfit(value: Any, kind: Kind) -> str:
  """Returns what is wrong with a value of JSON; '' if nothing is."""
  kinds = kind if isinstance(kind, tuple) else (kind,)
  accepted = (*kinds, int) if float in kinds else kinds
  is_accepted = isinstance(value, accepted)
  if isinstance(value, bool):  # which Python takes for an int
    is_accepted = bool in kinds or object in kinds
  if not is_accepted:
    return (
        f'it holds {_name(type(value))}, not'
        f' {" or ".join(map(_name, kinds))}')
  layer = [value]
  for _ in range(_MAX_DEPTH):
    layer = [
        item for outer in layer if isinstance(outer, (dict, list))
        for item in (outer.values() if isinstance(outer, dict) else outer)]
    if not layer:
      return ''
  return 'it is nested too deeply'


def _name(kind: type) -> str:
  """Returns what JSON calls a type of Python."""
  return {
      bool: 'true or false', dict: 'an object', float: 'a number',
      int: 'a whole number', list: 'a list', str: 'a text',
      type(None): 'null',
  }.get(kind, kind.__name__)
