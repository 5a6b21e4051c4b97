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
"""A test case with a folder for a run, and what begins one in it."""

import pathlib

from absl import flags
from absl.testing import absltest
from absl.testing import flagsaver

from kickstarting.commands import folder_lock
from kickstarting.commands import shared_flags  # noqa: F401  (flags of a run)
from kickstarting.commands import workdir

FLAGS = flags.FLAGS


class FolderTestCase(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.folder = self.root / 'run'
    self.addCleanup(folder_lock.release)
    self.enter_context(flagsaver.flagsaver(
        workdir=str(self.folder), resume=False))

  def _begin(self, program='train'):
    folder = workdir.choose(program)
    workdir.begin(folder, program)
    return folder
