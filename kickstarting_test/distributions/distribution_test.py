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
"""What holds for every distribution: identities, sampling, edges."""

import itertools
from typing import NamedTuple

from absl.testing import absltest
from absl.testing import parameterized
import jax
from jax import test_util
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import distributions

jax.config.update('jax_numpy_rank_promotion', 'raise')

_MANY = 200_000  # samples


class _Family(NamedTuple):
  """A distribution, with parameters of two of its policies."""

  distribution: distributions.Distribution
  p: np.ndarray  # [2, P]
  q: np.ndarray  # [2, P]
  tolerance: float = 1e-5  # of what may be an estimate


def _rows(*rows):
  return np.array(rows, np.float32)


FAMILIES = {
    'categorical': _Family(
        distributions.make_categorical(4),
        _rows([1.0, -2.0, 0.5, 0.0], [0.0, 3.0, -1.0, 1.0]),
        _rows([0.3, 0.1, -0.7, 2.0], [1.0, 1.0, 1.0, -1.0])),
    'factored': _Family(
        distributions.make_factored((3, 2, 4)),
        _rows([1.0, -2.0, 0.5, 0.2, -0.2, 0.0, 1.0, 2.0, -3.0],
              [0.0, 0.0, 1.0, 1.5, -2.0, 0.3, 0.2, 0.1, 0.0]),
        _rows([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
              [-1.0, 2.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.5, -1.0])),
    'factored_equal': _Family(
        distributions.make_factored((3, 3)),
        _rows([1.0, -2.0, 0.5, 0.2, -0.2, 0.0],
              [0.0, 0.0, 1.0, 1.5, -2.0, 0.3]),
        _rows([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [-1.0, 2.0, 0.0, 0.0, 1.0, 1.0])),
    'gaussian': _Family(
        distributions.make_gaussian(2),
        _rows([0.1, -0.5, -0.7, 0.3], [0.9, 0.0, -2.0, -1.0]),
        _rows([0.4, 0.2, 0.1, -0.3], [-0.2, 0.3, -1.0, -0.5])),
    'tanh_gaussian': _Family(
        distributions.make_tanh_gaussian(2),
        _rows([0.1, -0.5, -0.7, 0.3], [0.9, 0.0, -2.0, -1.0]),
        _rows([0.4, 0.2, 0.1, -0.3], [-0.2, 0.3, -1.0, -0.5]), 1e-3),
}
_EACH = parameterized.named_parameters(
    *((name, family) for name, family in FAMILIES.items()))


class IdentitiesTest(parameterized.TestCase):

  @_EACH
  def test_cross_entropy_is_entropy_and_kl(self, family):
    d, p, q = family.distribution, family.p, family.q
    np.testing.assert_allclose(
        d.cross_entropy(p, q), d.entropy(p) + d.kl(p, q), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(d.cross_entropy(p, p), d.entropy(p), rtol=1e-5)

  @_EACH
  def test_kl_is_0_of_equals_and_positive_else(self, family):
    d, p, q = family.distribution, family.p, family.q
    np.testing.assert_allclose(d.kl(p, p), 0.0, atol=1e-6)
    self.assertTrue((d.kl(p, q) > 0.01).all())
    gradient = jax.grad(lambda q: d.kl(p, q).sum())(jnp.asarray(p))
    np.testing.assert_allclose(gradient, 0.0, atol=1e-6)

  @_EACH
  def test_gradients_of_the_student_are_those_of_kl(self, family):
    d, p, q = family.distribution, family.p, jnp.asarray(family.q)
    one, other = (jax.grad(lambda q, f=f: f(p, q).sum())(q)
                  for f in (d.cross_entropy, d.kl))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)

  @_EACH
  def test_gradients_by_finite_differences(self, family):
    d = family.distribution
    with jax.enable_x64(True):
      p, q = (jnp.asarray(x, jnp.float64) for x in (family.p, family.q))
      a = d.mode(q)
      test_util.check_grads(
          lambda p, q: d.kl(p, q) + d.cross_entropy(p, q), (p, q), order=1,
          modes=['rev'], atol=1e-6, rtol=1e-6)
      test_util.check_grads(
          lambda p: d.entropy(p) + d.log_prob(p, a), (p,), order=1,
          modes=['rev'], atol=1e-6, rtol=1e-6)

  @_EACH
  def test_temper_is_a_power(self, family):
    d, p = family.distribution, family.p
    np.testing.assert_allclose(
        d.kl(p, d.temper(p, 1.0)), 0.0, atol=1e-5)
    # The base measure of a tanh Gaussian is that of u, where ratios are equal.
    one, other = (d.sample(family.q, jax.random.key(i)) for i in (1, 2))
    difference = lambda parameters: (
        d.log_prob(parameters, one) - d.log_prob(parameters, other))
    if family.distribution.name == 'tanh Gaussian':
      d = distributions.make_gaussian(2)
    for temperature in (0.5, 2.0):
      np.testing.assert_allclose(
          difference(d.temper(p, temperature)), difference(p) / temperature,
          rtol=1e-3, atol=1e-4)
    for temperature in (0.0, -1.0, np.inf):
      with self.assertRaisesRegex(checks.UserError, 'temperature is'):
        d.temper(p, temperature)


class SamplingTest(parameterized.TestCase):

  @_EACH
  def test_expectations_by_sampling(self, family):
    d = family.distribution
    p, q = (jnp.broadcast_to(x[:1], (_MANY, x.shape[-1]))
            for x in (family.p, family.q))
    actions = d.sample(p, jax.random.key(0))
    self.assertEqual(actions.shape, (_MANY, *d.action.shape))
    self.assertEqual(actions.dtype, d.action.dtype)
    for policy, expected in ((p, d.entropy(family.p)),
                             (q, d.cross_entropy(family.p, family.q))):
      found = -d.log_prob(policy, actions)
      error = np.std(found) / np.sqrt(_MANY)
      self.assertLess(abs(np.mean(found) - expected[0]), 5 * error)

  @_EACH
  def test_the_mode_is_the_likeliest(self, family):
    d, p = family.distribution, family.p
    if d.name == 'tanh Gaussian':  # of u
      d = distributions.make_gaussian(2)
    best = d.log_prob(p, d.mode(p))
    for i in range(20):
      sample = d.sample(p, jax.random.key(i))
      self.assertTrue((d.log_prob(p, sample) <= best + 1e-6).all())

  @_EACH
  def test_no_gradient_reaches_an_action(self, family):
    d = family.distribution
    if not np.issubdtype(d.action.dtype, np.floating):
      return
    for act in (d.mode, lambda p: d.sample(p, jax.random.key(0))):
      gradient = jax.grad(lambda p, act=act: act(p).sum())(
          jnp.asarray(family.p))
      np.testing.assert_array_equal(gradient, 0.0)

  @_EACH
  def test_what_environments_take(self, family):
    d = family.distribution
    actions = d.to_environment(d.sample(family.p * 9, jax.random.key(0)))
    self.assertEqual(actions.shape, (2, *d.action.shape))
    if np.issubdtype(d.action.dtype, np.floating):
      self.assertTrue((abs(actions) <= 1.0).all())


class EdgesTest(parameterized.TestCase):

  @_EACH
  def test_extreme_parameters_are_finite(self, family):
    d = family.distribution
    quantities = {
        'log_prob': lambda p, q: d.log_prob(q, d.mode(p)),
        'cross_entropy': d.cross_entropy, 'kl': d.kl,
        'entropy': lambda p, q: d.entropy(p)}

    @jax.jit
    def compute(p, q):
      return {name: jax.value_and_grad(
          lambda p, q, f=f: f(p, q).sum(), (0, 1))(p, q)
              for name, f in quantities.items()}

    zeros = np.zeros((1, d.num_parameters), np.float32)
    for value, other in itertools.product(
        (0.0, 1e4, -1e4, 1e30, -1e30), (0.0, 1e30)):
      p = zeros + np.float32(value)
      p[:, ::2] = other
      for one, two in ((p, zeros), (zeros, p), (p, p)):
        for name, found in compute(one, two).items():
          for x in jax.tree.leaves(found):
            self.assertTrue(np.isfinite(x).all(), (name, one, two, found))

  @_EACH
  def test_jit_and_other_axes(self, family):
    d, p, q = family.distribution, family.p, family.q
    a = d.sample(p, jax.random.key(3))
    for function, arguments in (
        (d.log_prob, (p, a)), (d.entropy, (p,)), (d.cross_entropy, (p, q)),
        (d.kl, (p, q)), (d.mode, (p,)), (d.restrict, (p, q)),
        (lambda p: d.temper(p, 0.5), (p,))):
      expected = function(*arguments)
      np.testing.assert_allclose(
          jax.jit(function)(*arguments), expected, rtol=1e-6, atol=1e-6)
      more = function(*(x[np.newaxis, :1] for x in arguments))
      np.testing.assert_allclose(
          more, expected[np.newaxis, :1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        jax.jit(d.sample)(p, jax.random.key(3)), a, rtol=1e-6)

  @_EACH
  def test_half_precision_is_computed_in_float32(self, family):
    d = family.distribution
    half = jnp.asarray(family.p, jnp.float16)
    found = d.entropy(half)
    self.assertEqual(found.dtype, jnp.float32)
    np.testing.assert_allclose(
        found, d.entropy(half.astype(jnp.float32)), rtol=1e-6)

  @parameterized.named_parameters(
      *((name, family) for name, family in FAMILIES.items()
        if name != 'categorical'))
  def test_another_number_of_parameters(self, family):
    with self.assertRaisesRegex(checks.UserError, 'has shape .*; expected'):
      family.distribution.entropy(family.p[:, 1:])

  def test_families_are_compared(self):
    one = distributions.make_gaussian(3)
    distributions.check_same('teacher', one, distributions.make_gaussian(3))
    for other in (
        distributions.make_gaussian(2), distributions.make_categorical(6),
        distributions.make_tanh_gaussian(3)):
      with self.assertRaisesRegex(
          checks.UserError, 'the teacher is .* with [0-9] parameters and.*'
          'expected Gaussian with 6 parameters'):
        distributions.check_same('the teacher', other, one)


if __name__ == '__main__':
  absltest.main()
