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
"""Tests of convolution.py: the same as Haiku's convolution, with gradients."""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting.networks import convolution


class Conv2DTest(parameterized.TestCase):

  @parameterized.parameters(
      ((5, 5), 3, 1), ((10, 7), 3, 1), ((84, 84), 8, 4), ((21, 30), 4, 2),
      ((8, 11), 8, 4), ((9, 5), 1, 2))
  def test_is_haikus_with_its_gradients(self, sides, size, stride):
    rng = np.random.default_rng(sum(sides))
    x = jnp.asarray(rng.normal(size=(3, *sides, 2)), jnp.float32)
    ours = hk.without_apply_rng(hk.transform(
        lambda x: convolution.Conv2D(4, size, stride)(x)))
    theirs = hk.without_apply_rng(hk.transform(
        lambda x: hk.Conv2D(4, size, stride, padding='VALID')(x)))
    params = ours.init(jax.random.key(0), x)
    chex.assert_trees_all_equal_shapes(
        params, theirs.init(jax.random.key(0), x))
    params = jax.tree.map(
        lambda leaf: jnp.asarray(rng.normal(size=leaf.shape), jnp.float32),
        params)
    loss = lambda apply: jax.jit(jax.value_and_grad(
        lambda params, x: jnp.sum(jnp.sin(apply(params, x))), (0, 1)))

    with self.subTest('values'):
      np.testing.assert_allclose(
          ours.apply(params, x), theirs.apply(params, x), rtol=1e-4, atol=1e-4)
    with self.subTest('gradients'):
      chex.assert_trees_all_close(
          loss(ours.apply)(params, x), loss(theirs.apply)(params, x),
          rtol=1e-3, atol=1e-3)

  def test_begins_as_haikus(self):
    x = jnp.zeros((1, 20, 20, 8))
    init = hk.transform(lambda x: convolution.Conv2D(400, 4)(x)).init
    w = init(jax.random.key(1), x)['conv2_d']['w']
    self.assertAlmostEqual(float(jnp.std(w)), (4 * 4 * 8) ** -0.5, delta=1e-3)


if __name__ == '__main__':
  absltest.main()
