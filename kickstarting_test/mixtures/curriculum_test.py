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
"""Tests of curriculum.py: which runs a case is, and what cannot be."""

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting import description
from kickstarting import pbt
from kickstarting.mixtures import curriculum


def _student(tasks=('Empty-Random-6x6', 'LavaGapS5'), **options):
  return description.describe(
      'minigrid_all', tasks=list(tasks),
      **{'network': 'flat', 'frames': 1600, **options})


class DescribeTest(parameterized.TestCase):

  def test_each_agent_has_its_run(self):
    found = curriculum.describe(_student(), 'core', transfer_cost=0.5)
    self.assertEqual(tuple(found.runs), curriculum.AGENTS)
    for name, described in found.runs.items():
      is_mixture = name == 'mix_and_match'
      self.assertEqual(described.network, found.case.agents[name])
      self.assertEqual(
          described.config.transfer_cost, 0.5 if is_mixture else 0.0)
      self.assertEqual('mixing' in described.schedules, is_mixture)
      self.assertEqual(found.num_members(name), 1)
    self.assertIsNone(found.rules)

  def test_the_share_follows_its_schedule(self):
    found = curriculum.describe(
        _student(), 'core', mixing='piecewise:0=0,25%=1')
    schedule = found.runs['mix_and_match'].schedules['mixing']
    self.assertEqual([schedule(x) for x in (0, 200, 400, 1600)], [0, 0.5, 1, 1])

  def test_mixtures_alone_are_populations(self):
    rules = pbt.get_preset('mix_and_match_short')
    found = curriculum.describe(
        _student(), 'core', mixing=rules, members=3)
    self.assertEqual(
        {name: found.num_members(name) for name in found.runs},
        {'simple': 1, 'complex': 1, 'mix_and_match': 3})
    self.assertIs(found.rules, rules)
    self.assertEmpty(found.runs['mix_and_match'].schedules)

  def test_a_policy_that_is_no_product(self):
    student = _student()
    for factorised in (True, False):
      found = curriculum.describe(
          student, 'action_space', agents=['complex'], factorised=factorised)
      self.assertEqual(
          bool(found.case.agents['complex'].action_factors), factorised)

  @parameterized.parameters(
      ({'case': 'cores'}, "unknown case 'cores'.*Did you mean 'core'"),
      ({'agents': ['simple', 'FF']}, 'one or more of simple, complex, mix_and_m'
       'atch, sum_of_cores, two_lstms, each once'),
      ({'agents': ['simple', 'simple']}, 'each once'),
      ({'agents': []}, 'each once'), ({'agents': None}, 'each once'),
      ({'agents': [['a']]}, 'each once'),
      ({'mixing': pbt.get_preset('mix_and_match'), 'members': 1},
       'expected at least two members'),
      ({'mixing': 'piecewise:0=0,50%=2'},
       'mixing=piecewise:0=0,50%=2 is .* of the run; expected a share'),
      ({'mixing': 'sine'}, "schedule 'sine': unknown schedule"),
      ({'case': 'multitask', 'agents': ['distral_one_column'],
        'transfer_cost': 0}, "transfer_cost is 0 with 'distral_one_column'"),
      ({'transfer_cost': -1.0}, 'transfer_cost is -1.0'),
      ({'members': 0}, 'members is 0'),
      ({'factorised': False}, 'factorised is False in the case core, whose'))
  def test_what_cannot_be(self, options, text):
    with self.assertRaisesRegex(checks.UserError, text):
      curriculum.describe(_student(), **{'case': 'core', **options})

  def test_tasks_and_networks_that_do_not_fit(self):
    with self.assertRaisesRegex(checks.UserError, 'has the one task'):
      curriculum.describe(_student(['LavaGapS5']), 'multitask')
    with self.assertRaisesRegex(checks.UserError, 'one of your own, of which'):
      curriculum.describe(_student(network=lambda x: x['image']), 'core')


if __name__ == '__main__':
  absltest.main()
