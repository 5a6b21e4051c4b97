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
"""Tests of initial distributions."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting.pbt import priors

_NUM = 20_000


class DrawTest(parameterized.TestCase):

  @parameterized.parameters(
      # Mean of the uniform distribution, and of its logarithm.
      (priors.Uniform(-1.0, 3.0), lambda x: x, 1.0, 4 / np.sqrt(12)),
      (priors.LogUniform(1e-5, 1e-1), np.log10, -3.0, 4 / np.sqrt(12)),
      (priors.Categorical((1.0, 2.0, 6.0)), lambda x: x, 3.0, np.sqrt(14 / 3)),
  )
  def test_moments(self, prior, transform, mean, deviation):
    drawn = transform(np.asarray(
        priors.draw(prior, jax.random.key(0), (_NUM,))))
    np.testing.assert_allclose(
        drawn.mean(), mean, atol=4 * deviation / np.sqrt(_NUM))
    np.testing.assert_allclose(drawn.std(), deviation, rtol=0.02)

  @parameterized.parameters(
      (priors.Uniform(-1.0, 3.0),), (priors.LogUniform(1e-5, 1e-1),),
      (priors.Categorical((1.0, 2.0, 6.0)),))
  def test_within_its_support(self, prior):
    drawn = np.asarray(priors.draw(prior, jax.random.key(1), (_NUM,)))
    low, high = priors.support(prior)
    self.assertEqual(drawn.dtype, np.float32)
    self.assertGreaterEqual(drawn.min(), np.float32(low) * (1 - 1e-6) - 1e-6)
    self.assertLessEqual(drawn.max(), np.float32(high) * (1 + 1e-6))

  def test_one_value_is_a_constant(self):
    drawn = priors.draw(priors.Categorical((0.7,)), jax.random.key(0), (3, 2))
    np.testing.assert_array_equal(drawn, np.full((3, 2), np.float32(0.7)))

  def test_every_value_is_as_likely(self):
    drawn = priors.draw(
        priors.Categorical((1.0, 2.0)), jax.random.key(0), (_NUM,))
    self.assertAlmostEqual(float((drawn == 1.0).mean()), 0.5, delta=0.02)


class MistakesTest(parameterized.TestCase):

  @parameterized.parameters(
      (lambda: priors.LogUniform(0.0, 1.0), 'low is 0.0; expected'),
      (lambda: priors.LogUniform(2.0, 1.0), 'low is 2.0 and high is 1.0'),
      (lambda: priors.Uniform(0.0, float('inf')), 'high is inf; expected fin'),
      (lambda: priors.Uniform(float('nan'), 1.0), 'low is nan'),
      (lambda: priors.Categorical(()), r'values is \(\); expected at least'),
      (lambda: priors.Categorical((1.0, float('nan'))), 'all finite'))
  def test_message(self, call, text):
    with self.assertRaisesRegex(ValueError, text):
      call()


if __name__ == '__main__':
  absltest.main()
