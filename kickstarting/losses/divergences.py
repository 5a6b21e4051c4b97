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
"""How far a student's policy is from a teacher's, as exact sums over actions.

Every divergence takes (teacher_logits, student_logits) [..., A] and returns
[...]. Gradients flow into both sides: a mixture of agents needs them; the
kickstarting loss stops the teacher's itself.

All of them restrict the teacher to what the student can do
(`categorical.restrict`): an action whose student logit is minus infinity is
left out of the teacher, which is renormalised over the rest, so that no
divergence is infinite for what the student cannot change. Where the two have no
action in common, a divergence is 0, with its gradient.

Not here: weights, masks of steps and the choice of states; see
`kickstart.py`, which is what to read next.
"""

from collections.abc import Callable
from typing import TypeAlias

import chex
import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import types
from kickstarting.distributions import categorical

Divergence: TypeAlias = Callable[..., jax.Array]


def _both_log_probs(
    teacher_logits: types.Array,
    student_logits: types.Array,
    teacher_temperature: chex.Numeric,
    student_temperature: chex.Numeric,
    is_legal: types.Array | None,
) -> tuple[jax.Array, jax.Array]:
  """Returns log-probabilities of both; [..., A]."""
  teacher_temperature = checks.check_positive_finite(
      'teacher_temperature', teacher_temperature)
  student_temperature = checks.check_positive_finite(
      'student_temperature', student_temperature)
  teacher_logits, student_logits, is_legal = categorical.logits_and_legal(
      is_legal, teacher_logits=teacher_logits, student_logits=student_logits)
  teacher = categorical.log_probs(
      categorical.restrict(teacher_logits, student_logits),
      temperature=teacher_temperature, is_legal=is_legal)
  student = categorical.log_probs(
      student_logits, temperature=student_temperature, is_legal=is_legal)
  return teacher, student


def cross_entropy(
    teacher_logits: types.Array,
    student_logits: types.Array,
    *,
    teacher_temperature: chex.Numeric = 1.0,
    student_temperature: chex.Numeric = 1.0,
    is_legal: types.Array | None = None,
) -> jax.Array:
  """Returns H(teacher || student) = -sum_a teacher(a) log student(a).

  With a fixed teacher its gradient is that of the forward KL; on the student's
  logits it is (student - teacher) / student_temperature. A deterministic
  teacher (logits of minus infinity) is fine.
  Source: Schmitt et al. (2018), Eq. 1, arXiv:1803.03835. Differs from it in:
  temperatures and action mask, which are neutral by default.

  Args:
    teacher_logits: [..., A] float32; gradients flow.
    student_logits: [..., A] float32; gradients flow.
    teacher_temperature: divides the teacher's logits; below 1 sharpens it.
    student_temperature: divides the student's logits.
    is_legal: bool [..., A], actions that count on both sides; None for all.

  Returns:
    The cross-entropy in nats; [...], at least the teacher's entropy.

  Raises:
    ValueError: if a temperature is not positive and finite.
  """
  log_p, log_q = _both_log_probs(
      teacher_logits,
      student_logits,
      teacher_temperature,
      student_temperature,
      is_legal,
  )
  return -categorical.expectation(log_p, log_q)


def forward_kl(
    teacher_logits: types.Array,
    student_logits: types.Array,
    *,
    teacher_temperature: chex.Numeric = 1.0,
    student_temperature: chex.Numeric = 1.0,
    is_legal: types.Array | None = None,
) -> jax.Array:
  """Returns KL(teacher || student), >= 0; arguments as in `cross_entropy`.

  Averages over the teacher's actions, so the student must cover all of them.
  """
  log_p, log_q = _both_log_probs(
      teacher_logits,
      student_logits,
      teacher_temperature,
      student_temperature,
      is_legal,
  )
  return categorical.expectation(log_p, log_p - log_q)


def reverse_kl(
    teacher_logits: types.Array,
    student_logits: types.Array,
    *,
    teacher_temperature: chex.Numeric = 1.0,
    student_temperature: chex.Numeric = 1.0,
    is_legal: types.Array | None = None,
) -> jax.Array:
  """Returns KL(student || teacher), >= 0; arguments as in `cross_entropy`.

  Averages over the student's actions, so the student may settle on one of the
  teacher's modes. It is infinite, as defined, where the teacher gives
  probability 0 (a logit of minus infinity) to a legal action that the student
  may take. Such a teacher needs a floor, some of the uniform policy mixed in,
  as `method_step.floor_teacher` does; a temperature leaves 0 as it is.
  """
  log_p, log_q = _both_log_probs(
      teacher_logits,
      student_logits,
      teacher_temperature,
      student_temperature,
      is_legal,
  )
  log_p, have_common = _where_common(log_p)
  return jnp.where(
      have_common, categorical.expectation(log_q, log_q - log_p), 0.0)


