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
"""The kickstarting loss: an RL loss plus lambda * H(teacher || student).

The distillation term is one more named term, with one weight per stream as its
cost, so that `reduction.total` treats it as it treats the others.

Not here: its relatives, in `distillation.py`; what moves the weights over time,
in `weights/`; how teachers are evaluated and routed, in `teachers/`. Read
`weights/controllers.py` next.
"""

from collections.abc import Mapping

import chex
import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import inputs
from kickstarting import products
from kickstarting import types
from kickstarting.distributions import categorical
from kickstarting.losses import divergences
from kickstarting.losses import gradients
from kickstarting.losses import transitions as transitions_lib


def sample_weights(
    alpha: chex.Numeric, rho: types.Array, teacher_index: types.Array
) -> jax.Array:
  """Returns each stream's weight lambda[i] = alpha * rho[i].

  Source: Schmitt et al. (2018), section 4.2, arXiv:1803.03835. Differs from it
  in: nothing.
  Shapes: B batch, K teachers; K may be 0.

  Args:
    alpha: common factor of all weights; scalar; gradients flow.
    rho: one factor per teacher; [K] float32; gradients flow.
    teacher_index: the teacher i of each stream; [B] int32; -1 for none.

  Returns:
    lambda: [B] float32; exactly 0 for a negative index. Under `jax.jit`, which
    knows no values, an index beyond K gives NaN, so that the loss shows the
    mistake.

  Raises:
    ValueError: an index is beyond K, or the arrays have other axes or dtypes.
  """
  alpha = checks.check_finite('alpha', alpha)
  # Factors may be none, so their axis is not called K, which may not be empty.
  rho, index = inputs.arrays(
      rho=(rho, float, 'N'), teacher_index=(teacher_index, int, 'B'))
  inputs.indices('teacher_index', teacher_index, rho.shape[0])
  # Row 0 is for streams without a teacher, so that K = 0 needs no branch.
  factors = jnp.concatenate([jnp.zeros(1, rho.dtype), rho])  # [K + 1]
  row = jnp.maximum(index, -1) + 1
  return products.product(
      factors.at[row].get(mode='fill', fill_value=jnp.nan), alpha)


def distillation_loss(
    student_logits_tm1: types.Array,
    teacher_logits_tm1: types.Array,
    *,
    divergence: str | divergences.Divergence = 'cross_entropy',
    teacher_temperature: chex.Numeric = 1.0,
    student_temperature: chex.Numeric = 1.0,
    is_legal: types.Array | None = None,
) -> jax.Array:
  """Computes how far the student is from its fixed teacher, per step.

  Source: Schmitt et al. (2018), Eq. 1, arXiv:1803.03835. Differs from it in:
  other divergences and temperatures can be chosen.
  Shapes: T time, B batch, A actions.

  Args:
    student_logits_tm1: [T, B, A] float32; gradients flow.
    teacher_logits_tm1: [T, B, A] float32; gradients are stopped.
    divergence: a name in `divergences.DIVERGENCES`, or a function like them. It
      gets the teacher restricted to what the student can do
      (`categorical.restrict`), which says nothing of an action that the
      student lacks.
    teacher_temperature: divides the teacher's logits; below 1 sharpens it.
    student_temperature: divides the student's logits.
    is_legal: bool [T, B, A], or None when every action is legal.

  Returns:
    The divergence; [T, B].

  Raises:
    ValueError: if the divergence is unknown, a temperature is not positive or
      the arrays have other axes or dtypes.
  """
  if not callable(divergence):
    divergence = divergences.get_divergence(divergence)
  student, teacher = inputs.arrays(
      student_logits_tm1=(student_logits_tm1, float, 'TBA'),
      teacher_logits_tm1=(teacher_logits_tm1, float, 'TBA'))
  loss = divergence(
      jax.lax.stop_gradient(categorical.restrict(teacher, student)),
      student,
      teacher_temperature=teacher_temperature,
      student_temperature=student_temperature,
      is_legal=is_legal,
  )
  if loss.shape != student.shape[:-1]:
    raise checks.UserError(
        f'divergence returns an array of shape {loss.shape}; expected [T, B],'
        f' {student.shape[:-1]}, one number for each step.')
  return loss


