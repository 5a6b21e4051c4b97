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
"""Scores within a budget, and frames to a score, after Table 3 of the paper.

Here: `report`, `budget`. Columns follow Schmitt et al. (2018), Table 3,
arXiv:1803.03835: scores at shares of the budget, frames to some scores; beside
them the interquartile mean at the end with its interval, and the frames to what
training from scratch ends with, also with those that the teachers cost. Not
here: which runs (`thirty.py`).
"""

from collections.abc import Mapping, Sequence
import json
import pathlib
from typing import Any

import numpy as np

from experiments import ablation
from kickstarting import checks
from kickstarting import figures
from kickstarting import files
from kickstarting.commands import comparison
from kickstarting.runtime import logger as logger_lib

SHARES = (0.05, 0.1, 0.2, 1.0)  # of the budget
SCORES = (30.0, 50.0, 70.0)

Folders = Sequence[pathlib.Path]


def budget(folder: pathlib.Path) -> int:
  """Returns the frames of a run that has ended."""
  return int(logger_lib.read_records(folder, must_exist=True)[-1]['frames'])


def tabulate(
    runs: Mapping[str, Folders], cost: Mapping[str, int], scratch: str
) -> dict[str, dict[str, Any]]:
  """Returns the columns of every line, seed by seed.

  Frames to a score are None where it was not reached. Improvements are of the
  mean over seeds, in per cent of that from scratch; there are none without it.

  Args:
    runs: name of the line -> folder of each seed.
    cost: name of the line -> frames of its teachers.
    scratch: name of the line that the others are compared with.

  Raises:
    ValueError: a run has no score.
  """
  wanted = None
  if scratch in runs:
    wanted = float(np.mean([_curve(folder)[1][-1]
                            for folder in runs[scratch]]))
  table = {}
  for name, folders in runs.items():
    curves = [_curve(folder) for folder in folders]
    scores = ablation.tabulate({name: folders})[name]
    to_scratch = _reached(curves, wanted)
    table[name] = {
        'score_at': {
            f'{share:.0%}': [
                float(np.interp(share * frames[-1], frames, values))
                for frames, values in curves]
            for share in SHARES},
        **{key: scores[key] for key in ('interquartile_mean', 'low', 'high')},
        'frames_to': {
            f'{score:g}': _reached(curves, score) for score in SCORES},
        'frames_to_scratch': to_scratch,
        'with_teachers': [
            None if frames is None else frames + cost[name]
            for frames in to_scratch],
        'times_fewer': [
            None if frames is None else budget(folder) / frames
            for folder, frames in zip(folders, to_scratch)],
    }
  if wanted:
    for row in table.values():
      row['improvement'] = {
          share: 100 * float(np.mean(values) / np.mean(base) - 1)
          for (share, values), base in zip(
              row['score_at'].items(),
              table[scratch]['score_at'].values()) if np.mean(base) > 0}
  return table


def _curve(folder: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
  """Returns frames and scores of a run, at least one of each.

  Of a population they are the means of its three best members, as
  `ablation.task_scores` has them.
  """
  records = logger_lib.read_records(folder, ('score',), must_exist=True)
  frames, values = figures.curve_of([
      record | {'score': record.get('score_top3', record['score'])}
      for record in records])
  if not len(frames):
    raise checks.UserError(
        f'{files.shown(folder)} has no record with a score, as no episode of'
        ' some task had ended; expected one or more. Give the study more'
        ' frames.')
  return frames, values


def _reached(
    curves: Sequence[tuple[np.ndarray, np.ndarray]], score: float | None
) -> list[float | None]:
  """Returns when each curve reaches a score."""
  return [comparison.frames_to_score(frames, values, score)
          for frames, values in curves]


def _frames(values: Sequence[float | None]) -> str:
  """Returns a mean in millions, and how many seeds did not get there."""
  found = [value for value in values if value is not None]
  if not found:
    return 'never'
  missing = len(values) - len(found)
  return f'{np.mean(found) / 1e6:.2f}' + (
      f' (not {missing} of {len(values)})' if missing else '')


def lines(table: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
  """Returns the cells of the table, its head first."""
  first = next(iter(table.values()))
  rows = [['student', 'seeds', *(f'at {share}' for share in first['score_at']),
           'interquartile mean', '95 % interval',
           *(f'M frames to {score}' for score in first['frames_to']),
           'to the score from scratch', 'with the teachers\'']]
  for name, row in table.items():
    rows.append([
        name, str(len(row['frames_to_scratch'])),
        *(f'{np.mean(values):.1f}' for values in row['score_at'].values()),
        f'{row["interquartile_mean"]:.1f}',
        f'{row["low"]:.1f} to {row["high"]:.1f}',
        *(_frames(values) for values in row['frames_to'].values()),
        _frames(row['frames_to_scratch']), _frames(row['with_teachers'])])
  return rows


def report(
    path: pathlib.Path, runs: Mapping[str, Folders], cost: Mapping[str, int],
    scratch: str, title: str,
) -> None:
  """Prints the table and its JSON, writes the latter, draws the curves.

  Args:
    path: of JSON and picture, without suffix.
    runs: as for `tabulate`.
    cost: as for `tabulate`.
    scratch: as for `tabulate`.
    title: of the picture.
  """
  table = tabulate(runs, cost, scratch)
  head, *rows = lines(table)
  for line in [head, ['---'] * len(head), *rows]:
    print('| ' + ' | '.join(line) + ' |', flush=True)
  figure = figures.draw_curves(path, runs, title=title)
  result = {'workdir': str(path.parent), 'figure': str(figure),
            'table': files.without_nan(table)}
  files.write_json(path.with_suffix('.json'), result, indent=2)
  print(json.dumps(result), flush=True)
