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
"""Tests of linear_value.py: returns by hand, and what is fitted to them."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import types
from kickstarting.teachers import linear_value
from kickstarting.teachers import teacher as teacher_lib

_NAN = np.nan


class ReturnsTest(absltest.TestCase):

  def test_by_hand(self):
    # Stream 0: an episode that ends, and one that is not seen to its end.
    # Stream 1: one that broke without an end, and one that a limit cut.
    step_type = np.array([[0, 0], [1, 1], [2, 0], [0, 1], [1, 2]])
    reward = np.array([[0, 0], [1, 9], [2, 0], [0, 4], [3, 8]], np.float32)
    discount = 0.5 * np.array([[1, 1], [1, 1], [0, 1], [1, 1], [1, 1]])
    np.testing.assert_array_equal(
        linear_value.monte_carlo_returns(reward, discount, step_type),
        [[1 + 0.5 * 2, _NAN], [2, _NAN], [_NAN, 4 + 0.5 * 8], [_NAN, 8],
         [_NAN, _NAN]])


class FitTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    rng = np.random.default_rng(0)
    self._x = rng.uniform(-1, 1, (4000, 3)).astype(np.float32)
    self._noise = rng.normal(size=4000)
    self._fold = np.arange(4000) // 100 % 2

  def test_finds_the_weights_and_skips_what_is_not_known(self):
    returns = self._x @ [1.0, -2.0, 0.0] + 0.5
    returns[::7] = _NAN
    fit = linear_value.fit(self._x, returns, self._fold)
    np.testing.assert_allclose(fit.weights, [1, -2, 0, 0.5], atol=0.02)
    self.assertGreater(fit.explained, 0.999)

  @parameterized.parameters(0.0, 3.0)
  def test_returns_that_features_say_nothing_of_get_their_mean(self, mean):
    # As many features as steps of a fold, which a fit without penalty explains.
    features = np.random.default_rng(1).normal(size=(200, 90))
    returns = self._noise[:200] + mean
    fit = linear_value.fit(features, returns, self._fold[:200])
    np.testing.assert_allclose(fit.weights[:-1], 0.0, atol=0.02)
    self.assertAlmostEqual(fit.weights[-1], returns.mean(), delta=0.05)
    self.assertBetween(fit.explained, -0.1, 0.1)

  def test_equal_returns(self):
    fit = linear_value.fit(self._x, np.full(4000, 2.0), self._fold)
    np.testing.assert_allclose(fit.weights, [0, 0, 0, 2], atol=1e-6)
    self.assertTrue(np.isnan(fit.explained))

  def test_nothing_known(self):
    returns = np.where(self._fold == 0, 1.0, _NAN)
    with self.assertRaisesRegex(ValueError, 'Play it longer'):
      linear_value.fit(self._x, returns, self._fold)


class WithValueTest(parameterized.TestCase):

  @parameterized.parameters(True, False)
  def test_the_value_alone_is_another(self, gives_features):
    rng = np.random.default_rng(2)
    output = types.AgentOutput(
        rng.normal(size=(4, 2, 3)), np.full((4, 2), 7.0),
        features=rng.normal(size=(4, 2, 5)))
    able = teacher_lib.Teacher(
        name='able', params='parameters', encode=lambda *args: args,
        unroll=lambda params, steps, context, state: (
            output, (params, steps, context, state)),
        initial_state=lambda size: (), architecture='made up', num_actions=3,
        observation={}, has_value=False, feature_size=5)
    weights = rng.normal(size=6).astype(np.float32)
    made = linear_value.with_value(
        able, weights, gives_features=gives_features)
    self.assertEqual(
        made.encode(made.params, 'tokens'), ('parameters', 'tokens'))
    new, passed_on = made.unroll(made.params, 'steps', 'context', 'state')
    self.assertEqual(passed_on, ('parameters', 'steps', 'context', 'state'))
    np.testing.assert_allclose(
        new.value, output.features @ weights[:5] + weights[5], rtol=1e-5)
    self.assertIs(new.policy, output.policy)
    self.assertEqual(new.features is not None, gives_features)
    self.assertEqual(made.feature_size, 5 if gives_features else 0)
    self.assertTrue(made.has_value)
    other = dataclasses.replace(able, architecture='another')
    self.assertNotEqual(
        made.architecture, linear_value.with_value(
            other, weights, gives_features=gives_features).architecture)


if __name__ == '__main__':
  absltest.main()
