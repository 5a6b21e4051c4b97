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
"""The three uses of Mix & Match as networks: which agents, what they share.

Czarnecki et al. (2018), Figure 2, arXiv:1806.01780: from a small set of actions
to a large one, from a core without memory to one with it, from an agent for
each task to one for all. Each case has its two ends, trained alone, and the
mixture of both; some have the paper's further baselines. Not here: training
(`curriculum.py`), the parts (`kickstarting/networks/branches.py`).
"""

from collections.abc import Callable, Mapping
import dataclasses
import types as python_types
from typing import NamedTuple

from kickstarting import checks
from kickstarting.environments import base
from kickstarting.environments import macro_actions
from kickstarting.environments import suites
from kickstarting.environments import task_observation
from kickstarting.environments.suites import batches
from kickstarting.networks import branches
from kickstarting.networks import build as networks

SIMPLE, COMPLEX, MIXTURE = 'simple', 'complex', 'mix_and_match'
_LENGTH = 3  # steps of a macro-action
_MINIGRID_ACTIONS = 7
_DONE = 6  # of MiniGrid: does nothing in the levels of our suites


class Case(NamedTuple):
  """A use of Mix & Match.

  Attributes:
    agents: name -> network; SIMPLE and COMPLEX are the ends of the curriculum,
      MIXTURE is both.
    wrap: what stands between the environments and the agents.
    is_final_judged: whether PBT compares members by the final agent alone.
  """

  agents: Mapping[str, networks.NetworkConfig]
  wrap: batches.Wrap
  is_final_judged: bool = False


def _action_space(
    network: networks.NetworkConfig, suite: suites.Suite
) -> Case:
  """MiniGrid's 7 actions, one every third step, to all 343 triples of them.

  Both heads stand on one core; the value is one. The large head is a product of
  three, as the paper's large action space is factorised.
  """
  if suite.num_actions != _MINIGRID_ACTIONS:
    raise checks.UserError(
        f'the case action_space is made of the {_MINIGRID_ACTIONS} actions of'
        f' MiniGrid, but the tasks have {suite.num_actions}; expected levels of'
        ' MiniGrid or BabyAI. Choose other tasks.')
  few = macro_actions.single_actions(_MINIGRID_ACTIONS, _LENGTH, _DONE)
  small = branches.Branch(policy='small_policy', actions=few)
  shared = branches.Branch(actions=few)
  large = branches.Branch()
  table = macro_actions.all_sequences(_MINIGRID_ACTIONS, _LENGTH)

  def wrap(environment: base.BatchedEnvironment, first_row: int):
    del first_row
    return macro_actions.MacroActions(environment, table, _DONE)

  return Case(
      agents=_networks(
          dataclasses.replace(
              network, action_factors=(_MINIGRID_ACTIONS,) * _LENGTH), {
                  SIMPLE: (small,),
                  COMPLEX: (large,),
                  MIXTURE: (small, large),
                  'shared_head': (shared, large),
              }),
      wrap=wrap)


def _core(network: networks.NetworkConfig, suite: suites.Suite) -> Case:
  """A core without memory to an LSTM; all else is shared."""
  del suite
  layer = branches.Branch(core='layer', core_kind='feedforward')
  lstm = branches.Branch()
  return Case(
      agents=_networks(network, {
          SIMPLE: (layer,),
          COMPLEX: (lstm,),
          MIXTURE: (layer, lstm),
          'sum_of_cores': (
              branches.Branch(core_kind='feedforward_and_lstm'),),
          'two_lstms': (branches.Branch(core='other'), lstm),
      }),
      wrap=batches.unwrapped)


def _multitask(network: networks.NetworkConfig, suite: suites.Suite) -> Case:
  """An agent for each task to one for all; they share the torso.

  Distral has the same agents: Teh et al. (2017), arXiv:1707.04175.
  """
  if len(suite.tasks) < 2:
    raise checks.UserError(
        f'the case multitask has the one task {suite.task_names[0]!r}; expected'
        ' two or more. Name them in --tasks.')
  each = branches.Branch(
      'own_core', 'own_policy', 'own_baseline', num_tasks=len(suite.tasks))
  shared = branches.Branch()
  agents = _networks(network, {
      SIMPLE: (each,),
      COMPLEX: (shared,),
      MIXTURE: (each, shared),
  })
  return Case(
      agents={**agents, **{
          f'distral_{combination}': dataclasses.replace(
              agents[MIXTURE], combination=combination)
          for combination in ('one_column', 'two_columns')}},
      wrap=task_observation.TaskObservation,
      is_final_judged=True)


def _networks(
    network: networks.NetworkConfig,
    agents: Mapping[str, tuple[branches.Branch, ...]],
) -> Mapping[str, networks.NetworkConfig]:
  return {name: dataclasses.replace(network, branches=mine)
          for name, mine in agents.items()}


_Make = Callable[[networks.NetworkConfig, suites.Suite], Case]
CASES: Mapping[str, _Make] = python_types.MappingProxyType({
    'action_space': _action_space,
    'core': _core,
    'multitask': _multitask,
})
