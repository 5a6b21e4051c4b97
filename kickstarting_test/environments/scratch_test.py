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
"""Tests temporary folders of processes that may be killed."""

import os
import pathlib
import signal
import subprocess
import sys
import time
from unittest import mock

from absl.testing import absltest

from kickstarting.environments import scratch


class ScratchTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.parent = pathlib.Path(self.create_tempdir().full_path)
    self.enter_context(mock.patch.object(
        scratch.tempfile, 'tempdir', str(self.parent)))
    scratch._sweep.cache_clear()

  def test_a_folder_goes_with_what_is_in_it(self):
    folder = scratch.Folder()
    (pathlib.Path(folder.path) / 'map').mkdir()
    folder.remove()
    folder.remove()
    self.assertEmpty(os.listdir(self.parent))

  def test_the_folder_of_one_that_was_killed_goes_later(self):
    code = ('import os, signal\n'
            'from kickstarting.environments import scratch\n'
            'scratch.Folder()\n'
            'os.kill(os.getpid(), signal.SIGKILL)')
    done = subprocess.run(
        [sys.executable, '-c', code], check=False, env=os.environ | {
            'TMPDIR': str(self.parent),
            'PYTHONPATH': os.pathsep.join(sys.path)})
    self.assertEqual(done.returncode, -signal.SIGKILL)
    [left] = self.parent.iterdir()
    _make_old(left)
    folder = scratch.Folder()
    self.addCleanup(folder.remove)
    self.assertEqual(
        list(self.parent.iterdir()), [pathlib.Path(folder.path)])

  def test_what_is_in_use_new_or_not_ours_stays(self):
    used = scratch.Folder()
    self.addCleanup(used.remove)
    _make_old(pathlib.Path(used.path))
    new = self.parent / f'{scratch._PREFIX}new'
    other = self.parent / 'other'
    for path in (new, other):
      path.mkdir()
    _make_old(other)
    scratch._sweep.cache_clear()
    mine = scratch.Folder()
    self.addCleanup(mine.remove)
    self.assertSameElements(self.parent.iterdir(), [
        pathlib.Path(used.path), new, other, pathlib.Path(mine.path)])


def _make_old(path: pathlib.Path) -> None:
  then = time.time() - 3600
  os.utime(path, (then, then))


if __name__ == '__main__':
  absltest.main()
