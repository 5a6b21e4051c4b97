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
"""A method of "Distilling Policy Distillation" on an unroll of the student.

What the paper writes for whole episodes of the current policy, for unrolls that
may end or begin inside an episode and come from an older policy.

Not here: the methods (`distillation.py`, read it first), the policy gradient
with what takes the rewards' place (`actor_critic.py`, read it next).
"""

from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import inputs
from kickstarting import types
from kickstarting.losses import distillation
from kickstarting.losses import divergences
from kickstarting.losses import gradients
from kickstarting.losses import method_step
from kickstarting.losses import transitions as transitions_lib


class MethodOutput(NamedTuple):
  """What a method makes of an unroll."""

  # With r_i in the place of the rewards; or, if what comes from the teacher
  # has a discount of its own, with the rest of r_i: the rewards, or nothing.
  transitions: transitions_lib.Transitions
  loss: types.Array | None  # float32 [T, B], of the method; None for none
  # With what comes from the teacher in r_i, if it has a discount of its own.
  taught: transitions_lib.Transitions | None = None


def apply_method(
    method: distillation.Method,
    transitions: transitions_lib.Transitions,
    output: types.AgentOutput,
    trajectory: types.Trajectory,
    weights: types.Array,
    *,
    divergence: str | divergences.Divergence = 'cross_entropy',
    teacher_temperature: chex.Numeric = 1.0,
    floor: chex.Numeric = method_step.TEACHER_FLOOR,
    teacher_discount: chex.Numeric | None = None,
) -> MethodOutput:
  """Applies a method to an unroll of the student.

  The student's own steps weigh equally, whatever policy made them: its loss is
  not multiplied by V-trace's ratio. A stream without a teacher, or with weight
  0, learns from the environment's rewards, bit for bit, if the method adds
  them; if not, nothing can be learnt there. What depends on the action of step
  i+1 is its expectation under the student: the behaviour policy may be another.

  With a discount of its own, what comes from the teacher is a second return
  beside that of the rewards, and the student has a second value for it. The
  policy gradient is that of the sum of both: where teachers pay at every step,
  the horizon of their pay need not be that of the task.
  Shapes: T time, B batch, A actions.

  Args:
    method: which one. Who acted is the caller's choice: what depends on it is
      corrected by the RL loss, and by nothing in the method's own.
    transitions: from `split_transitions`; [T, B].
    output: of the student; [T+1, B]; gradients flow from its logits and, with
      `teacher_discount`, from its `taught_value`.
    trajectory: with a teacher; or without, then no stream has one.
    weights: lambda of each stream, of all that is not the environment's reward;
      [B] float32, 0 where there is no teacher. What bootstraps from a teacher
      (`is_one_step`) takes the share lambda, at most 1, from it, and the rest
      from the return.
    divergence: see `method_step.make_step`.
    teacher_temperature: see `method_step.make_step`.
    floor: see `method_step.make_step`.
    teacher_discount: gamma of what comes from the teacher in r_i; None: that of
      the rewards, in one return.

  Returns:
    The transitions for an RL loss, if `method.has_return`, and the method's
    loss: 0 where there is no teacher, without gradient where the weight is 0.

  Raises:
    ValueError: the method is no Method, a number is outside its range, an array
      has other axes or another dtype, there is a discount for what the method
      does not have, or the student lacks the second value.
  """
  checks.check_record('output', output, types.AgentOutput)
  checks.check_record('trajectory', trajectory, types.Trajectory)
  teacher_discount = check_teacher_discount(method, teacher_discount)
  transitions = transitions_lib.check_transitions(transitions)
  if method.is_one_step and not method.needs:
    transitions = transitions._replace(
        discount_t=jnp.zeros_like(transitions.discount_t))
  if trajectory.teacher is None:
    return MethodOutput(transitions, None)
  num_steps, num_streams = transitions.a_tm1.shape
  teacher = trajectory.teacher
  checks.check_record('trajectory.teacher', teacher, types.TeacherOutput)
  student_logits, value, weights, index, actions, *_ = inputs.arrays(**{
      'output.policy': (output.policy, float, 'T+1BA'),
      'output.value': (output.value, float, 'T+1B'),
      'weights': (weights, float, 'B'),
      'teacher.index': (teacher.index, int, 'B'),
      'trajectory.actions': (trajectory.actions, int, 'TB'),
      'transitions.policy_tm1': (transitions.policy_tm1, float, 'TBA'),
      'teacher.policy': (teacher.policy, float, 'T+1BA'),
      'teacher.value': (teacher.value, float, 'T+1B')})
  weights = jnp.broadcast_to(weights, (num_steps, num_streams))
  if method.is_one_step:
    weights = jnp.minimum(weights, 1.0)
  is_taught = transitions.is_learnable_tm1 & (weights != 0)
  no_step = jnp.zeros((1, num_streams), bool)
  logits = gradients.pass_where(
      jnp.concatenate([is_taught, no_step]), student_logits)
  step, following = _steps(
      logits, value, teacher,
      jnp.where(transitions.is_learnable_tm1, actions, 0),
      divergence=divergence,
      teacher_temperature=teacher_temperature, floor=floor)
  loss = None
  if method.loss is not None:
    has_teacher = jnp.broadcast_to(index >= 0, is_taught.shape)
    loss = jnp.where(
        transitions.is_learnable_tm1 & has_teacher, method.loss(step), 0.0)
  if teacher_discount is not None:
    taught = _taught(transitions, output, trajectory, is_taught,
                     teacher_discount)
    pay = distillation.teacher_reward(
        method, step, following, taught.discount_t, weights)
    return MethodOutput(
        transitions, loss,
        taught._replace(r_t=jnp.where(is_taught, pay, 0.0)))
  r_t = distillation.pseudo_reward(
      method, step, following, transitions.r_t, transitions.discount_t, weights)
  if method.adds_reward:
    transitions = transitions._replace(
        r_t=jnp.where(is_taught, r_t, transitions.r_t))
  else:
    transitions = transitions._replace(
        r_t=jnp.where(is_taught, r_t, 0.0), is_learnable_tm1=is_taught)
  if method.is_one_step:
    rest = jnp.where(is_taught, 1.0 - weights, 1.0)
    transitions = transitions._replace(discount_t=rest * transitions.discount_t)
  return MethodOutput(transitions, loss)


