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
"""Tests of named_networks.py: what users may write for a network."""

import dataclasses
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import haiku as hk

from kickstarting import checks
from kickstarting import named_networks
from kickstarting.environments import suites
from kickstarting.networks import build as networks
from kickstarting.networks import own
from kickstarting.teachers import zoo
from kickstarting_test.networks import frameworks

_PLACE = 'kickstarting_test.networks.frameworks'
_POLE = 'gymnasium:CartPole-v1'


def _features(observation):
  return hk.Linear(4)(observation)


class MakeNetworkTest(parameterized.TestCase):

  @parameterized.parameters(None, '')
  def test_the_one_that_fits(self, network):
    for env, torso in (('minigrid8', 'grid_small'), (_POLE, 'mlp_small')):
      made = named_networks.make_network(suites.suite_of(env), network)
      self.assertEqual(made.torso, torso)

  def test_one_that_is_shipped(self):
    flat = networks.get_network('flat')
    for network in ('flat', flat):
      made = named_networks.make_network(
          suites.suite_of(_POLE), network, ['observation'], scales_value=True)
      self.assertEqual(made, dataclasses.replace(
          flat, observation_keys=('observation',), scales_value=True))

  @parameterized.parameters(
      (f'{_PLACE}:haiku_features', f'{_PLACE}:haiku_features'),
      (f'{_PLACE}:CARTPOLE_NNX', f'{_PLACE}:CARTPOLE_NNX'),
      (_features, f'{__name__}:_features'), (lambda x: x, ''))
  def test_one_s_own(self, network, path):
    made = named_networks.make_network(suites.suite_of(_POLE), network)
    self.assertIsInstance(made, own.OwnNetwork)
    if __name__ != '__main__':
      self.assertEqual(made.path, path)

  @parameterized.parameters(
      ('gird', "unknown network 'gird'.*grid_small"), (3, 'network is 3;'),
      (f'{_PLACE}:nothing', "has no network 'nothing'"),
      ('nowhere.py:f', 'no file'))
  def test_what_is_none(self, network, text):
    with self.assertRaisesRegex(checks.UserError, text):
      named_networks.make_network(suites.suite_of(_POLE), network)

  def test_an_entry_that_is_not_observed(self):
    with self.assertRaisesRegex(
        checks.UserError, "unknown observation_keys 'x'"):
      named_networks.make_network(suites.suite_of(_POLE), '', ['x'])


class LoadPolicyTest(absltest.TestCase):

  def test_what_is_no_network(self):
    with self.assertRaisesRegex(
        checks.UserError, "network is 'flat'; expected"):
      named_networks.load_policy('policy.npz', 'flat')

  def test_one_of_a_network_that_is_shipped_needs_none(self):
    path = pathlib.Path(self.create_tempdir().full_path) / 'policy.npz'
    policy = zoo.load_expert('LavaGapS7')
    policy.save(path)
    self.assertEqual(
        named_networks.load_policy(str(path)).network, policy.network)
    with self.assertRaisesRegex(checks.UserError, 'that is shipped; expected'):
      named_networks.load_policy(path, frameworks.haiku_features)


if __name__ == '__main__':
  absltest.main()
