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
"""What students do, and how it is computed; static.

Not here: how they are configured (`tabular.py`), who is in which lane
(`lanes.py`, read it next).
"""

import dataclasses
from typing import NamedTuple

import chex

from experiments.distilling_policy_distillation import chance
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import tabular
from experiments.distilling_policy_distillation import targets
from kickstarting.losses import distillation

# Of what losses are sums, and r_i has one at most.
DIVERGENCES = ('distance', 'reverse_cross_entropy', 'reverse_kl')


class Parts(NamedTuple):
  """Of a return, which have a discount each."""

  rewards: chex.ArrayTree  # of the environment
  teacher: chex.ArrayTree  # what comes from the teacher


@dataclasses.dataclass(frozen=True)
class Plan:
  """What students do, and how it is computed; static."""

  config: tabular.UpdateConfig
  dynamics: mdp_lib.Dynamics

  @property
  def method(self) -> distillation.Method:
    return distillation.get_method(self.config.method)

  @property
  def control(self) -> str:
    return self.config.control or self.method.control

  @property
  def has_visits(self) -> bool:
    """Whether a visit may take several steps here."""
    return self.dynamics.num_actions > 16 and self.control == 'student'

  @property
  def share_at_once(self) -> float:
    """Of the lanes, those in which something is done for every action.

    The others wait, so that nothing is computed in vain. With few actions that
    is not worth picking lanes for.
    """
    return 0.25 if self.dynamics.num_actions > 100 else 1.0

  @property
  def share_that_waits(self) -> float:
    """Of the lanes, those that are to wait before it is done."""
    return min(self.share_at_once, 0.5)

  @property
  def width(self) -> int:
    """Actions in a block."""
    num_actions = self.dynamics.num_actions
    return chance.block_width(num_actions) if self.has_visits else num_actions

  @property
  def log_never(self) -> float:
    """Log-probability of what teachers with a floor never take."""
    return targets.log_never(self.dynamics.num_actions, self.config.floor)

  @property
  def has_bootstrap(self) -> bool:
    """Whether returns end after a step at the student's own value."""
    return self.config.returns == 'one_step' and not self.method.is_one_step

  @property
  def learns(self) -> Parts:
    """Whether a value of each part is learnt."""
    has_use = self.has_bootstrap or self.config.critic
    return Parts(
        rewards=(has_use and self.method.adds_reward
                 or self.method.reads_student_value),
        teacher=has_use and self.method.has_teacher_reward)

  @property
  def discounts(self) -> Parts:
    """Of each part."""
    config = self.config
    return Parts(config.discount, tabular.teacher_reward_discount(
        self.method, config.discount, config.distill_discount))

  @property
  def rewarded_divergence(self) -> str | None:
    """Which one r_i reads, if any."""
    return next(
        (name for name in DIVERGENCES if name in self.method.reward_reads),
        None)

  @property
  def records_rewards(self) -> bool:
    """Whether they cannot be told from where a step led."""
    return self.config.restart and (
        self.method.adds_reward or self.learns.rewards)

  @property
  def read(self) -> frozenset[str]:
    """What the method reads of a Step."""
    return self.method.reward_reads | self.method.loss_reads
