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
"""Tests of normaliser.py: moments are those of all rows that were seen."""

from absl.testing import absltest
import chex
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting.networks import normaliser

jax.config.update('jax_numpy_rank_promotion', 'raise')

_MODULE = hk.without_apply_rng(hk.transform(
    lambda x: normaliser.Normaliser()(x)))


def _fresh(size):
  [moments] = _MODULE.init(
      jax.random.key(0), jnp.zeros((1, size))).values()
  return moments


class NormaliserTest(chex.TestCase):

  def test_nothing_is_changed_before_anything_is_seen(self):
    x = np.array([[1.0, -3.0], [20.0, -20.0]], np.float32)
    np.testing.assert_allclose(
        _MODULE.apply({'normaliser': _fresh(2)}, x),
        [[1.0, -3.0], [10.0, -10.0]], rtol=1e-6)

  @chex.variants(with_jit=True, without_jit=True)
  def test_equals_moments_of_all_rows(self):
    rng = np.random.default_rng(0)
    rows = rng.normal([5.0, -300.0, 0.0], [2.0, 0.5, 0.0], (50, 3)).astype(
        np.float32)
    is_new = rng.random(50) < 0.7
    absorb = self.variant(normaliser.absorb)
    moments = _fresh(3)
    for part in (slice(0, 7), slice(7, 20), slice(20, 50)):
      moments = absorb(moments, rows[part], is_new[part])
    seen = rows[is_new]
    self.assertEqual(moments['count'], len(seen))
    np.testing.assert_allclose(moments['mean'], seen.mean(0), rtol=1e-5)
    np.testing.assert_allclose(
        moments['variance'], seen.astype(np.float64).var(0), rtol=1e-3,
        atol=1e-6)
    scaled = np.asarray(_MODULE.apply({'normaliser': moments}, rows))
    np.testing.assert_allclose(
        scaled[:, :2],
        (rows - seen.mean(0))[:, :2] / seen[:, :2].std(0), atol=2e-3)
    np.testing.assert_allclose(scaled[:, 2], 0.0, atol=1e-6)

  def test_no_rows_change_nothing(self):
    moments = _fresh(2)
    for _ in range(2):
      after = normaliser.absorb(
          moments, jnp.full((3, 2), 7.0), np.zeros(3, bool))
      chex.assert_trees_all_equal(after, moments)
      moments = normaliser.absorb(
          moments, jnp.asarray([[1.0, 2.0], [3.0, 5.0]]), np.ones(2, bool))

  def test_what_is_long_past_is_forgotten(self):
    moments = {'mean': jnp.zeros(1), 'variance': jnp.ones(1),
               'count': jnp.asarray(1e6)}
    rows, is_new = jnp.full((100_000, 1), 4.0), np.ones(100_000, bool)
    for _ in range(40):
      moments = normaliser.absorb(moments, rows, is_new)
    self.assertLessEqual(moments['count'], 1e6)
    self.assertGreater(moments['mean'][0], 3.8)

  def test_gradients_reach_the_input_alone(self):
    params = {'normaliser': normaliser.absorb(
        _fresh(2), jnp.asarray([[1.0, 2.0], [3.0, 5.0]]), np.ones(2, bool))}
    loss = lambda params, x: jnp.sum(_MODULE.apply(params, x))
    of_params, of_x = jax.grad(loss, argnums=(0, 1))(params, jnp.ones((1, 2)))
    chex.assert_trees_all_equal(of_params, jax.tree.map(jnp.zeros_like, params))
    np.testing.assert_allclose(of_x, [[1.0, 1 / 1.5]], rtol=1e-5)


if __name__ == '__main__':
  absltest.main()
