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

from kickstarting.losses import categorical

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


class LogProbTest(absltest.TestCase):

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
