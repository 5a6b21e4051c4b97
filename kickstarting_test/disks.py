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
"""Small disks of a test's own, which can be filled and made read-only.

Not here: tests. Mounting needs rights that not everybody has; a test is skipped
without them.
"""

import os
import pathlib
import subprocess

from absl.testing import absltest


class Disk:
  """A file system in memory, mounted for the time of a test."""

  def __init__(self, test: absltest.TestCase, size: str = '8m'):
    """Mounts it; skips the test where that is not allowed."""
    self.folder = pathlib.Path(test.create_tempdir().full_path)
    self._filler = self.folder / 'filler'
    try:
      _run('mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', self.folder)
    except (OSError, subprocess.CalledProcessError) as error:
      test.skipTest(f'no file system can be mounted here: {error}')
    test.addCleanup(_run, 'umount', '-l', self.folder)

  def fill(self) -> None:
    """Takes all the room that is left."""
    descriptor = os.open(self._filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
      for size in (1 << 16, 1 << 8, 1):
        block = b'0' * size
        try:
          while os.write(descriptor, block):
            pass
        except OSError:
          pass
    finally:
      os.close(descriptor)

  def free(self) -> None:
    """Gives the room back."""
    self._filler.unlink()

  def forbid_writing(self) -> None:
    """Makes it read-only."""
    _run('mount', '-o', 'remount,ro', self.folder)

  def allow_writing(self) -> None:
    """Undoes `forbid_writing`."""
    _run('mount', '-o', 'remount,rw', self.folder)


def _run(*command) -> None:
  subprocess.run(command, check=True, capture_output=True, text=True)
