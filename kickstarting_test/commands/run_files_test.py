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
"""Tests of what a run says of itself, read back."""

import json
import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import files
from kickstarting.commands import run_files


class RunFilesTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def _write(self, name, value):
    (self.folder / name).write_text(json.dumps(value))

  def test_of_a_run_that_has_ended(self):
    self._write('config.json', {'program': 'train', 'flags': {'seed': 1}})
    self._write('result.json', {'ended': 'finished', 'score': 3})
    self.assertEqual(run_files.config(self.folder)['flags'], {'seed': 1})
    self.assertEqual(run_files.result(self.folder)['ended'], 'finished')
    self.assertEqual(run_files.ended(self.folder, score=float)['score'], 3)

  def test_of_a_run_that_has_not(self):
    self.assertIsNone(run_files.result(self.folder))
    with self.assertRaisesRegex(files.InputError, 'holds no run that has end'):
      run_files.ended(self.folder)
    with self.assertRaisesRegex(files.InputError, 'config.json. cannot be r'):
      run_files.config(self.folder)

  @parameterized.parameters(
      ({}, "'ended' is missing"), ([], 'holds a list'), (None, 'holds null'),
      ({'ended': 3}, "'ended': it holds a whole number"),
      ({'ended': 'finished'}, "'score' is missing"),
      ({'ended': 'finished', 'score': 'x'}, "'score': it holds a text"))
  def test_results_that_are_damaged(self, value, text):
    self._write('result.json', value)
    with self.assertRaisesRegex(files.InputError, f'result.json.*{text}'):
      run_files.ended(self.folder, score=float)

  def test_a_pipe_is_no_result(self):
    os.mkfifo(self.folder / 'result.json')
    with self.assertRaisesRegex(files.InputError, 'not a regular file'):
      run_files.result(self.folder)


if __name__ == '__main__':
  absltest.main()
