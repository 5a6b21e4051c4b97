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
"""Tests of reduction.py: what counts, with which cost, and how it is summed."""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting.losses import reduction

jax.config.update('jax_numpy_rank_promotion', 'raise')

_TERMS = {
    'baseline': np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32),
    'negative_entropy': -np.ones((3, 2), np.float32),
}
_COSTS = {'baseline': 0.5, 'negative_entropy': 0.1}
_IS_LEARNABLE = np.array([[True, True], [False, True], [True, True]])


class TotalTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.parameters(('mean', 5.0), ('sum', 1.0))
  def test_by_hand(self, name, divisor):
    loss, metrics = self.variant(
        lambda *args: reduction.total(*args, reduction=name)
    )(_TERMS, _COSTS, _IS_LEARNABLE)
    # Five learnable steps; their baselines are 1, 2, 4, 5, 6: 18 together.
    expected = {
        'baseline': 18 / 5,
        'baseline_weighted': 0.5 * 18 / divisor,
        'entropy': 1.0,
        'loss': (0.5 * 18 - 0.1 * 5) / divisor,
        'negative_entropy': -1.0,
        'negative_entropy_weighted': -0.1 * 5 / divisor,
    }
    self.assertEqual(set(metrics), set(expected))
    for key, value in expected.items():
      np.testing.assert_allclose(metrics[key], value, rtol=1e-6, err_msg=key)
    self.assertEqual(loss, metrics['loss'])

  @parameterized.parameters(
      (np.array([2.0, 0.0], np.float32), 2 * (1 + 5) / 5),
      (np.array([[1, 0], [1, 0], [0, 3]], np.float32), (1 + 3 * 6) / 5),
  )
  def test_costs_per_stream_and_per_step(self, cost, expected):
    terms = {'baseline': _TERMS['baseline']}
    loss, metrics = reduction.total(terms, {'baseline': cost}, _IS_LEARNABLE)
    self.assertAlmostEqual(float(loss), expected, places=6)
    self.assertNotIn('entropy', metrics)

  @parameterized.parameters('mean', 'sum')
  def test_left_out_steps_add_exactly_nothing(self, name):

    def loss(terms, costs):
      return reduction.total(terms, costs, _IS_LEARNABLE, reduction=name)[0]

    costs = {'baseline': jnp.array([0.5, 0.0]), 'negative_entropy': 0.1}
    loss_and_gradients = jax.value_and_grad(loss, (0, 1))
    clean, clean_gradients = loss_and_gradients(_TERMS, costs)
    spoilt = jax.tree.map(np.copy, _TERMS)
    spoilt['baseline'][1, 0] = np.nan  # Not learnable.
    spoilt['baseline'][:, 1] = np.inf  # Its cost is 0.
    value, gradients = loss_and_gradients(spoilt, costs)
    self.assertEqual(value, clean)
    chex.assert_trees_all_equal(gradients, clean_gradients)
    to_baseline = gradients[0]['baseline']
    self.assertEqual(to_baseline[1, 0], 0.0)
    self.assertEqual(to_baseline[0, 1], 0.0)
    self.assertGreater(to_baseline[0, 0], 0.0)

  def test_nan_that_counts_is_not_hidden(self):
    terms = _TERMS | {'baseline': np.full((3, 2), np.nan, np.float32)}
    loss, metrics = reduction.total(terms, _COSTS, _IS_LEARNABLE)
    self.assertTrue(np.isnan(loss))
    self.assertTrue(np.isnan(metrics['baseline']))
    self.assertFalse(np.isnan(metrics['entropy']))

  def test_mean_does_not_depend_on_the_batch_size(self):
    one, _ = reduction.total(_TERMS, _COSTS, _IS_LEARNABLE)
    for axis in (0, 1):
      terms, is_learnable = jax.tree.map(
          lambda x, axis=axis: np.concatenate([x, x], axis),
          (_TERMS, _IS_LEARNABLE),
      )
      two, _ = reduction.total(terms, _COSTS, is_learnable)
      self.assertAlmostEqual(float(one), float(two), places=6)

  @parameterized.parameters('mean', 'sum')
  def test_nothing_learnable(self, name):
    terms = jax.tree.map(lambda x: x * np.nan, _TERMS)
    loss, metrics = reduction.total(
        terms, _COSTS, np.zeros((3, 2), bool), reduction=name
    )
    self.assertEqual(loss, 0.0)
    chex.assert_trees_all_equal(metrics, jax.tree.map(jnp.zeros_like, metrics))

  def test_gradient_into_costs(self):
    gradients = jax.grad(
        lambda costs: reduction.total(_TERMS, costs, _IS_LEARNABLE)[0]
    )(_COSTS)
    self.assertAlmostEqual(float(gradients['baseline']), 18 / 5, places=6)

  def test_unknown_reduction(self):
    with self.assertRaisesRegex(
        ValueError, "unknown reduction 'max'; expected one of mean, sum. Pass"
    ):
      reduction.total(_TERMS, _COSTS, _IS_LEARNABLE, reduction='max')

  @parameterized.parameters(
      ({'baseline': 0.5},), (_COSTS | {'distillation': 1.0},)
  )
  def test_names_of_costs(self, costs):
    with self.assertRaisesRegex(
        ValueError,
        r"costs are named \['baseline'.*\]; expected one for each loss term, "
        r"\['baseline', 'negative_entropy'\]. Add the missing",
    ):
      reduction.total(_TERMS, costs, _IS_LEARNABLE)

  @parameterized.parameters(
      (_TERMS, _IS_LEARNABLE.astype(np.float32)),
      (_TERMS, _IS_LEARNABLE[0]),
      (_TERMS | {'baseline': np.ones((3, 1), np.float32)}, _IS_LEARNABLE),
      (_TERMS | {'baseline': np.ones((3, 2), np.int32)}, _IS_LEARNABLE),
  )
  def test_shape_and_dtype_errors(self, terms, is_learnable):
    with self.assertRaises(ValueError):
      reduction.total(terms, _COSTS, is_learnable)


if __name__ == '__main__':
  absltest.main()
