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
"""Teachers that act: on their own, or in a mixture with the student.

Distilling where the teacher goes (Policy Distillation), and mixtures of who
acts, need the teacher's policy at every step and not only for finished
trajectories. What is recorded as the behaviour policy is the one that chose the
action, so that V-trace and whoever reads it are right. Not here: evaluation
(`labelling.py`), the environment's steps (`runtime/actor.py`).
"""

from collections.abc import Callable
import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.distributions import categorical
from kickstarting.teachers import labelling

_STREAM = 0x616374  # of random numbers; the student's actions take others


@dataclasses.dataclass(frozen=True)
class Control:
  """Who acts: (1 - epsilon) mixed + epsilon / A.

  What is mixed is share * teacher + (1 - share) * student.
  Streams without a teacher have share 0.
  """

  teacher_share: float = 0.0
  epsilon: float = 0.0  # share of the uniform policy
  temperature: float = 1.0  # of the teacher while it acts; below 1 sharpens

  def __post_init__(self):
    checks.check_fraction('teacher_share', self.teacher_share)
    checks.check_fraction('epsilon', self.epsilon)
    checks.check_positive_finite('temperature', self.temperature)


STUDENT = Control()


def behaviour_log_probs(
    student_logits: types.Array,
    teacher_logits: types.Array,
    has_teacher: types.Array,
    control: Control,
) -> jax.Array:
  """Returns the log-probabilities of who acts.

  Args:
    student_logits: [..., A] float32.
    teacher_logits: [..., A] float32; not read where there is no teacher.
    has_teacher: bool [...].
    control: the shares.

  Returns:
    [..., A] float32; minus infinity for actions that nobody takes.
  """
  student = jax.nn.softmax(student_logits)
  has_teacher = has_teacher[..., jnp.newaxis]
  teacher = jnp.exp(categorical.log_probs(
      jnp.where(has_teacher, teacher_logits, 0.0),
      temperature=control.temperature))
  share = jnp.where(has_teacher, control.teacher_share, 0.0)
  mixed = share * teacher + (1 - share) * student
  return jnp.log(
      (1 - control.epsilon) * mixed
      + control.epsilon / student_logits.shape[-1])


def let_act(
    labeller: labelling.Labeller, control: Control
) -> labelling.Labeller:
  """Returns a labeller whose teachers act too, unless only the student does.

  Its `act` is
    act(carry, rng_key, counter, timestep [B], tokens [U, L],
        student_logits [B, A])
      -> ((actions int32 [B], log mu(a) float32 [B]), carry),
  to be called once a timestep; the key is folded with the counter. `label` then
  gives what was computed while acting, and reads only the last timestep.
  """
  if not control.teacher_share and not control.epsilon:
    return labeller
  step = labeller.step
  assert step is not None

  @jax.jit
  def choose(rng_key, counter, student_logits, output):
    key = jax.random.fold_in(jax.random.fold_in(rng_key, counter), _STREAM)
    log_mu = behaviour_log_probs(
        student_logits, output.policy, output.index >= 0, control)
    actions = jax.random.categorical(key, log_mu).astype(jnp.int32)
    return actions, categorical.action_log_prob(log_mu, actions)

  return _Acting(labeller, step, choose).labeller()


class _Carry(NamedTuple):
  """What a labeller remembers between calls."""

  inner: Any  # of the labeller underneath
  outputs: list[types.TeacherOutput]  # since the trajectory began
  num_acted: int  # timesteps that were acted at


class _Acting(NamedTuple):
  """The functions of `let_act`."""

  inner: labelling.Labeller
  step: Callable[..., tuple[types.TeacherOutput, Any]]
  choose: Callable[..., tuple[jax.Array, jax.Array]]

  def labeller(self) -> labelling.Labeller:
    return labelling.Labeller(
        self._initial_carry, self._label, self.inner.step, self._act)

  def _initial_carry(self):
    return _Carry(self.inner.initial_carry(), [], 0)

  def _observe(self, carry, timestep, tokens):
    """Reads a timestep, unless it is the last of the trajectory before."""
    if len(carry.outputs) > carry.num_acted:
      return carry
    output, inner = self.step(carry.inner, timestep, tokens)
    return carry._replace(inner=inner, outputs=[*carry.outputs, output])

  def _act(self, carry, rng_key, counter, timestep, tokens, student_logits):
    carry = self._observe(carry, timestep, tokens)
    chosen = self.choose(
        rng_key, counter, student_logits, carry.outputs[carry.num_acted])
    return chosen, carry._replace(num_acted=carry.num_acted + 1)

  def _label(self, carry, timesteps, tokens):
    last = jax.tree.map(lambda x: x[-1], timesteps)
    carry = self._observe(carry, last, tokens)
    index = carry.outputs[-1].index
    output = jax.tree.map(lambda *x: np.stack(x), *carry.outputs)
    return output._replace(index=index), _Carry(
        carry.inner, carry.outputs[-1:], 0)
