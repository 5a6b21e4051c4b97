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
"""Tests of cases.py: what agents share, and what tasks must have."""

from absl.testing import absltest
from absl.testing import parameterized
import jax

from kickstarting import agent as agent_lib
from kickstarting.environments import suites
from kickstarting.environments.suites import batches
from kickstarting.mixtures import cases
from kickstarting.networks import build as networks

_NETWORK = networks.get_network('grid_small')
_SUITE = suites.get_suite('minigrid8', ['MemoryS7', 'LavaGapS7', 'PickupLoc'])


def _case(name, suite=_SUITE):
  return cases.CASES[name](_NETWORK, suite)


def _modules(case, name):
  spec = batches.spec_of(_SUITE, case.wrap)
  agent = agent_lib.make_agent(
      case.agents[name], spec.observation, spec.num_actions)
  return jax.eval_shape(agent.init, jax.random.key(0))


class CasesTest(parameterized.TestCase):

  @parameterized.parameters(*cases.CASES)
  def test_the_mixture_is_made_of_both_ends(self, name):
    case = _case(name)
    simple, complex_ = (
        case.agents[x].branches for x in (
            cases.SIMPLE, cases.COMPLEX))
    self.assertEqual(
        case.agents[cases.MIXTURE].branches, simple + complex_)
    both = set(_modules(case, cases.MIXTURE))
    self.assertEqual(
        both, {'mixture', *_modules(case, cases.SIMPLE),
               *_modules(case, cases.COMPLEX)})

  @parameterized.parameters(
      # What both ends of the curriculum have of their own, as in the paper's
      # Figure 2; the rest is shared.
      ('action_space', {'small_policy'}, {'policy'}),
      ('core', {'layer/linear'}, {'core/~/lstm/linear'}),
      ('multitask', {
          f'own_{part}_{task}{rest}' for task in range(3) for part, rest in (
              ('core', '/~/lstm/linear'), ('policy', ''), ('baseline', ''))},
       {'core/~/lstm/linear', 'policy', 'baseline'}))
  def test_what_is_not_shared(self, name, simple, complex_):
    case = _case(name)
    ends = [set(_modules(case, end)) for end in (
        cases.SIMPLE, cases.COMPLEX)]
    self.assertEqual(ends[0] - ends[1], simple)
    self.assertEqual(ends[1] - ends[0], complex_)

  def test_action_space(self):
    case = _case('action_space')
    self.assertEqual(batches.spec_of(_SUITE, case.wrap).num_actions, 343)
    self.assertEqual(_modules(case, 'simple')['small_policy']['w'].shape[1], 7)
    self.assertEqual(_modules(case, 'complex')['policy']['w'].shape[1], 21)
    self.assertNotIn('small_policy', _modules(case, 'shared_head'))

  def test_distral_has_the_agents_of_the_mixture(self):
    case = _case('multitask')
    for combination in ('one_column', 'two_columns'):
      network = case.agents[f'distral_{combination}']
      self.assertEqual(network.combination, combination)
      self.assertEqual(network.branches, case.agents['mix_and_match'].branches)

  @parameterized.parameters(
      ('action_space', False), ('core', False), ('multitask', True))
  def test_who_is_compared_in_a_population(self, name, is_final_judged):
    self.assertEqual(_case(name).is_final_judged, is_final_judged)


class ErrorsTest(absltest.TestCase):

  def test_one_task(self):
    with self.assertRaisesRegex(
        ValueError, "multitask has the one task 'MemoryS7'; expected two"):
      _case('multitask', suites.get_suite('minigrid8', ['MemoryS7']))

  def test_other_actions(self):
    tasks = tuple(t._replace(num_actions=3) for t in _SUITE.tasks)
    with self.assertRaisesRegex(
        ValueError, 'made of the 7 actions of MiniGrid, but the tasks have 3'):
      _case('action_space', _SUITE._replace(tasks=tasks))


if __name__ == '__main__':
  absltest.main()