def kickstarting_terms(
    rl_terms: Mapping[str, jax.Array],
    transitions: transitions_lib.Transitions,
    teacher: types.TeacherOutput,
    weights: types.Array,
    *,
    divergence: str | divergences.Divergence = 'cross_entropy',
    teacher_temperature: chex.Numeric = 1.0,
    student_temperature: chex.Numeric = 1.0,
) -> dict[str, jax.Array]:
  """Adds the term 'distillation' to the terms of an RL loss.

  The teacher is restricted to the actions that the student has: the rest of its
  policy says nothing of what the student can do. Where the two share none, the
  term is 0.
  The student's own steps weigh equally, whatever policy made them: the term is
  not multiplied by V-trace's ratio. Use the same weights as its cost:
    weights = sample_weights(alpha, rho, teacher.index)
    terms = kickstarting_terms(rl_terms, transitions, teacher, weights)
    loss, metrics = total(terms, {**rl_costs, 'distillation': weights}, ...)
  A stream whose weight is 0 gets the RL loss and its gradient bit for bit,
  even if its teacher's logits are NaN.
  Source: Schmitt et al. (2018), Eq. 2, arXiv:1803.03835. Differs from it in:
  other divergences and temperatures can be chosen.
  Shapes: T time, B batch, A actions.

  Args:
    rl_terms: from `vtrace_actor_critic` or `a2c`; each [T, B].
    transitions: policy_tm1 is read; gradients flow where the weight is not 0.
    teacher: its logits [T+1, B, A]; gradients are stopped. A single teacher
      has index 0 on every stream.
    weights: lambda of each stream; [B] float32; only whether it is 0 matters.
    divergence: see `distillation_loss`, as for the other arguments.
    teacher_temperature: divides the teacher's logits.
    student_temperature: divides the student's logits.

  Returns:
    The terms, with 'distillation' [T, B]; 0 on streams without a teacher.

  Raises:
    ValueError: see `distillation_loss`.
  """
  checks.check_type('rl_terms', rl_terms, Mapping, 'a mapping of terms')
  transitions = transitions_lib.check_transitions(transitions)
  student_logits_tm1 = transitions.policy_tm1
  teacher_logits_tm1, _, has_teacher = _teacher_of_steps(teacher, transitions)
  weights, _ = inputs.arrays(
      weights=(weights, float, 'B'), **{
          'teacher.index': (teacher.index, int, 'B')})
  is_weighted = jnp.broadcast_to(weights != 0, has_teacher.shape)
  is_pulled = is_weighted & has_teacher & transitions.is_learnable_tm1
  loss = distillation_loss(
      gradients.pass_where(is_pulled, student_logits_tm1),
      teacher_logits_tm1,
      divergence=divergence,
      teacher_temperature=teacher_temperature,
      student_temperature=student_temperature,
  )
  inputs.arrays(loss=(loss, float, 'TB'), **{
      f'rl_terms {name}': (term, float, 'TB')
      for name, term in rl_terms.items()})
  return {**{name: jnp.asarray(term) for name, term in rl_terms.items()},
          'distillation': jnp.where(has_teacher, loss, 0.0)}


