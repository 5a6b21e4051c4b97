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
"""Pictures of finished runs.

Here: score against frames, one curve per method, seeds shaded. Not here: what
the records hold (`kickstarting/runtime/training.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
import itertools
import os
import pathlib
from typing import Any

import numpy as np

from kickstarting import drawing
from kickstarting.runtime import logger as logger_lib

_COLOURS = tuple(f'C{i}' for i in range(10))  # of matplotlib


def curve(
    folder: str | os.PathLike[str], *, must_exist: bool = False
) -> tuple[np.ndarray, np.ndarray]:
  """Returns frames [N] and suite scores [N] of a run.

  Records without a score are left out: no episode of some task had ended.

  Args:
    folder: of the run.
    must_exist: whether it is an error if there is no record at all.
  """
  return curve_of(logger_lib.read_records(
      folder, ('score',), must_exist=must_exist))


def curve_of(
    records: Iterable[Mapping[str, Any]]
) -> tuple[np.ndarray, np.ndarray]:
  """Returns frames [N] and suite scores [N] of records that have a score."""
  kept = [r for r in records if r['score'] is not None]
  return (np.array([r['frames'] for r in kept], np.float64),
          np.array([r['score'] for r in kept], np.float64))


def are_returns(folders: Iterable[str | os.PathLike[str]]) -> bool:
  """Returns whether the scores of runs are returns, on a scale of their own."""
  return any(
      scored_by_returns(logger_lib.read_records(folder)) for folder in folders)


def scored_by_returns(records: Sequence[Mapping[str, Any]]) -> bool:
  """Returns whether the scores of records are returns."""
  return any(
      record.get('score_cap', 0) is None  # as JSON has no infinity
      for record in records[-1:])


def set_scale(axes: Any, *, returns: bool) -> None:
  """Labels the axis of scores, and lets it show all that scores can be."""
  if returns:
    axes.set_ylabel('mean return')
  else:
    axes.set_ylabel('mean capped score (0 random, 100 reference)')
    axes.set_ylim(-5, 105)


def on_grid(
    curves: Sequence[tuple[np.ndarray, np.ndarray]],
    starts_at_0: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
  """Interpolates runs to common frames; returns frames [N], scores [S, N].

  Args:
    curves: frames and scores of each run.
    starts_at_0: whether a run begins with the score of the random policy,
      which is 0; otherwise it has none (NaN) before its first record.
  """
  end = min(frames[-1] for frames, _ in curves)
  grid = np.linspace(0.0, end, 201)
  if starts_at_0:
    curves = [(np.r_[0.0, frames], np.r_[0.0, scores])
              for frames, scores in curves]
  return grid, np.stack([
      np.interp(grid, frames, scores, left=np.nan) for frames, scores in curves
  ])


def draw_curves(
    path: str | os.PathLike[str],
    runs: Mapping[str, Sequence[str | os.PathLike[str]]],
    *,
    title: str,
    marks: Mapping[str, Any] | None = None,
) -> pathlib.Path:
  """Draws suite score against frames as PNG and PDF.

  Args:
    path: without suffix.
    runs: label -> folders of its runs (seeds); mean, and range if several.
    title: of the picture.
    marks: optional 'score', a horizontal line (None: no such score), and
      'frames', vertical lines {label: frames} where a curve reaches it.

  Returns:
    Path of the PNG.
  """
  return _draw(
      path, {label: [curve(folder) for folder in folders]
             for label, folders in runs.items()},
      are_returns(itertools.chain(*runs.values())), title, marks)


def draw_records(
    path: str | os.PathLike[str],
    runs: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]],
    *,
    title: str,
) -> pathlib.Path:
  """Draws suite score against frames as PNG and PDF.

  Args:
    path: without suffix.
    runs: label -> records of its runs (seeds).
    title: of the picture.

  Returns:
    Path of the PNG.
  """
  returns = any(map(scored_by_returns, itertools.chain(*runs.values())))
  return _draw(
      path, {label: [curve_of(records) for records in mine]
             for label, mine in runs.items()}, returns, title)


def _draw(
    path: str | os.PathLike[str],
    runs: Mapping[str, Sequence[tuple[np.ndarray, np.ndarray]]],
    returns: bool,
    title: str,
    marks: Mapping[str, Any] | None = None,
) -> pathlib.Path:
  """Draws curves; see `draw_curves`."""
  is_crowded = len(runs) > 5  # then no place is left for the legend inside
  figure, axes = drawing.subplots(figsize=(7, 5 if is_crowded else 4.2))
  colours = dict(zip(runs, _COLOURS * len(runs)))
  for label, mine in runs.items():
    curves = [c for c in mine if len(c[0])]
    if not curves:
      continue
    frames, values = on_grid(curves, starts_at_0=not returns)
    axes.plot(frames / 1e6, values.mean(axis=0), label=label,
              color=colours[label])
    if len(curves) > 1:
      axes.fill_between(
          frames / 1e6, values.min(axis=0), values.max(axis=0),
          color=colours[label], alpha=0.2, linewidth=0)
  if marks and marks['score'] is not None:
    axes.axhline(marks['score'], color='grey', linestyle=':', linewidth=1)
    for label, frames in marks['frames'].items():
      if frames is not None:
        axes.axvline(frames / 1e6, color=colours[label], linestyle=':',
                     linewidth=1)
  axes.set_xlabel('environment frames of the student (millions)')
  set_scale(axes, returns=returns)
  axes.set_xlim(left=0)
  axes.set_title(title)
  axes.grid(alpha=0.3)
  has_labels = bool(axes.get_legend_handles_labels()[0])
  if has_labels and is_crowded:
    figure.legend(loc='outside lower center', fontsize='small', ncols=3)
  elif has_labels:
    axes.legend(loc='best', fontsize='small')
  return drawing.save(figure, path)


def draw_table(
    path: str | os.PathLike[str], values: Mapping[str, float], *, title: str
) -> pathlib.Path:
  """Draws one bar per task as PNG and PDF; returns the path of the PNG."""
  figure, axes = drawing.subplots(figsize=(7, 1 + 0.25 * len(values)))
  names = list(values)[::-1]
  axes.barh(names, [values[n] for n in names], color=_COLOURS[0])
  axes.set_xlabel('score (0 random, 100 reference)')
  axes.set_xlim(-5, 105)
  axes.set_title(title)
  return drawing.save(figure, path)
