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
"""Tests of how hyper-parameters start and move."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import pbt
from kickstarting_test.pbt import cases


class ExploreTest(parameterized.TestCase):

  def _explore(self, x, evolution, seed=0, may=None):
    population = cases.make_population(np.zeros((len(x), 1)), x=x)
    may = np.ones(len(x), bool) if may is None else may
    explored = pbt.explore(
        population, jax.random.key(seed),
        cases.make_rules(evolutions={'x': evolution}), may)
    return np.asarray(explored['hypers']['x'])

  @parameterized.named_parameters(
      ('log', 'log', (1.2, 1 / 1.2), 0.5, (0.6, 0.5 / 1.2)),
      ('up_or_down', 'log', (1.2, 0.8), 0.5, (0.6, 0.4)),
      ('linear', 'linear', (0.05, -0.05), 0.5, (0.55, 0.45)),
      ('one_minus', 'one_minus', (2.0, 0.5), 0.9, (0.8, 0.95)))
  def test_spaces(self, space, changes, start, expected):
    evolution = dataclasses.replace(
        cases.MOVES, prior=pbt.Uniform(0.1, 0.99), space=space,
        changes=changes)
    moved = self._explore([start] * 200, evolution)
    np.testing.assert_allclose(
        np.unique(moved.round(5)), np.sort(expected), atol=1e-5)
    self.assertBetween((moved > start).mean(), 0.35, 0.65)

  def test_probability(self):
    evolution = dataclasses.replace(cases.MOVES, probability=0.33)
    moved = self._explore([0.5] * 4000, evolution) != np.float32(0.5)
    self.assertAlmostEqual(moved.mean(), 0.33, delta=0.03)

  def test_unbiased_in_the_logarithm(self):
    for changes, mean in (((1.2, 1 / 1.2), 0.0), ((1.2, 0.8), -0.0204)):
      evolution = dataclasses.replace(cases.MOVES, changes=changes)
      moved = self._explore([1.0] * 40_000, evolution)
      self.assertAlmostEqual(np.log(moved).mean(), mean, delta=0.004)

  @parameterized.named_parameters(
      ('above', 'linear', (0.3,), 0.9, 1.0),
      ('below', 'linear', (-0.3,), 0.1, 0.0),
      ('product', 'log', (1.2,), 0.95, 1.0))
  def test_bounds(self, space, changes, start, expected):
    evolution = dataclasses.replace(
        cases.MOVES, space=space, changes=changes, low=0.0, high=1.0)
    np.testing.assert_array_equal(
        self._explore([start], evolution), [np.float32(expected)])

  def test_resample_draws_from_the_prior(self):
    evolution = pbt.Evolution(
        pbt.Uniform(5.0, 6.0), probability=1.0, resample=1.0, low=0.0)
    moved = self._explore([0.5] * 100, evolution)
    self.assertTrue(((moved >= 5) & (moved <= 6)).all())
    self.assertLen(np.unique(moved), 100)

  def test_only_those_that_may(self):
    may = np.asarray([True, False, True])
    moved = self._explore([0.5] * 3, cases.MOVES, may=may)
    self.assertEqual((moved != 0.5).tolist(), may.tolist())

  def test_every_entry_of_a_vector_moves_on_its_own(self):
    evolution = dataclasses.replace(cases.MOVES, probability=0.5)
    moved = self._explore(np.full((300, 4), 0.5), evolution)
    self.assertEqual(moved.shape, (300, 4))
    self.assertGreater(len(np.unique((moved != 0.5), axis=0)), 12)
    may = np.arange(300) < 2
    moved = self._explore(np.full((300, 4), 0.5), cases.MOVES, may=may)
    self.assertEqual((moved != 0.5).any(axis=1).tolist(), may.tolist())

  def test_what_no_rule_names_stays(self):
    population = cases.make_population([[0.0]], x=[0.5])
    population['hypers']['y'] = jnp.asarray([3.0])
    explored = pbt.explore(
        population, jax.random.key(0),
        cases.make_rules(evolutions={'x': cases.MOVES}), np.ones(1, bool))
    self.assertEqual(explored['hypers']['y'].tolist(), [3.0])
    self.assertEqual(population['hypers']['x'].tolist(), [0.5])

  def test_name_that_the_population_lacks(self):
    with self.assertRaisesRegex(
        ValueError, 'evolve alpha, which the population lacks; it has x'):
      pbt.explore(
          cases.make_population([[0.0]]), jax.random.key(0),
          cases.make_rules(evolutions={'alpha': cases.MOVES}), np.ones(1, bool))


if __name__ == '__main__':
  absltest.main()
