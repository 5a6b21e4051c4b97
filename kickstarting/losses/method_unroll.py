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

import chex
import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import types
from kickstarting.losses import distillation
from kickstarting.losses import gradients
from kickstarting.losses import inputs
from kickstarting.losses import transitions as transitions_lib


def apply_method(
    method: distillation.Method,
    transitions: transitions_lib.Transitions,
    output: types.AgentOutput,
    trajectory: types.Trajectory,
    weights: types.Array,
    *,
    divergence: str = 'cross_entropy',
    teacher_temperature: chex.Numeric = 1.0,
    floor: chex.Numeric = distillation.TEACHER_FLOOR,
) -> tuple[transitions_lib.Transitions, jax.Array | None]:
  """Applies a method to an unroll of the student.

  The student's own steps weigh equally, whatever policy made them: its loss is
  not multiplied by V-trace's ratio. A stream without a teacher, or with weight
  0, learns from the environment's rewards, bit for bit, if the method adds
  them; if not, nothing can be learnt there. What depends on the action of step
  i+1 is its expectation under the student: the behaviour policy may be another.
  Shapes: T time, B batch, A actions.

  Args:
    method: which one. Who acted is the caller's choice: what depends on it is
      corrected by the RL loss, and by nothing in the method's own.
    transitions: from `split_transitions`; [T, B].
    output: of the student; [T+1, B]; gradients flow from its logits.
    trajectory: with a teacher; or without, then no stream has one.
    weights: lambda of each stream, of all that is not the environment's reward;
      [B] float32, 0 where there is no teacher. What bootstraps from a teacher
      (`is_one_step`) takes the share lambda from it, and the rest from the
      return.
    divergence: see `distillation.make_step`.
    teacher_temperature: see `distillation.make_step`.
    floor: see `distillation.make_step`.

  Returns:
    The transitions with r_i in the place of the rewards, for an RL loss if
    `method.has_return`; and the method's loss [T, B], or None.

  Raises:
    ValueError: the method is no Method, a number is outside its range, or an
      array has other axes or another dtype.
  """
  if not isinstance(method, distillation.Method):
    raise checks.UserError(
        f'method is {checks.short(method)}; expected a Method. Take it from'
        ' get_method.')
  transitions = transitions_lib.check_transitions(transitions)
  if method.is_one_step and not method.needs:
    transitions = transitions._replace(
        discount_t=jnp.zeros_like(transitions.discount_t))
  if trajectory.teacher is None:
    return transitions, None
  num_steps, num_streams = transitions.a_tm1.shape
  teacher = trajectory.teacher
  student_logits, *_, weights = inputs.arrays(**{
      'output.logits': (output.logits, float, 'T+1BA'),
      'output.value': (output.value, float, 'T+1B'),
      'transitions.logits_tm1': (transitions.logits_tm1, float, 'TBA'),
      'teacher.logits': (teacher.logits, float, 'T+1BA'),
      'teacher.value': (teacher.value, float, 'T+1B'),
      'trajectory.actions': (trajectory.actions, int, 'TB'),
      'weights': (weights, float, 'B')})
  weights = jnp.broadcast_to(weights, (num_steps, num_streams))
  is_taught = transitions.is_learnable_tm1 & (weights != 0)
  no_step = jnp.zeros((1, num_streams), bool)
  logits = gradients.pass_where(
      jnp.concatenate([is_taught, no_step]), student_logits)
  step, following = _steps(
      logits, output.value, trajectory, divergence=divergence,
      teacher_temperature=teacher_temperature, floor=floor)
  taught = distillation.pseudo_reward(
      method, step, following, transitions.r_t, transitions.discount_t, weights)
  if method.adds_reward:
    transitions = transitions._replace(
        r_t=jnp.where(is_taught, taught, transitions.r_t))
  else:
    transitions = transitions._replace(
        r_t=jnp.where(is_taught, taught, 0.0), is_learnable_tm1=is_taught)
  if method.is_one_step:
    rest = jnp.where(is_taught, jnp.maximum(1.0 - weights, 0.0), 1.0)
    transitions = transitions._replace(discount_t=rest * transitions.discount_t)
  if method.loss is None:
    return transitions, None
  return transitions, jnp.where(is_taught, method.loss(step), 0.0)


def _steps(logits, value, trajectory, **options):
  """Computes step i and step i+1 of each transition of an unroll."""
  teacher = trajectory.teacher
  actions = jnp.pad(trajectory.actions, ((0, 1), (0, 0)))
  step = distillation.make_step(
      logits, teacher.logits, actions, value, teacher.value, **options)
  following = step._replace(
      teacher_log_prob=-step.reverse_cross_entropy,
      student_log_prob=step.reverse_kl - step.reverse_cross_entropy)
  return (jax.tree.map(transitions_lib.at_tm1, step),
          jax.tree.map(transitions_lib.at_t, following))