def check_teacher_discount(
    method: distillation.Method, teacher_discount: chex.Numeric | None
) -> chex.Numeric | None:
  """Returns a discount, or raises ValueError.

  Raises:
    ValueError: it is outside [0, 1], or of what the method does not have.
  """
  distillation.check_method(method)
  if teacher_discount is None:
    return None
  checked = checks.check_fraction('teacher_discount', teacher_discount)
  if method.is_one_step or not method.has_teacher_reward:
    raise checks.UserError(
        f'teacher_discount is {teacher_discount} with method {method.name!r},'
        ' in whose return nothing of the teacher is summed up; expected None.'
        ' Leave it out, or take a method such as'
        ' expected_kl_regularised_plus_r.')
  return checked


def _taught(transitions, output, trajectory, is_taught, teacher_discount):
  """Returns transitions with the second value and discount of the student."""
  if output.taught_value is None:
    raise checks.UserError(
        f'teacher_discount is {teacher_discount}, but the student has no value'
        ' for what comes from the teacher (AgentOutput.taught_value); expected'
        ' a network that computes it. Set NetworkConfig.taught_value, or leave'
        ' teacher_discount out.')
  value, discount, _ = inputs.arrays(**{
      'output.taught_value': (output.taught_value, float, 'T+1B'),
      'timesteps.discount': (trajectory.timesteps.discount, float, 'T+1B'),
      'transitions.v_tm1': (transitions.v_tm1, float, 'TB')})
  return transitions._replace(
      v_tm1=transitions_lib.at_tm1(value),
      v_t=transitions_lib.at_t(value),
      discount_t=jnp.where(
          is_taught, teacher_discount * transitions_lib.at_t(discount), 0.0),
      is_learnable_tm1=is_taught)


def _steps(logits, value, teacher, actions, **options):
  """Computes step i and step i+1 of each transition of an unroll."""
  actions = jnp.pad(actions, ((0, 1), (0, 0)))
  step = method_step.make_step(
      logits, teacher.policy, actions, value, teacher.value, **options)
  following = step._replace(
      teacher_log_prob=-step.reverse_cross_entropy,
      student_log_prob=step.reverse_kl - step.reverse_cross_entropy)
  return (jax.tree.map(transitions_lib.at_tm1, step),
          jax.tree.map(transitions_lib.at_t, following))
