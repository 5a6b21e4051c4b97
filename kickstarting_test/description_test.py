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
"""Tests of description.py: what is left out, and what cannot be."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting import description
from kickstarting import update_config
from kickstarting.environments import suites
from kickstarting.networks import build as networks
from kickstarting.runtime import training_config


class DescribeTest(parameterized.TestCase):

  def test_what_is_left_out(self):
    made = description.describe('minigrid8')
    self.assertEqual(made.suite.name, 'minigrid8')
    self.assertEqual(
        (made.update, made.config),
        (update_config.UpdateConfig(), training_config.TrainingConfig()))
    self.assertEqual(made.network.torso, 'grid_small')
    self.assertEqual(made.teaching.teachers, ())

  @parameterized.parameters('gymnasium:CartPole-v1', 'envpool:CartPole-v1')
  def test_the_network_fits_the_observation(self, env):
    self.assertEqual(description.describe(env).network.torso, 'mlp_small')

  def test_a_suite_s_defaults_and_what_is_given(self):
    suite = suites.get_suite('minigrid8')._replace(defaults={
        'network': 'flat', 'streams': 8, 'streams_per_worker': 2,
        'optimizer': 'rmsprop', 'rmsprop_epsilon': 0.5})
    made = description.describe(
        suite, streams=16, frames=2e5, bootstrap_on_timeout=True,
        teacher_share=0.0, evaluation_max_steps=7)
    self.assertEqual(made.network, networks.get_network('flat'))
    self.assertEqual((made.config.streams, made.config.frames), (16, 200_000))
    self.assertEqual(made.update.rmsprop_epsilon, 0.5)
    self.assertEqual(made.suite.pool.streams_per_worker, 2)
    self.assertTrue(made.suite.bootstrap_on_timeout)
    self.assertEqual(
        (made.manner.max_steps, made.manner.training_streams), (7, 64))
    # Nothing reads it with another optimiser.
    made = description.describe(suite, optimizer='adam')
    self.assertEqual(made.update.rmsprop_epsilon, 0.1)

  def test_networks(self):
    flat = dataclasses.replace(networks.get_network('flat'), core_size=16)
    for network, expected in (
        ('flat', networks.get_network('flat')), (flat, flat)):
      made = description.describe(
          'minigrid8', network=network, observation_keys=['image'])
      self.assertEqual(
          made.network,
          dataclasses.replace(expected, observation_keys=('image',)))

  def test_teachers(self):
    made = description.describe(
        'minigrid8', tasks=['FourRooms'], teachers='zoo', weights='constant:2')
    self.assertEqual(
        [teacher.name for teacher in made.teaching.teachers], ['FourRooms'])
    self.assertEqual(made.problem().teacher_names, ('FourRooms',))

  @parameterized.parameters(
      ({'learning_rat': 1.0}, "unknown option 'learning_rat'.*learning_rate"),
      ({'learning_rate': '1e-3'}, "learning_rate is '1e-3', of type str"),
      ({'frames': '1e6'}, "frames is '1e6', of type str"),
      ({'frames': 1.5}, 'frames is 1.5, of type float'),
      ({'frames': float('inf')}, 'frames is inf'),
      ({'network': 'gird'}, "unknown network 'gird'.*grid_small"),
      ({'network': 3}, 'network is 3; expected the name of one'),
      ({'method': 'nothing'}, "unknown method 'nothing'"),
      ({'rmsprop_epsilon': 0.5}, 'rmsprop_epsilon is 0.5, which is not read'),
      ({'streams_per_worker': -1}, 'streams_per_worker'),
      ({'tasks': ['FourRoms']}, "unknown task .*FourRooms"),
      ({'teachers': 'nowhere.npz'}, "No policy at 'nowhere.npz'"),
      ({'teachers': 'zoo', 'weights': 'linaer:1:50%'}, "'linaer:1:50%'"))
  def test_what_cannot_be(self, options, text):
    with self.assertRaisesRegex(checks.UserError, text):
      description.describe('minigrid8', **options)

  def test_a_suite_with_an_unknown_default(self):
    suite = suites.get_suite('minigrid8')._replace(defaults={'stream': 3})
    with self.assertRaisesRegex(
        checks.UserError, "unknown option in the defaults of minigrid8 'stre"):
      description.describe(suite)


if __name__ == '__main__':
  absltest.main()
