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
"""Tests of inputs.py: what is taken, what is refused, and in which words."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

import kickstarting as ks
from kickstarting import checks
from kickstarting import inputs

jax.config.update('jax_numpy_rank_promotion', 'raise')


def _one(value, kind=float, axes='TB'):
  return inputs.arrays(x=(value, kind, axes))[0]


class ArraysTest(parameterized.TestCase):

  @parameterized.parameters(
      np.float16, ml_dtypes.bfloat16, jnp.float16, jnp.bfloat16, np.float64)
  def test_floats_are_float32_inside(self, dtype):
    x = np.array([[0.5, 1.0]]).astype(dtype)
    for value in (x, jnp.asarray(x)):
      array = _one(value)
      self.assertEqual(array.dtype, jnp.float32)
      np.testing.assert_array_equal(array, [[0.5, 1.0]])

  def test_numbers_and_lists_are_arrays(self):
    np.testing.assert_array_equal(_one([[1, 2]]), np.float32([[1.0, 2.0]]))
    self.assertEqual(_one(2, axes='...').dtype, jnp.float32)

  @parameterized.parameters(
      (np.ones((2, 3), np.int32), float, 'x has dtype int32; expected .*T, B.*'
       ' float32'),
      (np.ones((2, 3)), int, 'x has dtype float64; expected .* int32'),
      (np.ones((2, 3), np.int32), bool, 'x has dtype int32; expected .* bool'),
      (np.ones(3, np.float32), float, r'x has shape \(3,\); expected \[T, B\]'),
      (np.ones((0, 3), np.float32), float, 'expected .* with T of 1 or more'),
      ('text', float, "x is 'text'; expected an array"),
      (None, float, 'x is None; expected an array'),
      ([[1.0], [1.0, 2.0]], float, 'x is .* expected an array'),
      ({'x': 1}, float, 'x is .* expected an array'),
      (np.full((2, 3), None), float, 'x has dtype object; expected'),
      (np.full((2, 3), 'a'), float, 'x has dtype <U1; expected'),
  )
  def test_the_argument_and_what_was_expected_are_named(
      self, value, kind, message):
    with self.assertRaisesRegex(checks.UserError, message):
      _one(value, kind)
    if isinstance(value, np.ndarray) and value.dtype.kind in 'biuf':
      with self.assertRaisesRegex(checks.UserError, 'expected'):
        jax.jit(lambda x: _one(x, kind))(value)

  def test_sizes_are_compared_with_the_argument_that_set_them(self):
    x, y = np.ones((2, 3), np.float32), np.ones((2, 4), np.float32)
    with self.assertRaisesRegex(
        checks.UserError, r'y has shape \(2, 4\); expected \[T, B\] float32'
        ' with B = 3, as of x'):
      inputs.arrays(x=(x, float, 'TB'), y=(y, float, 'TB'))
    with self.assertRaisesRegex(checks.UserError, 'y has shape .* T = 2'):
      inputs.arrays(x=(x, float, 'TB'), y=(x, float, 'T+1B'))
    inputs.arrays(x=(x, float, 'TB'), y=(np.ones((3, 3)), float, 'T+1B'))
    with self.assertRaisesRegex(checks.UserError, r'y has .* \.\.\. = \(2,\)'):
      inputs.arrays(x=(x, float, '...A'), y=(y[0], float, '...'))

  def test_nothing_is_left_of_the_checks_under_jit(self):
    def checked(x, y):
      x, y = inputs.arrays(x=(x, float, '...A'), y=(y, int, '...'))
      inputs.actions('y', y, 3)
      return x, y

    jaxpr = jax.make_jaxpr(checked)(
        np.ones((2, 3), np.float32), np.ones(2, np.int32))
    self.assertEmpty(jaxpr.eqns)


class ValuesTest(absltest.TestCase):

  def test_actions_outside_are_refused_where_values_are_known(self):
    for action, where in ((-1, r'\[1\]'), (3, r'\[1\]')):
      x = np.array([0, action, 2])
      with self.assertRaisesRegex(
          checks.UserError, f'a is {action} at {where}; expected 0 to 2'):
        inputs.actions('a', x, 3)
      inputs.actions('a', x, 3, where=np.array([True, False, True]))
      jax.jit(lambda x: inputs.actions('a', x, 3))(x)

  def test_negative_indices_are_none(self):
    inputs.indices('i', np.array([-1, 1]), 2)
    with self.assertRaisesRegex(checks.UserError, r'i is 2 at \[0\]; .* below'):
      inputs.indices('i', np.array([2]), 2)

  def test_known(self):
    np.testing.assert_array_equal(inputs.known(jnp.ones(2))[0], np.ones(2))
    seen = []
    jax.jit(lambda x: seen.append(inputs.known(np.ones(2), x)))(1.0)
    self.assertEqual(seen, [None])


class SmallIntegersTest(parameterized.TestCase):

  @parameterized.product(
      dtype=(np.int8, np.uint8, np.int16, np.uint16, np.uint32),
      num_actions=(128, 256, 300))
  def test_are_the_actions_that_they_are(self, dtype, num_actions):
    chosen = np.array([[100], [1]], dtype)
    logits = np.random.default_rng(0).normal(
        size=(2, 1, num_actions)).astype(np.float32)
    for log_prob in (ks.log_prob, jax.jit(ks.log_prob)):
      np.testing.assert_array_equal(
          log_prob(logits, chosen), log_prob(logits, chosen.astype(np.int32)))

  @parameterized.parameters(np.int8, np.uint8, np.uint32)
  def test_are_the_teachers_that_they_are(self, dtype):
    rho = np.arange(200, dtype=np.float32)
    index = np.array([0, 100], dtype)
    for weigh in (ks.sample_weights, jax.jit(ks.sample_weights)):
      np.testing.assert_array_equal(weigh(1.0, rho, index), [0.0, 100.0])


if __name__ == '__main__':
  absltest.main()
