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
"""Tests of `runtime/training_config.py`."""

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting.runtime import training_config


class ConfigTest(parameterized.TestCase):

  @parameterized.parameters(
      'frames', 'unroll_steps', 'streams', 'splits', 'batches_per_actor',
      'num_actors', 'queue_size')
  def test_counts(self, field):
    with self.assertRaisesRegex(
        ValueError, f'{field} is 0; expected at least 1'):
      training_config.TrainingConfig(**{field: 0})

  @parameterized.parameters(
      'window_frames', 'record_frames', 'checkpoint_frames')
  def test_counts_that_are_usual_if_they_are_0(self, field):
    with self.assertRaisesRegex(
        ValueError, f'{field} is -1; expected at least 1'):
      training_config.TrainingConfig(**{field: -1})

  @parameterized.product(
      field=('learning_rate', 'entropy_cost', 'baseline_cost',
             'transfer_cost'),
      value=(-1.0, float('nan'), float('inf')))
  def test_costs(self, field, value):
    with self.assertRaisesRegex(
        ValueError, f'{field} is {value}; expected a finite number'):
      training_config.TrainingConfig(**{field: value})

  @parameterized.parameters(-0.1, 1.5, float('nan'))
  def test_mixing(self, value):
    with self.assertRaisesRegex(
        ValueError, rf'mixing is {value}; expected a number in \[0, 1\]'):
      training_config.TrainingConfig(mixing=value)

  @parameterized.parameters(
      {'mixing': 'piecewise:0=0,50%=1'}, {'frames': '1e6'}, {'splits': 2.0},
      {'learning_rate': '1e-3'}, {'lockstep': 'no'}, {'seed': None},
      {'entropy_cost': True})
  def test_fields_are_of_their_types(self, **fields):
    [(name, value)] = fields.items()
    with self.assertRaisesRegex(
        checks.UserError, f'{name} is {value!r}, of type '):
      training_config.TrainingConfig(**fields)

  @parameterized.parameters(
      (3_000_000, 500_000, 50_000, 1_000_000),
      (10**9, 500_000, 50_000, 1_000_000),
      (200_000, 33_333, 3_333, 66_666), (1, 1, 1, 1))
  def test_records_follow_the_budget(self, frames, window, record, checkpoint):
    config = training_config.TrainingConfig(frames=frames)
    self.assertEqual(
        (config.window_frames, config.record_frames, config.checkpoint_frames),
        (window, record, checkpoint))
    chosen = training_config.TrainingConfig(frames=frames, window_frames=7)
    self.assertEqual((chosen.window_frames, chosen.record_frames), (7, record))

  @parameterized.parameters('7', 7.0, True, None)
  def test_records_are_counts(self, value):
    with self.assertRaisesRegex(checks.UserError, 'window_frames is .*of type'):
      training_config.TrainingConfig(window_frames=value)

  def test_lockstep_takes_one_actor(self):
    with self.assertRaisesRegex(
        ValueError, 'num_actors is 2 with lockstep; expected 1'):
      training_config.TrainingConfig(num_actors=2, lockstep=True)

  def test_batches_have_episodes_of_their_own(self):
    training_config.TrainingConfig(num_actors=32, batches_per_actor=2)
    with self.assertRaisesRegex(ValueError, 'is 66; expected at most 64'):
      training_config.TrainingConfig(num_actors=33, batches_per_actor=2)


class KindsTest(parameterized.TestCase):

  @parameterized.parameters(
      {'mixing': 'piecewise:0=0,50%=1'}, {'mixing': True}, {'streams': '32'},
      {'streams': 32.0}, {'learning_rate': '1e-3'}, {'lockstep': 1})
  def test_a_field_of_another_kind(self, **fields):
    [name] = fields
    with self.assertRaisesRegex(checks.UserError, f'{name} is .*of type'):
      training_config.TrainingConfig(**fields)


if __name__ == '__main__':
  absltest.main()
