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
"""What shapes an update: `UpdateConfig`, and which of its fields are read.

Not here: the update (`update.py`), how a run is driven
(`runtime/training_config.py`).
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from kickstarting import checks
from kickstarting import losses
from kickstarting import options
from kickstarting.losses import divergences
from kickstarting.losses import method_step

ALGORITHMS = ('vtrace', 'a2c')
OPTIMIZERS = ('adam', 'rmsprop')


@dataclasses.dataclass(frozen=True)
class UpdateConfig:
  """What shapes the update; changing a field compiles it anew.

  In Python `method` may also be a `losses.Method`, `divergence` a function like
  those of `losses.DIVERGENCES`, and `optimizer` a transformation of optax
  without a learning rate, such as optax.scale_by_lion().
  """

  algorithm: str = options.option(
      'vtrace', 'learning',
      'RL loss: vtrace, or a2c with --lockstep --splits=1.')
  epochs: int = options.option(
      1, 'learning',
      'Times that a learner batch is learnt from.')
  minibatches: int = options.option(
      1, 'learning',
      'Parts that a learner batch is cut into, at most, with a step each; the '
      'largest number that divides its streams.')
  ratio_clip: float = options.option(
      0.0, 'learning',
      'The policy is not pushed on where its ratio to the one that acted is '
      'so far from 1; 0: no limit. 0.2 where epochs are many.')
  scale_free: bool = options.option(
      False, 'learning',
      'See rewards in units of their return and normalise advantages, so that '
      'costs and weights of teachers mean the same in all environments.')
  method: str | losses.Method = options.option(
      losses.KICKSTARTING, 'teachers',
      'Update: how teachers enter rewards and loss; a name in '
      'kickstarting/losses/distillation.py.')
  divergence: str | divergences.Divergence = options.option(
      'cross_entropy', 'teachers',
      'Between teacher and student; the paper\'s is cross_entropy.')
  teacher_temperature: float = options.option(
      1.0, 'teachers',
      'Divides the teacher\'s logits in the divergence and while it acts; '
      'below 1 sharpens.')
  teacher_floor: float = options.option(
      method_step.TEACHER_FLOOR, 'teachers',
      'Share of the uniform policy in a teacher, for methods that read the '
      'logarithm of its probabilities, and for the divergence reverse_kl.')
  transfer: str = options.option(
      'knowledge', 'teachers',
      'Between the agents of a mixture: knowledge (the paper\'s), masked or '
      'mixture.')
  feature_cost: float = options.option(
      0.0, 'teachers',
      'Multiplier of the regression on the teachers\' features, beside their '
      'weight (Actor-Mimic\'s beta).')
  teacher_discount: float | None = options.option(
      None, 'teachers',
      'Gamma of what comes from the teacher in the return, which then has a '
      'value of its own; empty: that of the rewards, in one return.')
  learns_value: bool = options.option(
      False, 'learning',
      'Learn the value of the rewards beside a method that has no return of '
      'its own.')
  reward_transform: str = options.option(
      'identity', 'learning',
      'Applied to rewards before the loss.')
  discount: float = options.option(
      0.99, 'learning',
      'Gamma, per step.')
  vtrace_lambda: float = options.option(
      1.0, 'learning',
      'Lambda of the V-trace targets.')
  rho_clip: float = options.option(
      1.0, 'learning',
      'Largest importance ratio of the value targets.')
  c_clip: float = options.option(
      1.0, 'learning',
      'Largest importance ratio of the trace.')
  pg_rho_clip: float = options.option(
      1.0, 'learning',
      'Largest importance ratio of the policy gradient.')
  reduction: str = options.option(
      'mean', 'learning',
      'Of a loss over learnable steps: mean, or sum as IMPALA.')
  optimizer: str | optax.GradientTransformation = options.option(
      'adam', 'learning',
      'adam, or rmsprop in TensorFlow\'s form.')
  rmsprop_epsilon: float = options.option(
      0.1, 'learning',
      'Inside the square root of rmsprop.')
  max_grad_norm: float = options.option(
      1.0, 'learning',
      'Gradients are scaled down to this global norm.')

  def __post_init__(self):
    for field, known in (
        ('algorithm', ALGORITHMS),
        ('transfer', tuple(losses.TRANSFERS)),
        ('reward_transform', tuple(losses.REWARD_TRANSFORMS)),
        ('reduction', losses.REDUCTIONS),
    ):
      value = getattr(self, field)
      if value not in known:
        raise checks.UserError(
            f'{field} is {value!r}; expected one of {", ".join(known)}.')
    if not callable(self.divergence):
      checks.check_type(
          'divergence', self.divergence, str, 'a name, or a function')
      if self.divergence not in losses.DIVERGENCES:
        raise checks.UserError(
            f'divergence is {self.divergence!r}; expected one of'
            f' {", ".join(losses.DIVERGENCES)}, or a function like them.')
    _check_optimizer(self.optimizer)
    for field in ('epochs', 'minibatches'):
      checks.check_count(field, getattr(self, field))
    if self.algorithm == 'a2c' and self.epochs * self.minibatches > 1:
      raise checks.UserError(
          f'epochs is {self.epochs} and minibatches {self.minibatches} with'
          ' algorithm a2c, which learns from the policy that acts now: after a'
          ' step that is an older one; expected 1 and 1. Change these, or take'
          ' vtrace, which corrects for it.')
    method = losses.get_method(self.method)
    losses.check_teacher_discount(method, self.teacher_discount)
    checks.check_positive_finite(
        'teacher_temperature', self.teacher_temperature)
    if self.divergence == 'squared_error' and self.teacher_temperature != 1.0:
      raise checks.UserError(
          f'teacher_temperature is {self.teacher_temperature} with divergence'
          " 'squared_error', which compares action values; expected 1.0. Take"
          ' forward_kl for sharpened policies.')
    for field in ('discount', 'vtrace_lambda', 'teacher_floor'):
      checks.check_fraction(field, getattr(self, field))
    checks.check_bool('scale_free', self.scale_free)
    checks.check_not_negative('ratio_clip', self.ratio_clip)
    for field in ('rho_clip', 'c_clip', 'pg_rho_clip'):
      checks.check_positive(field, getattr(self, field))
    if self.algorithm == 'vtrace':
      losses.check_clips(
          self.vtrace_lambda, self.rho_clip, self.c_clip, self.pg_rho_clip)
    checks.check_not_negative('feature_cost', self.feature_cost)
    checks.check_positive_finite('rmsprop_epsilon', self.rmsprop_epsilon)
    if not self.max_grad_norm > 0.0:
      raise checks.UserError(
          f'max_grad_norm is {self.max_grad_norm}; expected a positive number,'
          ' or inf to leave gradients alone.')
    self._check_all_are_read()

  def _check_all_are_read(self) -> None:
    """Raises UserError if a field was set that nothing reads."""
    idle = unread(
        self.method, self.algorithm, self.optimizer, self.divergence)
    for field in dataclasses.fields(self):
      value = getattr(self, field.name)
      if field.name in idle and value != field.default:
        raise checks.UserError(
            f'{field.name} is {value!r}, which is not read by'
            f' {idle[field.name]}; expected the default, {field.default!r}.'
            ' Leave it out, or choose what reads it.')

  @property
  def value_is_of_rewards(self) -> bool:
    """Whether the student's value is that of the environment's rewards.

    If not, the student is no teacher for methods that read a teacher's value.
    """
    method = losses.get_method(self.method)
    if self.teacher_discount is not None:
      return method.adds_reward
    return method.value_is_of_rewards or (
        self.learns_value and not method.has_return)


def check_divergence(
    divergence: str | divergences.Divergence, num_actions: int
) -> None:
  """Raises UserError unless a function is like those of the library.

  Args:
    divergence: of a configuration; a name is not looked at.
    num_actions: A.
  """
  if not callable(divergence):
    return
  logits = jax.ShapeDtypeStruct((2, 3, num_actions), np.float32)
  expected = (
      'expected a function of (teacher_logits, student_logits, *,'
      ' teacher_temperature, student_temperature, is_legal) that returns a'
      ' number for each step, like kickstarting.losses.forward_kl. Give it'
      ' this form.')
  try:
    found = jax.eval_shape(
        lambda *both: divergence(
            *both, teacher_temperature=1.0, student_temperature=1.0,
            is_legal=None), logits, logits)
  except checks.UserError:
    raise
  except Exception as error:  # of a user's own code
    text = ' '.join(str(error).split())[:200]
    raise checks.UserError(
        f'divergence raised {type(error).__name__} ({text}); {expected}'
    ) from error
  shape = getattr(found, 'shape', None)
  if shape != logits.shape[:-1]:
    raise checks.UserError(
        f'divergence returns {type(found).__name__} of shape {shape} for logits'
        f' of shape {logits.shape}; {expected}')


def _check_optimizer(optimizer: Any) -> None:
  """Raises UserError unless an optimiser is known, or one without its rate."""
  if isinstance(optimizer, str):
    if optimizer not in OPTIMIZERS:
      raise checks.UserError(
          f'optimizer is {optimizer!r}; expected one of'
          f' {", ".join(OPTIMIZERS)}, or a transformation of optax.')
    return
  checks.check_type(
      'optimizer', optimizer, optax.GradientTransformation,
      f'one of {", ".join(OPTIMIZERS)}, or a transformation of optax')
  params = {'x': jnp.ones(3)}
  step, _ = optimizer.update(params, optimizer.init(params), params)
  if not float(jnp.sum(step['x'])) > 0.0:
    raise checks.UserError(
        'optimizer goes down already, with a learning rate of its own; expected'
        ' one without, as learning_rate is a hyper-parameter that moves. Pass'
        ' optax.scale_by_adam() in place of optax.adam(...), and so on.')


def unread(
    method: str | losses.Method,
    algorithm: str,
    optimizer: str | optax.GradientTransformation,
    divergence: str | divergences.Divergence,
) -> dict[str, str]:
  """Returns the fields of a configuration that have no effect.

  Args:
    method: see `UpdateConfig`, as for the others.
    algorithm: one of ALGORITHMS.
    optimizer: one of OPTIMIZERS, or one of your own.
    divergence: a key of `losses.DIVERGENCES`, or one of your own.

  Returns:
    Name of the field -> what does not read it.

  Raises:
    ValueError: the method is unknown.
  """
  chosen = losses.get_method(method)
  reads = chosen.loss_reads | chosen.reward_reads
  named = f'method {chosen.name!r}'
  idle: dict[str, str] = {}
  if 'distance' not in reads:
    idle['divergence'] = named
    if chosen.control not in ('teacher', 'mixture'):  # who act with it
      idle['teacher_temperature'] = named
  needs_floor = {'teacher_log_prob', 'reverse_cross_entropy', 'reverse_kl'}
  if divergence in ('reverse_kl', losses.reverse_kl):
    needs_floor.add('distance')
  if not reads & needs_floor:
    idle['teacher_floor'] = named
  if chosen.has_return or chosen.reads_student_value:
    idle['learns_value'] = f'{named}, which learns a value anyway'
  if algorithm == 'a2c':
    idle |= dict.fromkeys(
        ('rho_clip', 'c_clip', 'pg_rho_clip', 'ratio_clip'),
        f'algorithm {algorithm!r}')
  if optimizer != 'rmsprop':
    idle['rmsprop_epsilon'] = f'optimizer {checks.short(optimizer)}'
  return idle
