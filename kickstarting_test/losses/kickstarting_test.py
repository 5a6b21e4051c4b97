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
"""Tests of kickstarting.py: what the teacher adds, and what it must not."""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import types
from kickstarting.losses import actor_critic
from kickstarting.losses import categorical
from kickstarting.losses import divergences
from kickstarting.losses import kickstarting
from kickstarting.losses import reduction
from kickstarting.losses import transitions as transitions_lib

jax.config.update('jax_numpy_rank_promotion', 'raise')

_T, _B, _A = 4, 3, 5
_RL_COSTS = {'policy_gradient': 1.0, 'baseline': 0.5, 'negative_entropy': 0.01}
_NO_TERMS = {}


def _normal(seed, *shape):
  return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def _softmax(logits):
  weights = np.exp(logits)
  return weights / weights.sum(-1, keepdims=True)


def _transitions():
  """Makes transitions; step 1 of stream 0 is dead."""
  v = _normal(0, _T + 1, _B)
  is_learnable_tm1 = np.ones((_T, _B), bool)
  is_learnable_tm1[1, 0] = False
  return transitions_lib.Transitions(
      logits_tm1=_normal(1, _T, _B, _A),
      v_tm1=v[:-1],
      v_t=v[1:],
      a_tm1=np.arange(_T * _B, dtype=np.int32).reshape(_T, _B) % _A,
      r_t=_normal(2, _T, _B),
      discount_t=np.float32(0.9) * is_learnable_tm1,
      behaviour_logits_tm1=_normal(3, _T, _B, _A),
      is_learnable_tm1=is_learnable_tm1,
  )


def _teacher(*index):
  return types.TeacherOutput(
      logits=_normal(4, _T + 1, _B, _A),
      value=np.zeros((_T + 1, _B), np.float32),
      index=np.array(index or (0, 0, 0), np.int32),
  )


def _cross_entropy(teacher_logits, student_logits):
  return -(_softmax(teacher_logits) * np.log(_softmax(student_logits))).sum(-1)


def _loss(
    logits_tm1, transitions, teacher, alpha, rho, divergence='cross_entropy'
):
  """The whole loss of a kickstarted student."""
  transitions = transitions._replace(logits_tm1=logits_tm1)
  weights = kickstarting.sample_weights(alpha, rho, teacher.index)
  terms = kickstarting.kickstarting_terms(
      actor_critic.vtrace_actor_critic(transitions),
      transitions,
      teacher,
      weights,
      divergence=divergence,
  )
  costs = {**_RL_COSTS, 'distillation': weights}
  return reduction.total(terms, costs, transitions.is_learnable_tm1)[0]


def _rl_loss(logits_tm1, transitions):
  transitions = transitions._replace(logits_tm1=logits_tm1)
  terms = actor_critic.vtrace_actor_critic(transitions)
  return reduction.total(terms, _RL_COSTS, transitions.is_learnable_tm1)[0]


_VALUE_AND_GRAD = jax.jit(
    jax.value_and_grad(_loss), static_argnames='divergence'
)
_RL_VALUE_AND_GRAD = jax.jit(jax.value_and_grad(_rl_loss))


class SampleWeightsTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  def test_alpha_times_rho_of_each_stream(self):
    weights = self.variant(kickstarting.sample_weights)(
        np.float32(0.5), np.array([1.0, 4.0], np.float32), np.array([1, -2, 0])
    )
    np.testing.assert_array_equal(weights, [2.0, 0.0, 0.5])

  def test_no_teachers(self):
    weights = kickstarting.sample_weights(
        1.0, np.zeros(0, np.float32), np.array([-1, -2])
    )
    np.testing.assert_array_equal(weights, [0.0, 0.0])

  def test_index_beyond_the_teachers_shows(self):
    weights = kickstarting.sample_weights(
        1.0, np.ones(2, np.float32), np.array([1, 2])
    )
    np.testing.assert_array_equal(weights, [1.0, np.nan])

  def test_gradients(self):
    to_alpha, to_rho = jax.grad(
        lambda alpha, rho: kickstarting.sample_weights(
            alpha, rho, jnp.array([1, -1, 1])
        ).sum(),
        (0, 1),
    )(0.5, jnp.array([1.0, 3.0]))
    self.assertEqual(to_alpha, 6.0)
    np.testing.assert_array_equal(to_rho, [0.0, 1.0])

  @parameterized.parameters(
      (np.ones(1), np.ones(2), np.zeros(2, np.int32)),
      (1.0, np.ones((2, 1)), np.zeros(2, np.int32)),
      (1.0, np.ones(2), np.zeros(2)),
      (1.0, np.ones(2, np.int32), np.zeros(2, np.int32)),
  )
  def test_shape_and_dtype_errors(self, alpha, rho, index):
    with self.assertRaises(AssertionError):
      kickstarting.sample_weights(alpha, rho, index)


class DistillationLossTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  def test_is_cross_entropy(self):
    student, teacher = _normal(0, _T, _B, _A), _normal(1, _T, _B, _A)
    loss = self.variant(kickstarting.distillation_loss)(student, teacher)
    np.testing.assert_allclose(
        loss, _cross_entropy(teacher, student), rtol=1e-5
    )

  def test_arguments_are_passed_on(self):
    student, teacher = _normal(0, _T, _B, _A), _normal(1, _T, _B, _A)
    is_legal = np.arange(_A) % np.ones((_T, _B, 1), np.int32) == 0
    is_legal[..., 1] = False
    arguments = {
        'teacher_temperature': 0.5,
        'student_temperature': 2.0,
        'is_legal': is_legal,
    }
    for divergence in ('reverse_kl', divergences.reverse_kl):
      np.testing.assert_array_equal(
          kickstarting.distillation_loss(
              student, teacher, divergence=divergence, **arguments
          ),
          divergences.reverse_kl(teacher, student, **arguments),
      )

  @parameterized.parameters(*divergences.DIVERGENCES)
  def test_no_gradient_into_the_teacher(self, divergence):
    student, teacher = _normal(0, _T, _B, _A), _normal(1, _T, _B, _A)
    to_student, to_teacher = jax.grad(
        lambda *args: kickstarting.distillation_loss(
            *args, divergence=divergence
        ).sum(),
        (0, 1),
    )(student, teacher)
    np.testing.assert_array_equal(to_teacher, np.zeros_like(teacher))
    self.assertGreater(np.abs(to_student).max(), 1e-2)

  def test_student_equal_to_its_teacher(self):
    logits = _normal(0, _T, _B, _A)
    loss = kickstarting.distillation_loss(logits, logits)
    np.testing.assert_allclose(loss, categorical.entropy(logits), rtol=1e-5)
    gradient = jax.grad(
        lambda x: kickstarting.distillation_loss(x, logits).sum()
    )(logits)
    np.testing.assert_allclose(gradient, np.zeros_like(logits), atol=1e-6)

  def test_errors(self):
    student = _normal(0, _T, _B, _A)
    with self.assertRaisesRegex(ValueError, "unknown divergence 'l2'"):
      kickstarting.distillation_loss(student, student, divergence='l2')
    with self.assertRaises(AssertionError):
      kickstarting.distillation_loss(student[0], student[0])
    with self.assertRaises(AssertionError):
      kickstarting.distillation_loss(student, student[:-1])
    with self.assertRaises(AssertionError):  # Its result is not [T, B].
      kickstarting.distillation_loss(
          student, student, divergence=lambda p, q, **_: jnp.sum(p - q)
      )


