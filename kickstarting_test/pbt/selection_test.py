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
"""Tests of who copies whom."""


from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np
import scipy.stats

from kickstarting import pbt
from kickstarting_test.pbt import cases


class ExploitTest(parameterized.TestCase):

  def _parents(self, population, rule, seed=0):
    size = population['frames'].shape[0]
    return np.asarray(pbt.exploit(
        population, jax.random.key(seed), cases.make_rules(exploit=rule),
        np.ones(size, bool))).tolist()

  def test_t_test_agrees_with_scipy(self):
    rng = np.random.default_rng(0)
    num_copies = 0
    for case in range(200):
      window = int(rng.choice([2, 3, 11, 39]))  # each is compiled
      a = rng.normal(0.0, rng.uniform(0.1, 2), window)
      b = rng.normal(rng.normal(), rng.uniform(0.1, 2), window)
      population = cases.make_population([a, b])
      parents = self._parents(population, pbt.TTest(window), case)
      test = scipy.stats.ttest_ind(a, b, equal_var=False)
      if abs(test.pvalue - 0.05) < 1e-3:
        continue  # float32 may decide either way
      is_significant = test.pvalue < 0.05
      self.assertEqual(parents, [
          1 if is_significant and b.mean() > a.mean() else 0,
          0 if is_significant and a.mean() > b.mean() else 1])
      num_copies += is_significant
    self.assertBetween(num_copies, 40, 160)

  @parameterized.named_parameters(
      ('higher', [[1, 1, 1], [2, 2, 2]], [1, 1]),
      ('equal', [[2, 2, 2], [2, 2, 2]], [0, 1]),
      ('negative', [[-3, -3, -3], [-2, -2, -2]], [1, 1]))
  def test_t_test_without_variance(self, returns, expected):
    self.assertEqual(
        self._parents(cases.make_population(returns), pbt.TTest(3)), expected)

  @parameterized.named_parameters(
      ('more', [10, 15.1], [1, 1]),
      ('exactly', [10, 15], [0, 1]),
      ('less', [10, 12], [0, 1]),
      ('negative', [-20, -10], [1, 1]),
      ('tie', [7, 7], [0, 1]))
  def test_margin(self, last, expected):
    population = cases.make_population(np.asarray(last)[:, None])
    self.assertEqual(
        self._parents(population, pbt.Margin(1, 5.0)), expected)

  def test_margin_looks_at_the_mean_of_the_window(self):
    population = cases.make_population([[99, 0, 0], [0, 3, 3]])
    self.assertEqual(self._parents(population, pbt.Margin(2, 2.5)), [1, 1])
    self.assertEqual(self._parents(population, pbt.Margin(3, 2.5)), [0, 0])

  def test_truncation(self):
    returns = np.asarray([5, 1, 9, 3, 8, 2, 7, 6, 4, 0], np.float32)[:, None]
    population = cases.make_population(returns)
    chosen = set()
    for seed in range(20):
      parents = self._parents(population, pbt.Truncation(1, 0.2), seed)
      for member in (0, 2, 3, 4, 5, 6, 7, 8):
        self.assertEqual(parents[member], member)
      chosen |= {parents[1], parents[9]}
    self.assertEqual(chosen, {2, 4})  # the two best

  def test_truncation_of_a_tie_copies_nobody(self):
    population = cases.make_population(np.ones((10, 1)))
    self.assertEqual(
        self._parents(population, pbt.Truncation(1, 0.2)), list(range(10)))

  def test_truncation_of_few_takes_one_at_either_end(self):
    population = cases.make_population([[1.0], [3.0], [2.0]])
    self.assertEqual(
        self._parents(population, pbt.Truncation(1, 0.2)), [1, 1, 2])

  @parameterized.parameters(pbt.TTest(2), pbt.Margin(2), pbt.Truncation(2))
  def test_alone(self, rule):
    population = cases.make_population([[1.0, 2.0]])
    self.assertEqual(self._parents(population, rule), [0])

  @parameterized.parameters(
      pbt.TTest(2), pbt.Margin(2, 0.1), pbt.Truncation(2, 0.5))
  def test_whoever_is_unseen_neither_copies_nor_is_copied(self, rule):
    population = cases.make_population(
        [[1, 1], [np.nan, 9], [2, 2], [np.nan, np.nan]])
    for seed in range(10):
      parents = self._parents(population, rule, seed)
      self.assertIn(parents[0], [0, 2])
      self.assertEqual(parents[1:], [1, 2, 3])

  def test_only_those_that_may(self):
    population = cases.make_population([[1.0], [2.0]])
    parents = pbt.exploit(
        population, jax.random.key(0), cases.make_rules(), np.zeros(2, bool))
    self.assertEqual(parents.tolist(), [0, 1])

  def test_partner_is_any_other_as_likely(self):
    population = cases.make_population([[0.0], [1.0], [1.0], [1.0], [1.0]])
    parents = [
        self._parents(population, pbt.Margin(1, 0.5), seed)[0]
        for seed in range(400)]
    counts = np.bincount(parents, minlength=5)
    self.assertEqual(counts[0], 0)
    self.assertGreater(
        scipy.stats.chisquare(counts[1:]).pvalue, 1e-3)

  def test_window_longer_than_what_is_kept(self):
    with self.assertRaisesRegex(ValueError, 'keeps 1 returns but .* at 30'):
      self._parents(cases.make_population([[1.0], [2.0]]), pbt.TTest(30))


if __name__ == '__main__':
  absltest.main()
