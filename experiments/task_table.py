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
r"""Final training scores of several runs, task by task, as Markdown.

  python -m experiments.task_table results/thirty-1 results/thirty-2 \
      --picture=results/thirty

One row per task, families together, one column per run and their mean: what
each run's last record holds, over its sliding window. The picture shows mean
and range of the runs' curves. Not here: the scores of a policy that no longer
learns (`evaluate.py`).
"""

from collections.abc import Collection, Sequence
import os

from absl import flags

from kickstarting import checks
from kickstarting import figures
from kickstarting.commands import cli
from kickstarting.commands import flag_values
from kickstarting.environments import suites
from kickstarting.runtime import logger as logger_lib

_PICTURE = flags.DEFINE_string(
    'picture', None, 'Where to draw the curves, without suffix; not at all if '
    'empty.')


def rows(folders: Sequence[str | os.PathLike[str]]) -> list[list[str]]:
  """Returns family, task, score of each run and mean; the suite comes first.

  Args:
    folders: of runs on the same tasks.

  Raises:
    ValueError: no run, a folder without records, or other tasks than the first.
  """
  if not folders:
    raise checks.UserError(
        'no run is named; give the folders of one or more runs.')
  last = []
  for folder in folders:
    last.append(logger_lib.read_records(
        folder, ('score', 'task_score'), must_exist=True)[-1])
  names = last[0]['task_score']
  for folder, record in zip(folders, last):
    odd = set(names) ^ set(record['task_score'])
    if odd:
      raise checks.UserError(
          f'{str(folder)!r} was not trained on the tasks of'
          f' {str(folders[0])!r} (first difference: {min(odd)}); compare runs'
          ' on the same tasks.')
  families: dict[str, list[str]] = {}
  family_of = _family_of_tasks(names)
  for task in names:
    families.setdefault(family_of.get(task, ''), []).append(task)
  table = [_row('', 'all', [record['score'] for record in last])]
  for family, tasks in families.items():
    table += [
        _row(family, task, [record['task_score'][task] for record in last])
        for task in tasks
    ]
  return table


def _family_of_tasks(names: Collection[str]) -> dict[str, str]:
  """Returns the family of each task, as the first suite with all of them says.

  A suite of one's own is none of ours, and its tasks have no families.
  """
  for name in suites.suite_names():
    families = {
        task.name: task.family for task in suites.get_suite(name).tasks}
    if families.keys() >= set(names):
      return families
  return {}


def _row(family: str, task: str, scores: Sequence[float | None]) -> list[str]:
  """Returns a row; where a task has no score, nor does the mean."""
  known = [score for score in scores if score is not None]
  mean = sum(known) / len(known) if len(known) == len(scores) else None
  # Adding zero turns -0.0, as a rounded small negative score, into 0.0.
  return [family, task, *(
      '-' if x is None else f'{round(x, 1) + 0.0:.1f}'
      for x in (*scores, mean))]


def main(argv: Sequence[str]) -> None:
  folders = [flag_values.path('workdir', folder) for folder in argv[1:]]
  table = rows(folders)
  names = [folder.name for folder in folders]
  for cells in (['family', 'task', *names, 'mean'], ['---'] * (len(names) + 3),
                *table):
    print(f'| {" | ".join(cells)} |')
  if _PICTURE.value:
    figures.draw_curves(
        flag_values.path('picture', _PICTURE.value),
        {f'{len(folders)} runs': folders},
        title='mean and range' if len(folders) > 1 else names[0])


if __name__ == '__main__':
  cli.run(main, takes_arguments=True)
