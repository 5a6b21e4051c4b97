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
"""Tests of `figures.py`: files are drawn, curves are those read."""

import json
import pathlib
import warnings

from absl.testing import absltest
import matplotlib.image
import numpy as np

from kickstarting import figures


class FiguresTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    # A warning of the drawing library is noise on a user's terminal.
    self.enter_context(warnings.catch_warnings())
    warnings.simplefilter('error')

  def _run(self, name, values, **fields):
    folder = self.root / name
    folder.mkdir()
    (folder / 'records.jsonl').write_text(''.join(
        json.dumps({'frames': 1e5 * (i + 1), 'score': value, **fields}) + '\n'
        for i, value in enumerate(values)))
    return folder

  def _assert_drawn(self, path):
    image = matplotlib.image.imread(path)
    self.assertGreater(min(image.shape[:2]), 150)
    self.assertGreater(image[..., :3].std(), 0.02)  # not a blank page
    self.assertGreater(path.with_suffix('.pdf').stat().st_size, 1000)

  def test_curve(self):
    frames, values = figures.curve(self._run('a', [1, 2, 3]))
    np.testing.assert_array_equal(frames, [1e5, 2e5, 3e5])
    np.testing.assert_array_equal(values, [1, 2, 3])

  def test_records_without_a_score_are_no_part_of_it(self):
    frames, values = figures.curve(self._run('a', [None, 2, None, 3]))
    np.testing.assert_array_equal(frames, [2e5, 4e5])
    np.testing.assert_array_equal(values, [2, 3])
    frames, _ = figures.curve(self._run('b', [None]))
    self.assertEmpty(frames)

  def test_runs_without_a_score(self):
    for cap in (100.0, None):
      runs = {'none': [self._run(f'a {cap}', [None, None], score_cap=cap)],
              'late': [self._run(f'b {cap}', [None, -3.0], score_cap=cap)]}
      self._assert_drawn(figures.draw_curves(
          self.root / 'figure', runs, title='late',
          marks={'score': None, 'frames': {'none': None, 'late': None}}))

  def test_common_grid_ends_with_the_shortest_run(self):
    grid, values = figures.on_grid([
        (np.array([100.0, 200.0]), np.array([10.0, 20.0])),
        (np.array([100.0, 400.0]), np.array([0.0, 30.0])),
    ])
    self.assertEqual((grid[0], grid[-1]), (0.0, 200.0))
    np.testing.assert_allclose(values[0], grid / 10)
    np.testing.assert_allclose(values[:, -1], [20.0, 10.0])

  def test_returns_have_no_value_before_the_first_record(self):
    curve = np.array([100.0, 200.0]), np.array([-21.0, -20.0])
    grid, [values] = figures.on_grid([curve], starts_at_0=False)
    np.testing.assert_array_equal(np.isnan(values), grid < 100)
    self.assertEqual((values[100], values[-1]), (-21.0, -20.0))

  def test_curves_of_several_seeds_with_marks(self):
    runs = {
        'scratch': [self._run('a', [0, 20, 40])],
        'kickstarted': [
            self._run('b', [30, 50, 60]), self._run('c', [20, 55, 70])],
    }
    path = figures.draw_curves(
        self.root / 'figure', runs, title='minigrid8',
        marks={'score': 40.0,
               'frames': {'kickstarted': 1.5e5, 'scratch': None}})
    self.assertEqual(path, self.root / 'figure.png')
    self._assert_drawn(path)

  def test_legend_of_many_runs_hides_no_curve(self):
    run = self._run('a', [0, 20, 40])
    heights = [
        matplotlib.image.imread(figures.draw_curves(
            self.root / 'figure', {f'setting {i}': [run] for i in range(count)},
            title='minigrid8')).shape[0] for count in (5, 6)]
    self.assertGreater(heights[1], heights[0])  # below the axes

  def test_returns_fill_the_picture(self):
    rows = []
    for cap in (100.0, None):
      run = self._run(f'cap {cap}', [0.2, 0.5, 0.9], score_cap=cap)
      image = matplotlib.image.imread(figures.draw_curves(
          self.root / 'figure', {'a': [run]}, title='own'))
      is_curve = (abs(image[..., :3] - [0.12, 0.47, 0.71]) < 0.02).all(axis=2)
      left = is_curve[:, :image.shape[1] * 2 // 3]  # without the legend
      rows.append(np.ptp(np.flatnonzero(left.any(axis=1))))
    self.assertGreater(rows[1], 10 * rows[0])

  def test_run_that_was_stopped_before_its_first_record(self):
    folder = self.root / 'empty'
    folder.mkdir()
    self._assert_drawn(figures.draw_curves(
        self.root / 'figure', {'scratch': [folder]}, title='nothing yet'))

  def test_table(self):
    self._assert_drawn(figures.draw_table(
        self.root / 'table', {'Maze': 40.0, 'Lava': -3.0}, title='scores'))


if __name__ == '__main__':
  absltest.main()
