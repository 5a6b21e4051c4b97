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
"""What is on disk as a checkpoint, looked at before it is read.

Here: whether a folder is one of checkpoints, whether a checkpoint consists of
plain files, and whether its arrays are those that a run needs. The library that
reads them would wait for a pipe, follow links, and make room for whatever size
is declared. Not here: reading the arrays (`checkpoint.py`).
"""

from collections.abc import Mapping
import math
import os
import pathlib
import re
import stat
from typing import Any

import numpy as np

from kickstarting import checks
from kickstarting import files

_WHAT = 'what was saved with a checkpoint'
_KINDS = {
    'format_version': object, 'network': object, 'checksums': dict,
    'empty': dict}
_NAME = re.compile('0|[1-9][0-9]{0,17}')  # of a checkpoint: its frames
_MOST_FILES = 100_000
_MOST_MORE_BYTES = 2**28  # of arrays that may be longer than those at a start

_DATA = 'd'  # name of the folders with numbers

Listed = dict[str, tuple[tuple[int, ...], Any]]  # name -> shape and dtype


def check_folder(folder: pathlib.Path) -> None:
  """Raises ValueError unless a folder can be one of checkpoints, new or old."""
  try:
    if not os.path.lexists(folder):
      return
    if not folder.is_dir():
      raise checks.UserError(
          f'{files.shown(folder)} is no folder; expected one of checkpoints, or'
          ' none. Remove it, or name another --workdir.')
    names = os.listdir(folder)
  except (OSError, ValueError) as error:
    if isinstance(error, checks.UserError):
      raise
    raise checks.UserError(
        f'{files.shown(folder)} cannot be read'
        f' ({getattr(error, "strerror", None) or error}); expected a folder of'
        ' checkpoints. Allow reading it, or name another --workdir.'
    ) from error
  for name in names:
    if name.isdigit() and not _NAME.fullmatch(name):
      raise checks.UserError(
          f'{files.shown(folder / name)} is named by no number of frames;'
          ' expected checkpoints only. Move it to another place.')
    if _NAME.fullmatch(name) and (folder / name).is_dir():
      _check_tree(folder / name)


def _check_tree(checkpoint: pathlib.Path) -> None:
  """Raises ValueError unless all of a checkpoint are files and folders."""
  folders, count = [checkpoint], 0
  while folders:
    with os.scandir(folders.pop()) as entries:
      for entry in entries:
        count += 1
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
          folders.append(pathlib.Path(entry.path))
        elif not stat.S_ISREG(status.st_mode):
          raise files.InputError(
              f'{files.shown(pathlib.Path(entry.path))} is no regular file;'
              ' expected a part of a checkpoint. Delete that checkpoint.')
        elif count > _MOST_FILES:
          raise files.InputError(
              f'{files.shown(checkpoint)} has more than {_MOST_FILES} files;'
              ' expected a checkpoint. Move it to another place.')


def read_metadata(path: pathlib.Path) -> dict[str, Any]:
  """Returns what was saved beside the arrays.

  Raises:
    ValueError: it is damaged.
  """
  metadata = files.read_json(path, _WHAT, kind=dict, allows_nan=True)
  where = files.shown(path.name)
  files.check_fields(metadata, _KINDS, where, _WHAT)
  checksums, empty = metadata['checksums'], metadata['empty']
  files.check_fields(
      checksums, dict.fromkeys((*checksums, *empty), int), where, _WHAT)
  for saved in empty.values():
    is_empty = isinstance(saved, list) and len(saved) == 2 and (
        isinstance(saved[0], list) and isinstance(saved[1], str)
        and all(type(size) is int and size >= 0 for size in saved[0])
        and 0 in saved[0])
    if not is_empty:
      raise files.InputError(
          f'{where} has {files.shown(saved, 60)} for an array without elements')
  return metadata


def listed(manager: Any, frames: int) -> Listed:
  """Returns the shape and dtype of each array of a checkpoint, unread."""
  found = manager.item_metadata(frames)['arrays']
  arrays = getattr(found, 'tree', found)
  for name, array in arrays.items():
    storage = getattr(array, 'storage', None)
    chunk = getattr(storage, 'chunk_shape', None) or ()
    if math.prod(chunk) > max(math.prod(array.shape), 1):
      raise files.InputError(f'{name!r} is in pieces larger than itself')
  return {name: (tuple(array.shape), array.dtype)
          for name, array in arrays.items()}


def check_sizes(checkpoint: pathlib.Path, wanted: Mapping[str, Any]) -> None:
  """Raises ValueError if files are larger than arrays of a run make them.

  The library that reads them makes room for whatever size they have.

  Args:
    checkpoint: folder of one.
    wanted: an array of each name.
  """
  most = _MOST_MORE_BYTES + 2 * sum(np.asarray(
      np.prod(np.shape(like), dtype=np.int64) * 8) for like in wanted.values())
  for folder, _, names in os.walk(checkpoint):
    for name in names:
      path = pathlib.Path(folder) / name
      size = path.stat().st_size
      # The data are in folders of their own.
      if size > (most if path.parent.name == _DATA else _MOST_MORE_BYTES // 8):
        raise files.InputError(
            f'{files.shown(path)} has {size} bytes, more than any run needs')


def check_listed(found: Listed, wanted: Mapping[str, Any]) -> None:
  """Raises ValueError unless arrays are what a run needs.

  Args:
    found: from `listed`, and what has no elements.
    wanted: an array of each name; only the first axis may be another one, as
      that of score windows is.
  """
  different = sorted(set(found) ^ set(wanted))
  if different:
    raise files.InputError(f'{different[0]!r} is on one side only')
  spare = _MOST_MORE_BYTES
  for name, (shape, dtype) in found.items():
    like = wanted[name]
    expected = np.shape(like)
    kind = np.dtype(getattr(like, 'dtype', None) or np.asarray(like).dtype)
    if np.dtype(dtype) != kind or len(shape) != len(expected) or (
        shape[1:] != expected[1:]):
      raise files.InputError(
          f'{name!r} is {dtype} of shape {files.shown(shape, 60)}, not {kind}'
          f' of {expected}')
    spare -= max(
        0, math.prod(shape) - math.prod(expected)) * kind.itemsize
  if spare < 0:
    raise files.InputError('its arrays are longer than those of any run')
