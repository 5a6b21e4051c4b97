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
"""Tests of run_folder.py: one run in a folder, described and locked."""

import json
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting import run_folder
from kickstarting.runtime import exchange

_DESCRIPTION = {'frames': 100, 'record_frames': 10, 'seed': 1}


class OwnedTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'run'

  def _run(self, description=_DESCRIPTION, resume=False):  # pylint: disable=dangerous-default-value
    with run_folder.owned(
        self.folder, 'train', description, resume=resume) as finish:
      with self.assertRaises(exchange.ExchangeError):
        exchange.check_free(self.folder / '.lock')
      finish({'ended': 'finished', 'score': float('nan')})

  def test_a_run_and_its_continuation(self):
    self._run()
    read = lambda name: json.loads((self.folder / name).read_text())
    self.assertEqual(read('config.json')['description'], _DESCRIPTION)
    self.assertEqual(
        read('result.json'), {'ended': 'finished', 'score': None})
    exchange.check_free(self.folder / '.lock')
    longer = {**_DESCRIPTION, 'frames': 200, 'record_frames': 20}
    self._run(longer, resume=True)
    self.assertEqual(read('config.json')['description'], longer)

  @parameterized.parameters(
      ({'seed': 2}, 'seed is 2, but the run in'),
      ({'frames': 50}, 'frames is 50, but the run in'),
      ({'new': None}, 'new is None, but the run in'))
  def test_another_run(self, changes, text):
    self._run()
    with self.assertRaisesRegex(checks.UserError, text):
      self._run({**_DESCRIPTION, **changes}, resume=True)

  def test_folders_that_are_not_free(self):
    with self.assertRaisesRegex(checks.UserError, 'no run to resume'):
      self._run(resume=True)
    self._run()
    with self.assertRaisesRegex(checks.UserError, 'is not an empty folder'):
      self._run()

  def test_two_at_a_time(self):
    with run_folder.owned(self.folder, 'train', _DESCRIPTION, resume=False):
      with self.assertRaises(exchange.ExchangeError):
        with run_folder.owned(self.folder, 'train', _DESCRIPTION, resume=True):
          pass

  def test_none(self):
    with run_folder.owned(None, 'train', _DESCRIPTION, resume=False) as finish:
      finish({})


if __name__ == '__main__':
  absltest.main()
