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
"""Tests of `experiments/folder_lock.py`: which process has a folder."""

import os
import pathlib
import shutil

from absl.testing import absltest

from experiments import folder_lock
from kickstarting import files
from kickstarting.runtime import exchange


class FolderLockTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.addCleanup(folder_lock.release)

  def _assert_taken(self, name):
    with self.assertRaisesRegex(
        exchange.ExchangeError, f"{name}' is in use by process {os.getpid()}"):
      folder_lock.check_free(self.root / name)

  def test_a_process_has_one_folder(self):
    folder_lock.take(self.root / 'a')
    self._assert_taken('a')
    folder_lock.take(self.root / 'a')  # once more is nothing
    folder_lock.take(self.root / 'b')
    folder_lock.check_free(self.root / 'a')
    self._assert_taken('b')
    folder_lock.release()
    folder_lock.check_free(self.root / 'b')

  def test_taken_by_another(self):
    other = exchange.Lock(self.root / 'a' / folder_lock.NAME)
    self.addCleanup(other.release)
    other.acquire(lambda: False)
    with self.assertRaisesRegex(exchange.ExchangeError, 'End that one, or'):
      folder_lock.take(self.root / 'a')

  def test_a_folder_that_is_gone(self):
    folder_lock.check()  # there is none
    folder_lock.take(self.root / 'a')
    folder_lock.check()
    shutil.rmtree(self.root / 'a')
    with self.assertRaisesRegex(files.OutputError, 'is gone'):
      folder_lock.check()


if __name__ == '__main__':
  absltest.main()
