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
"""Suites: lists of tasks, with the returns that scores are measured against.

`minigrid30`: 30 MiniGrid and BabyAI levels of six families: navigation,
obstacles (lava; balls before doors), keys and doors, memory (of what was seen,
of what was done), fetch and pick-up (and carry), language goals (also several
in a row). The rule that they have to meet, written down before any kickstarting
result: the from-scratch multi-task agent of the default size stands between 35
and 60 of 100 after 20 million frames, every family has levels on both sides of
that, and easier levels are included whose skill leads to harder ones. The runs
that show it are in `docs/results.md`. All have the same seven actions. Left
out: MultiRoom (about a third of its episodes cannot be solved in EnvPool
1.2.5), Dynamic-Obstacles (three actions) and WFC (Python `minigrid` comes
without its patterns, so nothing can be compared).
`minigrid8`: eight levels for quick work, where a student from scratch does not
saturate within minutes. `minigrid_all`: every level that was measured, to
train experts on.

The figures are in `data/*.csv`, written by `experiments/measure_references.py`.
Not here: making environments of tasks (`envpool_batch.py`), or the scores
themselves (`scores.py`).
"""

from collections.abc import Sequence
import csv
import functools
import importlib.resources
from typing import NamedTuple

import numpy as np

from kickstarting import checks
from kickstarting.environments import scores

_ALL = 'minigrid_all'


class Task(NamedTuple):
  """One level and what is known of it."""

  name: str  # unique; what --tasks and reports call it
  level: str  # EnvPool's name
  family: str
  num_actions: int
  time_limit: int  # steps; the longest, where the level computes it
  max_words: int  # of an instruction
  random_return: float  # mean of the uniformly random policy
  reference_return: float  # mean of the reference player
  reference_source: str  # who played


class Suite(NamedTuple):
  """Tasks in order: row i of every per-task array is tasks[i]."""

  name: str
  tasks: tuple[Task, ...]
  max_words: int  # of the longest instruction; shapes of arrays follow from it

  @property
  def num_actions(self) -> int:
    """Actions, the same in all tasks."""
    return self.tasks[0].num_actions

  @property
  def levels(self) -> tuple[str, ...]:
    """EnvPool's names."""
    return tuple(task.level for task in self.tasks)

  @property
  def task_names(self) -> tuple[str, ...]:
    """Our names."""
    return tuple(task.name for task in self.tasks)

  @property
  def random_returns(self) -> np.ndarray:
    """Of the random policy; float64 [tasks]."""
    return np.array([task.random_return for task in self.tasks])

  @property
  def reference_returns(self) -> np.ndarray:
    """Of the reference players; float64 [tasks]."""
    return np.array([task.reference_return for task in self.tasks])


def suite_names() -> tuple[str, ...]:
  """Returns the names that `get_suite` knows."""
  return (*dict.fromkeys(row['suite'] for row in _read('suites.csv')), _ALL)


def get_suite(name: str, tasks: Sequence[str] | None = None) -> Suite:
  """Returns a suite, or some of its tasks.

  Args:
    name: one of `suite_names()`.
    tasks: names of tasks of the suite, or of their levels, in the wanted
      order; all of them if None.

  Raises:
    ValueError: unknown suite or task (with a close name), or a task twice.
  """
  checks.check_name('suite', name, suite_names())
  members = {task.name: task for task in _members(name)}
  if tasks is not None:
    by_level = {task.level: task.name for task in members.values()}
    wanted = [by_level.get(task, task) for task in tasks]
    for task in wanted:
      checks.check_name(f'task of {name}', task, members)
    if not wanted or len(set(wanted)) < len(wanted):
      raise ValueError(
          f'tasks is {list(tasks)}; expected at least one task, each once.'
      )
    members = {task: members[task] for task in wanted}
  chosen = tuple(members.values())
  return Suite(name, chosen, max(task.max_words for task in chosen))


def _members(suite: str) -> list[Task]:
  table = _tasks()
  if suite == _ALL:
    return list(table.values())
  return [
      table[row['task']]
      for row in _read('suites.csv')
      if row['suite'] == suite
  ]


@functools.cache
def _tasks() -> dict[str, Task]:
  """Returns every measured task by name."""
  table = {}
  for row in _read('minigrid.csv'):
    task = Task(
        name=row['name'],
        level=row['level'],
        family=row['family'],
        num_actions=int(row['num_actions']),
        time_limit=int(row['time_limit']),
        max_words=int(row['max_words']),
        random_return=float(row['random_return']),
        reference_return=float(row['reference_return']),
        reference_source=row['reference_source'],
    )
    try:
      scores.normalised_score(0.0, task.random_return, task.reference_return)
    except ValueError as error:
      raise ValueError(f'task {task.name!r}: {error}') from error
    table[task.name] = task
  return table


@functools.cache
def _read(filename: str) -> tuple[dict[str, str], ...]:
  data = importlib.resources.files('kickstarting.environments') / 'data'
  text = (data / filename).read_text(encoding='utf-8')
  return tuple(csv.DictReader(text.splitlines()))
