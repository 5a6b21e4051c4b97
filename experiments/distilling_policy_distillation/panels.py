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
"""Curves over updates: CSV, and pictures of several panels.

Not here: what is in them (the figures' own modules).
"""

from collections.abc import Mapping, Sequence
import csv
import io
import pathlib
from typing import NamedTuple

import numpy as np

from kickstarting import drawing
from kickstarting import files

ERRORS = 1.96  # standard errors on each side, as in the paper


class Curve(NamedTuple):
  """A mean over MDPs and its standard error, at each step or other x."""

  steps: np.ndarray  # [points]
  mean: np.ndarray  # [points]
  error: np.ndarray  # [points]


class Panel(NamedTuple):
  """One part of a picture."""

  title: str
  curves: Mapping[str, Curve]
  lines: Mapping[str, float] = {}  # horizontal, dotted
  label: str = ''  # of the y axis
  x_label: str = 'updates'
  is_logarithmic: bool = False


def curve(steps: int, values: np.ndarray) -> Curve:
  """Returns the curve of values [points + 1, MDPs] over `steps` updates."""
  num = values.shape[1]
  spread = values.std(axis=1, ddof=1) if num > 1 else np.zeros(len(values))
  return Curve(
      np.linspace(0, steps, len(values)), values.mean(axis=1),
      spread / np.sqrt(num))


def draw(
    path: pathlib.Path, panels: Sequence[Sequence[Panel]], title: str
) -> pathlib.Path:
  """Draws rows of panels as PNG and PDF; returns the path of the PNG."""
  num_columns = max(map(len, panels))
  figure, axes = drawing.subplots(
      len(panels), num_columns, squeeze=False,
      figsize=(4.2 * num_columns, 3.1 * len(panels) + 0.6))
  names = list(dict.fromkeys(
      name for row in panels for panel in row for name in panel.curves))
  styles = {
      name: (f'C{i % 10}', ('-', '--')[i // 10 % 2])
      for i, name in enumerate(names)}
  for row, row_axes in zip(panels, axes):
    for axis in row_axes[len(row):]:
      axis.set_axis_off()
    for panel, axis in zip(row, row_axes):
      for name, line in panel.curves.items():
        colour, style = styles[name]
        axis.plot(line.steps, line.mean, style, color=colour, label=name,
                  marker='' if len(line.steps) > 5 else '.')
        axis.fill_between(
            line.steps, line.mean - ERRORS * line.error,
            line.mean + ERRORS * line.error, color=colour, alpha=0.2,
            linewidth=0)
      for height in panel.lines.values():
        axis.axhline(height, color='grey', linestyle=':', linewidth=1)
      if panel.is_logarithmic:
        axis.set_yscale('log')
      axis.set_title(panel.title, fontsize='small')
      axis.set_ylabel(panel.label, fontsize='small')
      axis.set_xlabel(panel.x_label, fontsize='small')
      axis.tick_params(labelsize='small')
      axis.grid(alpha=0.3)
  handles = {
      label: handle for axis in axes.flat
      for handle, label in zip(*axis.get_legend_handles_labels())}
  figure.legend(
      handles.values(), handles.keys(), loc='outside lower center',
      ncols=min(len(handles), 4), fontsize='small')
  figure.suptitle(title)
  return drawing.save(figure, path)


def write_csv(
    path: pathlib.Path, panels: Sequence[Sequence[Panel]]
) -> pathlib.Path:
  """Writes all curves of all panels; returns the path."""
  out = io.StringIO(newline='')
  writer = csv.writer(out)
  writer.writerow(
      ['panel', 'measure', 'curve', 'step', 'mean', 'standard_error'])
  for row in panels:
    for panel in row:
      for name, line in panel.curves.items():
        for values in zip(*line):
          writer.writerow([panel.title, panel.label, name,
                           *(f'{value:.6g}' for value in values)])
  files.write_text(path, out.getvalue())
  return path
