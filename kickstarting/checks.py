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
"""Mistakes of users: their class, and checks of numbers and names.

Only Python and numpy numbers can be checked: a traced number has no value yet.
What the messages share (what, value, expectation, cure) is written here once.

Not here: shapes and dtypes of arrays, which each function asserts with chex.
Read `losses/off_policy.py` next for a user of these checks.
"""

from collections.abc import Iterable
import dataclasses
import difflib
import math
import numbers
from typing import Any

import numpy as np

NUM_SEEDS = 2**31  # of a run
_MOST_OF_NAMES = 1000  # characters of a list of names


class UserError(ValueError):
  """A mistake that a user can put right; its text is all that they need.

  The text says what is wrong, names the value and what was expected, and gives
  the cure. Binaries print it without a traceback and exit with status 2.
  Everything else that is raised is a defect of this library, or of the code
  that a user brings.
  """


def _shown(value: Any) -> str:
  """Returns a value for an error: quoted, and not long."""
  text = repr(value)
  return text if len(text) <= 80 else f'{text[:60]}...{text[-17:]}'


def check_positive(name: str, value: Any) -> None:
  """Raises ValueError unless `value` is traced or greater than zero."""
  if isinstance(value, numbers.Real) and not float(value) > 0:
    raise UserError(
        f'{name} is {value}; expected a number greater than 0. Pass a positive '
        f'{name}.'
    )


def check_positive_finite(name: str, value: Any) -> None:
  """Raises ValueError unless `value` is traced or in (0, infinity)."""
  check_positive(name, value)
  if isinstance(value, numbers.Real) and math.isinf(value):
    raise UserError(
        f'{name} is {value}; expected a finite number greater than 0. Pass a '
        f'finite {name}.'
    )


def check_not_negative(name: str, value: Any) -> None:
  """Raises ValueError unless `value` is traced or in [0, infinity)."""
  if isinstance(value, numbers.Real) and not 0 <= float(value) < math.inf:
    raise UserError(
        f'{name} is {value}; expected a finite number, 0 or more. Pass 0 to do '
        'without.'
    )


def check_fraction(name: str, value: Any) -> None:
  """Raises ValueError unless `value` is traced or in [0, 1]."""
  if isinstance(value, numbers.Real) and not 0 <= float(value) <= 1:
    raise UserError(
        f'{name} is {value}; expected a number in [0, 1]. Pass a {name} within '
        'that range.'
    )


def check_seed(name: str, value: int) -> None:
  """Raises ValueError unless `value` is a seed that every generator takes."""
  if not 0 <= value < NUM_SEEDS:
    raise UserError(
        f'{name} is {value}; expected 0 to {NUM_SEEDS - 1}. Pass a {name}'
        ' within that range.')


def check_name(kind: str, name: str, known: Iterable[str]) -> None:
  """Raises ValueError unless `name` is one of `known`."""
  known = sorted(known)
  if name not in known:
    close = difflib.get_close_matches(name, known, n=1)
    cure = f'Did you mean {close[0]!r}?' if close else 'Pass one of these.'
    names = ', '.join(known)
    if len(names) > _MOST_OF_NAMES:
      names = f'{names[:_MOST_OF_NAMES]}...'
    raise UserError(
        f'unknown {kind} {_shown(name)}; expected one of {names}. {cure}')


_KINDS: dict[Any, tuple[Any, str]] = {
    bool: ((bool, np.bool_), 'True or False'),
    int: (numbers.Integral, 'a whole number'),
    float: (numbers.Real, 'a number'),
    str: (str, 'a text'),
}


def check_fields(config: Any) -> None:
  """Raises UserError if a field of a dataclass is of another kind than it says.

  Only fields that are declared as a number, a truth value or a text are looked
  at.

  Args:
    config: an instance whose annotations are types, not texts.
  """
  for field in dataclasses.fields(config):
    if field.type in _KINDS:
      kinds, expected = _KINDS[field.type]
      value = getattr(config, field.name)
      if field.type in (int, float) and isinstance(value, bool):
        kinds = ()  # a truth value is a number to Python alone
      check_type(field.name, value, kinds, expected)


def check_type(name: str, value: Any, kinds: Any, expected: str) -> None:
  """Raises UserError unless `value` is an instance of one of `kinds`."""
  if not isinstance(value, kinds):
    raise UserError(
        f'{name} is {value!r}, of type {type(value).__name__}; expected'
        f' {expected}. Pass one.')
