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
"""Tests of actions of several parts against the table of all actions."""

import itertools

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import distributions

_SIZES = (3, 2, 4)
_P = np.random.default_rng(0).normal(size=(5, 9)).astype(np.float32)
_Q = np.random.default_rng(1).normal(size=(5, 9)).astype(np.float32)
_ACTIONS = np.array(list(itertools.product(*map(range, _SIZES))), np.int32)


def _table(logits):
  """Returns the probabilities of all actions as one product; [5, 24]."""
  parts = np.split(logits.astype(np.float64), np.cumsum(_SIZES)[:-1], axis=-1)
  parts = [np.exp(x) / np.exp(x).sum(-1, keepdims=True) for x in parts]
  return np.prod(
      [part[:, _ACTIONS[:, i]] for i, part in enumerate(parts)], axis=0)


class FactoredTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self._d = distributions.make_factored(_SIZES)

  def test_is_the_product(self):
    p, q = _table(_P), _table(_Q)
    for i, action in enumerate(_ACTIONS):
      np.testing.assert_allclose(
          self._d.log_prob(_P, np.broadcast_to(action, (5, 3))),
          np.log(p[:, i]), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        self._d.entropy(_P), -(p * np.log(p)).sum(-1), rtol=1e-5)
    np.testing.assert_allclose(
        self._d.cross_entropy(_P, _Q), -(p * np.log(q)).sum(-1), rtol=1e-5)
    np.testing.assert_allclose(
        self._d.kl(_P, _Q), (p * np.log(p / q)).sum(-1), rtol=1e-4)

  def test_temper(self):
    p = _table(_P)**2
    np.testing.assert_allclose(
        _table(np.asarray(self._d.temper(_P, 0.5))),
        p / p.sum(-1, keepdims=True), rtol=1e-4)

  def test_samples_are_drawn_as_often_as_they_should(self):
    logits = np.broadcast_to(_P[:1], (100_000, 9))
    drawn = np.asarray(self._d.sample(logits, jax.random.key(0)))
    index = np.ravel_multi_index(tuple(drawn.T), _SIZES)
    np.testing.assert_allclose(
        np.bincount(index, minlength=24) / len(index), _table(_P)[0], atol=0.01)

  def test_an_action_that_the_policy_lacks(self):
    logits = jnp.asarray(_P).at[:, 1].set(-jnp.inf)
    lacking = np.broadcast_to(np.int32([1, 0, 0]), (5, 3))
    np.testing.assert_array_equal(
        self._d.log_prob(logits, lacking), -np.inf)
    outside = np.broadcast_to(np.int32([0, 2, 0]), (5, 3))  # of two
    np.testing.assert_array_equal(self._d.log_prob(_P, outside), -np.inf)
    restricted = self._d.restrict(_P, logits)
    self.assertTrue(
        np.isfinite(self._d.cross_entropy(restricted, logits)).all())
    self.assertTrue((self._d.cross_entropy(_P, logits) == np.inf).all())
    gradient = jax.grad(lambda x: self._d.cross_entropy(restricted, x).sum())(
        logits)
    self.assertTrue(np.isfinite(gradient).all())
    np.testing.assert_array_equal(gradient[:, 1], 0.0)

  def test_one_part_is_a_categorical(self):
    one = distributions.make_factored([9])
    other = distributions.make_categorical(9)
    np.testing.assert_array_equal(one.kl(_P, _Q), other.kl(_P, _Q))
    np.testing.assert_array_equal(one.entropy(_P), other.entropy(_P))

  @parameterized.parameters((), ((),), ((3, 0),), ((2.5,),), (3,), ('34',))
  def test_no_parts(self, *sizes):
    with self.assertRaisesRegex(checks.UserError, 'num_actions is'):
      distributions.make_factored(sizes[0] if sizes else [])


if __name__ == '__main__':
  absltest.main()
