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
      'num_actors', 'queue_size', 'window_frames', 'record_frames',
      'checkpoint_frames')
  def test_counts(self, field):
    with self.assertRaisesRegex(
        ValueError, f'{field} is 0; expected at least 1'):
      training_config.TrainingConfig(**{field: 0})

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
