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
"""Tests of checkpoint_files.py: what is refused before anything is read.

Not here: checkpoints that were written and damaged (`checkpoint_test.py`).
"""

import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import checks
from kickstarting.runtime import checkpoint_files


class CheckFolderTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'checkpoints'

  def test_none_is_there_yet(self):
    checkpoint_files.check_folder(self.folder)
    self.assertFalse(self.folder.exists())

  @parameterized.parameters('9' * 23, '010', '\u0663')
  def test_what_is_named_by_no_number_of_frames(self, name):
    (self.folder / name).mkdir(parents=True)
    with self.assertRaisesRegex(checks.UserError, 'no number of frames'):
      checkpoint_files.check_folder(self.folder)

  @parameterized.parameters('10', '0', 'other', 'abc1')
  def test_other_names(self, name):
    (self.folder / name).mkdir(parents=True)
    checkpoint_files.check_folder(self.folder)

  @parameterized.parameters(
      lambda path: path.symlink_to(path), lambda path: path.write_text('x'),
      os.mkfifo)
  def test_a_folder_that_is_none(self, make):
    make(self.folder)
    with self.assertRaisesRegex(checks.UserError, 'is no folder; expected'):
      checkpoint_files.check_folder(self.folder)

  @parameterized.parameters(os.mkfifo, lambda path: path.symlink_to(path))
  def test_a_checkpoint_of_other_than_files(self, make):
    (self.folder / '10' / 'arrays').mkdir(parents=True)
    make(self.folder / '10' / 'arrays' / 'd')
    with self.assertRaisesRegex(checks.UserError, 'is no regular file'):
      checkpoint_files.check_folder(self.folder)


class CheckListedTest(parameterized.TestCase):

  def test_as_wanted(self):
    checkpoint_files.check_listed(
        {'x': ((2, 3), np.dtype(np.float32))},
        {'x': np.zeros((2, 3), np.float32)})

  @parameterized.parameters(
      ((2, 4, 1), np.float32), ((2, 3), np.int32), ((2, 10**12), np.float32))
  def test_other_arrays(self, shape, dtype):
    with self.assertRaisesRegex(ValueError, "x"):
      checkpoint_files.check_listed(
          {'x': (shape, np.dtype(dtype))}, {'x': np.zeros((2, 3), np.float32)})


if __name__ == '__main__':
  absltest.main()
