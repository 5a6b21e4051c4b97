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
"""What an environment returns as an observation: numbers, and an instruction.

The check of what an environment observes stands here: its form at the start
(`numbers`), that it stays as it was then (`check`), and its values
(`check_finite`, and `narrow` where 64 bits become 32). What a network reads of
it, and whether it can, is checked in `networks/reading.py`, and that agent and
environment mean the same where they meet, in `runtime/actor.py`.

Loads neither JAX nor the rest of the package, for worker processes do without.
Not here: environments (`python_streams.py`), rows of words
(`instructions.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kickstarting import checks

# JAX computes with 32 bits, and would narrow these by itself, in silence.
NARROW: Mapping[np.dtype, np.dtype] = {
    np.dtype(wide): np.dtype(narrow) for wide, narrow in (
        (np.int64, np.int32), (np.uint64, np.uint32),
        (np.float64, np.float32), (np.longdouble, np.float32))}

RESERVED = 'task'  # `types.TASK`, which cannot be imported without JAX


def numbers(
    observation: Any, instruction_key: str, task_name: str, stream: int
) -> dict[str, np.ndarray]:
  """Returns the numeric entries; a single array is called 'observation'.

  64-bit numbers become 32-bit ones; see `narrow`.

  Args:
    observation: a mapping, or an array.
    instruction_key: the entry that is text.
    task_name: for messages.
    stream: for messages.

  Raises:
    ValueError: an entry is no array of numbers, or of too large integers, or
      has a name that is reserved.
  """
  if not isinstance(observation, Mapping):
    observation = {'observation': observation}
  arrays = {}
  for name, value in observation.items():
    if name == instruction_key:
      continue
    if name == RESERVED:
      raise checks.UserError(
          f'task {task_name!r} observes an array called {RESERVED!r}, which no'
          ' network would read: the number of the task has that name. Rename'
          ' it.')
    array = _array(value)
    if array is None or not isinstance(name, str):
      raise checks.UserError(
          f'task {task_name!r} observes {name!r} of type'
          f' {type(value).__name__}; expected numbers of a fixed shape; remove'
          ' it with a wrapper, or name it as instruction_key if it is text.')
    if array.dtype in NARROW:
      array = narrow(array[np.newaxis], name, [task_name], stream)[0]
    arrays[name] = array
  return arrays


def _array(value: Any) -> np.ndarray | None:
  """Returns an array of numbers, None of anything else."""
  try:
    array = np.asarray(value)
  except ValueError:  # lists of different lengths
    return None
  return array if array.dtype.kind in 'biuf' else None


def narrow(
    array: np.ndarray, name: str, task_of_stream: Sequence[str], stream: int = 0
) -> np.ndarray:
  """Returns an entry in 32 bits.

  A number that is too large for a float becomes infinite, which `check_finite`
  finds.

  Args:
    array: [B, ...] of a dtype in NARROW.
    name: of the entry.
    task_of_stream: names of B tasks, for messages.
    stream: the first of them, for messages.

  Raises:
    ValueError: an integer is too large; the text names the first.
  """
  dtype = NARROW[array.dtype]
  with np.errstate(over='ignore'):
    narrowed = array.astype(dtype)
  if dtype.kind in 'iu':
    is_other = narrowed != array
    if is_other.any():
      first = tuple(np.argwhere(is_other)[0])
      info = np.iinfo(dtype)
      raise checks.UserError(
          f'task {task_of_stream[first[0]]!r} observed {array[first]} in'
          f' {name!r} in stream {stream + first[0]}; expected {info.min} to'
          f' {info.max}, which {dtype.name} can hold. Observe a smaller number,'
          ' or a float.')
  return narrowed


def instruction(
    observation: Any, instruction_key: str, task_name: str
) -> bytes:
  """Returns the text of an observation, in UTF-8; empty if it has none.

  Raises:
    ValueError: what stands in its place is no text.
  """
  text: Any = b''
  if isinstance(observation, Mapping):
    text = observation.get(instruction_key, b'')
  if isinstance(text, np.ndarray) and text.size == 1:  # dm_env's StringArray
    text = text.item()
  if isinstance(text, str):
    return text.encode(errors='replace')
  if not isinstance(text, bytes):
    raise checks.UserError(
        f'task {task_name!r} observes {instruction_key!r} of type'
        f' {type(text).__name__}, which is where its instruction stands;'
        ' expected text, str or bytes. Leave it out where there is none, or'
        ' name another entry as instruction_key.')
  return text


def check(
    arrays: Mapping[str, np.ndarray],
    expected: Mapping[str, tuple],
    task_name: str,
    stream: int,
) -> None:
  """Raises ValueError unless the arrays are as expected: shape and dtype."""
  found = {name: (array.shape, array.dtype) for name, array in arrays.items()}
  if found != expected:
    raise checks.UserError(
        f'task {task_name!r} observed {found} in stream {stream}; expected'
        f' {dict(expected)}, as at the start; all tasks must observe the same'
        ' arrays at all times.')


def check_finite(
    arrays: Mapping[str, np.ndarray],
    task: np.ndarray,
    task_names: Sequence[str],
) -> None:
  """Raises if a float of an observation is NaN or infinite.

  Args:
    arrays: [B, ...] by name of the entry; only those of floats are looked at.
    task: row of `task_names` of each stream; int32 [B].
    task_names: for messages.

  Raises:
    ValueError: naming the first such stream, its task, the entry and the value.
  """
  for name, array in arrays.items():
    if array.dtype.kind != 'f' or np.isfinite(array).all():
      continue
    first = tuple(np.argwhere(~np.isfinite(array))[0])
    place = f'[{", ".join(map(str, first[1:]))}]' if first[1:] else ''
    raise checks.UserError(
        f'task {task_names[task[first[0]]]!r} observed {array[first]} in'
        f' {name!r}{place} in stream {first[0]}; expected finite numbers of'
        f' {array.dtype.name}, at most {np.finfo(array.dtype).max:.3g}. Repair'
        ' the environment, or clip what it observes.')
