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
"""The updates of "Distilling Policy Distillation", as data.

Czarnecki et al. (2019), arXiv:1902.02186, Eq. 1 and Table 1, descend along

  E_q[ sum_t -grad log student(a_t|s_t) R_t + grad loss(s_t) ],
  R_t = sum_{i >= t} gamma^(i-t) r_i.

A method is the policy q that acts, the loss of a step, and the term r_i that
takes the reward's place. Every r_i of the table is a number of step i, plus one
of step i+1, plus the reward or not: so a `Method` is a few functions of a
`Step` (`method_step.py`). They serve unrolls here, and the enumeration of all
states and actions in `experiments/distilling_policy_distillation/`.

Not here: which method to take (`method_choice.py`, read it next), the policy
gradient (`actor_critic.py`), weights over time (`weights/`).
"""

from collections.abc import Callable
import dataclasses
import functools
import types as python_types
from typing import TypeAlias

import chex
import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import inputs
from kickstarting import products
from kickstarting import types
from kickstarting.losses import method_step

CONTROLS = ('student', 'teacher', 'uniform', 'mixture')
_DPD = 'Czarnecki et al. (2019), arXiv:1902.02186, '

Term: TypeAlias = Callable[[method_step.Step], jax.Array]


@dataclasses.dataclass(frozen=True)
class Method:
  """An update: a row of Table 1, or a relative of one."""

  name: str
  source: str
  control: str = 'student'  # q, who acts: one of CONTROLS
  loss: Term | None = None  # of a step; to be minimised
  reward_now: Term | None = None  # what step i adds to r_i
  reward_next: Term | None = None  # what step i+1 adds to r_i, if there is one
  adds_reward: bool = False  # whether r_i has the environment's reward
  is_one_step: bool = False  # R_t = r_t, without the rest of the sum
  is_gradient_field: bool = True  # of the expected update, undiscounted
  needs: frozenset[str] = frozenset({'logits'})  # of the teacher; or 'value'
  reads_student_value: bool = False  # in its loss; that is of the rewards

  @property
  def has_return(self) -> bool:
    """Whether there is an r_i, and so a policy gradient."""
    return bool(self.adds_reward or self.has_teacher_reward)

  @property
  def has_teacher_reward(self) -> bool:
    """Whether something in r_i comes from the teacher."""
    return bool(self.reward_now or self.reward_next)

  @property
  def value_is_of_rewards(self) -> bool:
    """Whether the student's value is that of the environment's rewards alone.

    Without a discount of its own for what comes from the teacher.
    """
    if self.has_return:
      return self.adds_reward and not (
          self.has_teacher_reward or self.is_one_step)
    return self.reads_student_value

  @functools.cached_property
  def reward_reads(self) -> frozenset[str]:
    """Names of what r_i reads of a method_step.Step."""
    return _fields_read(self.reward_now) | _fields_read(self.reward_next)

  @functools.cached_property
  def loss_reads(self) -> frozenset[str]:
    """Names of what the loss reads of a method_step.Step."""
    return _fields_read(self.loss)


class _Recorder:
  """Looks like a method_step.Step of zeros, and notes what is read of it."""

  def __init__(self):
    self.names = set()

  def __getattr__(self, name):
    self.names.add(name)
    return jnp.zeros(())


def _fields_read(term: Term | None) -> frozenset[str]:
  recorder = _Recorder()
  if term is not None:
    term(recorder)  # type: ignore[arg-type]
  return frozenset(recorder.names)


def _distance(step):
  return step.distance


def _reverse_cross_entropy(step):
  return step.reverse_cross_entropy


def _reverse_kl(step):
  return step.reverse_kl


def _minus_reverse_kl(step):
  return -step.reverse_kl


def _gated_distance(step):
  return jnp.where(
      step.teacher_value > step.student_value, step.distance, 0.0)


def _minus_distance(step):
  return -step.distance


def _teacher_log_prob(step):
  return step.teacher_log_prob


def _log_ratio(step):
  return step.teacher_log_prob - step.student_log_prob


def _teacher_value(step):
  return step.teacher_value


def _minus_teacher_value(step):
  return -step.teacher_value


_NONE: frozenset[str] = frozenset()
_VALUE = frozenset({'value'})
_BOTH = frozenset({'logits', 'value'})

