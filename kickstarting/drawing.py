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
"""Empty figures, and their files, whatever backend a user's matplotlib has.

Notebooks and shells name a backend in MPLBACKEND, for windows or cells that the
binaries do not draw in, and matplotlib cannot be imported where that backend is
not installed. So it is imported here without that name, which it is told of
afterwards, and drawn to memory (Agg); pyplot, which is where backends come in,
is never loaded.

Not here: what is drawn (`figures.py` and others).
"""

from collections.abc import Iterator
import contextlib
import io
import os
import pathlib
import sys
from typing import Any

from kickstarting import files

_VARIABLE = 'MPLBACKEND'


@contextlib.contextmanager
def _without_backend() -> Iterator[None]:
  theirs = os.environ.pop(_VARIABLE, None)
  is_first = 'matplotlib' not in sys.modules
  try:
    yield
  finally:
    if theirs is not None:
      os.environ[_VARIABLE] = theirs
  if theirs and is_first:
    with contextlib.suppress(ValueError):  # it is not installed
      sys.modules['matplotlib'].rcParams['backend'] = theirs


with _without_backend():
  # pylint: disable=g-import-not-at-top
  from matplotlib import figure as figure_lib
  from matplotlib.backends import backend_agg


def subplots(
    rows: int = 1, columns: int = 1, *, figsize: tuple[float, float],
    **settings: Any,
) -> tuple[figure_lib.Figure, Any]:
  """Returns a figure with its layout constrained, and its axes.

  Args:
    rows: of axes.
    columns: of axes.
    figsize: width and height, inches.
    **settings: of `Figure.subplots`.

  Returns:
    The figure, and the axes: one, or an array of them.
  """
  figure = figure_lib.Figure(figsize=figsize, layout='constrained')
  backend_agg.FigureCanvasAgg(figure)
  return figure, figure.subplots(rows, columns, **settings)


def save(
    figure: figure_lib.Figure, path: str | os.PathLike[str]
) -> pathlib.Path:
  """Writes a figure as PNG and PDF, each whole or not at all.

  Args:
    figure: from `subplots`.
    path: without suffix.

  Returns:
    Path of the PNG.

  Raises:
    files.OutputError: a file cannot be written.
  """
  path = pathlib.Path(path)
  for suffix in ('.png', '.pdf'):
    picture = io.BytesIO()
    figure.savefig(picture, dpi=150, format=suffix[1:])
    files.write_bytes(f'{path}{suffix}', picture.getvalue())
  return path.with_name(f'{path.name}.png')
