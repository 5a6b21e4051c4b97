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
"""Instructions (byte strings) as rows of hashed words.

Words are hashed to buckets as in IMPALA's language input (Espeholt et al.
2018, arXiv:1802.01561, figure 3: 1,000 buckets). Bucket 0 is kept for padding,
so words share the buckets 1 to 999. Few distinct instructions occur beside
many steps, therefore a step carries only the row of its instruction in a table,
and a network encodes each row once. Where an instruction changes at every step
the table stays small as well: rows that nothing refers to any more are used
again.

Not here: the embedding and the LSTM over the words (`networks/`).
"""

from collections.abc import Iterable
import warnings
import zlib

import numpy as np
from numpy import typing as npt

from kickstarting import checks

NUM_BUCKETS = 1000
PADDING = 0
MAX_WORDS = 20  # by default; a suite knows its longest instruction
MAX_KEPT = 4096  # texts that are kept though nothing refers to them


def word_bucket(word: bytes, num_buckets: int = NUM_BUCKETS) -> int:
  """Returns the bucket of a word, 1 to num_buckets - 1; 0 is padding.

  The same in every process, unlike `hash`. Two words may share a bucket.
  """
  return 1 + zlib.crc32(word) % (num_buckets - 1)


def _normalised(instruction: bytes) -> bytes:
  return b' '.join(instruction.split(b'\0', 1)[0].split())


class InstructionTable:
  """Distinct instructions in order of appearance; row 0 is the empty one.

  An instruction is split at white space; words beyond `max_words` are cut off,
  with one warning. A row does not change until it is released. One thread owns
  a table.

  Attributes:
    releases: how often rows were released, so that others are in their place.
  """

  def __init__(self, max_words: int, num_buckets: int = NUM_BUCKETS):
    """Initialises a table that holds only the empty instruction.

    Args:
      max_words: L, length of a row.
      num_buckets: rows of the embedding that will read the tokens.
    """
    if max_words < 1:
      raise checks.UserError(
          f'max_words is {max_words}; expected at least 1, the length of the'
          ' longest instruction.'
      )
    if num_buckets < 2:
      raise checks.UserError(
          f'num_buckets is {num_buckets}; expected at least 2, since bucket'
          f' {PADDING} is kept for padding.'
      )
    self._max_words = max_words
    self._num_buckets = num_buckets
    self._rows: dict[bytes, int] = {}
    self._storage = np.zeros((16, max_words), np.int32)
    self._size = 0
    self._free: list[int] = []  # rows below size that hold nothing
    self.releases = 0
    self._has_warned = False
    self.intern(b'')

  def __len__(self) -> int:
    return self._size

  @property
  def tokens(self) -> np.ndarray:
    """Buckets of the words, 0 after the last; int32 [M, L], read-only."""
    tokens = self._storage[: self._size]
    tokens.flags.writeable = False
    return tokens

  def intern(self, instruction: bytes) -> int:
    """Returns the row of an instruction, adding it if it is new.

    Args:
      instruction: text; everything from the first zero byte on is ignored, so
        a fixed-width buffer may be passed as it is.
    """
    row = self._rows.get(instruction)
    if row is None:
      text = _normalised(instruction)
      row = self._rows.get(text)
      if row is None:
        row = self._append(text.split())
        self._rows[text] = row
      self._rows[instruction] = row
    return row

  def intern_many(self, instructions: Iterable[bytes]) -> np.ndarray:
    """Returns the rows of some instructions; int32 [N]."""
    return np.array([self.intern(x) for x in instructions], np.int32)

  def release(self, in_use: npt.ArrayLike) -> None:
    """Lets rows be used again, once there are more than MAX_KEPT texts.

    Whoever has taken the words out of all rows but some calls it now and then;
    a table whose owner never does so grows with each new text.

    Args:
      in_use: rows that stay as they are; int [...].
    """
    if len(self._rows) <= MAX_KEPT:
      return
    kept = {0, *np.unique(in_use).tolist()}
    self._rows = {
        text: row for text, row in self._rows.items()
        if row in kept and text == _normalised(text)}
    self._free = [row for row in range(self._size) if row not in kept]
    self.releases += 1

  def _append(self, words: list[bytes]) -> int:
    """Writes a new row and returns its number."""
    if len(words) > self._max_words:
      self._warn_once(words)
      words = words[: self._max_words]
    buckets = [word_bucket(word, self._num_buckets) for word in words]
    if self._free:
      row = self._free.pop()
      self._storage[row] = PADDING
      self._storage[row, : len(buckets)] = buckets
      return row
    if self._size == len(self._storage):  # earlier views keep the old array
      self._storage = np.concatenate(
          [self._storage, np.zeros_like(self._storage)]
      )
    self._storage[self._size, : len(buckets)] = buckets
    self._size += 1
    return self._size - 1

  def _warn_once(self, words: list[bytes]) -> None:
    if not self._has_warned:
      text = b' '.join(words).decode('utf-8', 'replace')
      warnings.warn(
          f'instruction {text!r} has {len(words)} words; those beyond'
          f' {self._max_words} are cut off, in this and in later instructions.'
          ' If they matter, give the tasks of the suite a larger max_words;'
          ' a suite of your own takes it as an argument of own.of_builders.',
          stacklevel=4,
      )
      self._has_warned = True