_BASES = (
    Method('teacher_distill', _DPD + 'Table 1', 'teacher', loss=_distance),
    Method('uniform_distill', _DPD + 'section 3.2', 'uniform', loss=_distance),
    Method('on_policy_distill', _DPD + 'Table 1', loss=_distance,
           is_gradient_field=False),
    Method('entropy_regularised', _DPD + 'Table 1',
           reward_now=_teacher_log_prob),
    Method('n_distill', _DPD + 'Table 1', loss=_distance,
           reward_next=_minus_distance),
    Method('expected_entropy_regularised', _DPD + 'Table 1',
           loss=_reverse_cross_entropy, reward_next=_teacher_log_prob),
    # What `kl_regularised` samples, as `expected_entropy_regularised` is what
    # `entropy_regularised` samples: it keeps the student's own entropy.
    Method('expected_kl_regularised', _DPD + 'section 3.3; the KL in'
           ' the place of the cross-entropy',
           loss=_reverse_kl, reward_next=_minus_reverse_kl),
    # The paper plots it and does not define it; this is the usual form.
    Method('kl_regularised', _DPD + 'Figure 5; Teh et al. (2017),'
           ' arXiv:1707.04175', reward_now=_log_ratio),
    Method('v_gated', _DPD + 'Proposition 2', loss=_gated_distance,
           is_gradient_field=False, needs=_BOTH, reads_student_value=True),
    # Table 1 subtracts the student's value; section 4.2 and its proof the
    # teacher's, which alone telescopes.
    Method('teacher_v_reward', _DPD + 'section 4.2',
           reward_now=_minus_teacher_value, reward_next=_teacher_value,
           adds_reward=True, needs=_VALUE),
    Method('td_teacher_v', _DPD + 'section 4.1', reward_next=_teacher_value,
           adds_reward=True, is_one_step=True, is_gradient_field=False,
           needs=_VALUE),
    Method('td_zero_v', _DPD + 'section 4.1', adds_reward=True,
           is_one_step=True, is_gradient_field=False, needs=_NONE),
    Method('baseline', _DPD + 'Figures 4 to 6', adds_reward=True, needs=_NONE),
)


def _plus_r(method: Method) -> Method:
  return dataclasses.replace(
      method, name=f'{method.name}_plus_r', adds_reward=True)


METHODS = python_types.MappingProxyType({
    method.name: method for base in _BASES for method in (
        (base,) if base.adds_reward or base.control != 'student'
        else (base, _plus_r(base)))
})
KICKSTARTING = 'on_policy_distill_plus_r'


def get_method(name: str | Method) -> Method:
  """Returns the method called `name`, or raises a ValueError.

  One of your own is what it is.
  """
  if isinstance(name, Method):
    return name
  checks.check_name('method', name, METHODS)
  return METHODS[name]


def pseudo_reward(
    method: Method,
    step: method_step.Step,
    following: method_step.Step,
    reward: types.Array,
    discount: types.Array,
    weight: chex.Numeric = 1.0,
) -> jax.Array:
  """Computes r_i of a method, without gradient.

  Args:
    method: which one.
    step: step i; any shape [...].
    following: step i+1; where the discount is 0 it is not read.
    reward: of the environment; [...] float32.
    discount: [...] float32.
    weight: lambda, of all that is not the environment's reward; a scalar or
      [...].

  Returns:
    [...] float32.
  """
  total = teacher_reward(method, step, following, discount, weight)
  if method.adds_reward:
    reward, _ = inputs.arrays(
        reward=(reward, float, '...'), discount=(discount, float, '...'))
    total += jax.lax.stop_gradient(reward)
  return total


def check_method(method: Method) -> None:
  """Raises ValueError unless `method` is one, and not the name of one."""
  if not isinstance(method, Method):
    raise checks.UserError(
        f'method is {checks.short(method)}; expected a Method. Take it from'
        ' get_method.')


def _check_step(
    name: str, step: method_step.Step, discount: jax.Array
) -> method_step.Step:
  """Returns a step of arrays of the discount's shape."""
  checks.check_record(name, step, method_step.Step)
  return method_step.Step(*(
      _like(f'{name}.{field}', value, discount)
      for field, value in step._asdict().items()))


def _like(name: str, value: types.Array, discount: jax.Array) -> jax.Array:
  """Returns an array of the discount's shape; axes of size 1 are repeated."""
  x, = inputs.arrays(**{name: (value, float, '...')})
  sizes = zip(x.shape, discount.shape)
  if x.ndim and (x.ndim != discount.ndim or any(
      mine not in (1, size) for mine, size in sizes)):
    raise checks.UserError(
        f'{name} has shape {x.shape}; expected that of discount,'
        f' {discount.shape}, with sizes of 1 for what is the same, or a scalar.'
    )
  return jnp.broadcast_to(x, discount.shape)


def teacher_reward(
    method: Method,
    step: method_step.Step,
    following: method_step.Step,
    discount: types.Array,
    weight: chex.Numeric = 1.0,
) -> jax.Array:
  """Computes what comes from the teacher in r_i, without gradient.

  What step i+1 adds is multiplied by its discount: 1 in the paper's theory and
  0 where there is no such step. With gamma < 1 the discounted sum is then that
  of the discounted loss, and the teacher's value telescopes as a shaping reward
  does (Ng et al., 1999).

  Args:
    method: which one.
    step: step i; any shape [...].
    following: step i+1; where the discount is 0 it is not read.
    discount: of what comes from the teacher; [...] float32.
    weight: lambda; a scalar or [...].

  Returns:
    [...] float32.
  """
  check_method(method)
  discount, = inputs.arrays(discount=(discount, float, '...'))
  step = _check_step('step', step, discount)
  following = _check_step('following', following, discount)
  weight = _like('weight', weight, discount)
  total = jnp.zeros_like(discount)
  if method.reward_now:
    total += method.reward_now(step)
  if method.reward_next:
    total += products.product(discount, method.reward_next(following))
  return jax.lax.stop_gradient(products.product(weight, total))
