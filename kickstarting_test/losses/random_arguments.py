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
"""Random arguments for functions of the loss core, good ones and odd ones.

Here: what an argument may be (`Array`, `Number`, `Choice`, `Record`), and how
a seed and a few oddities become one. Not here: which function takes what
(`random_cases.py`, read it next), what must come out
(`random_inputs_test.py`).
"""

from collections.abc import Mapping
import fractions
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

LARGE = 1e17  # what is larger may overflow when it is squared
# The first shrinks to; batches may be empty.
SIZES = (
    {'T': 3, 'B': 2, 'A': 3, 'K': 2, 'D': 2, '...': (3, 2)},
    {'T': 1, 'B': 1, 'A': 1, 'K': 1, 'D': 1, '...': ()},
    {'T': 2, 'B': 0, 'A': 2, 'K': 2, 'D': 0, '...': (0,)},
)


class Array(NamedTuple):
  """An argument that is an array."""

  kind: str  # 'logits', 'float', 'share', 'simplex', 'int' or 'bool'
  axes: str  # as in `inputs.arrays`
  below: str = 'A'  # of an int: the axis whose size it is below
  is_optional: bool = False


class Number(NamedTuple):
  """An argument that is a number."""

  good: tuple[float, ...] = (0.5, 1.0)
  is_optional: bool = True


class Choice(NamedTuple):
  """An argument that is known when a function is compiled, such as a name."""

  good: tuple[Any, ...]
  odd: tuple[Any, ...] = ('no such', '', None, 3, b'x', 1.5, ('a',))
  is_optional: bool = True


class Record(NamedTuple):
  """An argument whose parts are arguments of their own, called 'name.part'."""

  kind: type
  is_optional: bool = False


Argument = Array | Number | Choice | Record


def _somewhere(rng, x, value):
  """Puts a value into some entries."""
  x = np.array(x)
  x[rng.random(x.shape) < 0.4] = value
  return x


def _lacks_all(rng, x):
  x = np.array(x)
  x[rng.random(x.shape[:-1]) < 0.4] = -np.inf
  return x


def _wrong_dtype(rng, x):
  del rng
  return x.astype(np.int32 if x.dtype.kind in 'fb' else np.float32)


def _longer(rng, x):
  axis = int(rng.integers(max(x.ndim, 1)))
  x = np.atleast_1d(x)
  return np.concatenate([x, np.take(x, [-1], axis)], axis) if x.size else x


def _empty(rng, x):
  axis = int(rng.integers(max(x.ndim, 1)))
  return np.take(np.atleast_1d(x), [], axis)


# What makes a function another one to the compiler, or no array at all.
_ABSTRACT = {
    'half': lambda rng, x: x.astype(np.float16),
    'bfloat16': lambda rng, x: x.astype(ml_dtypes.bfloat16),
    'half of jax': lambda rng, x: jnp.asarray(x).astype(jnp.bfloat16),
    'double': lambda rng, x: x.astype(np.float64),
    'wrong dtype': _wrong_dtype,
    'complex': lambda rng, x: x.astype(np.complex64),
    'more axes': lambda rng, x: x[np.newaxis],
    'fewer axes': lambda rng, x: x[0] if x.ndim and x.shape[0] else x,
    'longer': _longer,
    'empty': _empty,
    'list': lambda rng, x: x.tolist(),
    'ragged list': lambda rng, x: [[1.0], [1.0, 2.0]],
    'text': lambda rng, x: '1.0',
    'texts': lambda rng, x: np.full(x.shape, 'a'),
    'objects': lambda rng, x: np.full(x.shape, None),
    'None': lambda rng, x: None,
    'number': lambda rng, x: 0.5,
    'array of jax': lambda rng, x: jnp.asarray(x),
}
OTHER_SHAPES = frozenset({
    'more axes', 'fewer axes', 'longer', 'empty', 'number'})
# Where they hold anything else than an array of floats, they are refused.
MUST_BE_REFUSED = ('wrong dtype', 'complex', 'ragged list', 'text', 'texts',
                   'objects')
_FLOATS = {
    'inf': lambda rng, x: _somewhere(rng, x, np.inf),
    '-inf': lambda rng, x: _somewhere(rng, x, -np.inf),
    'NaN': lambda rng, x: _somewhere(rng, x, np.nan),
    'largest': lambda rng, x: _somewhere(rng, x, 3.4e38),
    'least': lambda rng, x: _somewhere(rng, x, -3.4e38),
    'tiny': lambda rng, x: _somewhere(rng, x, 1e-45),
    'zeros': lambda rng, x: np.zeros_like(x),
    'steep': lambda rng, x: x * np.float32(1e7),
    'all inf': lambda rng, x: np.full_like(x, np.inf),
    'all -inf': lambda rng, x: np.full_like(x, -np.inf),
}
_VALUES = {
    'logits': {
        **_FLOATS,
        'lacks': lambda rng, x: _somewhere(rng, x, -np.inf),
        'lacks all': _lacks_all,
        'far apart': lambda rng, x: _somewhere(rng, x, 1e9),
    },
    'float': {**_FLOATS, 'large': lambda rng, x: x * np.float32(1e15)},
    'share': _FLOATS,
    'simplex': _FLOATS,
    'int': {
        'negative': lambda rng, x: _somewhere(rng, x, -1),
        'beyond': lambda rng, x: _somewhere(rng, x, 3),
        'far': lambda rng, x: _somewhere(rng, x, 2**31 - 1),
        'far below': lambda rng, x: _somewhere(rng, x, -2**31),
    },
    'bool': {
        'none': lambda rng, x: np.zeros_like(x),
        'all': lambda rng, x: np.ones_like(x),
    },
}
_NUMBERS = {
    '0': 0.0, '-0': -0.0, '-1': -1.0, '2': 2, '1e10': 10**10,
    'inf': np.inf, '-inf': -np.inf, 'NaN': np.nan,
    '1e-45': 1e-45, '1e-3': 1e-3, '1e6': 1e6, '1e30': 1e30, '1e300': 1e300,
    'a whole number of 400 digits': 10**400,
    '0 of jax': np.float32(0), '0 of numpy': np.zeros((), np.float32),
    'whole of numpy': np.int64(1), 'half': np.float16(0.5),
    'bfloat16': ml_dtypes.bfloat16(0.5), 'fraction': fractions.Fraction(1, 2)}
