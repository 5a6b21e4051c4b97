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
"""Tests of `experiments/shared_flags.py`."""

import dataclasses
from unittest import mock

from absl import flags
from absl.testing import absltest
from absl.testing import flagsaver
from absl.testing import parameterized

from experiments import run_flags
from experiments import shared_flags  # noqa: F401, it defines them
from kickstarting import update as update_lib
from kickstarting.runtime import training_config

FLAGS = flags.FLAGS


def _shared() -> list[flags.Flag]:
  return FLAGS.flags_by_module_dict()['experiments.shared_flags']


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
    for config in (training_config.TrainingConfig, update_lib.UpdateConfig):
      for field in dataclasses.fields(config):
        if field.name in ('mixing', 'transfer_cost'):  # of mix_and_match
          continue
        with self.subTest(field.name):
          self.assertIn(field.name, [f.name for f in _shared()])
          self.assertEqual(FLAGS[field.name].default, field.default)

  @flagsaver.flagsaver(seed=7, learning_rate=0.5, frames=1000)
  def test_config_takes_what_the_flags_say(self):
    config = run_flags.config_from_flags(training_config.TrainingConfig)
    self.assertEqual(config, training_config.TrainingConfig(
        seed=7, learning_rate=0.5, frames=1000))

  def test_flags_of_a_binary_are_no_fields(self):
    # As experiments.mix_and_match has them, whose mixing is a schedule.
    flag_values = FLAGS.__deepcopy__({})
    flags.DEFINE_string(
        'mixing', 'piecewise:0=0,50%=1', 'A text.', flag_values=flag_values)
    flag_values.mark_as_parsed()
    with mock.patch.object(run_flags, 'FLAGS', flag_values):
      config = run_flags.config_from_flags(training_config.TrainingConfig)
    self.assertEqual(config.mixing, 1.0)

  def test_config_with_fields_that_are_no_flags(self):
    config = run_flags.config_from_flags(
        update_lib.UpdateConfig, method='n_distill')
    self.assertEqual(config, update_lib.UpdateConfig(method='n_distill'))

  @flagsaver.flagsaver(learns_value=True, method='n_distill')
  def test_what_a_binary_sets_is_left_out_where_nothing_reads_it(self):
    config = shared_flags.update_from_flags()
    self.assertEqual(config, update_lib.UpdateConfig(method='n_distill'))
    self.assertTrue(shared_flags.update_from_flags(
        method='on_policy_distill').learns_value)

  @flagsaver.flagsaver(rmsprop_epsilon=0.01)
  def test_what_a_suite_sets_is_left_out_with_another_optimiser(self):
    self.assertEqual(
        shared_flags.update_from_flags(), update_lib.UpdateConfig())
    self.assertEqual(
        shared_flags.update_from_flags(optimizer='rmsprop').rmsprop_epsilon,
        0.01)

  @flagsaver.as_parsed(rmsprop_epsilon='0.01')
  def test_what_is_given_is_refused_where_nothing_reads_it(self):
    with self.assertRaisesRegex(ValueError, 'rmsprop_epsilon is 0.01, which'):
      shared_flags.update_from_flags()

  @flagsaver.flagsaver(frames=-5)
  def test_values_are_checked(self):
    with self.assertRaisesRegex(ValueError, 'frames is -5; expected at least'):
      run_flags.config_from_flags(training_config.TrainingConfig)

  def test_own_flags_are_ours(self):
    own = run_flags.own_flags()
    self.assertContainsSubset(
        ['suite', 'tasks', 'frames', 'workdir', 'seed', 'teachers', 'weights',
         'resume', 'network', 'discount'], own)
    self.assertNoCommonElements(['verbosity', 'pdb', 'only_check_args'], own)


if __name__ == '__main__':
  absltest.main()
