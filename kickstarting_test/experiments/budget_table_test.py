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
"""Tests of the table of scores within a budget."""

import contextlib
import io
import json
import pathlib

from absl.testing import absltest

from experiments import budget_table


class BudgetTableTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self._root = pathlib.Path(self.create_tempdir().full_path)

  def _run(self, name, scores):
    """Writes a run of 100 frames between records; every task has the score."""
    folder = self._root / name
    folder.mkdir()
    (folder / 'records.jsonl').write_text(''.join(
        json.dumps({'frames': 100 * (i + 1), 'score': score,
                    'task_score': {'a': score, 'b': score}}) + '\n'
        for i, score in enumerate(scores)))
    return folder

  def _runs(self):
    return {
        'scratch': [self._run('s1', [10.0 + 2 * i for i in range(20)]),
                    self._run('s2', [12.0 + 2 * i for i in range(20)])],
        'taught': [self._run('t1', [30.0] * 2 + [60.0] * 18),
                   self._run('t2', [30.0] * 20)]}

  def test_columns(self):
    table = budget_table.tabulate(
        self._runs(), {'scratch': 0, 'taught': 5000}, 'scratch')
    scratch, taught = table['scratch'], table['taught']
    self.assertEqual(scratch['score_at'], {
        '5%': [10.0, 12.0], '10%': [12.0, 14.0], '20%': [16.0, 18.0],
        '100%': [48.0, 50.0]})
    self.assertEqual(taught['frames_to'], {
        '30': [100.0, 100.0], '50': [300.0, None], '70': [None, None]})
    # Scratch ends with 49 on the mean.
    self.assertEqual(taught['frames_to_scratch'], [300.0, None])
    self.assertEqual(taught['with_teachers'], [5300.0, None])
    self.assertEqual(taught['times_fewer'], [2000 / 300, None])
    self.assertAlmostEqual(
        taught['improvement']['100%'], 100 * (45.0 / 49.0 - 1))
    self.assertEqual(taught['interquartile_mean'], 45.0)

  def test_without_scratch(self):
    runs = {'taught': self._runs()['taught']}
    table = budget_table.tabulate(runs, {'taught': 0}, 'scratch')
    self.assertNotIn('improvement', table['taught'])
    self.assertEqual(table['taught']['frames_to_scratch'], [None, None])

  def test_report(self):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
      budget_table.report(
          self._root / 'table', self._runs(), {'scratch': 0, 'taught': 0},
          'scratch', title='title')
    head, _, scratch, taught, last = out.getvalue().splitlines()
    self.assertStartsWith(head, '| student | seeds | at 5% |')
    self.assertStartsWith(
        scratch, '| scratch | 2 | 11.0 | 13.0 | 17.0 | 49.0 |')
    self.assertIn('| 0.00 (not 1 of 2) | never |', taught)
    self.assertEqual(
        json.loads(last), json.loads((self._root / 'table.json').read_text()))
    self.assertTrue((self._root / 'table.png').exists())

  def test_a_population_counts_with_its_three_best(self):
    folder = self._run('p', [80.0])
    (folder / 'records.jsonl').write_text(json.dumps({
        'frames': 100, 'score': 80.0, 'score_top3': 60.0,
        'task_score': {'a': 80.0}, 'task_score_top3': {'a': 60.0}}) + '\n')
    row = budget_table.tabulate({'p': [folder]}, {'p': 0}, 'p')['p']
    self.assertEqual(row['score_at']['100%'], [60.0])
    self.assertEqual(row['interquartile_mean'], 60.0)
    self.assertEqual(row['frames_to']['70'], [None])

  def test_a_run_without_a_score(self):
    folder = self._run('s', [None])
    with self.assertRaisesRegex(ValueError, 's.* has no record with a score'):
      budget_table.tabulate({'scratch': [folder]}, {'scratch': 0}, 'scratch')

  def test_budget(self):
    self.assertEqual(budget_table.budget(self._run('s', [1.0] * 3)), 300)


if __name__ == '__main__':
  absltest.main()
