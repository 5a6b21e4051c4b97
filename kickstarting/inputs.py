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
"""What the functions of the losses take: arrays of known axes and dtypes.

Every public function passes its arrays through `arrays` first, so that a
mistake is told in one way: the argument, what it is, what was expected. Half
precision is computed in float32 from here on; its gradients are rounded when
they leave. Small and unsigned integers are int32 from here on, since they hold
neither every number of actions nor -1. Values are known outside `jax.jit` only:
what depends on them (`actions`, `indices`) is refused there, and under it does
what is documented. NaN in an array is never refused, which would need every
value: it comes out.

Not here: numbers that are no arrays (`kickstarting/checks.py`). Read
`transitions.py` next.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks

_NEEDED = 'TAK'  # axes that may not be empty; batches and features may
_KINDS = {
    float: (jnp.floating, 'float32'),
    int: (jnp.integer, 'int32'),
    bool: (jnp.bool_, 'bool'),
}


def arrays(**specs: tuple[Any, type, str]) -> list[jax.Array]:
  """Checks arrays against each other.

  Args:
    **specs: name of an argument -> (value, float or int or bool, axes). Axes
      are letters, such as 'TBA': the same letter is the same size in all of
      them. 'T+1' is one longer than T; '...' at the beginning stands for any
      axes, the same in all.

  Returns:
    The arrays; floats of less than 32 bits as float32, and integers of less or
    without a sign as int32.

  Raises:
    ValueError: an argument is no array, or has other axes or another dtype.
  """
  sizes: dict[str, tuple[Any, str]] = {}
  return [
      _array(name, *spec, sizes) for name, spec in specs.items()]


def actions(
    name: str, chosen: Any, num_actions: int, where: Any = True
) -> None:
  """Refuses actions that are not 0 to A - 1, where values are known.

  Args:
    name: of the argument.
    chosen: [...] int.
    num_actions: A.
    where: bool [...], the steps that count.

  Raises:
    ValueError: there is one.
  """
  _refuse_outside(name, chosen, 0, num_actions, where,
                  f'0 to {num_actions - 1}, for logits of {num_actions}'
                  ' actions')


def indices(name: str, index: Any, size: int) -> None:
  """Refuses indices of teachers at or beyond their number; negative is none.

  Raises:
    ValueError: there is one.
  """
  _refuse_outside(name, index, None, size, True,
                  f'below {size}, the number of teachers, or -1 for none')


def known(*values: Any) -> list[np.ndarray] | None:
  """Returns the values as numpy arrays; None if one is traced."""
  if any(isinstance(value, jax.core.Tracer) for value in values):
    return None
  return [np.asarray(value) for value in values]


def _refuse_outside(name, x, low, high, where, expected):
  values = known(x, where)
  if values is None:
    return
  x, where = values
  is_outside = (x >= high) if low is None else (x >= high) | (x < low)
  for place in np.argwhere(is_outside & where)[:1].tolist():
    at = f' at {place}' if place else ''
    raise checks.UserError(
        f'{name} is {x[tuple(place)]}{at}; expected {expected}.')


def _array(name, value, kind, axes, sizes):
  """Checks one array and notes the sizes of its axes."""
  family, dtype_name = _KINDS[kind]
  axes = _split(axes)
  expected = f'[{", ".join(axes)}] {dtype_name}'
  if not hasattr(value, 'dtype') or not hasattr(value, 'shape'):
    value = _from_python(name, value, kind, expected)
  if not jnp.issubdtype(value.dtype, family):
    raise checks.UserError(
        f'{name} has dtype {value.dtype}; expected {expected}.')
  shape = tuple(value.shape)
  has_ellipsis = axes[:1] == ['...']
  named = axes[1:] if has_ellipsis else axes
  num_leading = len(shape) - len(named)
  if num_leading < 0 or (num_leading and not has_ellipsis):
    raise _shape_error(name, shape, expected, '')
  bound = [(letter, size) for letter, size in zip(named, shape[num_leading:])]
  if has_ellipsis:
    bound.insert(0, ('...', shape[:num_leading]))
  for letter, size in bound:
    if letter.endswith('+1'):
      letter, size = letter[:-2], size - 1
    wanted, owner = sizes.setdefault(letter, (size, name))
    if wanted != size:
      raise _shape_error(
          name, shape, expected, f' with {letter} = {wanted}, as of {owner}')
    if letter in _NEEDED and size < 1:
      raise _shape_error(name, shape, expected, f' with {letter} of 1 or more')
  if kind is float and value.dtype.itemsize < 4:
    value = jnp.asarray(value).astype(jnp.float32)
  value = jnp.asarray(value)
  if kind is int and value.dtype not in (jnp.int32, jnp.int64):
    value = value.astype(jnp.int32)
  return value


def _shape_error(name, shape, expected, why):
  return checks.UserError(
      f'{name} has shape {shape}; expected {expected}{why}.')


def _split(axes: str) -> list[str]:
  """Splits '...TBA' or 'T+1BA' into names of axes."""
  names: list[str] = []
  if axes.startswith('...'):
    names, axes = ['...'], axes[3:]
  for letter in axes.replace('+1', '+'):
    if letter == '+':
      names[-1] += '+1'
    else:
      names.append(letter)
  return names


def _from_python(
    name: str, value: Any, kind: type, expected: str
) -> np.ndarray:
  """Makes an array of numbers and lists of them."""
  try:
    array = np.asarray(value)
  except ValueError:  # lists of unequal lengths
    array = np.asarray(None)
  if array.dtype.kind not in 'biuf':
    raise checks.UserError(
        f'{name} is {checks.short(value)}; expected an array {expected}.')
  is_whole = array.dtype.kind in 'iu'
  return array.astype(np.float32) if kind is float and is_whole else array
