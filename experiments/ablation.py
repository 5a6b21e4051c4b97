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
"""Many settings, several seeds each: runs, intervals, a table, a picture.

Here: what the ablations share. A setting is a command line; whatever of it is
done is not done again. The interquartile mean over runs and tasks and its
stratified bootstrap interval follow Agarwal et al. (2021), "Deep Reinforcement
Learning at the Edge of the Statistical Precipice", arXiv:2108.13264. Not here:
which settings there are (`schedules.py`, `weighting.py`, `methods.py`),
training.
"""

from collections.abc import Callable, Mapping, Sequence
import json
import pathlib
import shlex
import sys
import time
from typing import Any, NamedTuple

import numpy as np
import scipy.stats

from kickstarting import checks
from kickstarting import children
from kickstarting import figures
from kickstarting import files
from kickstarting.commands import comparison
from kickstarting.commands import folder_lock
from kickstarting.commands import run_files
from kickstarting.commands import stopping
from kickstarting.runtime import logger as logger_lib

_RESAMPLES = 2000
_POLL_S = 0.1


class Setting(NamedTuple):
  """One line of the table."""

  name: str
  program: str  # a module
  flags: tuple[str, ...]
  run: str = ''  # folder within the work folder that holds the records


TEACHER_SEED = '0'  # of a teacher that a study trains
_TEACHER = Setting('teacher', 'experiments.train', ())  # as its students


def student(name: str, *flags: str) -> Setting:
  """Returns the setting of one student with a teacher."""
  return Setting(
      name, 'experiments.kickstart', ('--nobaseline', *flags), 'kickstarted')


def run(
    folder: pathlib.Path, setting: Setting, seed: str, extra: Sequence[str]
) -> pathlib.Path:
  """Does one run unless it is done; returns the folder with its records.

  The folder of the study belongs to this process from then on.

  Raises:
    ValueError: another process has that folder, or the run failed.
    SystemExit: the run was interrupted.
  """
  folder_lock.take(folder)
  slug = setting.name.replace(' ', '_').replace('%', '')
  workdir = folder / f'{slug}-{seed}'
  if not is_finished(workdir):
    command = [
        sys.executable, '-m', setting.program,
        f'--seed={seed}', f'--workdir={workdir}', *setting.flags, *extra]
    if (workdir / 'config.json').exists():
      command.append('--resume')
    print(shlex.join(command[1:]), flush=True)
    call(command)
    if not is_finished(workdir):
      raise SystemExit(f'{workdir} was interrupted; start the study again.')
  return workdir / setting.run


def call(command: Sequence[str]) -> None:
  """Runs a program to its end, and passes a request to stop on to it.

  Raises:
    ValueError: it failed.
    SystemExit: this process was asked to stop.
  """
  is_asked = False
  with children.start(command) as process:
    while process.poll() is None:
      if stopping.requested() and not is_asked:
        is_asked = True
        process.terminate()  # Ctrl-C reaches it as well; it is asked only once
      time.sleep(_POLL_S)
  if stopping.requested():
    raise SystemExit('interrupted; start the study again to go on')
  if process.returncode and not stopping.is_of_request(process.returncode):
    raise checks.UserError(
        f'{" ".join(command[1:])} ended with status {process.returncode}; what'
        ' it said stands above. Mend that, and start the study again.')


def is_finished(workdir: pathlib.Path) -> bool:
  """Returns whether a run has come to its end, and was not interrupted."""
  result = run_files.result(workdir)
  return result is not None and result['ended'] == 'finished'


def teacher_score(workdir: pathlib.Path) -> float:
  """Returns the score of the policy that a run of experiments.train left.

  Raises:
    ValueError: it is no such run, or has not ended.
  """
  return run_files.ended(workdir, evaluation_score=float)['evaluation_score']


def run_all(
    folder: pathlib.Path,
    settings: Sequence[Setting],
    seeds: Sequence[str],
    extra: Sequence[str] = (),
) -> dict[str, list[pathlib.Path]]:
  """Runs every setting with every seed, one seed of all after the other.

  Returns:
    Name of the setting -> folder of each seed.

  Raises:
    ValueError: there is no setting.
  """
  if not settings:
    raise checks.UserError(
        'the study has nothing to compare: the list of its settings is empty;'
        ' expected one or more. Name them, or leave the flag out.')
  runs: dict[str, list[pathlib.Path]] = {s.name: [] for s in settings}
  for seed in seeds:
    for setting in settings:
      runs[setting.name].append(run(folder, setting, seed, extra))
  return runs


def task_scores(folder: pathlib.Path) -> dict[str, float]:
  """Returns the last score of every task of a run; NaN where it has none.

  Of a population it is the mean of its three best members, as in Schmitt et al.
  (2018), Table 2, arXiv:1803.03835.
  """
  last = logger_lib.read_records(
      folder, ('task_score',), must_exist=True)[-1]
  found = last.get('task_score_top3', last['task_score'])
  return {task: np.nan if score is None else score
          for task, score in found.items()}


