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
"""Tabular students: what they are, and how they learn.

Not here: the learning (`sampling.py`), teachers (`teachers.py`).
"""

import dataclasses
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import types
from kickstarting.losses import distillation
from kickstarting.losses import method_step

RETURNS = ('monte_carlo', 'one_step')


class Table(NamedTuple):
  """Tabular policies and their values.

  A teacher may know fewer actions than its students; it never takes the others.
  """

  logits: types.Array  # float32 [N, S, A]
  value: types.Array  # float32 [N, S]


def for_all_actions(logits: types.Array, num_actions: int) -> jax.Array:
  """Returns logits of so many actions; those that were missing have none."""
  missing = num_actions - logits.shape[-1]
  return jnp.pad(
      logits, [(0, 0)] * (logits.ndim - 1) + [(0, missing)],
      constant_values=-jnp.inf)


def teacher_reward_discount(
    method: distillation.Method,
    discount: chex.Numeric,
    distill_discount: chex.Numeric,
) -> chex.Numeric:
  """Returns the discount of what comes from the teacher in a method's r_i.

  Divergences and log-probabilities have a discount of their own. A teacher's
  value is a sum of rewards, and is discounted as they are.
  """
  if 'teacher_value' in method.reward_reads:
    return discount
  return distill_discount


@dataclasses.dataclass(frozen=True)
class UpdateConfig:
  """How a student learns.

  The paper prints neither rates nor the critic. `learning_rate` was fitted to
  its Figure 3; `value_rate` is of TD(0), whose value closes the gate of
  `v_gated`, is the target of `one_step` returns, and is subtracted from returns
  with `critic`. Others learn no value. Why what comes from the teacher has a
  discount of its own: docs/laboratory.md.
  """

  method: str = 'on_policy_distill'  # a key of `distillation.METHODS`
  control: str = ''  # of `distillation.CONTROLS`, in place of the method's own
  returns: str = 'monte_carlo'  # one of RETURNS
  learning_rate: float = 0.0018  # of plain gradient descent, loss summed
  value_rate: float = 0.1
  discount: float = 0.99  # of rewards
  distill_discount: float = 0.5  # of what the teacher adds to r_i
  restart: bool = False  # an episode goes on at the start after a terminal cell
  critic: bool = False  # whether returns are compared with the student's value
  floor: float = method_step.TEACHER_FLOOR
  max_steps: int = 400  # of an episode; what comes later is not learnt from

  def __post_init__(self):
    distillation.get_method(self.method)
    if self.control:
      checks.check_name('control', self.control, distillation.CONTROLS)
      if distillation.get_method(self.method).has_return and (
          self.control != 'student'):
        raise checks.UserError(
            f'control is {self.control!r} with method {self.method!r}; expected'
            ' the student, whose returns its policy gradient is of. Take a'
            ' method without returns, such as on_policy_distill.')
    checks.check_name('returns', self.returns, RETURNS)
    if self.critic and not distillation.get_method(self.method).has_return:
      raise checks.UserError(
          f'critic is True with method {self.method!r}; expected False, for'
          ' there is no return to compare with a value.')
    for name in (
        'discount', 'distill_discount', 'floor', 'value_rate'):
      checks.check_fraction(name, getattr(self, name))
    checks.check_positive_finite('learning_rate', self.learning_rate)
    if self.max_steps < 1:
      raise checks.UserError(
          f'max_steps is {self.max_steps}; expected at least 1.')