def jensen_shannon(
    teacher_logits: types.Array,
    student_logits: types.Array,
    *,
    beta: chex.Numeric = 0.5,
    teacher_temperature: chex.Numeric = 1.0,
    student_temperature: chex.Numeric = 1.0,
    is_legal: types.Array | None = None,
) -> jax.Array:
  """Returns the generalised Jensen-Shannon divergence, bounded and >= 0.

  With p the teacher, q the student and m = beta p + (1 - beta) q:
  JSD = beta KL(p || m) + (1 - beta) KL(q || m).
  It is at most the entropy of a coin of bias beta (log 2 at 0.5), so it stays
  finite for deterministic teachers. Limits: JSD / beta -> KL(p || q) as
  beta -> 0 and JSD / (1 - beta) -> KL(q || p) as beta -> 1; at 0 and 1 itself
  it vanishes, with its gradient, so scale the cost by 1 / beta near an end.
  Source: Lin (1991), "Divergence measures based on the Shannon entropy",
  section IV, with weights (beta, 1 - beta).

  Args:
    teacher_logits: [..., A] float32; gradients flow.
    student_logits: [..., A] float32; gradients flow.
    beta: the teacher's share of the mixture m, in [0, 1].
    teacher_temperature: as in `cross_entropy`.
    student_temperature: as in `cross_entropy`.
    is_legal: as in `cross_entropy`.

  Returns:
    The divergence in nats; [...].

  Raises:
    ValueError: if beta is outside [0, 1] or a temperature is not positive.
  """
  beta = checks.check_fraction('beta', beta)
  log_p, log_q = _both_log_probs(
      teacher_logits,
      student_logits,
      teacher_temperature,
      student_temperature,
      is_legal,
  )
  log_p, have_common = _where_common(log_p)
  mixture = beta * jnp.exp(log_p) + (1 - beta) * jnp.exp(log_q)
  # The floor keeps log and its gradient finite where both are 0.
  log_m = jnp.log(jnp.maximum(mixture, jnp.finfo(mixture.dtype).tiny))
  return jnp.where(
      have_common,
      beta * categorical.expectation(log_p, log_p - log_m)
      + (1 - beta) * categorical.expectation(log_q, log_q - log_m), 0.0)


def negative_log_likelihood(
    teacher_logits: types.Array,
    student_logits: types.Array,
    *,
    teacher_temperature: chex.Numeric = 1.0,
    student_temperature: chex.Numeric = 1.0,
    is_legal: types.Array | None = None,
) -> jax.Array:
  """Returns -log student(argmax teacher); arguments as in `cross_entropy`.

  The limit of the cross-entropy as the teacher's temperature goes to 0, but for
  ties, of which the first counts.
  Source: Rusu et al. (2016), "Policy Distillation", section 3.1,
  arXiv:1511.06295.
  """
  log_p, log_q = _both_log_probs(
      teacher_logits,
      student_logits,
      teacher_temperature,
      student_temperature,
      is_legal,
  )
  log_p, have_common = _where_common(log_p)
  best = jax.nn.one_hot(jnp.argmax(log_p, axis=-1), log_p.shape[-1])
  return jnp.where(
      have_common, -jnp.sum(jnp.where(best > 0, log_q, 0.0), axis=-1), 0.0)


def squared_error(
    teacher_logits: types.Array,
    student_logits: types.Array,
    *,
    teacher_temperature: chex.Numeric = 1.0,
    student_temperature: chex.Numeric = 1.0,
    is_legal: types.Array | None = None,
) -> jax.Array:
  """Returns sum_a (teacher(a) - student(a))^2 of action values, not policies.

  Both sides are Q-values; there is nothing that a temperature could sharpen.
  An action that either side lacks, of value minus infinity, is left out. Values
  beyond 1e18 have no square in float32.
  Source: Rusu et al. (2016), "Policy Distillation", section 3.1,
  arXiv:1511.06295.

  Args:
    teacher_logits: action values; [..., A] float32; gradients flow.
    student_logits: action values; [..., A] float32; gradients flow.
    teacher_temperature: 1.
    student_temperature: 1.
    is_legal: bool [..., A], actions that count; None for all.

  Returns:
    [...] float32.

  Raises:
    ValueError: a temperature is not 1.
  """
  for name, value in (('teacher_temperature', teacher_temperature),
                      ('student_temperature', student_temperature)):
    if checks.as_number(name, value) not in (None, 1.0):
      raise checks.UserError(
          f'{name} is {checks.short(value, 40)} with squared_error, which'
          ' compares action values; expected 1. Take forward_kl for'
          ' sharpened policies.')
  teacher, student, is_legal = categorical.logits_and_legal(
      is_legal, teacher_logits=teacher_logits, student_logits=student_logits)
  is_common = is_legal & (teacher != -jnp.inf) & (student != -jnp.inf)
  difference = jnp.where(is_common, teacher, 0.0) - jnp.where(
      is_common, student, 0.0)
  return jnp.sum(jnp.square(difference), axis=-1)


def _where_common(log_p: jax.Array) -> tuple[jax.Array, jax.Array]:
  """Returns log_p [..., A], and where it has an action at all [...].

  Where it has none, a number takes the place of minus infinities, of which
  other averages than the teacher's own would make NaN.
  """
  have_common = jnp.any(log_p != -jnp.inf, axis=-1)
  return jnp.where(have_common[..., jnp.newaxis], log_p, 0.0), have_common


DIVERGENCES = {
    'cross_entropy': cross_entropy,
    'forward_kl': forward_kl,
    'jensen_shannon': jensen_shannon,
    'negative_log_likelihood': negative_log_likelihood,
    'reverse_kl': reverse_kl,
    'squared_error': squared_error,
}


def get_divergence(name: str | Divergence) -> Divergence:
  """Returns the divergence called `name`, or raises a ValueError.

  One of your own, a function like those of `DIVERGENCES`, is what it is.
  """
  if callable(name):
    return name
  checks.check_name('divergence', name, DIVERGENCES)
  return DIVERGENCES[name]
