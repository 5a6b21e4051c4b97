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
"""Tests of panels.py: means, errors, files."""

import csv
import pathlib

from absl.testing import absltest
import numpy as np

from experiments.distilling_policy_distillation import panels


class PanelsTest(absltest.TestCase):

  def test_curve(self):
    curve = panels.curve(10, np.array([[1.0, 3.0], [2.0, 2.0], [5.0, 9.0]]))
    self.assertEqual(curve.steps.tolist(), [0, 5, 10])
    self.assertEqual(curve.mean.tolist(), [2, 2, 7])
    # Standard deviations sqrt(2), 0, sqrt(8), over sqrt(2).
    np.testing.assert_allclose(curve.error, [1, 0, 2])

  def test_one_mdp_has_no_error(self):
    self.assertEqual(panels.curve(1, np.ones((2, 1))).error.tolist(), [0, 0])

  def test_files(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    line = panels.curve(4, np.array([[1.0, 3.0], [2.0, 4.0]]))
    rows = [[panels.Panel('one', {'a': line, 'b': line}, {'top': 3.0}, 'y')],
            [panels.Panel('two', {'a': line}, label='y')]]
    picture = panels.draw(folder / 'p', rows, 'title')
    self.assertGreater(picture.stat().st_size, 5000)
    self.assertTrue((folder / 'p.pdf').exists())
    table = panels.write_csv(folder / 'p.csv', rows)
    with table.open() as lines:
      found = list(csv.reader(lines))
    self.assertLen(found, 1 + 6)
    self.assertEqual(found[2], ['one', 'y', 'a', '4', '3', '1'])


if __name__ == '__main__':
  absltest.main()
