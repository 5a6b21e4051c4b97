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
"""Tests of categorical.py against sums in numpy."""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
from jax import test_util
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting.distributions import categorical

jax.config.update('jax_numpy_rank_promotion', 'raise')

_LOGITS = np.array([[1.0, -2.0, 0.5], [3.0, 0.0, 0.1]], np.float32)
_IS_LEGAL = np.array([[True, False, True], [True, True, True]])


def _softmax(logits, temperature=1.0, is_legal=True):
  weights = np.exp(logits / temperature) * is_legal
  return weights / weights.sum(-1, keepdims=True)


class LogProbsTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.product(temperature=(0.5, 1.0, 3.0), masked=(True, False))
  def test_is_softmax_over_legal_actions(self, temperature, masked):
    is_legal = _IS_LEGAL if masked else None
    log_p = self.variant(categorical.log_probs)(
        _LOGITS, temperature=temperature, is_legal=is_legal
    )
    expected = _softmax(_LOGITS, temperature, _IS_LEGAL if masked else True)
    np.testing.assert_allclose(np.exp(log_p), expected, atol=1e-6)

  def test_one_legal_action_has_probability_one(self):
    log_p = categorical.log_probs(
        _LOGITS[0], is_legal=np.array([False, True, False])
    )
    np.testing.assert_array_equal(log_p, [-np.inf, 0.0, -np.inf])

  @parameterized.product(
      case=(([1e7, 0.0, 1.0], 1e-3, [0.0, -1e10, -1e10]),
            ([3e8, -3e8, 0.0], 1e-2, [0.0, -6e10, -3e10]),
            ([-1e12, -1e12, 0.0], 1e-6, [-1e18, -1e18, 0.0]),
            ([3e38, 3e38, -3e38], 0.5, [-np.log(2), -np.log(2), -1e18])),
      is_traced=(False, True))
  def test_sharp_policies_are_the_same_under_jit(self, case, is_traced):
    # A quotient beyond 1e9 that is rounded twice leaves the difference alone.
    logits, temperature, expected = case
    logits = np.array(logits, np.float32)
    if is_traced:
      log_p = jax.jit(lambda x, t: categorical.log_probs(x, temperature=t))(
          logits, temperature)
    else:
      log_p = jax.jit(lambda x: categorical.log_probs(
          x, temperature=temperature))(logits)
    np.testing.assert_allclose(log_p, expected, rtol=1e-5)
    np.testing.assert_allclose(
        categorical.log_probs(logits, temperature=temperature), expected,
        rtol=1e-5)

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.parameters(jnp.float16, jnp.bfloat16)
  def test_half_precision_is_computed_in_float32(self, dtype):
    half = jnp.asarray(_LOGITS, dtype)
    for function in (categorical.log_probs, categorical.entropy):
      actual = self.variant(function)(half)
      self.assertEqual(actual.dtype, jnp.float32)
      np.testing.assert_allclose(
          actual, function(half.astype(jnp.float32)), rtol=1e-6)
      np.testing.assert_allclose(function(np.asarray(half)), actual, rtol=1e-6)

  @parameterized.product(temperature=(
      jnp.float32(0), jnp.float32(-1), np.float16(0), '1', None, True))
  def test_no_temperature_escapes_the_check(self, temperature):
    with self.assertRaisesRegex(checks.UserError, 'temperature is .* expected'):
      categorical.log_probs(_LOGITS, temperature=temperature)

  def test_a_policy_without_actions_has_sums_of_zero(self):
    logits = jnp.full((2, 3), -jnp.inf)
    self.assertTrue((categorical.log_probs(logits) == -jnp.inf).all())
    np.testing.assert_array_equal(categorical.entropy(logits), 0.0)
    gradient = jax.grad(lambda x: categorical.entropy(x).sum())(logits)
    np.testing.assert_array_equal(gradient, 0.0)

  @parameterized.parameters(0.0, -1.0, float('inf'))
  def test_temperature_error(self, temperature):
    with self.assertRaisesRegex(ValueError, f'temperature is {temperature}'):
      categorical.log_probs(_LOGITS, temperature=temperature)

  @parameterized.parameters(
      (_LOGITS.astype(np.int32), None),
      (_LOGITS, _IS_LEGAL.astype(np.float32)),
      (_LOGITS, _IS_LEGAL[0]),
  )
  def test_shape_and_dtype_errors(self, logits, is_legal):
    with self.assertRaises(ValueError):
      categorical.log_probs(logits, is_legal=is_legal)


