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
"""Arrays in memory that processes share, one row for each stream.

The memory has no name: it goes when the last process that has it ends, however
that ends. Loads neither JAX nor the rest of the package. Not here: who writes
which row when (`worker.py`, `process_batch.py`).
"""

from collections.abc import Mapping, Sequence
import mmap
import os
import tempfile
from typing import NamedTuple

import numpy as np

TEXT_BYTES = 1024  # of an instruction; what is beyond is cut off
_ALIGNMENT = 64  # bytes, a line of the cache
_FOLDER = '/dev/shm'  # in memory, where there is one


class Field(NamedTuple):
  """An array, without the axis of the streams."""

  name: str
  shape: tuple[int, ...]
  dtype: str


COMMON = (
    Field('action', (), 'int32'),
    Field('reward', (), 'float32'),
    Field('discount', (), 'float32'),
    Field('step_type', (), 'int32'),
    Field('text', (TEXT_BYTES,), 'uint8'),
    Field('text_length', (), 'int32'),
)
OBSERVATION = 'observation/'  # before the name of an entry


def allocate() -> int:
  """Returns a descriptor of memory that has no size yet."""
  if hasattr(os, 'memfd_create'):
    return os.memfd_create('kickstarting')  # never in a folder
  folder = _FOLDER if os.path.isdir(_FOLDER) else None
  descriptor, path = tempfile.mkstemp(dir=folder)
  os.unlink(path)
  return descriptor


def resize(
    descriptor: int, fields: Sequence[Field], num_streams: int
) -> None:
  """Makes room for the arrays, all zero."""
  os.ftruncate(descriptor, _places(fields, num_streams)[-1])


def attach(
    descriptor: int, fields: Sequence[Field], num_streams: int
) -> Mapping[str, np.ndarray]:
  """Returns the arrays [B, ...] by name; they keep the memory mapped."""
  places = _places(fields, num_streams)
  memory = mmap.mmap(descriptor, places[-1])
  arrays = {}
  for field, place in zip(fields, places):
    count = num_streams * int(np.prod(field.shape, dtype=int))
    arrays[field.name] = np.frombuffer(
        memory, field.dtype, count, place).reshape(num_streams, *field.shape)
  return arrays


def _places(fields: Sequence[Field], num_streams: int) -> list[int]:
  """Returns where each array begins, and where the last one ends."""
  places = [0]
  for field in fields:
    num_bytes = num_streams * int(
        np.prod(field.shape, dtype=int)) * np.dtype(field.dtype).itemsize
    places.append(places[-1] + -(-num_bytes // _ALIGNMENT) * _ALIGNMENT)
  return places
