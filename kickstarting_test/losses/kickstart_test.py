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
"""Tests of kickstart.py: what the teacher adds, and what it must not.

Not here: the whole loss of a kickstarted student (`kickstarted_loss_test.py`).
"""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.distributions import categorical
from kickstarting.losses import actor_critic
from kickstarting.losses import divergences
from kickstarting.losses import kickstart
from kickstarting_test.losses import cases

jax.config.update('jax_numpy_rank_promotion', 'raise')

_NO_TERMS = {}


class SampleWeightsTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  def test_alpha_times_rho_of_each_stream(self):
    weights = self.variant(kickstart.sample_weights)(
        np.float32(0.5), np.array([1.0, 4.0], np.float32), np.array([1, -2, 0])
    )
    np.testing.assert_array_equal(weights, [2.0, 0.0, 0.5])

  def test_no_teachers(self):
    weights = kickstart.sample_weights(
        1.0, np.zeros(0, np.float32), np.array([-1, -2])
    )
    np.testing.assert_array_equal(weights, [0.0, 0.0])

  def test_index_beyond_the_teachers_shows(self):
    case = 1.0, np.ones(2, np.float32), np.array([1, 2])
    np.testing.assert_array_equal(
        jax.jit(kickstart.sample_weights)(*case), [1.0, np.nan])
    with self.assertRaisesRegex(
        checks.UserError, r'teacher_index is 2 at \[1\]; expected below 2'):
      kickstart.sample_weights(*case)

  def test_gradients(self):
    to_alpha, to_rho = jax.grad(
        lambda alpha, rho: kickstart.sample_weights(
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
    with self.assertRaises(ValueError):
      kickstart.sample_weights(alpha, rho, index)


class DistillationLossTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  def test_is_cross_entropy(self):
    student, teacher = cases.make_logits(0), cases.make_logits(1)
    loss = self.variant(kickstart.distillation_loss)(student, teacher)
    np.testing.assert_allclose(
        loss, cases.cross_entropy(teacher, student), rtol=1e-5
    )

  def test_arguments_are_passed_on(self):
    student, teacher = cases.make_logits(0), cases.make_logits(1)
    shape = (cases.T, cases.B, 1)
    is_legal = np.arange(cases.A) % np.ones(shape, np.int32) == 0
    is_legal[..., 1] = False
    arguments = {
        'teacher_temperature': 0.5,
        'student_temperature': 2.0,
        'is_legal': is_legal,
    }
    for divergence in ('reverse_kl', divergences.reverse_kl):
      np.testing.assert_array_equal(
          kickstart.distillation_loss(
              student, teacher, divergence=divergence, **arguments
          ),
          divergences.reverse_kl(teacher, student, **arguments),
      )

  @parameterized.parameters(*divergences.DIVERGENCES)
  def test_no_gradient_into_the_teacher(self, divergence):
    student, teacher = cases.make_logits(0), cases.make_logits(1)
    to_student, to_teacher = jax.grad(
        lambda *args: kickstart.distillation_loss(
            *args, divergence=divergence
        ).sum(),
        (0, 1),
    )(student, teacher)
    np.testing.assert_array_equal(to_teacher, np.zeros_like(teacher))
    self.assertGreater(np.abs(to_student).max(), 1e-2)

  def test_student_equal_to_its_teacher(self):
    logits = cases.make_logits(0)
    loss = kickstart.distillation_loss(logits, logits)
    np.testing.assert_allclose(loss, categorical.entropy(logits), rtol=1e-5)
    gradient = jax.grad(
        lambda x: kickstart.distillation_loss(x, logits).sum()
    )(logits)
    np.testing.assert_allclose(gradient, np.zeros_like(logits), atol=1e-6)

  def test_errors(self):
    student = cases.make_logits(0)
    with self.assertRaisesRegex(ValueError, "unknown divergence 'l2'"):
      kickstart.distillation_loss(student, student, divergence='l2')
    with self.assertRaises(ValueError):
      kickstart.distillation_loss(student[0], student[0])
    with self.assertRaises(ValueError):
      kickstart.distillation_loss(student, student[:-1])
    with self.assertRaises(ValueError):  # Its result is not [T, B].
      kickstart.distillation_loss(
          student, student, divergence=lambda p, q, **_: jnp.sum(p - q)
      )


class KickstartingTermsTest(parameterized.TestCase):

  def test_adds_one_term(self):
    transitions = cases.make_transitions()
    teacher = cases.make_teacher(0, -1, 1)
    rl_terms = actor_critic.vtrace_actor_critic(transitions)
    terms = kickstart.kickstarting_terms(
        rl_terms, transitions, teacher, np.ones(cases.B, np.float32)
    )
    expected = cases.cross_entropy(teacher.policy[:-1], transitions.policy_tm1)
    expected[:, 1] = 0.0  # It has no teacher.
    np.testing.assert_allclose(terms.pop('distillation'), expected, rtol=1e-5)
    chex.assert_trees_all_equal(terms, rl_terms)

  def test_not_multiplied_by_the_importance_ratio(self):
    transitions = cases.make_transitions()
    teacher = cases.make_teacher()
    weights = np.ones(cases.B, np.float32)
    terms = [
        kickstart.kickstarting_terms(
            actor_critic.vtrace_actor_critic(t), t, teacher, weights
        )
        for t in (
            transitions,
            transitions._replace(
                behaviour_log_prob_tm1=transitions.behaviour_log_prob_tm1 - 1),
        )
    ]
    np.testing.assert_array_equal(*(t['distillation'] for t in terms))
    moved = np.abs(
        terms[0]['policy_gradient'] - terms[1]['policy_gradient']
    ).max()
    self.assertGreater(moved, 1e-2)

  def test_terms_are_as_under_jit_whatever_they_were(self):
    transitions, teacher = cases.make_transitions(), cases.make_teacher()
    given = {'baseline': np.ones((cases.T, cases.B))}  # float64
    run = lambda terms: kickstart.kickstarting_terms(
        terms, transitions, teacher, np.ones(cases.B, np.float32))
    for found, jitted in zip(
        run(given).values(), jax.jit(run)(given).values(), strict=True):
      self.assertEqual(found.dtype, jitted.dtype)

  def test_stream_without_a_teacher_whatever_its_weight(self):
    transitions = cases.make_transitions()
    teacher = cases.make_teacher(0, -1, 0)
    teacher.policy[:, 1] = np.nan
    gradient = jax.grad(
        lambda x: kickstart.kickstarting_terms(
            _NO_TERMS,
            transitions._replace(policy_tm1=x),
            teacher,
            np.ones(cases.B, np.float32),
            divergence='reverse_kl',
        )['distillation'].sum()
    )(transitions.policy_tm1)
    self.assertTrue(np.isfinite(gradient).all())
    np.testing.assert_array_equal(gradient[:, 1], 0.0)
    self.assertGreater(np.abs(gradient[:, 2]).max(), 1e-2)

  def test_arguments_are_passed_on(self):
    transitions = cases.make_transitions()
    teacher = cases.make_teacher()
    temperatures = {'teacher_temperature': 0.5, 'student_temperature': 2.0}
    terms = kickstart.kickstarting_terms(
        _NO_TERMS,
        transitions,
        teacher,
        np.ones(cases.B, np.float32),
        divergence='forward_kl',
        **temperatures,
    )
    expected = divergences.forward_kl(
        teacher.policy[:-1], transitions.policy_tm1, **temperatures
    )
    np.testing.assert_allclose(terms['distillation'], expected, rtol=1e-5)

  @parameterized.parameters(
      ('policy', lambda x: x[:-1]),
      ('policy', lambda x: x[..., :-1]),
      ('policy', lambda x: x.astype(np.int32)),
      ('index', lambda x: x[:-1]),
      ('index', lambda x: x.astype(np.float32)),
  )
  def test_shape_and_dtype_errors(self, field, spoil):
    teacher = cases.make_teacher()
    teacher = teacher._replace(**{field: spoil(getattr(teacher, field))})
    with self.assertRaises(ValueError):
      kickstart.kickstarting_terms(
          _NO_TERMS,
          cases.make_transitions(),
          teacher,
          np.ones(cases.B, np.float32),
      )
    with self.assertRaises(ValueError):
      kickstart.diagnostics(cases.make_transitions(), teacher)

  def test_weights_must_be_one_per_stream(self):
    with self.assertRaises(ValueError):
      kickstart.kickstarting_terms(
          _NO_TERMS,
          cases.make_transitions(),
          cases.make_teacher(),
          np.ones(1, np.float32),
      )


class DiagnosticsTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  def test_by_definition(self):
    transitions = cases.make_transitions()
    teacher = cases.make_teacher(0, -1, 1)
    teacher.policy[:, 1] = np.nan  # It has no teacher.
    actual = self.variant(kickstart.diagnostics)(transitions, teacher)
    teacher_logits, student_logits = (
        teacher.policy[:-1], transitions.policy_tm1
    )
    is_labelled = np.array([[True, False, True]] * cases.T)
    is_labelled[1, 0] = False
    np.testing.assert_array_equal(actual['is_labelled'], is_labelled)
    same = teacher_logits.argmax(-1) == student_logits.argmax(-1)
    entropy = cases.cross_entropy(teacher_logits, teacher_logits)
    cross_entropy = cases.cross_entropy(teacher_logits, student_logits)
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
    transitions = cases.make_transitions()
    teacher = cases.make_teacher()
    gradient = jax.grad(
        lambda x: kickstart.diagnostics(
            transitions._replace(policy_tm1=x), teacher
        )['teacher_kl'].sum()
    )(transitions.policy_tm1)
    np.testing.assert_array_equal(gradient, np.zeros_like(gradient))


class LackingTest(chex.TestCase):
  """A student that lacks actions which its teacher takes."""

  def setUp(self):
    super().setUp()
    self.able = [0, 2, 3]
    self.transitions = cases.make_transitions()
    lacking = np.full_like(self.transitions.policy_tm1, -np.inf)
    lacking[..., self.able] = self.transitions.policy_tm1[..., self.able]
    self.lacking = self.transitions._replace(
        policy_tm1=lacking, a_tm1=np.zeros_like(self.transitions.a_tm1))
    self.teacher = cases.make_teacher()
    # The same two, of the actions that both have.
    self.small = self.lacking._replace(
        policy_tm1=lacking[..., self.able])
    self.small_teacher = self.teacher._replace(
        policy=self.teacher.policy[..., self.able])

  @chex.variants(with_jit=True, without_jit=True)
  def test_is_compared_over_its_own_actions(self):
    actual = self.variant(kickstart.diagnostics)(self.lacking, self.teacher)
    expected = kickstart.diagnostics(self.small, self.small_teacher)
    chex.assert_trees_all_close(actual, expected, rtol=1e-5)
    self.assertGreater(actual['teacher_kl'].sum(), 0.0)

  @parameterized.parameters(*divergences.DIVERGENCES)
  def test_every_divergence_is_over_its_own_actions(self, divergence):
    weights = np.ones(cases.B, np.float32)

    def loss(logits, transitions, teacher):
      return kickstart.kickstarting_terms(
          {}, transitions._replace(policy_tm1=logits), teacher, weights,
          divergence=divergence)['distillation'].sum()

    value, gradient = jax.value_and_grad(loss)(
        self.lacking.policy_tm1, self.lacking, self.teacher)
    expected, small = jax.value_and_grad(loss)(
        self.small.policy_tm1, self.small, self.small_teacher)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(
        gradient[..., self.able], small, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(np.delete(gradient, self.able, -1), 0.0)

  def test_nothing_in_common_is_not_labelled(self):
    logits = np.full_like(self.teacher.policy, -np.inf)
    logits[..., 1] = 0.0
    actual = kickstart.diagnostics(
        self.lacking, self.teacher._replace(policy=logits))
    chex.assert_trees_all_equal(
        actual, jax.tree.map(np.zeros_like, actual))


class FeatureRegressionTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    rng = np.random.default_rng(0)
    self.student = rng.normal(size=(2, 3, 4)).astype(np.float32)
    self.teacher = types.TeacherOutput(
        np.zeros((3, 3, 2), np.float32), np.zeros((3, 3), np.float32),
        np.zeros(3, np.int32), rng.normal(size=(3, 3, 4)).astype(np.float32))
    self.is_pulled = np.array([[True, False, True], [True, True, True]])

  def _loss(self, student, features):
    return kickstart.feature_regression(
        student, self.teacher._replace(features=features), self.is_pulled)

  def test_equals_the_paper_s_sum(self):
    actual = self._loss(self.student, self.teacher.features)
    for t, b in np.ndindex(2, 3):
      expected = sum(
          (self.student[t, b, d] - self.teacher.features[t, b, d]) ** 2
          for d in range(4))
      self.assertAlmostEqual(
          actual[t, b], expected if self.is_pulled[t, b] else 0.0, places=5)

  def test_gradient(self):
    student, teacher = jax.grad(
        lambda *args: self._loss(*args).sum(), argnums=(0, 1))(
            self.student, self.teacher.features)
    np.testing.assert_array_equal(teacher, 0.0)
    expected = 2 * (self.student - self.teacher.features[:-1])
    np.testing.assert_allclose(
        student, expected * self.is_pulled[..., None], rtol=1e-5)

  def test_a_teacher_without_features(self):
    with self.assertRaisesRegex(
        checks.UserError, 'teacher.features is None; expected an array'):
      self._loss(self.student, None)
    with self.assertRaisesRegex(
        checks.UserError, 'teacher is None, of type .*; expected a record'):
      kickstart.feature_regression(self.student, None, self.is_pulled)

  def test_other_sizes(self):
    with self.assertRaises(ValueError):
      self._loss(self.student[..., :3], self.teacher.features)


if __name__ == '__main__':
  absltest.main()