def feature_regression(
    student_features_tm1: types.Array,
    teacher: types.TeacherOutput,
    is_pulled: types.Array,
) -> jax.Array:
  """Computes || f(h_student) - h_teacher ||^2 per step, for Actor-Mimic.

  f is a layer of the student's network for each task, which has projected the
  student's features already. The paper adds it to the policy's regression with
  a small cost, beta.
  Source: Parisotto et al. (2016), "Actor-Mimic", section 3.2, Eq. 4,
  arXiv:1511.06342.
  Shapes: T time, B batch, D features.

  Args:
    student_features_tm1: [T, B, D] float32; gradients flow where `is_pulled`.
    teacher: its features [T+1, B, D]; gradients are stopped.
    is_pulled: bool [T, B], steps that count.

  Returns:
    [T, B] float32; 0 where a step does not count.

  Raises:
    ValueError: the teacher has no features, or arrays have other axes or
      dtypes.
  """
  checks.check_record('teacher', teacher, types.TeacherOutput)
  if teacher.features is None:
    raise checks.UserError(
        'teacher.features is None; expected an array [T+1, B, D] float32. Take'
        ' teachers whose networks give their features, or leave this loss out.')
  student, wanted, is_pulled = inputs.arrays(**{
      'student_features_tm1': (student_features_tm1, float, 'TBD'),
      'teacher.features': (teacher.features, float, 'T+1BD'),
      'is_pulled': (is_pulled, bool, 'TB')})
  wanted_tm1 = jax.lax.stop_gradient(transitions_lib.at_tm1(wanted))
  difference = gradients.pass_where(is_pulled, student) - wanted_tm1
  # Selected before the square, whose derivative may be infinite elsewhere.
  difference = jnp.where(is_pulled[..., jnp.newaxis], difference, 0.0)
  error = jnp.sum(jnp.square(difference), axis=-1)
  return jnp.where(is_pulled, error, 0.0)


def diagnostics(
    transitions: transitions_lib.Transitions, teacher: types.TeacherOutput
) -> dict[str, jax.Array]:
  """Measures how close the student is to its teacher, for logs.

  The teacher is restricted to the actions that the student has, as in the loss.

  Args:
    transitions: policy_tm1 and is_learnable_tm1 are read.
    teacher: its logits [T+1, B, A] and index [B].

  Returns:
    Arrays [T, B] without gradient:
      is_labelled: bool, learnable steps that have a teacher with an action that
        the student has too; average the others over these;
      teacher_agreement: 1.0 where both prefer the same action, else 0.0;
      teacher_kl: KL(teacher || student) in nats;
      teacher_entropy: the teacher's entropy in nats;
      teacher_value: the teacher's value.
  """
  transitions = transitions_lib.check_transitions(transitions)
  teacher_logits_tm1, value_tm1, has_teacher = _teacher_of_steps(
      teacher, transitions)
  policy_tm1 = transitions.policy_tm1
  teacher_logits_tm1 = categorical.restrict(teacher_logits_tm1, policy_tm1)
  have_common = jnp.any(teacher_logits_tm1 != -jnp.inf, axis=-1)
  same = jnp.argmax(policy_tm1, -1) == jnp.argmax(teacher_logits_tm1, -1)
  is_labelled = has_teacher & transitions.is_learnable_tm1 & have_common
  kl = divergences.forward_kl(teacher_logits_tm1, policy_tm1)
  entropy = categorical.entropy(teacher_logits_tm1)
  return jax.lax.stop_gradient({
      'is_labelled': is_labelled,
      'teacher_agreement': (same & is_labelled).astype(jnp.float32),
      'teacher_kl': jnp.where(is_labelled, kl, 0.0),
      'teacher_entropy': jnp.where(is_labelled, entropy, 0.0),
      'teacher_value': jnp.where(is_labelled, value_tm1, 0.0),
  })


def _teacher_of_steps(
    teacher: types.TeacherOutput, transitions: transitions_lib.Transitions
) -> tuple[types.Array, types.Array, jax.Array]:
  """Returns policy_tm1 [T, B, A], value_tm1 and has_teacher [T, B]."""
  checks.check_record('teacher', teacher, types.TeacherOutput)
  student, logits, value, index = inputs.arrays(**{
      'policy_tm1': (transitions.policy_tm1, float, 'TBA'),
      'teacher.policy': (teacher.policy, float, 'T+1BA'),
      'teacher.value': (teacher.value, float, 'T+1B'),
      'teacher.index': (teacher.index, int, 'B')})
  return (
      transitions_lib.at_tm1(logits), transitions_lib.at_tm1(value),
      jnp.broadcast_to(index >= 0, student.shape[:-1]))
