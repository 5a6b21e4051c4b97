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
"""A teacher of one architecture, students of another or the same, compared.

  python -m experiments.architectures --workdir=results/architectures
  python -m experiments.architectures --workdir=results/pong_architectures \
      --teacher=results/pong --student_architecture=atari_large \
      --extra='--suite=atari57 --tasks=Pong --frames=1e6'

Who looks for a better architecture has an agent of the last one: it becomes the
teacher; without one it is trained first. After Table 1 of Schmitt et al.
(2018), arXiv:1803.03835: the score at some shares of the budget (its 0.5, 1, 2
and 10 of 10 B frames) and the frames to some scores, of students from scratch
and kickstarted ones. Not here: training (`train.py`, `kickstart.py`).
"""

from collections.abc import Mapping, Sequence
import json
import pathlib
from typing import Any

from absl import flags
import numpy as np

from experiments import ablation
from experiments import study_flags
from kickstarting import checks
from kickstarting import figures
from kickstarting import files
from kickstarting.commands import cli
from kickstarting.commands import comparison
from kickstarting.commands import flag_values
from kickstarting.commands import run_files

flags.adopt_module_key_flags(study_flags)
flags.FLAGS.set_default('workdir', 'results/architectures')
_TEACHER = flags.DEFINE_string(
    'teacher', '', 'Work folder of experiments.train whose policy is the '
    'teacher; empty: one is trained first.')
_TEACHER_NETWORK = flags.DEFINE_string(
    'teacher_architecture', 'grid_small', 'Network of a teacher that is '
    'trained first.')
_STUDENT = flags.DEFINE_string(
    'student_architecture', 'grid_large', 'Network of the students.')
_SHARES = flags.DEFINE_list(
    'shares', ['5', '10', '20', '100'], 'Percent of the frames after which '
    'scores are compared.')
_SCORES = flags.DEFINE_list(
    'scores', ['30', '40', '50'], 'Scores to reach.')

SCRATCH, KICKSTARTED = 'from scratch', 'kickstarted'


def tabulate(
    runs: Mapping[str, Sequence[pathlib.Path]],
    shares: Sequence[float],
    scores: Sequence[float],
) -> dict[str, dict[str, dict[str, float | None]]]:
  """Returns means over seeds: scores at shares, frames to scores.

  Args:
    runs: of SCRATCH and KICKSTARTED; folders of the seeds.
    shares: percent of the frames.
    scores: to reach.
  """
  curves = {name: [figures.curve(folder) for folder in folders]
            for name, folders in runs.items()}
  table: dict[str, dict[str, dict[str, float | None]]] = {}
  for name, of_seeds in curves.items():
    at: dict[str, float | None] = {f'{share:g} %': float(np.mean([
        _score_at(*curve, share) for curve in of_seeds])) for share in shares}
    reached: dict[str, float | None] = {}
    for score in scores:
      frames = [comparison.frames_to_score(*curve, score) for curve in of_seeds]
      found = [f for f in frames if f is not None]
      # A mean over those seeds alone that get there would flatter.
      reached[f'{score:g}'] = (
          float(np.mean(found)) if len(found) == len(frames) else None)
    table[name] = {'score_at': at, 'frames_to': reached}
  return table


def _score_at(frames: np.ndarray, values: np.ndarray, share: float) -> float:
  """Returns the last score until then; NaN before the first."""
  if not len(frames):
    return float('nan')
  last = np.searchsorted(frames, frames[-1] * share / 100, side='right')
  return float(values[last - 1]) if last else float('nan')


def print_table(table: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
  """Prints the table as Markdown, with the improvement."""
  first = table[SCRATCH]
  columns = ['student', *(f'score at {share}' for share in first['score_at']),
             *(f'M frames to {score}' for score in first['frames_to'])]
  print('| ' + ' | '.join(columns) + ' |')
  print('| ' + ' | '.join(['---'] * len(columns)) + ' |')
  for name, row in table.items():
    cells = ['-' if np.isnan(score) else f'{score:.1f}'
             for score in row['score_at'].values()]
    cells += ['never' if frames is None else f'{frames / 1e6:.2f}'
              for frames in row['frames_to'].values()]
    print('| ' + ' | '.join([name, *cells]) + ' |')
  other = table[KICKSTARTED]
  cells = [f'{100 * (b - a) / a:+.1f} %' if a > 0 else '' for a, b in zip(
      first['score_at'].values(), other['score_at'].values())]
  cells += [f'{a / b:.2f} times' if a and b else '' for a, b in zip(
      first['frames_to'].values(), other['frames_to'].values())]
  print('| ' + ' | '.join(['improvement', *cells]) + ' |', flush=True)


def _flags_of_teacher() -> dict[str, Any]:
  """Returns the flags of its run; of one still to come, what students share.

  Raises:
    ValueError: the one that is named is no run that has ended.
  """
  if not _TEACHER.value:
    return {'network': _TEACHER_NETWORK.value, 'seed': ablation.TEACHER_SEED}
  folder = flag_values.path('teacher', _TEACHER.value)
  ablation.teacher_score(folder)
  found = run_files.config(folder)
  if not {'network', 'seed'} <= set(found['flags']):
    raise checks.UserError(
        f'the run in {str(folder)!r} has no --network and --seed among its'
        ' flags; expected a run of experiments.train. Name another --teacher.')
  return found['flags']


def _check_seeds(
    teacher: Mapping[str, Any], network: str, seeds: Sequence[str]
) -> None:
  """Raises ValueError if a student would begin with its teacher's parameters.

  Args:
    teacher: flags of its run.
    network: of the students.
    seeds: of the students.
  """
  if network == teacher['network'] and str(teacher['seed']) in seeds:
    raise checks.UserError(
        f'seeds is {",".join(seeds)} and the teacher has seed'
        f' {teacher["seed"]}; expected other ones, since a student of the same'
        ' network would begin as its teacher did.')


def main(argv):
  del argv
  folder = study_flags.folder()
  shares = flag_values.numbers(
      'shares', _SHARES.value, low=0, high=100, what='percentages')
  scores = flag_values.numbers('scores', _SCORES.value)
  extra = study_flags.extra()
  network = f'--network={_STUDENT.value}'
  taught = _flags_of_teacher()
  _check_seeds(taught, _STUDENT.value, study_flags.seeds())
  if _TEACHER.value:
    teacher = flag_values.path('teacher', _TEACHER.value)
  else:
    teacher = ablation.run(folder, ablation.Setting(
        'teacher', 'experiments.train',
        (f'--network={_TEACHER_NETWORK.value}',)), ablation.TEACHER_SEED, extra)
  teacher_score = ablation.teacher_score(teacher)
  runs = ablation.run_all(folder, [
      ablation.Setting(
          SCRATCH, 'experiments.train', (network, '--evaluation_episodes=8')),
      ablation.student(
          KICKSTARTED, network, f'--teachers={teacher / "policy.npz"}'),
  ], study_flags.seeds(), extra)
  table = tabulate(runs, shares, scores)
  print_table(table)
  figure = figures.draw_curves(
      folder / 'architectures', runs,
      title=f'Teacher {taught["network"]}, students {_STUDENT.value}',
      marks={'score': teacher_score, 'frames': {}})
  result = {
      'workdir': str(folder), 'figure': str(figure), 'table': table,
      'score_of_teacher': teacher_score}
  files.write_json(folder / 'architectures.json', result, indent=2)
  print(json.dumps(result), flush=True)


if __name__ == '__main__':
  cli.run(main)
