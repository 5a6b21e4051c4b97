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
"""MiniGrid and BabyAI levels, with what their scores are measured against.

`minigrid30`: 30 levels of six families: navigation, obstacles (lava; balls
before doors), keys and doors, memory (of what was seen, of what was done),
fetch and pick-up (and carry), language goals (also several in a row). The rule
that they have to meet, written down before any kickstarting result: the
from-scratch multi-task agent of the default size stands between 35 and 60 of
100 after 20 million frames, every family has levels on both sides of that, and
easier levels are included whose skill leads to harder ones. The runs that show
it are in `docs/results.md`. All have the same seven actions. Left out:
MultiRoom (about a third of its episodes cannot be solved in EnvPool 1.2.5),
Dynamic-Obstacles (three actions) and WFC (Python `minigrid` comes without its
patterns, so nothing can be compared).
`minigrid8`: eight levels for quick work, where a student from scratch does not
saturate within minutes. `minigrid_all`: every level that was measured, to
train experts on.

The figures are in `environments/data/*.csv`, written by
`experiments/measure_references.py`.
"""

from collections.abc import Mapping, Sequence
import functools
from typing import Any

from kickstarting.environments import envpool_batch
from kickstarting.environments import gymnasium_maker
from kickstarting.environments.suites import suite as suite_lib

_ALL = 'minigrid_all'
NAMES = ('minigrid30', 'minigrid8', _ALL)


def make_suite(name: str) -> suite_lib.Suite:
  """Returns one of NAMES."""
  table = _tasks()
  tasks = table.values() if name == _ALL else (
      table[row['task']] for row in suite_lib.read('suites.csv')
      if row['suite'] == name)
  return suite_lib.Suite(
      name, tuple(tasks), _make,
      make_one=lambda task, seed, settings: gymnasium_maker.make(
          seed, task.level, render_mode='rgb_array', **settings))


def _make(
    tasks: Sequence[suite_lib.Task],
    streams: suite_lib.Streams,
    settings: Mapping[str, Any],
) -> envpool_batch.EnvPoolBatch:
  return envpool_batch.task_batch(
      [task.level for task in tasks], streams.per_task,
      settings=settings, **streams.keywords())


@functools.cache
def _tasks() -> dict[str, suite_lib.Task]:
  """Returns every measured task by name."""
  return {
      row['name']: suite_lib.Task(
          name=row['name'],
          level=row['level'],
          family=row['family'],
          num_actions=int(row['num_actions']),
          time_limit=int(row['time_limit']),
          max_words=int(row['max_words']),
          random_return=float(row['random_return']),
          reference_return=float(row['reference_return']),
          reference_source=row['reference_source'],
      ) for row in suite_lib.read('minigrid.csv')}
