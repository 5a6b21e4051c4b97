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

Numbers of Python, numpy and jax are checked alike; a traced number has no value
yet, and passes. Checks of numbers return them as floats of Python, which all
that computes with them can take; what is traced comes back as it is. What the
messages share (what, value, expectation, cure) is written here once.

Not here: shapes and dtypes of arrays (`inputs.py`). Read
`losses/off_policy.py` next for a user of these checks.
"""

from collections.abc import Callable, Iterable
import dataclasses
import difflib
import math
import numbers
from typing import Any

import numpy as np

# Normal numbers of float32, in which all of them are used; XLA takes smaller
# ones for 0.
LEAST, LARGEST = 1.1754943508222875e-38, 3.4028234663852886e38
NUM_SEEDS = 2**31  # of a run
_MOST_OF_NAMES = 1000  # characters of a list of names


class UserError(ValueError):
  """A mistake that a user can put right; its text is all that they need.

  The text says what is wrong, names the value and what was expected, and gives
  the cure. Binaries print it without a traceback and exit with status 2.
  Everything else that is raised is a defect of this library, or of the code
  that a user brings.
  """


def check_positive(name: str, value: Any) -> Any:
  """Raises ValueError unless `value` is traced or greater than zero."""
  number = as_number(name, value)
  if number is not None and not number >= LEAST:
    raise UserError(
        f'{name} is {_cut(str, value)}; expected a number greater than 0'
        f'{_held(number)}. Pass a positive {name}.'
    )
  return value if number is None else number


def check_positive_finite(name: str, value: Any) -> Any:
  """Raises ValueError unless `value` is traced or in (0, infinity)."""
  check_positive(name, value)
  number = as_number(name, value)
  if number is not None and number > LARGEST:
    raise UserError(
        f'{name} is {_cut(str, value)}; expected a finite number greater than 0'
        f'{_held(number)}. Pass a finite {name}.'
    )
  return value if number is None else number


def check_not_negative(name: str, value: Any) -> Any:
  """Raises ValueError unless `value` is traced or in [0, infinity)."""
  number = as_number(name, value)
  if number is not None and not 0 <= number <= LARGEST:
    raise UserError(
        f'{name} is {_cut(str, value)}; expected a finite number, 0 or more'
        f'{_held(number)}. Pass 0 to do without.'
    )
  return value if number is None else number


def check_fraction(name: str, value: Any) -> Any:
  """Raises ValueError unless `value` is traced or in [0, 1]."""
  number = as_number(name, value)
  if number is not None and not 0 <= number <= 1:
    raise UserError(
        f'{name} is {_cut(str, value)}; expected a number in [0, 1].'
        f' Pass a {name} within that range.'
    )
  return value if number is None else number


def check_finite(name: str, value: Any) -> Any:
  """Raises ValueError unless `value` is traced or finite."""
  number = as_number(name, value)
  if number is not None and not abs(number) <= LARGEST:
    raise UserError(
        f'{name} is {_cut(str, value)}; expected a finite number'
        f'{_held(number)}.')
  return value if number is None else number


def check_count(name: str, value: Any) -> None:
  """Raises ValueError unless `value` is an integer of Python, 1 or more."""
  is_integer = isinstance(value, numbers.Integral)
  if not is_integer or isinstance(value, bool) or value < 1:
    raise UserError(
        f'{name} is {short(value)}; expected a whole number, 1 or more, that is'
        ' known when a function is compiled.')


def check_bool(name: str, value: Any) -> None:
  """Raises ValueError unless `value` is True or False."""
  if not isinstance(value, (bool, np.bool_)):
    raise UserError(f'{name} is {short(value)}; expected True or False.')


def short(value: Any, most: int = 60) -> str:
  """Returns how a value is written, on one line of so many characters."""
  return _cut(repr, value, most)


def _cut(write: Callable[[Any], str], value: Any, most: int = 60) -> str:
  try:
    text = ' '.join(write(value).split())
  except ValueError:  # Python does not write integers of thousands of digits
    return 'an integer of thousands of digits'
  return text if len(text) <= most else f'{text[:most - 20]}...{text[-17:]}'


def as_number(name: str, value: Any) -> float | None:
  """Returns a number as Python's; None if it is traced, and has no value yet.

  Numbers of numpy and jax count, and arrays without axes.

  Raises:
    ValueError: the value is a bool, a text, an array with axes, or nothing that
      is a number.
  """
  if isinstance(value, numbers.Real) and not isinstance(value, bool):
    return _as_float(value)
  dtype, shape = getattr(value, 'dtype', None), getattr(value, 'shape', None)
  is_number = 'int' in str(dtype) or 'float' in str(dtype)
  if shape != () or not is_number:
    raise UserError(f'{name} is {short(value)}; expected a number.')
  try:
    return float(np.asarray(value))
  except TypeError:  # what a traced number answers
    return None


def _as_float(value: Any) -> float:
  try:
    return float(value)
  except OverflowError:  # an integer of hundreds of digits
    return math.inf if value > 0 else -math.inf


def _held(value: float) -> str:
  """Says that float32 cannot hold a number that is right otherwise."""
  is_right = math.isfinite(value) and value > 0
  return ', within float32' if is_right else ''


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
    text = name if isinstance(name, str) else ''
    close = difflib.get_close_matches(text, known, n=1)
    cure = f'Did you mean {close[0]!r}?' if close else 'Pass one of these.'
    names = ', '.join(known)
    if len(names) > _MOST_OF_NAMES:
      names = f'{names[:_MOST_OF_NAMES]}...'
    raise UserError(
        f'unknown {kind} {short(name)}; expected one of {names}. {cure}')


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
        f'{name} is {short(value)}, of type {type(value).__name__}; expected'
        f' {expected}. Pass one.')


def check_record(name: str, value: Any, kind: type) -> None:
  """Raises UserError unless `value` is a record of a class."""
  check_type(name, value, kind, f'a record {kind.__name__}')


def check_callable(name: str, value: Any) -> None:
  """Raises UserError unless `value` can be called."""
  if not callable(value):
    raise UserError(f'{name} is {short(value)}; expected a function.')
