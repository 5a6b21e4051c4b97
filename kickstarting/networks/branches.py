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
"""Agents that share parts, as data: which are combined, and how.

A branch is one agent: a core, a policy head and a value head, each by its name.
Branches that use the same name share that part. Several are combined to one
policy, with the final agent last:
  mixture: sum_i share_i pi_i. Czarnecki et al. (2018), "Mix & Match - Agent
    Curricula for Reinforcement Learning", Figure 2, arXiv:1806.01780.
  two_columns: softmax(weight h + f) of the task's own logits f and those all
    tasks share, h. Teh et al. (2017), "Distral", section 3, arXiv:1707.04175.
    The task's logits are beta f there: a step of the optimiser would be as many
    times larger.
  one_column: softmax(f); h learns from it, and acts through the rewards only.

Not here: their modules (`agents.py`, read it next).
"""

from collections.abc import Sequence
import dataclasses
import math

from kickstarting import checks
from kickstarting.networks import core as core_lib

COMBINATIONS = ('mixture', 'two_columns', 'one_column')


@dataclasses.dataclass(frozen=True)
class Branch:
  """One agent of a mixture, or the only one."""

  core: str = 'core'  # names of its parts; equal names are one part
  policy: str = 'policy'
  baseline: str = 'baseline'
  core_kind: str = 'lstm'  # a key of core.CORES
  actions: tuple[int, ...] = ()  # those that it has; () = all
  num_tasks: int = 0  # with 1 or more: parts of its own for each task

  def __post_init__(self):
    checks.check_name('core_kind', self.core_kind, core_lib.CORES)
    if self.num_tasks < 0:
      raise checks.UserError(
          f'num_tasks is {self.num_tasks}; expected the number of tasks, or 0'
          ' for an agent that all tasks share.')
    if len(set(self.actions)) < len(self.actions) or min(
        self.actions, default=0) < 0:
      raise checks.UserError(
          f'actions are {self.actions}; expected different numbers, 0 or more.')

  def parts(self, name: str) -> list[str]:
    """Returns the modules that a part of this name is, one for each task."""
    if not self.num_tasks:
      return [name]
    return [f'{name}_{task}' for task in range(self.num_tasks)]


@dataclasses.dataclass(frozen=True)
class Features:
  """What a network gives of the final agent's core, to be compared.

  A student that is to have the features of a teacher of each task projects its
  own: Parisotto et al. (2016), "Actor-Mimic", section 3.2, arXiv:1511.06342.
  """

  are_given: bool = False  # as they are
  num_tasks: int = 0  # with 1 or more: through a layer for each task
  size: int = 0  # of its output

  def __post_init__(self):
    if self.num_tasks and (self.are_given or self.size < 1):
      raise checks.UserError(
          f'features are {self}; expected them as they are, or projected for'
          ' each task to a size of at least 1. Leave one of the two out.')


def check_branches(
    branches: Sequence[Branch], combination: str = 'mixture'
) -> None:
  """Raises ValueError unless the branches can be combined."""
  checks.check_name('combination', combination, COMBINATIONS)
  if not branches:
    raise checks.UserError(
        'branches is (); expected at least one, the last of which is the final'
        ' agent of a mixture.')
  if combination != 'mixture' and len(branches) != 2:
    raise checks.UserError(
        f'combination {combination!r} of {len(branches)} branches; expected'
        ' two: that of each task, and that which all tasks share.')
  final = branches[-1]
  if len(branches) > 1 and (final.actions or final.num_tasks):
    raise checks.UserError(
        f'a mixture without a final agent: its last branch is {final}; expected'
        ' one that has all actions and that all tasks share. Put the simpler'
        ' agents before it.')
  for simple, complex_ in zip(branches[:-1], branches[1:]):
    if complex_.actions and not (
        simple.actions and set(simple.actions) <= set(complex_.actions)):
      lacks = sorted(set(simple.actions) - set(complex_.actions)) or 'all'
      raise checks.UserError(
          f'actions of agents do not nest: {simple} has actions that {complex_}'
          f' after it lacks ({lacks}); expected each agent to have at least'
          ' those of the one before it. Sort them by their actions.')
  kinds: dict[str, tuple[str, int]] = {}
  for branch in branches:
    mine = branch.core_kind, branch.num_tasks
    if kinds.setdefault(branch.core, mine) != mine:
      raise checks.UserError(
          f'core {branch.core!r} is shared, but is both {kinds[branch.core]}'
          f' and {mine} (kind, tasks); expected one of the two. Give them'
          ' different names.')


def check_actions(
    branches: Sequence[Branch], factors: Sequence[int], num_actions: int
) -> None:
  """Raises ValueError if an environment lacks actions that agents have."""
  for branch in branches:
    if max(branch.actions, default=0) >= num_actions:
      raise checks.UserError(
          f'{branch} has action {max(branch.actions)}, but the environment has'
          f' {num_actions}; expected 0 to {num_actions - 1}. Choose the case'
          ' that fits the environment.')
  if factors and math.prod(factors) != num_actions:
    raise checks.UserError(
        f'action_factors are {tuple(factors)}, which make'
        f' {math.prod(factors)} actions, but the environment has'
        f' {num_actions}; expected their product. Correct the factors.')