class KickstartingTermsTest(parameterized.TestCase):

  def test_adds_one_term(self):
    transitions, teacher = _transitions(), _teacher(0, -1, 1)
    rl_terms = actor_critic.vtrace_actor_critic(transitions)
    terms = kickstarting.kickstarting_terms(
        rl_terms, transitions, teacher, np.ones(_B, np.float32)
    )
    expected = _cross_entropy(teacher.logits[:-1], transitions.logits_tm1)
    expected[:, 1] = 0.0  # It has no teacher.
    np.testing.assert_allclose(terms.pop('distillation'), expected, rtol=1e-5)
    chex.assert_trees_all_equal(terms, rl_terms)

  def test_gradient_is_weighted_difference_of_policies(self):
    transitions, teacher = _transitions(), _teacher(0, -1, 1)
    arguments = (transitions, teacher, 0.5, np.array([1.0, 4.0], np.float32))
    _, gradient = _VALUE_AND_GRAD(transitions.logits_tm1, *arguments)
    _, rl_gradient = _RL_VALUE_AND_GRAD(transitions.logits_tm1, transitions)
    difference = _softmax(transitions.logits_tm1) - _softmax(
        teacher.logits[:-1]
    )
    weights = np.array([0.5, 0.0, 2.0]) * transitions.is_learnable_tm1
    weights = weights[..., np.newaxis] / 11  # Learnable steps.
    np.testing.assert_allclose(
        gradient - rl_gradient, weights * difference, atol=1e-6
    )

  def test_not_multiplied_by_the_importance_ratio(self):
    transitions, teacher = _transitions(), _teacher()
    weights = np.ones(_B, np.float32)
    terms = [
        kickstarting.kickstarting_terms(
            actor_critic.vtrace_actor_critic(t), t, teacher, weights
        )
        for t in (
            transitions,
            transitions._replace(behaviour_logits_tm1=_normal(9, _T, _B, _A)),
        )
    ]
    np.testing.assert_array_equal(*(t['distillation'] for t in terms))
    moved = np.abs(
        terms[0]['policy_gradient'] - terms[1]['policy_gradient']
    ).max()
    self.assertGreater(moved, 1e-2)

  @parameterized.product(
      case=('alpha', 'rho', 'no_teacher', 'no_teachers'),
      logit=(0.3, float('nan'), float('-inf')),
      # A NaN comes back through either in its own way.
      divergence=('cross_entropy', 'reverse_kl'),
  )
  def test_weight_zero_is_the_rl_loss_bit_for_bit(
      self, case, logit, divergence
  ):
    alpha, rho = 1.0, np.ones(2, np.float32)
    teacher = _teacher(0, 1, 0)
    if case == 'alpha':
      alpha = 0.0
    elif case == 'rho':
      rho *= 0
    else:
      teacher = _teacher(-1, -1, -1)
    if case == 'no_teachers':
      rho = rho[:0]
    teacher = teacher._replace(logits=np.full_like(teacher.logits, logit))
    transitions = _transitions()
    args = (transitions.logits_tm1, transitions)
    chex.assert_trees_all_equal(
        _VALUE_AND_GRAD(*args, teacher, alpha, rho, divergence=divergence),
        _RL_VALUE_AND_GRAD(*args),
        strict=True,
    )

  def test_weight_zero_is_the_rl_loss_bit_for_bit_without_jit(self):
    transitions, teacher = _transitions(), _teacher(0, 1, 0)
    teacher.logits[:] = np.nan
    args = (transitions.logits_tm1, transitions)
    chex.assert_trees_all_equal(
        jax.value_and_grad(_loss)(*args, teacher, 0.0, np.ones(2, np.float32)),
        jax.value_and_grad(_rl_loss)(*args),
        strict=True,
    )

  @parameterized.parameters('cross_entropy', 'reverse_kl')
  def test_steps_without_a_teacher_ignore_its_logits(self, divergence):
    transitions, teacher = _transitions(), _teacher(0, -1, 1)
    spoilt = teacher._replace(logits=np.copy(teacher.logits))
    spoilt.logits[:, 1] = np.nan
    spoilt.logits[1, 0] = np.nan  # The dead step.

    def value_and_grad(teacher):
      return _VALUE_AND_GRAD(
          transitions.logits_tm1,
          transitions,
          teacher,
          1.0,
          np.ones(2, np.float32),
          divergence=divergence,
      )

    chex.assert_trees_all_equal(
        value_and_grad(spoilt), value_and_grad(teacher)
    )

  def test_stream_without_a_teacher_whatever_its_weight(self):
    transitions, teacher = _transitions(), _teacher(0, -1, 0)
    teacher.logits[:, 1] = np.nan
    gradient = jax.grad(
        lambda x: kickstarting.kickstarting_terms(
            _NO_TERMS,
            transitions._replace(logits_tm1=x),
            teacher,
            np.ones(_B, np.float32),
            divergence='reverse_kl',
        )['distillation'].sum()
    )(transitions.logits_tm1)
    self.assertTrue(np.isfinite(gradient).all())
    np.testing.assert_array_equal(gradient[:, 1], 0.0)
    self.assertGreater(np.abs(gradient[:, 2]).max(), 1e-2)

  def test_nan_of_a_teacher_that_counts_is_not_hidden(self):
    teacher = _teacher()
    teacher.logits[0, 0] = np.nan
    transitions = _transitions()
    loss = _loss(
        transitions.logits_tm1, transitions, teacher, 1.0, np.ones(1)
    )
    self.assertTrue(np.isnan(loss))

  def test_order_of_teachers_does_not_matter(self):
    transitions = _transitions()
    chex.assert_trees_all_equal(
        _VALUE_AND_GRAD(
            transitions.logits_tm1,
            transitions,
            _teacher(0, 1, 2),
            0.5,
            np.array([1.0, 2.0, 3.0], np.float32),
        ),
        _VALUE_AND_GRAD(
            transitions.logits_tm1,
            transitions,
            _teacher(2, 0, 1),
            0.5,
            np.array([2.0, 3.0, 1.0], np.float32),
        ),
    )

  def test_arguments_are_passed_on(self):
    transitions, teacher = _transitions(), _teacher()
    temperatures = {'teacher_temperature': 0.5, 'student_temperature': 2.0}
    terms = kickstarting.kickstarting_terms(
        _NO_TERMS,
        transitions,
        teacher,
        np.ones(_B, np.float32),
        divergence='forward_kl',
        **temperatures,
    )
    expected = divergences.forward_kl(
        teacher.logits[:-1], transitions.logits_tm1, **temperatures
    )
    np.testing.assert_allclose(terms['distillation'], expected, rtol=1e-5)

  @parameterized.parameters(
      ('logits', lambda x: x[:-1]),
      ('logits', lambda x: x[..., :-1]),
      ('logits', lambda x: x.astype(np.int32)),
      ('index', lambda x: x[:-1]),
      ('index', lambda x: x.astype(np.float32)),
  )
  def test_shape_and_dtype_errors(self, field, spoil):
    teacher = _teacher()
    teacher = teacher._replace(**{field: spoil(getattr(teacher, field))})
    with self.assertRaises(AssertionError):
      kickstarting.kickstarting_terms(
          _NO_TERMS, _transitions(), teacher, np.ones(_B, np.float32)
      )
    with self.assertRaises(AssertionError):
      kickstarting.diagnostics(_transitions(), teacher)

  def test_weights_must_be_one_per_stream(self):
    with self.assertRaises(AssertionError):
      kickstarting.kickstarting_terms(
          _NO_TERMS, _transitions(), _teacher(), np.ones(1, np.float32)
      )


class DiagnosticsTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  def test_by_definition(self):
    transitions, teacher = _transitions(), _teacher(0, -1, 1)
    teacher.logits[:, 1] = np.nan  # It has no teacher.
    actual = self.variant(kickstarting.diagnostics)(transitions, teacher)
    teacher_logits, student_logits = (
        teacher.logits[:-1], transitions.logits_tm1
    )
    is_labelled = np.array([[True, False, True]] * _T)
    is_labelled[1, 0] = False
    np.testing.assert_array_equal(actual['is_labelled'], is_labelled)
    same = teacher_logits.argmax(-1) == student_logits.argmax(-1)
    entropy = _cross_entropy(teacher_logits, teacher_logits)
    cross_entropy = _cross_entropy(teacher_logits, student_logits)
    for name, expected in (
        ('teacher_agreement', same),
        ('teacher_entropy', entropy),
        ('teacher_kl', cross_entropy - entropy),
    ):
      self.assertEqual(actual[name].dtype, np.float32)
      np.testing.assert_allclose(
          actual[name], np.where(is_labelled, expected, 0), atol=1e-5
      )
    self.assertBetween(actual['teacher_agreement'].sum(), 1, 6)

  def test_no_gradient(self):
    transitions, teacher = _transitions(), _teacher()
    gradient = jax.grad(
        lambda x: kickstarting.diagnostics(
            transitions._replace(logits_tm1=x), teacher
        )['teacher_kl'].sum()
    )(transitions.logits_tm1)
    np.testing.assert_array_equal(gradient, np.zeros_like(gradient))


if __name__ == '__main__':
  absltest.main()