VALUES = frozenset(
    name for names in (*_VALUES.values(), _NUMBERS) for name in names)
_NO_NUMBERS = {
    'text': '0.5', 'bytes': b'1', 'None': None, 'True': True, 'list': [0.5],
    'dict': {}, 'complex': 1j, 'one axis': np.ones(1, np.float32),
    'texts': np.full((), 'a'), 'bool of numpy': np.bool_(True)}
_NO_RECORDS = {
    'None': None, 'text': 'text', 'number': 1.0, 'dict': {}, 'tuple': ()}


def _names_of(argument: Argument, is_abstract: bool) -> tuple[str, ...]:
  """Returns the oddities that an argument may have."""
  if isinstance(argument, Array):
    return tuple(_ABSTRACT if is_abstract else _VALUES[argument.kind])
  if isinstance(argument, Number):
    return tuple(_NO_NUMBERS if is_abstract else _NUMBERS)
  if not is_abstract:
    return ()
  if isinstance(argument, Record):
    return tuple(_NO_RECORDS)
  return tuple(str(i) for i in range(len(argument.odd)))


def choose(
    arguments: Mapping[str, Argument], place: int, is_abstract: bool
) -> tuple[str, str] | None:
  """Returns an argument and what is odd about it, by their place in a list."""
  names = [(name, odd) for name, argument in arguments.items()
           for odd in _names_of(argument, is_abstract)]
  return names[place % len(names)] if names else None


def _good_array(rng, argument, sizes):
  """Returns an array as it is expected."""
  shape = ()
  axes = argument.axes
  if axes.startswith('...'):
    shape, axes = sizes['...'], axes[3:]
  for letter in axes.replace('+1', '+'):
    if letter == '+':
      shape = (*shape[:-1], shape[-1] + 1)
    else:
      shape = (*shape, sizes[letter])
  if argument.kind == 'int':
    return rng.integers(0, sizes[argument.below], shape).astype(np.int32)
  if argument.kind == 'bool':
    return rng.random(shape) < 0.8
  if argument.kind == 'simplex':
    return np.full(shape, 1 / shape[0], np.float32) if rng.random(
        ) < 0.5 else np.eye(shape[0], dtype=np.float32)[-1]
  if argument.kind == 'share':
    return (rng.random(shape) * (rng.random(shape) < 0.8)).astype(np.float32)
  scale = rng.choice([0.1, 1.0, 10.0])
  return (scale * rng.normal(size=shape)).astype(np.float32)


def make(
    arguments: Mapping[str, Argument],
    seed: int,
    size: int,
    oddities: tuple[tuple[str, str], ...],
) -> dict[str, Any]:
  """Makes the arguments of one call; what is left out has its default."""
  rng = np.random.default_rng(seed)
  values = {}
  odd = dict(oddities)
  # All or none, so that few programs are compiled; nor is every choice combined
  # with what is odd to a compiler.
  is_plain = not set(odd.values()) <= VALUES
  has_defaults = is_plain or rng.random() < 0.5
  for name, argument in arguments.items():
    is_odd = name in odd
    if argument.is_optional and not is_odd and has_defaults:
      continue
    if isinstance(argument, Array):
      value = _good_array(rng, argument, SIZES[size])
      if is_odd:
        change = (_ABSTRACT | _VALUES[argument.kind])[odd[name]]
        value = change(rng, value)
    elif isinstance(argument, Number):
      value = argument.good[rng.integers(len(argument.good))]
      if is_odd:
        value = (_NO_NUMBERS | _NUMBERS)[odd[name]]
        value = jnp.float32(0) if odd[name] == '0 of jax' else value
    elif isinstance(argument, Record):
      value = _NO_RECORDS[odd[name]] if is_odd else argument
    elif is_odd:
      value = argument.odd[int(odd[name])]
    else:
      number = 1 if is_plain else len(argument.good)
      value = argument.good[rng.integers(number)]
    values[name] = value
  return values


def assemble(
    arguments: Mapping[str, Argument], values: Mapping[str, Any]
) -> dict[str, Any]:
  """Makes records of their parts, the deepest first."""
  records = sorted(
      (name for name, value in values.items() if isinstance(value, Record)),
      key=lambda name: -name.count('.'))
  odd = tuple(f'{name}.' for name, argument in arguments.items()
              if isinstance(argument, Record) and name not in records)
  # Parts of what is no record have nowhere to go.
  values = {name: value for name, value in values.items()
            if not name.startswith(odd)}
  for name in records:
    if name not in values:
      continue
    parts = {other.removeprefix(f'{name}.'): values.pop(other)
             for other in tuple(values) if other.startswith(f'{name}.')}
    kind = values[name].kind
    if kind is dict:
      values[name] = parts
    else:
      values[name] = kind(**{**dict.fromkeys(kind._fields), **parts})
  return values


def is_traceable(value: Any) -> bool:
  """Whether a value can be an argument of a compiled function."""
  if isinstance(value, (np.ndarray, jax.Array)):
    return value.dtype.kind not in 'OUSM'
  return False
