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
"""What the text of a flag means.

Here: `numbers`, `counts`, `settings`, `path`, `seeds`. Not
here: flags (`run_flags.py`, `shared_flags.py`).
"""

from collections.abc import Collection, Sequence
import json
import math
import pathlib
from typing import Any

from kickstarting import checks
from kickstarting import files


def numbers(
    flag: str,
    values: Sequence[str],
    low: float = -math.inf,
    high: float = math.inf,
    what: str = 'numbers',
) -> list[float]:
  """Returns the numbers of a list of a flag.

  Args:
    flag: for messages.
    values: of the flag.
    low: the least of them.
    high: the largest.
    what: is expected, for messages.

  Raises:
    ValueError: one is no finite number, is outside the bounds, or is there
      twice; or there is none.
  """
  found = []
  for value in values:
    try:
      number = float(value)
    except ValueError:  # no number
      number = math.nan
    is_right = math.isfinite(number) and low <= number <= high
    if not is_right or number in found:
      raise checks.UserError(
          f'--{flag}={files.shown(",".join(values))[1:-1]} holds'
          f' {files.shown(value, 40)}; expected different {what}'
          f'{_bounds(low, high)} with commas between them.')
    found.append(number)
  if not found:
    raise checks.UserError(
        f'--{flag}= is empty; expected {what}{_bounds(low, high)} with commas'
        ' between them.')
  return found


def _bounds(low: float, high: float) -> str:
  if high < math.inf:
    return f' from {low:g} to {high:g}'
  return f' of at least {low:g}' if low > -math.inf else ''


def counts(flag: str, values: Sequence[str]) -> list[int]:
  """Returns the whole numbers of a list of a flag, each at least 1.

  Raises:
    ValueError: see `numbers`; or one is not whole.
  """
  found = numbers(flag, values, low=1, what='whole numbers')
  for number, value in zip(found, values):
    if not number.is_integer():
      raise checks.UserError(
          f'--{flag} holds {files.shown(value, 40)}; expected whole numbers of'
          ' at least 1.')
  return [int(number) for number in found]


def settings(
    flag: str, text: str, words: Collection[str] = ()
) -> dict[str, Any]:
  """Returns the settings of NAME=VALUE,NAME=VALUE.

  A value that begins as an object, a list or a string of JSON does goes to its
  end, with all commas inside; other values end at a comma, and are numbers,
  true, false and null as in JSON, or words.

  Args:
    flag: for messages.
    text: of the flag.
    words: names of settings whose values are text, also where they look like
      something else.

  Raises:
    UserError: an entry is no setting, or is there twice.
  """
  found: dict[str, Any] = {}
  rest = text.strip()
  while rest:
    entry = rest.partition(',')[0]
    name, is_there, _ = (part.strip() for part in entry.partition('='))
    if not (name and is_there):
      raise _wrong(flag, text, entry, 'is no setting')
    if name in found:
      raise _wrong(flag, text, entry, 'is there twice')
    try:
      found[name], rest = _value(rest.partition('=')[2], name in words)
    except (json.JSONDecodeError, RecursionError) as error:
      raise _wrong(
          flag, text, entry, f'begins as JSON, but is none ({error})'
      ) from error
    if rest and not (rest.startswith(',') and rest[1:].strip()):
      raise _wrong(flag, text, rest, 'is no setting')
    rest = rest[1:].strip()
  return found


def _value(text: str, is_word: bool) -> tuple[Any, str]:
  """Returns the value with which a text begins, and what follows it.

  Raises:
    JSONDecodeError: it begins as JSON that may hold commas, but is none.
    RecursionError: it is JSON that is nested too deeply.
  """
  text = text.lstrip()
  if text.startswith('"' if is_word else ('{', '[', '"')):
    value, end = json.JSONDecoder().raw_decode(text)
    return value, text[end:].lstrip()
  word, comma, rest = text.partition(',')
  word, rest = word.rstrip(), comma + rest
  if is_word:
    return word, rest
  try:
    return json.loads(word), rest
  except json.JSONDecodeError:
    return word, rest


def _wrong(flag: str, text: str, part: str, reason: str) -> checks.UserError:
  return checks.UserError(
      f'--{flag}={files.shown(text)[1:-1]} holds {files.shown(part, 80)}, which'
      f' {reason}; expected NAME=VALUE,'
      ' each name once, with commas between them, such as'
      ' size=9,dark=true,more={"a":1,"b":2}. For a shell, put single quotes'
      ' around all of it.')


def path(flag: str, text: str) -> pathlib.Path:
  """Returns the path that a flag names; a tilde stands for a home.

  No shell puts a home in its place behind an equals sign.

  Raises:
    ValueError: it is no path, or there is no such home.
  """
  return files.user_path(f'--{flag}', text)


def seeds(flag: str, values: Sequence[str]) -> list[str]:
  """Returns the seeds of a study, as flags of its runs take them.

  Raises:
    ValueError: one is no seed, one is there twice, or there is none.
  """
  found: list[str] = []
  for value in values:
    is_seed = value.isascii() and value.isdigit() and len(value) < 11 and (
        int(value) < checks.NUM_SEEDS)
    if not is_seed or int(value) in map(int, found):
      raise checks.UserError(
          f'--{flag}={files.shown(",".join(values))[1:-1]} holds'
          f' {files.shown(value, 40)};'
          f' expected different whole numbers, 0 to {checks.NUM_SEEDS - 1},'
          ' with commas between them.')
    found.append(value)
  if not found:
    raise checks.UserError(
        f'--{flag}= names no seed; expected one or more, such as 1,2,3.')
  return found
