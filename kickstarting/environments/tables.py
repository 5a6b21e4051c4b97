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
"""Tables of instructions narrowed to what is in use.

Here: `Narrow`. Not here: the growing table itself (`instructions.py`).
"""

import numpy as np


class Narrow:
  """Narrows tables; their size doubles at least, so few shapes are compiled.

  Encoding a shorter table gives the same result: padding encodes to nothing.
  """

  def __init__(self):
    self._rows = 1
    self._words = 4

  def __call__(
      self, instruction: np.ndarray, tokens: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """Gives each of G readers a table of its own.

    Args:
      instruction: rows of `tokens`; [G, ...] int32.
      tokens: hashed words, 0 = padding; [M, L] int32.

    Returns:
      New rows, shaped as `instruction`, and tables [G, U, W]: U a power of
      two, W one from 4 up or L, both at least as large as ever before.
    """
    uniques = []
    rows = np.empty(instruction.shape, np.int32)
    for g, mine in enumerate(instruction):
      unique, inverse = np.unique(mine, return_inverse=True)
      uniques.append(unique)
      rows[g] = inverse.reshape(mine.shape)
    most = max(len(unique) for unique in uniques)
    used = tokens[np.concatenate(uniques)].any(axis=0)
    longest = int(np.max(np.flatnonzero(used), initial=0)) + 1
    self._rows = max(self._rows, 1 << (most - 1).bit_length())
    self._words = max(self._words, 1 << (longest - 1).bit_length())
    words = min(self._words, tokens.shape[1])
    tables = np.zeros((len(uniques), self._rows, words), np.int32)
    for g, unique in enumerate(uniques):
      tables[g, :len(unique)] = tokens[unique, :words]
    return rows, tables
