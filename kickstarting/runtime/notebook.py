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
"""A bar that moves in place, where a notebook shows what is printed.

Not here: the text beside it (`logger.py`).
"""

from collections.abc import Callable
import html
import sys
from typing import Any
import uuid

Show = Callable[[str, float], None]


def bar() -> Show | None:
  """Returns what shows a text and a share in [0, 1]; None outside a notebook.

  The first call makes the bar, every other one changes it. Nothing is imported:
  who is in a notebook has IPython already.
  """
  if not hasattr(_shell(), 'kernel'):
    return None
  display = sys.modules['IPython.display']
  name = uuid.uuid4().hex
  is_shown = False

  def show(text: str, share: float) -> None:
    nonlocal is_shown
    data = {
        'text/plain': text,
        'text/html': (
            f'<progress value="{share:.4f}" max="1"></progress>'
            f' <code>{html.escape(text)}</code>')}
    display.display(data, raw=True, display_id=name, update=is_shown)
    is_shown = True

  return show


def _shell() -> Any:
  """Returns the shell of IPython that runs this; None if none does."""
  ipython = sys.modules.get('IPython')
  has_display = 'IPython.display' in sys.modules
  return ipython.get_ipython() if ipython and has_display else None
