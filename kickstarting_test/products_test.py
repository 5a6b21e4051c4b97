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
"""Tests of products.py: values, and gradients where a factor is 0."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import products

jax.config.update('jax_numpy_rank_promotion', 'raise')


class ProductTest(parameterized.TestCase):

  @parameterized.parameters(np.inf, -np.inf, np.nan)
  def test_nothing_is_left_of_a_factor_zero(self, x):
    factor, x = np.float32([0.0, 2.0]), np.float32([x, 3.0])
    np.testing.assert_array_equal(products.product(factor, x), [0.0, 6.0])
    to_factor, to_x = jax.grad(
        lambda *args: products.product(*args).sum(), argnums=(0, 1))(factor, x)
    np.testing.assert_array_equal(to_factor, [0.0, 3.0])
    np.testing.assert_array_equal(to_x, [0.0, 2.0])

  def test_shows_what_a_factor_of_its_own_makes_infinite(self):
    np.testing.assert_array_equal(
        products.product(np.float32([2.0, np.nan]), np.float32([np.inf, 0.0])),
        [np.inf, np.nan])

  def test_scalars(self):
    self.assertEqual(products.product(0.0, np.float32(np.inf)), 0.0)
    np.testing.assert_array_equal(
        products.product(np.float32(3.0), np.float32([1.0, 2.0])), [3.0, 6.0])


if __name__ == '__main__':
  absltest.main()
