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
"""Compiled maps of DeepMind Lab in a folder, which processes and users share.

Not here: who asks for maps (`dmlab.py`).
"""

import contextlib
import os
import pathlib
import zipfile
import zlib

from kickstarting import files

_MAX_BYTES = 64 * 2**20  # of a map; the largest seen has 60 KB
# Of a file that is no archive any more; the engine aborts with such a one.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError,
           OSError)


class LevelCache:
  """What the engine asks for a map before it compiles one.

  What goes wrong here only costs time: the engine then compiles the map.
  """

  def __init__(self, folder: str | os.PathLike[str]):
    self._folder = pathlib.Path(folder)

  def fetch(self, key: str, pk3_path: str) -> bool:
    """Copies a map to a path; returns whether there was a whole one."""
    target = pathlib.Path(pk3_path)
    try:
      target.write_bytes(files.read_bytes(
          self._folder / key, 'a compiled map', max_bytes=_MAX_BYTES))
      with zipfile.ZipFile(target) as archive:
        is_whole = bool(archive.namelist()) and archive.testzip() is None
    except _BROKEN:
      is_whole = False
    if not is_whole:
      with contextlib.suppress(OSError):
        target.unlink()
    return is_whole

  def write(self, key: str, pk3_path: str) -> None:
    """Keeps a map, whole or not at all, for all who may read the folder."""
    with contextlib.suppress(OSError, ValueError):
      files.write_bytes(self._folder / key, files.read_bytes(
          pk3_path, 'a compiled map', max_bytes=_MAX_BYTES))
