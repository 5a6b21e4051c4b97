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
"""Runs the notebooks of the docs as a reader would, in a kernel."""

import os
import pathlib
import tempfile

from absl.testing import absltest
from absl.testing import parameterized
import nbclient
import nbformat

_DOCS = pathlib.Path(__file__).parents[1] / 'docs'
_TIMEOUT_S = 300  # of a cell


class NotebooksTest(parameterized.TestCase):

  @parameterized.parameters(
      *((path.name,) for path in sorted(_DOCS.glob('*.ipynb'))))
  def test_runs_and_shows_bars_in_place(self, name):
    notebook = nbformat.read(_DOCS / name, as_version=4)
    for cell in notebook.cells:  # outputs are not kept: they would go stale
      self.assertEmpty(cell.get('outputs', ()))
    folder = tempfile.mkdtemp(dir=absltest.TEST_TMPDIR.value)
    nbclient.NotebookClient(
        notebook, timeout=_TIMEOUT_S, resources={'metadata': {'path': folder}},
    ).execute(env=os.environ | {
        'PYTHONPATH': os.environ.get('PYTHONPATH', str(_DOCS.parent)),
        'JUPYTER_RUNTIME_DIR': folder, 'IPYTHONDIR': folder})
    outputs = [cell.outputs for cell in notebook.cells
               if cell.cell_type == 'code']
    trained = [cell for cell in outputs if any(
        '<progress' in output.get('data', {}).get('text/html', '')
        for output in cell)]
    self.assertLen(trained, 2)
    for cell in trained:  # one bar that moved, and no line for each record
      self.assertLen([o for o in cell if o.output_type == 'display_data'], 1)
      [bar] = [o for o in cell if o.output_type == 'display_data']
      self.assertIn('value="1.0000"', bar.data['text/html'])
    pictures = {
        kind for cell in outputs for output in cell
        for kind in output.get('data', ())}
    self.assertContainsSubset({'image/png', 'image/gif'}, pictures)


if __name__ == '__main__':
  absltest.main()