def interval(scores: np.ndarray, seed: int = 0) -> tuple[float, float, float]:
  """Returns the interquartile mean and its 95 % bootstrap interval.

  Runs are drawn with replacement within each task.

  Args:
    scores: float [runs, tasks].
    seed: of the bootstrap.

  Returns:
    Mean, lower and upper end; the ends are the mean with a single run. All are
    NaN where a score is.
  """
  if np.isnan(scores).any():
    return (float('nan'),) * 3
  mean = lambda *tasks, axis=-1: scipy.stats.trim_mean(
      np.concatenate(tasks, axis=axis), 0.25, axis=axis)
  tasks = tuple(np.asarray(scores, np.float64).T)
  middle = float(mean(*tasks))
  if len(scores) < 2:
    return middle, middle, middle
  found = scipy.stats.bootstrap(
      tasks, mean, n_resamples=_RESAMPLES, vectorized=True,
      method='percentile', random_state=np.random.default_rng(seed))
  low, high = found.confidence_interval
  return middle, float(low), float(high)


def tabulate(
    runs: Mapping[str, Sequence[pathlib.Path]],
    thresholds: Mapping[str, Sequence[float | None]] | None = None,
) -> dict[str, dict[str, Any]]:
  """Returns per setting its final scores, their mean, and the interval.

  Args:
    runs: from `run_all`.
    thresholds: label -> a score for each seed, or None; 'frames_to' then says
      when each seed reached it, None if it did not.
  """
  table = {}
  for name, folders in runs.items():
    rows = [task_scores(folder) for folder in folders]
    scores = np.array([list(row.values()) for row in rows])
    middle, low, high = interval(scores)
    table[name] = {
        'final_scores': scores.mean(axis=1).tolist(),
        'mean': float(scores.mean()),
        'interquartile_mean': middle,
        'low': low,
        'high': high,
    }
    if thresholds:
      table[name]['frames_to'] = {
          label: [comparison.frames_to_score(*figures.curve(folder), score)
                  for folder, score in zip(folders, wanted, strict=True)]
          for label, wanted in thresholds.items()}
  return table


def print_table(table: Mapping[str, Mapping[str, Any]]) -> None:
  """Prints the table as Markdown."""
  columns = ['setting', 'final score, mean', 'of each seed',
             'interquartile mean', '95 % interval']
  lines = []
  for name, row in table.items():
    line = [name, f'{row["mean"]:.1f}',
            ', '.join(f'{score:.1f}' for score in row['final_scores']),
            f'{row["interquartile_mean"]:.1f}',
            f'{row["low"]:.1f} to {row["high"]:.1f}']
    for reached in row.get('frames_to', {}).values():
      line.append(', '.join(
          'never' if frames is None else f'{frames / 1e6:.2f}'
          for frames in reached))
    lines.append(line)
  columns += [f'M frames to {label}'
              for label in next(iter(table.values())).get('frames_to', ())]
  for line in [columns, ['---'] * len(columns), *lines]:
    print('| ' + ' | '.join(line) + ' |', flush=True)


def study(
    folder: pathlib.Path,
    settings: Callable[[pathlib.Path], Sequence[Setting]],
    seeds: Sequence[str],
    extra: Sequence[str],
    *,
    name: str,
    title: str,
) -> None:
  """Trains a teacher, then its students with every setting and seed.

  Args:
    folder: of the study.
    settings: from the folder of the teacher.
    seeds: of the students.
    extra: further flags for every run.
    name: of the picture and the JSON file.
    title: of the picture.
  """
  teacher = run(folder, _TEACHER, TEACHER_SEED, extra)
  runs = run_all(folder, settings(teacher), seeds, extra)
  report(folder, runs, name=name, title=title,
         teacher_score=teacher_score(teacher))


def report(
    folder: pathlib.Path,
    runs: Mapping[str, Sequence[pathlib.Path]],
    *,
    name: str,
    title: str,
    teacher_score: float | None = None,
    threshold: float | None = None,
) -> None:
  """Prints table and JSON, draws the curves, keeps all in the folder.

  Args:
    folder: of the study.
    runs: from `run_all`.
    name: of the picture and the JSON file.
    title: of the picture.
    teacher_score: drawn as a line.
    threshold: also drawn so; adds the column of when it is reached.
  """
  thresholds = None
  if threshold is not None:
    num_seeds = len(next(iter(runs.values())))
    thresholds = {'the threshold': [threshold] * num_seeds}
  table = tabulate(runs, thresholds)
  print_table(table)
  line = threshold if teacher_score is None else teacher_score
  figure = figures.draw_curves(
      folder / name, runs, title=title,
      marks=None if line is None else {'score': line, 'frames': {}})
  result: dict[str, Any] = {
      'workdir': str(folder), 'figure': str(figure),
      'table': files.without_nan(table)}
  if teacher_score is not None:
    result['score_of_teacher'] = teacher_score
  if threshold is not None:
    result['threshold'] = threshold
  files.write_json(folder / f'{name}.json', result, indent=2)
  print(json.dumps(result), flush=True)
