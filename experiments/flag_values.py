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

Here: `numbers`, `settings`, `path`, `target`, `seeds`. Not here: flags
(`run_flags.py`, `shared_flags.py`).
"""

from collections.abc import Sequence
import math
import pathlib
from typing import Any

from kickstarting import checks
from kickstarting import files


def numbers(flag: str, values: Sequence[str]) -> list[float]:
  """Returns the numbers of a list of a flag.

  Raises:
    ValueError: one is no finite number, or is there twice.
  """
  found = []
  for value in values:
    try:
      number = float(value)
    except ValueError:  # no number
      number = math.nan
    if not math.isfinite(number) or number in found:
      raise checks.UserError(
          f'--{flag}={",".join(values)} holds {value!r}; expected different'
          ' numbers with commas between them.')
    found.append(number)
  return found


def settings(flag: str, values: Sequence[str]) -> dict[str, Any]:
  """Returns the settings of a list of NAME=VALUE; values as JSON, or words.

  Raises:
    ValueError: an entry is none, or is there twice.
  """
  found: dict[str, Any] = {}
  for entry in values:
    name, is_there, text = entry.partition('=')
    if not (name and is_there) or name in found:
      raise checks.UserError(
          f'--{flag}={",".join(values)} holds {entry!r}; expected NAME=VALUE,'
          ' each name once, with commas between them.')
    try:
      found[name] = files.parse_json(text, f'--{flag}', 'a setting')
    except files.InputError:  # a word
      found[name] = text
  return found


def path(flag: str, text: str) -> pathlib.Path:
  """Returns the path that a flag names; a tilde stands for a home.

  No shell puts a home in its place behind an equals sign.

  Raises:
    ValueError: it is no path, or there is no such home.
  """
  try:
    found = pathlib.Path(text).expanduser()
    found.exists()  # too long a name, or a null byte
  except (OSError, RuntimeError, ValueError) as error:
    reason = getattr(error, 'strerror', None) or error
    raise checks.UserError(
        f'--{flag}={files.shown(text)[1:-1]} is no path ({reason}); expected'
        ' one of a file or folder. Correct it.') from error
  return found


def target(flag: str, text: str) -> str:
  """Returns MODULE:FUNCTION or PATH.py:FUNCTION, with a tilde put right."""
  place, colon, function = text.rpartition(':')
  if place.endswith('.py'):
    place = str(path(flag, place))
  return f'{place}{colon}{function}'


def seeds(flag: str, values: Sequence[str]) -> list[str]:
  """Returns the seeds of a study, as flags of its runs take them.

  Raises:
    ValueError: one is no seed, one is there twice, or there is none.
  """
  found = []
  for value in values:
    is_seed = value.isascii() and value.isdigit() and len(value) < 11 and (
        int(value) < checks.NUM_SEEDS)
    if not is_seed or int(value) in map(int, found):
      raise checks.UserError(
          f'--{flag}={",".join(values)} holds {files.shown(value, 40)}; expected'
          f' different whole numbers, 0 to {checks.NUM_SEEDS - 1}, with commas'
          ' between them.')
    found.append(value)
  if not found:
    raise checks.UserError(
        f'--{flag}= names no seed; expected one or more, such as 1,2,3.')
  return found
