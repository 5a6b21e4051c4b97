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
"""Tests what may be set of DeepMind Lab, without an engine."""

import math
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting.environments import dmlab_settings


class DmlabSettingsTest(parameterized.TestCase):

  def test_the_engine_is_told_in_words(self):
    told = dmlab_settings.Settings(config={
        'hasAltCameras': True, 'localLevelCache': False, 'fps': 30,
        'episodeLengthSeconds': 1.5, 'playerName': 'nobody'}).for_engine(False)
    self.assertEqual(told, {
        'width': '96', 'height': '72', 'logLevel': 'WARN',
        'datasetPath': 'dummy', 'hasAltCameras': 'true',
        'localLevelCache': 'false', 'fps': '30', 'episodeLengthSeconds': '1.5',
        'playerName': 'nobody'})

  def test_hold_out_levels(self):
    told = dmlab_settings.Settings().for_engine(True)
    self.assertEqual(told['allowHoldOutLevels'], 'true')
    self.assertEqual(told['mixerSeed'], str(0x600D5EED))

  @parameterized.parameters(
      ({'actions': 'all'}, "action set 'all'; expected one of impala"),
      ({'actions': 541}, "action set '541'; expected one of"),
      ({'width': 94}, 'width is 94; expected a positive multiple of 4'),
      ({'height': 70}, 'height is 70; expected a positive multiple of 4'),
      ({'width': 0}, 'width is 0; expected a positive multiple of 4'),
      ({'width': 96.0}, 'width is 96.0; expected'),
      ({'height': '72'}, "height is '72'; expected"),
      ({'action_repeat': 0}, 'action_repeat is 0; expected a positive whole'),
      ({'action_repeat': True}, 'action_repeat is True; expected'),
      ({'renderer': 'gpu'}, "unknown renderer 'gpu'; expected one of hardware"),
      ({'dataset': '/nonexistent'},
       "dataset is '/nonexistent', which has no 0001.png; .*leave it out"),
      ({'dataset': 3}, 'dataset is 3; expected the path of a folder'),
      ({'cache': '/proc/nowhere'}, "'/proc/nowhere' cannot be written"),
      ({'cache': True}, 'cache is True; expected the path of a folder'),
      ({'config': 3}, 'config is 3; expected names and values'),
      ({'config': {'width': '64'}}, "config sets 'width' .*Set width instead"),
      ({'config': {'datasetPath': '/nonexistent'}}, 'Set dataset instead'),
      ({'config': {'mixerSeed': 3}}, "config sets 'mixerSeed' to 3"),
      ({'config': {'a': [1]}}, r"config sets 'a' to \[1\]; expected text"),
      ({'config': {'a': None}}, "config sets 'a' to None; expected text"),
      ({'config': {'a': math.nan}}, "config sets 'a' to nan; expected text"),
  )
  def test_what_no_engine_could_be_told(self, settings, message):
    with self.assertRaisesRegex(checks.UserError, message):
      dmlab_settings.Settings(**settings)

  def test_images(self):
    folder = self.create_tempdir()
    folder.create_file('0001.png')
    with self.assertRaisesRegex(checks.UserError, 'has no 2400.png'):
      dmlab_settings.Settings(dataset=folder.full_path)
    folder.create_file('2400.png')
    told = dmlab_settings.Settings(dataset=folder.full_path).for_engine(False)
    self.assertEqual(told['datasetPath'], folder.full_path)

  def test_the_folder_of_maps_is_made(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'a' / 'b'
    dmlab_settings.Settings(cache=str(folder))
    self.assertTrue(folder.is_dir())

  def test_a_file_in_the_place_of_the_folder(self):
    path = self.create_tempfile().full_path
    with self.assertRaisesRegex(checks.UserError, 'cannot be written'):
      dmlab_settings.Settings(cache=path)


if __name__ == '__main__':
  absltest.main()
