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
"""What the updates of "Distilling Policy Distillation" are made of at a step.

Distances of the student's policy to the teacher's, log-probabilities of the
action and values, of which a `distillation.Method` picks. Not here: what it
makes of them (`distillation.py`, read it next).
"""

from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import inputs
from kickstarting import types
from kickstarting.distributions import categorical
from kickstarting.losses import divergences

TEACHER_FLOOR = 1e-3


class Step(NamedTuple):
  """What methods are made of, at one step; any leading axes.

  Gradients flow from the first three into the student's logits.
  """

  distance: types.Array  # H(teacher || student), or another divergence
  reverse_cross_entropy: types.Array  # H(student || teacher)
  reverse_kl: types.Array  # KL(student || teacher)
  # Log-probabilities of a, both 0 if the student cannot take a, or nothing that
  # the teacher can: it learns nothing there, and rewards must stay finite.
  teacher_log_prob: types.Array  # log teacher(a)
  student_log_prob: types.Array  # log student(a)
  teacher_value: types.Array  # V of the teacher; 0 in terminal states
  student_value: types.Array  # V of the student


def floor_teacher(
    teacher_logits: types.Array,
    floor: chex.Numeric = TEACHER_FLOOR,
    is_legal: types.Array | None = None,
) -> jax.Array:
  """Returns log((1 - floor) teacher + floor / A), finite for floor > 0.

  The methods that read log teacher(a) are infinite for a deterministic teacher;
  the paper does not say what it does with them.

  Args:
    teacher_logits: [..., A] float32.
    floor: share of the uniform policy, in [0, 1]; below 1.2e-38, which float32
      does not hold exactly, it is none.
    is_legal: bool [..., A], the actions that share the floor, A in number; None
      for all.
  """
  floor = checks.check_fraction('floor', floor)
  teacher_logits, is_legal = categorical.logits_and_legal(
      is_legal, teacher_logits=teacher_logits)
  log_probs = categorical.log_probs(teacher_logits, is_legal=is_legal)
  num_legal = jnp.sum(is_legal, axis=-1, keepdims=True)
  uniform = is_legal / jnp.maximum(num_legal, 1)
  mixture = (1 - floor) * jnp.exp(log_probs) + floor * uniform
  # A share of what is small may be less than what float32 tells from 0.
  has_floor = is_legal & (floor >= checks.LEAST)
  return jnp.log(jnp.where(
      has_floor, jnp.maximum(mixture, checks.LEAST), mixture))


def make_step(
    student_logits: types.Array,
    teacher_logits: types.Array,
    actions: types.Array | None,
    student_value: types.Array,
    teacher_value: types.Array,
    *,
    divergence: str | divergences.Divergence = 'cross_entropy',
    teacher_temperature: chex.Numeric = 1.0,
    floor: chex.Numeric = TEACHER_FLOOR,
) -> Step:
  """Computes what methods are made of.

  The teacher, its floor included, is restricted to the actions that the student
  has (`categorical.restrict`). Where the two share none, all that compares them
  is 0.

  Args:
    student_logits: [..., A] float32; gradients flow.
    teacher_logits: [..., A] float32; gradients are stopped. Minus infinity is
      an action that it never takes.
    actions: [...] int32, 0 to A - 1; under `jax.jit` another number is an
      action that the student lacks. None for all actions at once: then what
      depends on the action is [..., A], and the rest is [..., 1].
    student_value: [...] float32; gradients are stopped.
    teacher_value: [...] float32; gradients are stopped.
    divergence: the distance; a name in `divergences.DIVERGENCES`, or a function
      like them.
    teacher_temperature: of the distance; below 1 sharpens the teacher.
    floor: see `floor_teacher`; not for the distance, unless it is reverse_kl,
      which is infinite where the teacher gives probability 0.

  Returns:
    A step of arrays [...].

  Raises:
    ValueError: the divergence is unknown, the floor is outside [0, 1], or
      arrays have other axes or dtypes.
  """
  student_logits, teacher_logits, student_value, teacher_value, *_ = (
      inputs.arrays(
          student_logits=(student_logits, float, '...A'),
          teacher_logits=(teacher_logits, float, '...A'),
          student_value=(student_value, float, '...'),
          teacher_value=(teacher_value, float, '...'),
          **({} if actions is None else {'actions': (actions, int, '...')})))
  if actions is not None:
    inputs.actions('actions', actions, student_logits.shape[-1])
  checks.check_positive_finite('teacher_temperature', teacher_temperature)
  teacher_logits, student_value, teacher_value = jax.lax.stop_gradient(
      (teacher_logits, student_value, teacher_value))
  log_student = categorical.log_probs(student_logits)
  can_act = student_logits != -jnp.inf
  restricted = categorical.restrict(teacher_logits, student_logits)
  have_common = jnp.any(restricted != -jnp.inf, axis=-1, keepdims=True)
  log_teacher = jnp.where(
      have_common, floor_teacher(restricted, floor, can_act), 0.0)
  reverse_cross_entropy = -categorical.expectation(log_student, log_teacher)
  is_possible = have_common & can_act
  compared = divergences.get_divergence(divergence)
  if compared is divergences.reverse_kl:
    sharpened = categorical.log_probs(
        restricted, temperature=teacher_temperature)
    teacher_logits = jnp.where(
        have_common, floor_teacher(sharpened, floor, can_act), -jnp.inf)
    teacher_temperature = 1.0
  step = Step(
      distance=compared(
          teacher_logits, student_logits,
          teacher_temperature=teacher_temperature, student_temperature=1.0,
          is_legal=None),
      reverse_cross_entropy=reverse_cross_entropy,
      reverse_kl=jnp.where(
          have_common[..., 0], reverse_cross_entropy + categorical.expectation(
              log_student, log_student), 0.0),
      teacher_log_prob=jnp.where(is_possible, log_teacher, 0.0),
      student_log_prob=jnp.where(is_possible, log_student, 0.0),
      teacher_value=jnp.asarray(teacher_value),
      student_value=jnp.asarray(student_value))
  if actions is None:
    wide = {name: getattr(step, name)[..., jnp.newaxis] for name in (
        'distance', 'reverse_cross_entropy', 'reverse_kl', 'teacher_value',
        'student_value')}
    return step._replace(**wide)
  return step._replace(
      teacher_log_prob=categorical.take(step.teacher_log_prob, actions, 0.0),
      student_log_prob=categorical.take(step.student_log_prob, actions, 0.0))
