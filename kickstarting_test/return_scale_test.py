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
"""Tests of return_scale.py: the unit of a value follows its targets."""

from absl.testing import absltest
import chex
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import return_scale

jax.config.update('jax_numpy_rank_promotion', 'raise')


class AbsorbTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  def test_is_the_root_of_the_mean_square_of_all_targets(self):
    rng = np.random.default_rng(0)
    targets = rng.normal(30.0, 5.0, (3, 4, 5)).astype(np.float32)
    is_learnable = rng.random((3, 4, 5)) < 0.7
    params = {**return_scale.init(), 'other': {'w': np.ones(2)}}
    self.assertEqual(return_scale.scale(params), 1.0)
    absorb = self.variant(lambda params, x, counts: return_scale.absorb(
        params, return_scale.moments(x, counts)))
    for x, counts in zip(targets, is_learnable):
      # What does not count may be anything.
      params = absorb(params, np.where(counts, x, np.nan), counts)
    np.testing.assert_allclose(
        return_scale.scale(params),
        np.sqrt(np.mean(np.square(targets[is_learnable]))), rtol=1e-5)
    np.testing.assert_array_equal(params['other']['w'], np.ones(2))

  def test_no_targets_change_nothing(self):
    params = return_scale.absorb(
        return_scale.init(), return_scale.moments(
            np.full((2, 3), 7.0, np.float32), np.zeros((2, 3), bool)))
    chex.assert_trees_all_equal(params, return_scale.init())

  def test_returns_that_grow_are_followed(self):
    params = return_scale.init()
    for target in [1.0] * 100 + [50.0] * 400:
      params = return_scale.absorb(params, return_scale.moments(
          np.full((20, 100), target, np.float32), np.ones((20, 100), bool)))
    self.assertGreater(return_scale.scale(params), 49.0)

  def test_nothing_is_divided_by_0(self):
    params = return_scale.absorb(return_scale.init(), return_scale.moments(
        np.zeros((2, 3), np.float32), np.ones((2, 3), bool)))
    self.assertGreater(return_scale.scale(params), 0)

  def test_no_gradient_reaches_it(self):
    grads = jax.grad(lambda params: jnp.sum(return_scale.scale(params)))(
        return_scale.init())
    chex.assert_trees_all_equal(
        grads, jax.tree.map(jnp.zeros_like, return_scale.init()))


if __name__ == '__main__':
  absltest.main()
