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
"""Tests of tanh Gaussians against integrals over the actions."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np
import scipy.integrate
import scipy.stats

from kickstarting import distributions

_D = distributions.make_tanh_gaussian(1, floor=0.0)


def _parameters(mean, deviation):
  return np.float32([mean, np.log(deviation)])


def _log_slope(u):
  return 2.0 * (np.log(2.0) - u - np.logaddexp(0.0, -2.0 * u))


def _entropy(mean, deviation):
  """Computes the entropy of the action by an integral over u."""
  p = scipy.stats.norm(mean, deviation)
  stretch, _ = scipy.integrate.quad(
      lambda u: p.pdf(u) * _log_slope(u), mean - 12 * deviation,
      mean + 12 * deviation, points=(0.0,), limit=500)
  return p.entropy() + stretch


class TanhGaussianTest(parameterized.TestCase):

  @parameterized.parameters((0.3, 0.5), (-1.0, 1.0), (0.0, 0.1))
  def test_density_of_the_action_integrates_to_1(self, mean, deviation):
    density = lambda a: np.exp(float(_D.log_prob(
        _parameters(mean, deviation), np.float32([np.arctanh(a)]))))
    ends = np.tanh(mean + np.array([-6, 6]) * deviation)
    total, _ = scipy.integrate.quad(density, *ends, epsabs=1e-5)
    self.assertAlmostEqual(total, 1.0, places=4)

  @parameterized.product(
      mean=(0.0, 0.5, -2.0, 5.0),
      case=((0.05, 1e-5), (0.5, 1e-5), (1.0, 1e-5), (2.0, 2e-4), (3.0, 3e-3),
            (5.0, 3e-2)))
  def test_error_of_the_entropy(self, mean, case):
    deviation, error = case
    expected = _entropy(mean, deviation)
    self.assertAlmostEqual(
        float(_D.entropy(_parameters(mean, deviation))), expected,
        delta=error + 1e-5 * abs(expected))

  def test_is_never_above_that_of_the_uniform(self):
    for deviation in (0.1, 0.5, 0.87, 1.0, 2.0, 4.0):
      self.assertLess(
          _D.entropy(_parameters(0.0, deviation)), np.log(2.0))

  def test_a_wide_policy_has_less_entropy_again(self):
    # So that a bonus for it does not drive actions to the ends.
    gradient = jax.grad(_D.entropy)(jnp.asarray(_parameters(0.0, 3.0)))
    self.assertLess(gradient[1], 0.0)

  def test_actions_at_the_ends_have_a_density(self):
    u = np.float32([40.0])
    self.assertEqual(_D.to_environment(u), 1.0)
    value, gradient = jax.value_and_grad(_D.log_prob)(
        jnp.asarray(_parameters(0.0, 10.0)), u)
    self.assertTrue(np.isfinite(value))
    self.assertTrue(np.isfinite(gradient).all())

  def test_ratios_are_those_of_the_gaussians(self):
    base = distributions.make_gaussian(1, floor=0.0)
    p, q = _parameters(0.3, 0.5), _parameters(-0.1, 0.7)
    u = np.float32([0.8])
    self.assertAlmostEqual(
        float(_D.log_prob(p, u) - _D.log_prob(q, u)),
        float(base.log_prob(p, u) - base.log_prob(q, u)), places=5)
    self.assertEqual(_D.kl(p, q), base.kl(p, q))
    self.assertEqual(_D.exact, {'kl'})


if __name__ == '__main__':
  absltest.main()
