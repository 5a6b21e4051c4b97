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
"""Tests of `kickstarting/commands/shared_flags.py`."""

import dataclasses

from absl import flags
from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import update_config
from kickstarting.commands import shared_flags  # noqa: F401, it defines them
from kickstarting.runtime import training_config

FLAGS = flags.FLAGS


def _shared() -> list[flags.Flag]:
  return FLAGS.flags_by_module_dict()['kickstarting.commands.shared_flags']


class SharedFlagsTest(parameterized.TestCase):

  @parameterized.parameters(
      ('5000000', 5_000_000), ('5_000_000', 5_000_000), ('5e6', 5_000_000),
      ('2.5e6', 2_500_000), (7, 7))
  def test_frames(self, text, expected):
    frames = FLAGS['frames'].parser.parse(text)
    self.assertEqual(frames, expected)
    self.assertIsInstance(frames, int)

  @parameterized.parameters('1.5', 'inf', '-inf', 'nan', 'many', '')
  def test_frames_that_are_no_number(self, text):
    with self.assertRaisesRegex(
        ValueError, 'not a whole number of frames|could not convert'):
      FLAGS['frames'].parser.parse(text)

  def test_all_counts_of_frames_are_read_alike(self):
    names = [f.name for f in _shared() if f.name.endswith('frames')]
    self.assertLen(names, 4)
    for name in names:
      self.assertEqual(FLAGS[name].parser.parse('1e3'), 1000)

  def test_every_flag_has_help(self):
    self.assertGreater(len(_shared()), 30)
    self.assertEmpty([f.name for f in _shared() if len(f.help or '') < 10])

  def test_every_field_has_a_flag_with_its_default(self):
    for config in (training_config.TrainingConfig, update_config.UpdateConfig):
      for field in dataclasses.fields(config):
        if field.name in ('mixing', 'transfer_cost'):  # of mix_and_match
          continue
        with self.subTest(field.name):
          self.assertIn(field.name, [f.name for f in _shared()])
          self.assertEqual(FLAGS[field.name].default, field.default)


if __name__ == '__main__':
  absltest.main()
