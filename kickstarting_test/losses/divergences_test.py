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
"""Tests of divergences.py: oracle in numpy, values by hand, edges."""

import functools

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
from jax import test_util
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting.distributions import categorical
from kickstarting.losses import divergences

jax.config.update('jax_numpy_rank_promotion', 'raise')

_POLICIES = ('cross_entropy', 'forward_kl', 'jensen_shannon', 'reverse_kl')
_NAMES = (*_POLICIES, 'negative_log_likelihood', 'squared_error')
_RNG = np.random.default_rng(0)
_TEACHER = _RNG.normal(size=(3, 2, 5)).astype(np.float32) * 2
_STUDENT = _RNG.normal(size=(3, 2, 5)).astype(np.float32) * 2
_IS_LEGAL = _RNG.random((3, 2, 5)) < 0.6
_IS_LEGAL[..., 0] = True

# p = (1/2, 1/2) for the teacher and q = (1/4, 3/4) for the student.
_P = np.log(np.array([0.5, 0.5], np.float32))
_Q = np.log(np.array([0.25, 0.75], np.float32))


def _softmax(logits):
  weights = np.exp(logits.astype(np.float64))
  return weights / weights.sum()


def _kl(p, q):
  return sum(a * (np.log(a) - np.log(b)) for a, b in zip(p, q, strict=True))


def _oracle(name, teacher, student, beta=0.5):
  """Computes a divergence of two vectors of logits from its definition."""
  p, q = _softmax(teacher), _softmax(student)
  if name == 'cross_entropy':
    return -sum(a * np.log(b) for a, b in zip(p, q, strict=True))
  if name == 'forward_kl':
    return _kl(p, q)
  if name == 'negative_log_likelihood':
    return -np.log(q[np.argmax(p)])
  if name == 'reverse_kl':
    return _kl(q, p)
  m = beta * p + (1 - beta) * q
  return beta * _kl(p, m) + (1 - beta) * _kl(q, m)


class DivergencesTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.product(
      name=(*_POLICIES, 'negative_log_likelihood'), masked=(True, False))
  def test_equals_the_definition(self, name, masked):
    actual = self.variant(
        functools.partial(
            divergences.get_divergence(name),
            teacher_temperature=0.5,
            student_temperature=2.0,
        )
    )(_TEACHER, _STUDENT, is_legal=_IS_LEGAL if masked else None)
    self.assertEqual(actual.shape, (3, 2))
    for index in np.ndindex(3, 2):
      # An illegal action is as if it did not exist.
      kept = _IS_LEGAL[index] if masked else slice(None)
      expected = _oracle(
          name, _TEACHER[index][kept] / 0.5, _STUDENT[index][kept] / 2.0
      )
      np.testing.assert_allclose(actual[index], expected, rtol=1e-5, atol=1e-6)

  @parameterized.parameters(
      # By hand, with the natural logarithm:
      ('cross_entropy', 0.836988),  # -(log 1/4 + log 3/4) / 2
      ('forward_kl', 0.143841),  # log(2) / 2 + log(2/3) / 2
      ('reverse_kl', 0.130812),  # log(1/2) / 4 + 3 log(3/2) / 4
      # m = (3/8, 5/8): (log(4/3) + log(4/5)) / 4
      #                 + (log(2/3) + 3 log(6/5)) / 8
      ('jensen_shannon', 0.033822),
  )
  def test_direction_by_hand(self, name, expected):
    actual = divergences.get_divergence(name)(_P, _Q)
    self.assertAlmostEqual(float(actual), expected, delta=2e-6)

  def test_jensen_shannon_by_hand_with_beta(self):
    # beta = 1/4, m = (5/16, 11/16): (log(8/5) + log(8/11)) / 8
    #                                + (3 log(4/5) + 9 log(12/11)) / 16
    actual = divergences.jensen_shannon(_P, _Q, beta=0.25)
    self.assertAlmostEqual(float(actual), 0.026047, delta=2e-6)

  @parameterized.parameters(*_POLICIES, 'squared_error')
  def test_gradients_into_both_sides(self, name):
    divergence = divergences.get_divergence(name)
    test_util.check_grads(
        lambda t, s: divergence(t, s, is_legal=_IS_LEGAL),
        (_TEACHER, _STUDENT),
        order=1,
        modes=['rev'],
        eps=1e-2,
        atol=2e-3,  # Finite differences in float32 are no better.
        rtol=2e-3,
    )
    to_teacher = jax.grad(lambda t: divergence(t, _STUDENT).sum())(_TEACHER)
    self.assertGreater(np.abs(to_teacher).max(), 1e-2)

  def test_cross_entropy_gradient_is_the_difference_of_policies(self):
    gradient = jax.grad(
        lambda s: divergences.cross_entropy(
            _TEACHER, s, student_temperature=2.0
        ).sum()
    )(_STUDENT)
    difference = jax.nn.softmax(_STUDENT / 2) - jax.nn.softmax(_TEACHER)
    np.testing.assert_allclose(gradient, difference / 2, atol=1e-6)

  @parameterized.parameters(*_POLICIES, 'squared_error')
  def test_equal_policies(self, name):
    divergence = divergences.get_divergence(name)
    least = categorical.entropy(_TEACHER) if name == 'cross_entropy' else 0.0
    np.testing.assert_allclose(divergence(_TEACHER, _TEACHER), least, atol=1e-6)
    gradient = jax.grad(lambda s: divergence(_TEACHER, s).sum())(_TEACHER)
    np.testing.assert_allclose(gradient, np.zeros_like(_TEACHER), atol=1e-6)

  @parameterized.product(name=_NAMES, sign=(1.0, -1.0))
  def test_extreme_logits_stay_finite(self, name, sign):
    teacher = jnp.array([1e4, 0.0, -1e4])
    value, gradients = jax.value_and_grad(
        divergences.get_divergence(name), argnums=(0, 1)
    )(teacher, sign * teacher)
    chex.assert_tree_all_finite((value, gradients))

  @parameterized.parameters('cross_entropy', 'forward_kl', 'jensen_shannon')
  def test_deterministic_teacher(self, name):
    teacher = jnp.array([-jnp.inf, 0.0, -jnp.inf])
    student = jnp.array([0.0, jnp.log(2.0), 0.0])
    value, gradient = jax.value_and_grad(divergences.get_divergence(name), 1)(
        teacher, student
    )
    # The student gives the teacher's only action probability 1/2; for
    # Jensen-Shannon m = (1/8, 3/4, 1/8): log(4/3) / 2
    #                                     + (log(2) + log(2/3)) / 4.
    expected = 0.215762 if name == 'jensen_shannon' else np.log(2)
    self.assertAlmostEqual(float(value), expected, places=5)
    self.assertTrue(np.isfinite(gradient).all())
    self.assertLess(gradient[1], 0.0)

  def test_a_teacher_is_restricted_to_what_the_student_can_do_by_hand(self):
    teacher = jnp.array([2.0, 0.0, -1.0, 3.0])
    student = jnp.array([0.5, 1.5, -jnp.inf, 2.5])
    for call in (divergences.cross_entropy, jax.jit(divergences.cross_entropy)):
      self.assertAlmostEqual(float(call(teacher, student)), 0.9617, places=4)

  @parameterized.product(name=_NAMES, is_sharp=(False, True))
  def test_a_teacher_is_restricted_to_what_the_student_can_do(
      self, name, is_sharp):
    scale = {} if name == 'squared_error' or not is_sharp else {
        'teacher_temperature': 0.1, 'student_temperature': 2.0}
    divergence = functools.partial(divergences.get_divergence(name), **scale)
    student = jnp.asarray(_STUDENT).at[..., 1].set(-jnp.inf)
    student = student.at[0, 0, 3].set(-jnp.inf)
    value, gradients = jax.jit(jax.value_and_grad(
        lambda *args: divergence(*args).sum(), (0, 1)))(_TEACHER, student)
    chex.assert_tree_all_finite((value, gradients))
    expected = 0.0
    for t, b in np.ndindex(3, 2):
      able = np.isfinite(student[t, b])
      expected += divergence(_TEACHER[t, b][able], student[t, b][able])
    np.testing.assert_allclose(value, expected, rtol=1e-5)

  @parameterized.parameters(*_NAMES)
  def test_no_action_in_common_is_no_distance(self, name):
    teacher = jnp.array([0.0, -jnp.inf, -jnp.inf])
    student = jnp.array([-jnp.inf, 0.0, 1.0])
    value, gradients = jax.value_and_grad(
        divergences.get_divergence(name), (0, 1))(teacher, student)
    np.testing.assert_array_equal(value, 0.0)
    np.testing.assert_array_equal(gradients, np.zeros((2, 3)))

  @parameterized.product(name=_NAMES, dtype=(jnp.float16, jnp.bfloat16))
  def test_half_precision_is_computed_in_float32(self, name, dtype):
    divergence = divergences.get_divergence(name)
    teacher, student = (
        jnp.asarray(x, dtype) for x in (_TEACHER, _STUDENT))
    exact = tuple(x.astype(jnp.float32) for x in (teacher, student))
    call = jax.jit(jax.value_and_grad(
        lambda teacher, student: divergence(teacher, student).sum(), 1))
    value, gradient = call(teacher, student)
    expected, exact_gradient = call(*exact)
    self.assertEqual(value.dtype, jnp.float32)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    # Rounded once, when it leaves.
    np.testing.assert_allclose(
        gradient.astype(jnp.float32), exact_gradient,
        rtol=float(jnp.finfo(dtype).eps), atol=1e-6)

  @parameterized.parameters(False, True)
  def test_a_sharp_teacher_is_the_same_under_jit(self, is_traced):
    def of_uniform(logits, temperature=1e-3):
      return divergences.cross_entropy(
          logits, jnp.zeros(3), teacher_temperature=temperature)

    args = (1e-3,) if is_traced else ()
    for logits in ([1e7, 0.0, 1.0], [0.0, 5e8, -5e8]):
      for call in (of_uniform, jax.jit(of_uniform)):
        self.assertAlmostEqual(
            float(call(np.float32(logits), *args)), np.log(3), places=5)

  @parameterized.product(value=(
      jnp.float32(0), np.float32(-1), jnp.float32(np.inf), '0.5', None))
  def test_no_temperature_escapes_the_checks(self, value):
    for name in ('teacher_temperature', 'student_temperature'):
      with self.assertRaisesRegex(
          checks.UserError, f'{name} is .*; expected'):
        divergences.forward_kl(_P, _Q, **{name: value})

  def test_reverse_kl_is_infinite_where_the_teacher_rules_out(self):
    teacher = jnp.array([0.0, -jnp.inf])
    self.assertEqual(divergences.reverse_kl(teacher, jnp.zeros(2)), jnp.inf)
    is_legal = jnp.array([True, False])
    self.assertEqual(
        divergences.reverse_kl(teacher, jnp.zeros(2), is_legal=is_legal), 0.0
    )

  @parameterized.parameters(*_NAMES)
  def test_illegal_actions_get_no_gradient(self, name):
    # Even a NaN in an illegal action must not be seen.
    teacher = np.where(_IS_LEGAL, _TEACHER, np.nan)
    student = np.where(_IS_LEGAL, _STUDENT, np.nan)
    divergence = divergences.get_divergence(name)
    gradients = jax.grad(
        lambda t, s: divergence(t, s, is_legal=_IS_LEGAL).sum(), (0, 1)
    )(teacher, student)
    for gradient in gradients:
      self.assertTrue(np.isfinite(gradient).all())
      np.testing.assert_array_equal(gradient[~_IS_LEGAL], 0.0)

  def test_jensen_shannon_bound_symmetry_and_limits(self):
    opposite = jnp.array([1e4, -1e4]), jnp.array([-1e4, 1e4])
    self.assertAlmostEqual(
        float(divergences.jensen_shannon(*opposite)), np.log(2), places=6
    )
    np.testing.assert_allclose(
        divergences.jensen_shannon(_TEACHER, _STUDENT, beta=0.3),
        divergences.jensen_shannon(_STUDENT, _TEACHER, beta=0.7),
        atol=1e-6,
    )
    # The error of the limit is of the order of beta.
    low = divergences.jensen_shannon(_P, _Q, beta=1e-3) / 1e-3
    self.assertAlmostEqual(
        float(low), float(divergences.forward_kl(_P, _Q)), delta=1e-3
    )
    high = divergences.jensen_shannon(_P, _Q, beta=1 - 1e-3) / 1e-3
    self.assertAlmostEqual(
        float(high), float(divergences.reverse_kl(_P, _Q)), delta=1e-3
    )
    for beta in (0, 1):
      self.assertAlmostEqual(
          float(divergences.jensen_shannon(_P, _Q, beta=beta)), 0.0, places=6
      )

  def test_likelihood_is_the_sharpest_cross_entropy(self):
    np.testing.assert_allclose(
        divergences.negative_log_likelihood(_TEACHER, _STUDENT),
        divergences.cross_entropy(
            _TEACHER, _STUDENT, teacher_temperature=1e-3), rtol=1e-4)
    gradient = jax.grad(lambda t: divergences.negative_log_likelihood(
        t, _STUDENT).sum())(_TEACHER)
    np.testing.assert_array_equal(gradient, 0.0)

  def test_squared_error_of_action_values(self):
    # (3 - 1)^2 + (0 - 2)^2, and the first action alone
    q, p = jnp.array([3.0, 0.0]), jnp.array([1.0, 2.0])
    self.assertEqual(divergences.squared_error(q, p), 8.0)
    is_legal = jnp.array([True, False])
    self.assertEqual(
        divergences.squared_error(q, p, is_legal=is_legal), 4.0)
    for side in ('teacher_temperature', 'student_temperature'):
      with self.assertRaisesRegex(
          ValueError, f'{side} is 0.1 with squared_error.*expected 1'):
        divergences.squared_error(q, p, **{side: 0.1})

  def test_registry(self):
    self.assertEqual(set(divergences.DIVERGENCES), set(_NAMES))
    with self.assertRaisesRegex(
        ValueError, "unknown divergence 'kl'; expected one of cross_entropy, f"
    ):
      divergences.get_divergence('kl')

  def test_number_errors(self):
    with self.assertRaisesRegex(ValueError, 'beta is 1.5; expected'):
      divergences.jensen_shannon(_P, _Q, beta=1.5)
    for side in ('teacher_temperature', 'student_temperature'):
      with self.assertRaisesRegex(ValueError, 'temperature is 0; expected'):
        divergences.cross_entropy(_P, _Q, **{side: 0})

  @parameterized.parameters(*_NAMES)
  def test_shape_and_dtype_errors(self, name):
    divergence = divergences.get_divergence(name)
    with self.assertRaises(ValueError):
      divergence(_TEACHER, _STUDENT[..., :4])
    with self.assertRaises(ValueError):
      divergence(_TEACHER, _STUDENT.astype(np.int32))
    with self.assertRaises(ValueError):
      divergence(_TEACHER, _STUDENT, is_legal=_IS_LEGAL[0])


if __name__ == '__main__':
  absltest.main()
