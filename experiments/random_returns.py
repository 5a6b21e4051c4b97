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
"""Mean returns of the uniformly random policy, on any suite.

  python -m experiments.random_returns --suite=my_suite.py --episodes=500
  python -m experiments.random_returns --suite=vizdoom \
      --output=kickstarting/environments/data/vizdoom.csv

Every stream plays as many episodes as any other, so that short ones do not
count more often. With --output the columns random_return and random_episodes
of a CSV file are filled in, whose column `name` has the tasks. The last line is
JSON. Not here: other players (`reference_players.py`, `measure_references.py`).
"""

from collections.abc import Sequence
import json
import pathlib
from typing import Any

from absl import flags
import numpy as np

from experiments import csv_files
from experiments import random_policy
from kickstarting import checks
from kickstarting.commands import cli
from kickstarting.commands import flag_values
from kickstarting.commands import problem_flags
from kickstarting.commands import shared_flags
from kickstarting.environments import seeds
from kickstarting.environments.suites import batches

flags.adopt_module_key_flags(shared_flags)
_EPISODES = flags.DEFINE_integer(
    'episodes', 200, 'Episodes of each task.', lower_bound=1)
_OUTPUT = flags.DEFINE_string('output', '', 'CSV file to be filled in.')
_NUM_STREAMS = 20  # of a task, at most


def _read(
    path: pathlib.Path, tasks: Sequence[str]
) -> dict[str, dict[str, str]]:
  """Returns the rows of a CSV file by name.

  Raises:
    ValueError: it cannot be read, or lacks a task or a column.
  """
  lines = csv_files.read(path, ('name', 'random_return', 'random_episodes'))
  rows = {row['name']: row for row in lines}
  missing = sorted(set(tasks) - set(rows))
  if missing:
    raise checks.UserError(
        f'--output={path} has no row {missing[0]!r}; expected one for each'
        ' task. Write the name of the task into the file.')
  return rows


def _fill_in(path: pathlib.Path, table: dict[str, dict[str, Any]]) -> None:
  """Updates the rows of a CSV file; see `_read`."""
  rows = _read(path, list(table))
  for name, row in table.items():
    rows[name] |= {
        f'random_{key}': str(row[key]) for key in ('return', 'episodes')}
  csv_files.write(path, rows.values())


def main(argv):
  del argv
  described = problem_flags.describe(teachers=())
  suite = described.suite
  output = None
  if _OUTPUT.value:
    output = flag_values.path('output', _OUTPUT.value)
    _read(output, suite.task_names)
  streams = batches.side_by_side(
      suite, _EPISODES.value, _NUM_STREAMS,
      described.manner.training_streams)
  per_stream = -(-_EPISODES.value // streams)
  seed = described.config.seed
  table = {}
  for task in suite.tasks:
    [played] = random_policy.play(batches.make_environment(
        suite._replace(tasks=(task,)), streams, seed,
        group=seeds.Group.MEASUREMENT), per_stream, seed,
                                  described.manner.max_steps)
    returns = played.returns
    table[task.name] = {
        'return': round(float(returns.mean()), 5),
        'standard_error': round(
            float(returns.std() / np.sqrt(len(returns))), 5),
        'episodes': len(returns),
        'cut': played.cut,
    }
    print(', '.join(
        [task.name, *(f'{key} {x}' for key, x in table[task.name].items())]),
          flush=True)
    if output:
      _fill_in(output, {task.name: table[task.name]})
  print(json.dumps({'suite': suite.name, 'tasks': table}), flush=True)


if __name__ == '__main__':
  cli.run(main)
