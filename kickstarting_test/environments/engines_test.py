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
"""Tests what is said of engines that a machine lacks."""

import pathlib
import sys

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting.environments import engines

_NAME = 'engine_of_a_test'


class EnginesTest(parameterized.TestCase):

  def _load(self, text=None):
    folder = pathlib.Path(self.create_tempdir().full_path)
    if text is not None:
      (folder / f'{_NAME}.py').write_text(text)
    self._use(folder)
    return engines.load(_NAME, 'Engine', 'Build it.')

  def _use(self, folder):
    sys.path.insert(0, str(folder))
    self.addCleanup(sys.path.remove, str(folder))
    self.addCleanup(sys.modules.pop, _NAME, None)

  def test_one_that_is_there(self):
    self.assertEqual(self._load('Engine = 3').Engine, 3)

  @parameterized.parameters(
      (None, f'there is no module {_NAME}; expected that engine. Build it'),
      ('import module_of_nobody', "is there, but needs the module"
       " 'module_of_nobody', which is not; .*Install module_of_nobody"),
      ('import module_of_nobody.part', 'Install module_of_nobody beside it'),
      ('raise ModuleNotFoundError(name="imp")',
       "the module 'imp', which is not; .*use Python 3.11"),
      ('raise ModuleNotFoundError(name="pkg_resources")',
       "the module 'pkg_resources', which is not; .*setuptools<81"),
      ('raise ImportError("libOSMesa.so.8: cannot open")',
       'is there, but cannot be loaded .libOSMesa.so.8: cannot open.; '),
      ('', f'{_NAME}.py has no Engine; expected the engine, not something'),
  )
  def test_what_is_missing(self, text, message):
    with self.assertRaisesRegex(checks.UserError, message):
      self._load(text)

  def test_a_folder_of_its_name(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    (folder / _NAME).mkdir()
    self._use(folder)
    with self.assertRaisesRegex(checks.UserError, f'{_NAME}.* has no Engine'):
      engines.load(_NAME, 'Engine', 'Build it.')

  def test_envpool(self):
    self.assertTrue(engines.load_envpool().make_dm)


if __name__ == '__main__':
  absltest.main()
