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
"""Tests of gradients.py."""

from absl.testing import absltest
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting.losses import gradients

jax.config.update('jax_numpy_rank_promotion', 'raise')


class PassWhereTest(absltest.TestCase):

  def test_keeps_the_value(self):
    x = np.array([[1.0, np.nan], [np.inf, 2.0]], np.float32)
    passed = gradients.pass_where(np.array([True, False]), x)
    np.testing.assert_array_equal(passed, x)

  def test_holds_back_even_an_infinite_gradient(self):
    is_passed = jnp.array([True, False])

    def f(x):
      return jnp.sqrt(gradients.pass_where(is_passed, x)).sum()

    # The derivative of the square root is infinite at 0.
    gradient = jax.jit(jax.grad(f))(jnp.array([[4.0], [0.0]]))
    np.testing.assert_array_equal(gradient, [[0.25], [0.0]])

  def test_shape_and_dtype_errors(self):
    with self.assertRaisesRegex(
        checks.UserError, 'condition has dtype float64; expected .* bool'):
      gradients.pass_where(np.ones(2), np.ones(2))
    with self.assertRaisesRegex(
        checks.UserError, r'x has shape \(2, 3\); expected the axes of'):
      gradients.pass_where(np.ones(3, bool), np.ones((2, 3)))


if __name__ == '__main__':
  absltest.main()
