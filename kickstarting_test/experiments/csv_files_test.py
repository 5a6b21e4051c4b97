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
"""Tests of tables that a user names."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from experiments import csv_files
from kickstarting import files


class CsvFilesTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'a.csv'

  def test_what_is_written_is_read(self):
    rows = [{'name': 'a, b', 'score': '1'}, {'name': '"', 'score': ''}]
    csv_files.write(self.path, rows)
    self.assertEqual(csv_files.read(self.path, ('name',)), rows)

  @parameterized.parameters(
      ('', "lacks the column 'name'"), ('nom\na\n', "lacks the column 'name'"),
      ('name\n', "lacks the column 'name'"), ('name\na,b\n', 'row 1 .*cells'),
      ('name,x\na\n', 'row 1 .*cells'), ('name\n"a', 'is no CSV file'),
      ('name\n' + 'x' * 200_000, 'is no CSV file'))
  def test_others(self, text, message):
    self.path.write_text(text)
    with self.assertRaisesRegex(files.InputError, f"a.csv' {message}"
                                if message[:3] != 'row' else message):
      csv_files.read(self.path, ('name',))


if __name__ == '__main__':
  absltest.main()
