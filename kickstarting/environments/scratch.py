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
"""Temporary folders of processes that may be killed at any moment.

A worker cannot clean up after a signal that ends it at once, so its batch makes
and removes the folder; where the batch itself was killed, the next one that any
process of the user makes does so. A lock, which the system drops with its
owner, tells which folders are in use. Not here: the processes
(`worker_process.py`).
"""

import contextlib
import fcntl
import functools
import os
import pathlib
import shutil
import tempfile
import time

_PREFIX = 'kickstarting_worker_'
_LOCK = '.lock'
_GRACE_S = 60.0  # for a folder to be locked once it is made


class Folder:
  """A temporary folder that is removed with `remove`, or by a later one.

  Attributes:
    path: of the folder.
  """

  def __init__(self):
    """Makes a folder, and removes those whose owners have ended."""
    parent = pathlib.Path(tempfile.gettempdir())
    _sweep(parent)
    descriptor = None
    while descriptor is None:
      self.path = tempfile.mkdtemp(prefix=_PREFIX, dir=parent)
      descriptor = _locked(pathlib.Path(self.path))
    self._descriptor: int | None = descriptor

  def remove(self) -> None:
    """Removes the folder and all that is in it; may be called again."""
    if self._descriptor is None:
      return
    shutil.rmtree(self.path, ignore_errors=True)
    os.close(self._descriptor)
    self._descriptor = None


@functools.cache  # once in a process
def _sweep(parent: pathlib.Path) -> None:
  """Removes the folders of this user that nobody has locked."""
  for folder in parent.glob(f'{_PREFIX}*'):
    with contextlib.suppress(OSError):
      status = folder.stat()
      is_ours = status.st_uid == os.getuid()
      if is_ours and time.time() - status.st_mtime > _GRACE_S:
        descriptor = _locked(folder)
        if descriptor is not None:
          shutil.rmtree(folder, ignore_errors=True)
          os.close(descriptor)


def _locked(folder: pathlib.Path) -> int | None:
  """Locks a folder; returns what holds the lock, None if another has it."""
  path = folder / _LOCK
  try:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
  except FileNotFoundError:  # it was removed meanwhile
    return None
  try:
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Who had the lock before may have removed the folder.
    if os.path.samestat(os.fstat(descriptor), path.stat()):
      return descriptor
  except (BlockingIOError, FileNotFoundError):
    pass
  os.close(descriptor)
  return None
