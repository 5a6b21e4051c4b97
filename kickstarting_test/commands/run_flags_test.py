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
"""Tests of run_flags.py: which flags are ours, and what they fill in."""

from unittest import mock

from absl import flags
from absl.testing import absltest
from absl.testing import flagsaver

from kickstarting import options
from kickstarting import update_config
from kickstarting.commands import flag_groups
from kickstarting.commands import run_flags
from kickstarting.commands import shared_flags  # noqa: F401, it defines them
from kickstarting.runtime import training_config

FLAGS = flags.FLAGS


class RunFlagsTest(absltest.TestCase):

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
        update_config.UpdateConfig, method='n_distill')
    self.assertEqual(config, update_config.UpdateConfig(method='n_distill'))

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

  def test_flags_of_all_commands_have_a_group(self):
    self.assertContainsSubset(
        run_flags.fields_with_flags() | {'suite', 'env', 'network', 'workdir'},
        flag_groups.GROUP_OF)
    self.assertContainsSubset(
        set(flag_groups.GROUP_OF.values()), options.GROUPS)


if __name__ == '__main__':
  absltest.main()
