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

Loads neither JAX nor the rest of the package, for worker processes do without.
Not here: environments (`python_streams.py`), rows of words
(`instructions.py`).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kickstarting import checks

_NARROW = {np.dtype(np.int64): np.int32, np.dtype(np.float64): np.float32}


def numbers(
    observation: Any, instruction_key: str, task_name: str
) -> dict[str, np.ndarray]:
  """Returns the numeric entries; a single array is called 'observation'.

  64-bit numbers become 32-bit ones, which is what JAX computes with.

  Args:
    observation: a mapping, or an array.
    instruction_key: the entry that is text.
    task_name: for messages.

  Raises:
    ValueError: an entry is no array of numbers.
  """
  if not isinstance(observation, Mapping):
    observation = {'observation': observation}
  arrays = {}
  for name, value in observation.items():
    if name == instruction_key:
      continue
    array = np.asarray(value)
    if array.dtype.kind not in 'biuf':
      raise checks.UserError(
          f'task {task_name!r} observes {name!r} of type'
          f' {type(value).__name__}; expected numbers of a fixed shape; remove'
          ' it with a wrapper, or name it as instruction_key if it is text.')
    arrays[name] = array.astype(
        _NARROW.get(array.dtype, array.dtype), copy=False)
  return arrays


def instruction(observation: Any, instruction_key: str) -> bytes:
  """Returns the text of an observation, in UTF-8; empty if it has none."""
  text: Any = b''
  if isinstance(observation, Mapping):
    text = observation.get(instruction_key, b'')
  if isinstance(text, np.ndarray):  # dm_env's StringArray
    text = text.item()
  return text.encode() if isinstance(text, str) else text


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
