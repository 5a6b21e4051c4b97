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
"""Tests that figures are drawn whatever backend matplotlib is told to take."""

import ast
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

import experiments
import kickstarting
from kickstarting import drawing

_ROOT = pathlib.Path(experiments.__file__).parent
_CODE = """
import os, sys
from kickstarting import population_figures
from experiments.distilling_policy_distillation import figure_1, panels
from kickstarting import drawing, figures
figure, axes = drawing.subplots(2, figsize=(2, 2))
axes[0].plot([1, 2])
print(drawing.save(figure, sys.argv[1]), os.environ['MPLBACKEND'],
      'matplotlib.pyplot' in sys.modules)
"""


class DrawingTest(parameterized.TestCase):

  @parameterized.parameters(
      'module://matplotlib_inline.backend_inline', 'no_such_backend')
  def test_any_backend(self, backend):
    path = pathlib.Path(self.create_tempdir().full_path) / 'figure'
    done = subprocess.run(
        [sys.executable, '-c', _CODE, path], text=True, capture_output=True,
        env={**os.environ, 'MPLBACKEND': backend}, cwd=_ROOT.parent)
    self.assertEqual(done.stderr, '')
    # It stays as it is, for whatever the process starts or imports.
    self.assertEqual(done.stdout, f'{path}.png {backend} False\n')
    for suffix in ('.png', '.pdf'):
      self.assertGreater(path.with_suffix(suffix).stat().st_size, 100)

  def test_cells_of_a_notebook_keep_their_backend(self):
    code = ('from kickstarting import drawing; import matplotlib;'
            ' print(matplotlib.get_backend())')
    done = subprocess.run(
        [sys.executable, '-c', code], text=True, capture_output=True,
        env={**os.environ, 'MPLBACKEND': 'svg'}, cwd=_ROOT.parent)
    self.assertEqual(done.stdout, 'svg\n')

  def test_nothing_else_loads_matplotlib(self):
    loads = []
    for path in [*_ROOT.rglob('*.py'), *pathlib.Path(
        kickstarting.__file__).parent.rglob('*.py')]:
      for node in ast.walk(ast.parse(path.read_text())):
        names = [getattr(node, 'module', None) or '', *(
            alias.name for alias in getattr(node, 'names', ())
            if isinstance(node, ast.Import))]
        if any(name.startswith('matplotlib') for name in names):
          loads.append(path.name)
    self.assertEqual(set(loads), {'drawing.py'})

  def test_one_axes_or_several(self):
    self.assertTrue(hasattr(drawing.subplots(figsize=(1, 1))[1], 'plot'))
    self.assertEqual(drawing.subplots(2, 3, figsize=(1, 1))[1].shape, (2, 3))


if __name__ == '__main__':
  absltest.main()
