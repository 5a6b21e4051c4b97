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
"""Tests of branches.py: what can be combined, and what is refused."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import agent as agent_lib
from kickstarting.networks import branches
from kickstarting.networks import build
from kickstarting_test.networks import examples
from kickstarting_test.networks import sharing

_A = sharing.A
_SMALL = sharing.SMALL
_LAYER = sharing.LAYER
_EACH = sharing.EACH
_FINAL = sharing.FINAL
_config = sharing.config


class ErrorsTest(parameterized.TestCase):

  @parameterized.parameters(
      ((), r'branches is \(\); expected at least one'),
      ((_SMALL, _SMALL), 'a mixture without a final agent: its last branch is'
       ' .*expected one that has all actions'),
      ((_FINAL, _EACH), 'a mixture without a final agent'),
      ((_SMALL, branches.Branch(actions=(1, 2)), _FINAL),
       r'actions of agents do not nest: .*lacks \(\[4\]\); expected each agent'
       ' to have at least those of the one before it'),
      ((_FINAL, _SMALL, _FINAL), r'actions of agents do not nest: .*\(all\)'),
      ((dataclasses.replace(_LAYER, core='core'), _FINAL),
       "core 'core' is shared, but is both .*'feedforward'.*'lstm'"),
  )
  def test_no_curriculum(self, agents, message):
    with self.assertRaisesRegex(ValueError, message):
      _config(*agents)

  @parameterized.parameters(
      ({'core_kind': 'gru'}, "unknown core_kind 'gru'"),
      ({'num_tasks': -1}, 'num_tasks is -1'),
      ({'actions': (1, 1)}, r'actions are \(1, 1\); expected different'),
      ({'actions': (-1,)}, r'actions are \(-1,\); expected different'),
  )
  def test_branch(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      branches.Branch(**fields)

  def test_actions_beyond_the_environment_s(self):
    with self.assertRaisesRegex(
        ValueError, 'has action 4, but the environment has 3; expected 0 to 2'):
      build.make_network(_config(_SMALL, _FINAL), 3)

  def test_factors_of_another_number(self):
    with self.assertRaisesRegex(
        ValueError, r'action_factors are \(2, 2\), which make 4 actions, but'
        ' the environment has 6'):
      build.make_network(_config(_FINAL, action_factors=(2, 2)), _A)

  def test_a_network_with_tasks_needs_the_task(self):
    with self.assertRaisesRegex(ValueError, r"reads \['task'\]"):
      agent_lib.make_agent(_config(_EACH), examples.FLAT_SPEC, _A)

  def test_combination(self):
    with self.assertRaisesRegex(
        ValueError, "combination 'two_columns' of 1 branches; expected two"):
      _config(_FINAL, combination='two_columns')
    with self.assertRaisesRegex(ValueError, "unknown combination 'columns'"):
      _config(_EACH, _FINAL, combination='columns')

  @parameterized.parameters(
      ({'num_tasks': 2},), ({'num_tasks': 2, 'size': 3, 'are_given': True},))
  def test_features(self, fields):
    with self.assertRaisesRegex(ValueError, 'expected them as they are, or'):
      branches.Features(**fields)


class JsonTest(absltest.TestCase):

  def test_there_and_back(self):
    config = _config(
        _SMALL, _FINAL, features=branches.Features(num_tasks=2, size=3),
        action_factors=(2, 3))
    self.assertEqual(build.from_json(build.to_json(config)), config)


if __name__ == '__main__':
  absltest.main()
