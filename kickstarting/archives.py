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
"""Archives of NumPy arrays from outside, looked at before they are read.

Here: `opened`, which lists names, shapes and types from the headers alone, so
that a reader can compare them with what it needs before it reads a number. A
file of a few bytes may declare terabytes, or unpack to them: sizes are bounded
by what is declared, and what is declared by what the reader expects. Not here:
what archives are for (`teachers/policy_file.py`), how files are opened
(`files.py`).
"""

import ast
from collections.abc import Iterator, Mapping
import contextlib
import math
import os
import struct
from typing import BinaryIO, NamedTuple
import zipfile
import zlib

import numpy as np

from kickstarting import files

MAX_FILE_BYTES = 4 * 2**30
_MAX_MEMBERS = 10_000
_MAX_DIRECTORY_BYTES = 4 * 2**20  # of the list of members
_MAX_HEADER_BYTES = 4096  # of an array
_MAX_AXES = 32
_MOST_OF_A_REASON = 600  # characters; a file chooses names that are in it
_SUFFIX = '.npy'
_END, _END_BYTES, _MAX_COMMENT = b'PK\5\6', 22, 65_535
_KINDS = 'biufcU'  # of dtypes: numbers and text; no objects, no records
# What zipfile, zlib and numpy raise for bytes that are no archive of arrays.
_UNREADABLE = (
    EOFError, LookupError, MemoryError, OSError, OverflowError, RuntimeError,
    SyntaxError, TypeError, ValueError, struct.error, zipfile.BadZipFile,
    zlib.error)


class Header(NamedTuple):
  """What an array is, without its numbers."""

  shape: tuple[int, ...]
  dtype: np.dtype
  is_fortran: bool  # whether the first axis is the fastest

  @property
  def num_bytes(self) -> int:
    """Returns the size of the numbers."""
    return math.prod(self.shape) * self.dtype.itemsize


class Archive:
  """An open archive; made by `opened`.

  Attributes:
    where: its file, for errors.
    headers: what its arrays are, by name.
  """

  def __init__(self, file: BinaryIO, where: str, what: str):
    self.where = where
    self._what = what
    with self._reading():
      _check_directory(file)
      self._zip = zipfile.ZipFile(file)
      self._members = self._list()
      self.headers: Mapping[str, Header] = {
          name: self._header(member) for name, member in self._members.items()}

  def read(self, name: str) -> np.ndarray:
    """Returns an array, which the reader has found to be of a fit size.

    Raises:
      files.InputError: it is damaged.
    """
    header, member = self.headers[name], self._members[name]
    with self._reading():
      with self._zip.open(member) as file:
        file.read(member.file_size - header.num_bytes)
        numbers = file.read(header.num_bytes)
        file.read()  # to the end, where the checksum is compared
      if not numbers:
        return np.zeros(header.shape, header.dtype)
      array = np.frombuffer(numbers, header.dtype)
      if header.is_fortran:
        return array.reshape(header.shape[::-1]).T.copy()
      return array.reshape(header.shape).copy()

  @contextlib.contextmanager
  def _reading(self) -> Iterator[None]:
    """Names the file in whatever its bytes make the libraries raise."""
    try:
      yield
    except files.InputError:
      raise
    except _UNREADABLE as error:
      text = ' '.join(str(error).split())[:200]
      raise self.damaged(text or type(error).__name__) from error

  def damaged(self, reason: str) -> files.InputError:
    """Returns the error of an archive that holds something else."""
    if len(reason) > _MOST_OF_A_REASON:
      reason = f'{reason[:_MOST_OF_A_REASON]}...'
    return files.InputError(
        f'{self.where} is not {self._what}, or it is damaged ({reason}).'
        ' Name the right file, copy it again, or write it anew.')

  def _list(self) -> dict[str, zipfile.ZipInfo]:
    """Returns the arrays' members by name; numpy adds a suffix to each."""
    members: dict[str, zipfile.ZipInfo] = {}
    infos = self._zip.infolist()
    if len(infos) > _MAX_MEMBERS:
      raise ValueError(f'it has {len(infos)} entries')
    for info in infos:
      name = info.filename.removesuffix(_SUFFIX)
      if name in members or not info.filename.endswith(_SUFFIX):
        raise ValueError(
            f'the entry {files.shown(info.filename, 60)} is there twice, or is'
            ' no array')
      if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(
            f'the entry {files.shown(name, 60)} is packed in an unknown way')
      members[name] = info
    return members

  def _header(self, member: zipfile.ZipInfo) -> Header:
    """Reads what an array is; its size must be the one of the archive."""
    shown = files.shown(member.filename.removesuffix(_SUFFIX), 60)
    with self._zip.open(member) as file:
      # Version 1 has room for all that `np.savez` writes of plain arrays.
      if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError(f'the array {shown} is of another version of .npy')
      (length,) = struct.unpack('<H', file.read(2))
      if length > _MAX_HEADER_BYTES:
        raise ValueError(f'the header of the array {shown} is too long')
      # Not numpy's own reader, which mends what Python 2 wrote.
      fields = ast.literal_eval(file.read(length).decode('latin1').strip())
      dtype = np.lib.format.descr_to_dtype(fields['descr'])
      shape, is_fortran = fields['shape'], fields['fortran_order']
      begin = file.tell()
    if dtype.hasobject:
      raise ValueError(
          f'the array {shown} holds objects of Python, not numbers')
    if dtype.kind not in _KINDS or not isinstance(shape, tuple) or any(
        type(size) is not int or size < 0 for size in shape) or (
            len(shape) > _MAX_AXES or not isinstance(is_fortran, bool)):
      raise ValueError(
          f'the array {shown} has shape {files.shown(shape, 60)} and type'
          f' {files.shown(dtype.name, 40)}')
    header = Header(shape, dtype, is_fortran)
    if begin + header.num_bytes != member.file_size:
      raise ValueError(
          f'the array {shown} has shape {files.shown(shape, 60)}, but'
          f' {member.file_size - begin} bytes')
    return header


@contextlib.contextmanager
def opened(path: str | os.PathLike[str], what: str) -> Iterator[Archive]:
  """Opens an archive that `np.savez` or `np.savez_compressed` wrote.

  Args:
    path: of the file.
    what: what it should be, for errors, such as 'a policy file'.

  Raises:
    files.InputError: it cannot be read, or is no archive of plain arrays.
  """
  with files.opened(path, what) as file:
    yield Archive(file, files.shown(path), what)


def _check_directory(file: BinaryIO) -> None:
  """Raises ValueError if the list of members is missing, or too large to read.

  It stands at the end; `zipfile` would read all of it.
  """
  size = file.seek(0, os.SEEK_END)
  if size > MAX_FILE_BYTES:
    raise ValueError(f'it has {size} bytes')
  file.seek(max(size - _END_BYTES - _MAX_COMMENT, 0))
  tail = file.read()
  begin = tail.rfind(_END)
  if begin < 0 or len(tail) - begin < _END_BYTES:
    raise ValueError('it is no archive, or it is cut off')
  (directory_bytes,) = struct.unpack_from('<L', tail, begin + 12)
  if directory_bytes > _MAX_DIRECTORY_BYTES or (
      tail[max(begin - 20, 0):begin].startswith(b'PK\6\7')):  # zip64: elsewhere
    raise ValueError('it lists too many entries')
  file.seek(0)