class ExpectationTest(absltest.TestCase):

  def test_is_sum(self):
    log_p = jnp.log(jnp.array([0.25, 0.75]))
    value = categorical.expectation(log_p, jnp.array([4.0, 8.0]))
    self.assertAlmostEqual(float(value), 7.0, places=5)

  def test_impossible_action_counts_nothing(self):
    log_p = jnp.array([0.0, -jnp.inf])
    values = jnp.array([2.0, jnp.inf])
    value, gradient = jax.value_and_grad(categorical.expectation, 1)(
        log_p, values
    )
    self.assertEqual(value, 2.0)
    np.testing.assert_array_equal(gradient, [1.0, 0.0])


_LACKING = np.float32([0.0, -np.inf, 1.0])


class LogProbTest(parameterized.TestCase):

  def test_picks_the_action(self):
    log_prob = categorical.log_prob(_LOGITS, np.array([2, 0]))
    p = _softmax(_LOGITS)
    np.testing.assert_allclose(log_prob, np.log([p[0, 2], p[1, 0]]), rtol=1e-5)

  def test_extreme_logits_stay_finite(self):
    logits = jnp.array([1e4, -1e4])
    value, gradient = jax.value_and_grad(categorical.log_prob)(
        logits, jnp.array(1)
    )
    self.assertEqual(value, -2e4)
    np.testing.assert_array_equal(gradient, [-1.0, 1.0])

  def test_shape_and_dtype_errors(self):
    with self.assertRaises(ValueError):
      categorical.log_prob(_LOGITS, np.array([2.0, 0.0], np.float32))
    with self.assertRaises(ValueError):
      categorical.log_prob(_LOGITS, np.array([2, 0, 1]))
    with self.assertRaises(ValueError):
      categorical.log_prob(_LOGITS, np.array(0))


  @parameterized.parameters(-1, 3, 2**31 - 1, -2**31)
  def test_an_action_that_is_none(self, action):
    actions = np.array([0, action], np.int32)
    with self.assertRaisesRegex(
        checks.UserError, rf'actions is {action} at \[1\]; expected 0 to 2'):
      categorical.log_prob(_LOGITS[:2], actions)
    found = jax.jit(categorical.log_prob)(_LOGITS[:2], actions)
    self.assertTrue(np.isfinite(found[0]))
    self.assertEqual(found[1], -np.inf)


class RestrictTest(absltest.TestCase):

  def test_leaves_out_what_the_other_lacks(self):
    actual = categorical.restrict(
        np.float32([[2.0, 0.0, -1.0], [1.0, 2.0, 3.0]]),
        np.float32([[0.5, -np.inf, 9.0], [-np.inf] * 3]))
    np.testing.assert_array_equal(
        actual, [[2.0, -np.inf, -1.0], [-np.inf] * 3])

  def test_gradient(self):
    gradient = jax.grad(lambda x: jnp.sum(jnp.where(
        jnp.isfinite(y := categorical.restrict(x, _LACKING)), y, 0.0)))(
            jnp.ones(3))
    np.testing.assert_array_equal(gradient, [1.0, 0.0, 1.0])


class EntropyTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  def test_is_sum(self):
    p = _softmax(_LOGITS)
    np.testing.assert_allclose(
        self.variant(categorical.entropy)(_LOGITS),
        -(p * np.log(p)).sum(-1),
        rtol=1e-5,
    )

  def test_known_values(self):
    self.assertAlmostEqual(
        float(categorical.entropy(jnp.zeros(4))), np.log(4), places=6
    )
    self.assertEqual(categorical.entropy(jnp.array([1e4, -1e4])), 0)
    self.assertEqual(categorical.entropy(jnp.array([0.0, -jnp.inf])), 0)
    masked = categorical.entropy(
        jnp.zeros(3), is_legal=jnp.array([True, False, True])
    )
    self.assertAlmostEqual(float(masked), np.log(2), places=6)

  def test_gradient(self):
    test_util.check_grads(
        categorical.entropy,
        (_LOGITS,),
        order=1,
        modes=['rev'],
        eps=1e-2,
        atol=1e-3,  # Finite differences in float32 are no better.
        rtol=1e-3,
    )

  def test_gradient_is_finite_at_the_edges(self):
    gradient = jax.grad(
        lambda x: categorical.entropy(x, is_legal=_IS_LEGAL).sum()
    )
    at_extremes = gradient(jnp.array([[1e4, 0.0, -1e4], [-jnp.inf, 0.0, 1.0]]))
    self.assertTrue(np.isfinite(at_extremes).all())
    self.assertEqual(at_extremes[0, 1], 0.0)


if __name__ == '__main__':
  absltest.main()
