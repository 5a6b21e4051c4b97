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
"""Tests of Gaussians against scipy and integrals."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np
import scipy.integrate
import scipy.stats

from kickstarting import checks
from kickstarting import distributions

_P = np.float32([[0.1, -0.5, -0.7, 0.3], [0.9, 0.0, -2.0, -1.0]])
_Q = np.float32([[0.4, 0.2, 0.1, -0.3], [-0.2, 0.3, -1.0, -0.5]])


def _normal(parameters):
  """Returns scipy's distribution of the parts; [2, 2]."""
  mean, log_deviation = np.split(parameters.astype(np.float64), 2, axis=-1)
  return scipy.stats.norm(mean, np.exp(log_deviation))


class GaussianTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self._d = distributions.make_gaussian(2, floor=0.0)

  def test_agrees_with_scipy(self):
    actions = np.float32([[0.3, -2.0], [1.5, 0.1]])
    np.testing.assert_allclose(
        self._d.log_prob(_P, actions), _normal(_P).logpdf(actions).sum(-1),
        rtol=1e-5)
    np.testing.assert_allclose(
        self._d.entropy(_P), _normal(_P).entropy().sum(-1), rtol=1e-5)

  def test_divergences_are_integrals(self):
    for row in range(2):
      cross, kl = 0.0, 0.0
      for part in range(2):
        p, q = (scipy.stats.norm(x[row, part], np.exp(x[row, 2 + part]))
                for x in (_P.astype(np.float64), _Q.astype(np.float64)))
        integral = lambda f, p=p: scipy.integrate.quad(
            lambda x: p.pdf(x) * f(x), p.mean() - 12 * p.std(),
            p.mean() + 12 * p.std())[0]
        cross += integral(lambda x, q=q: -q.logpdf(x))
        kl += integral(lambda x, p=p, q=q: p.logpdf(x) - q.logpdf(x))
      np.testing.assert_allclose(
          self._d.cross_entropy(_P, _Q)[row], cross, rtol=1e-5)
      np.testing.assert_allclose(self._d.kl(_P, _Q)[row], kl, rtol=1e-4)

  def test_a_floor_adds_to_the_variance(self):
    floored = distributions.make_gaussian(2, floor=0.5)
    same = np.concatenate([
        _P[:, :2], 0.5 * np.log(np.exp(2 * _P[:, 2:]) + 0.25)], axis=-1)
    np.testing.assert_allclose(
        floored.entropy(_P), self._d.entropy(same), rtol=1e-5)
    self.assertTrue((floored.entropy(_P) > self._d.entropy(_P)).all())

  def test_a_mean_alone_is_a_teacher(self):
    d = distributions.make_gaussian(2, floor=0.1)
    teacher = jnp.asarray(_P).at[:, 2:].set(-jnp.inf)
    loss, gradient = jax.value_and_grad(
        lambda q: d.cross_entropy(teacher, q).sum())(jnp.asarray(_Q))
    self.assertTrue(np.isfinite(loss))
    self.assertTrue(np.isfinite(gradient).all())
    # With a fixed deviation it is half the squared error, in its units.
    fixed = jnp.asarray(_Q).at[:, 2:].set(0.0)
    gradient = jax.grad(lambda q: d.cross_entropy(teacher, q).sum())(fixed)
    np.testing.assert_allclose(
        gradient[:, :2], (fixed - teacher)[:, :2] / 1.01, rtol=1e-5)

  def test_sharpened_to_the_floor(self):
    d = distributions.make_gaussian(2, floor=0.1)
    sharp = d.temper(_P, 1e-9)
    np.testing.assert_array_equal(sharp[:, 2:], -np.inf)
    np.testing.assert_allclose(
        d.entropy(sharp), 2 * scipy.stats.norm(0, 0.1).entropy(), rtol=1e-5)
    gradient = jax.grad(lambda p: d.entropy(d.temper(p, 1e-9)).sum())(
        jnp.asarray(_P))
    np.testing.assert_array_equal(gradient, 0.0)

  def test_environments_get_what_is_between_the_ends(self):
    np.testing.assert_array_equal(
        self._d.to_environment(np.float32([-3.0, 0.5, 1.0, 9.0])),
        [-1.0, 0.5, 1.0, 1.0])

  @parameterized.parameters((0, 0.1), (2.5, 0.1), (2, -1.0), (2, '1'))
  def test_bad_arguments(self, size, floor):
    with self.assertRaisesRegex(checks.UserError, '(size|floor) is'):
      distributions.make_gaussian(size, floor=floor)


if __name__ == '__main__':
  absltest.main()
