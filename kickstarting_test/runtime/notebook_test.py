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
"""Tests of notebook.py: who is in a notebook, and what it is shown.

Not here: a real notebook (`notebooks_test.py`).
"""

import sys
import types
from unittest import mock

from absl.testing import absltest

from kickstarting.runtime import notebook


class BarTest(absltest.TestCase):

  def _bar(self, shell):
    display = mock.MagicMock()
    modules = {
        'IPython': types.SimpleNamespace(get_ipython=lambda: shell),
        'IPython.display': display}
    with mock.patch.dict(sys.modules, modules):
      return notebook.bar(), display.display

  def test_outside_of_a_notebook(self):
    self.assertIsNone(notebook.bar())
    for shell in (None, types.SimpleNamespace()):  # a script; a terminal
      self.assertIsNone(self._bar(shell)[0])

  def test_one_bar_that_moves(self):
    show, display = self._bar(types.SimpleNamespace(kernel=1))
    show('score < 3', 0.25)
    show('done', 1.0)
    first, second = display.call_args_list
    self.assertFalse(first.kwargs['update'])
    self.assertTrue(second.kwargs['update'])
    self.assertEqual(first.kwargs['display_id'], second.kwargs['display_id'])
    self.assertEqual(first.args[0]['text/plain'], 'score < 3')
    self.assertIn('value="0.2500"', first.args[0]['text/html'])
    self.assertIn('score &lt; 3', first.args[0]['text/html'])


if __name__ == '__main__':
  absltest.main()
