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
"""What a suite is: tasks in order, and how batches of their streams are made.

Here: `Task`, `Suite`, `Streams`. Not here: the suites (the other modules of
this folder), scores (`environments/scores.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import csv
import dataclasses
import functools
import importlib.resources
import math
import types
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from kickstarting import checks
from kickstarting.environments import base
from kickstarting.environments import instructions
from kickstarting.environments import scores
from kickstarting.environments import seeds
from kickstarting.environments import worker_pool

_NOTHING: Mapping[str, Any] = types.MappingProxyType({})


class Task(NamedTuple):
  """One level and what is known of it.

  Without a known reference, random_return is 0 and reference_return 100: the
  score is then the return itself, and the suite's `score_cap` is infinite.
  """

  name: str  # unique; what --tasks and reports call it
  level: str  # what the engine calls it
  family: str = ''
  num_actions: int = 0  # 0: only the environment knows
  time_limit: int = 0  # steps; the longest, where the level computes it
  max_words: int = 1  # of an instruction
  random_return: float = 0.0  # mean of the uniformly random policy
  reference_return: float = 100.0  # mean of the reference player
  reference_source: str = ''  # who played
  test_level: str = ''  # where policies are judged; empty: `level`


class Streams(NamedTuple):
  """Which streams of which run a batch has."""

  per_task: int
  seed: int  # of the run
  actor_id: int = 0  # which actor of the run will own the batch
  group: seeds.Group = seeds.Group.TRAINING
  max_words: int = instructions.MAX_WORDS  # of an instruction that are kept
  bootstrap_on_timeout: bool = False  # whether a time-out keeps discount 1
  pool: worker_pool.PoolConfig = worker_pool.DEFAULT  # of processes

  def keywords(self) -> dict[str, Any]:
    """Returns the keyword arguments of every `task_batch`."""
    return {name: getattr(self, name) for name in (
        'seed', 'actor_id', 'group', 'max_words', 'bootstrap_on_timeout')}


# From the tasks and settings of the environments.
Make: TypeAlias = Callable[
    [Sequence[Task], Streams, Mapping[str, Any]], base.BatchedEnvironment]
# Of the tasks, the length of a row of the table of instructions, and the
# settings, which it checks; starts nothing.
Describe: TypeAlias = Callable[
    [Sequence[Task], int, Mapping[str, Any]], base.BatchedEnvironment]
# From a task, a seed and settings; a dm_env or Gymnasium environment.
MakeOne: TypeAlias = Callable[[Task, int, Mapping[str, Any]], Any]


class Suite(NamedTuple):
  """Tasks in order: row i of every per-task array is tasks[i]."""

  name: str
  tasks: tuple[Task, ...]
  make: Make
  settings: Mapping[str, Any] = _NOTHING  # of the environments
  defaults: Mapping[str, Any] = _NOTHING  # of the binaries' flags
  score_cap: float = 100.0  # of a task
  # What a batch is like, where that is known before an environment is made.
  describe: Describe | None = None
  words: Sequence[str] = ()  # settings that are text, also where it is 540
  # Of the longest instruction, 0 for that of the tasks; shapes of arrays
  # follow from it, also where some of the tasks are played alone.
  max_words: int = 0
  pool: worker_pool.PoolConfig | None = None  # None: as `defaults` say
  bootstrap_on_timeout: bool = False  # whether a time-out keeps discount 1
  # Makes one environment in this process, to be looked at; None: it cannot be.
  make_one: MakeOne | None = None

  @property
  def num_actions(self) -> int:
    """Actions, the same in all tasks; 0: only the environments know."""
    return self.tasks[0].num_actions

  @property
  def levels(self) -> tuple[str, ...]:
    """What the engine calls the tasks."""
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

  def select(self, tasks: Sequence[str]) -> 'Suite':
    """Returns the suite of some of its tasks, in the wanted order.

    Args:
      tasks: names of tasks, or of their levels.

    Raises:
      ValueError: unknown task (with a close name), or a task twice.
    """
    members = {task.name: task for task in self.tasks}
    by_level = {task.level: task.name for task in self.tasks}
    wanted = [by_level.get(task, task) for task in tasks]
    for task in wanted:
      checks.check_name(f'task of {self.name}', task, members)
    if not wanted or len(set(wanted)) < len(wanted):
      raise checks.UserError(
          f'tasks is {list(tasks)}; expected at least one task, each once.')
    return complete(self._replace(
        tasks=tuple(members[task] for task in wanted), max_words=0))

  def make_batch(
      self, streams_per_task: int, *, seed: int, **streams: Any
  ) -> base.BatchedEnvironment:
    """Makes a batch over all tasks.

    Args:
      streams_per_task: streams of each task.
      seed: of the run.
      **streams: further fields of `Streams`; those that the suite has as well
        are the suite's if they are not there.
    """
    return self.make(
        self.tasks,
        Streams(streams_per_task, seed, **{
            'max_words': self.max_words, 'pool': self.pool_or_default(),
            'bootstrap_on_timeout': self.bootstrap_on_timeout, **streams}),
        self.settings)

  def pool_or_default(self) -> worker_pool.PoolConfig:
    """Returns how environments are spread over processes."""
    return self.pool or worker_pool.PoolConfig(**{
        field.name: self.defaults[field.name]
        for field in dataclasses.fields(worker_pool.PoolConfig)
        if field.name in self.defaults})


def complete(suite: Suite) -> Suite:
  """Returns a suite whose tasks can be told apart and scored.

  Raises:
    ValueError: naming the task that cannot.
  """
  if not suite.tasks:
    raise checks.UserError(
        f'suite {suite.name!r} has no tasks; expected at least one.')
  for field in ('task_names', 'levels'):
    names = getattr(suite, field)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
      raise checks.UserError(
          f'suite {suite.name!r} has {twice[0]!r} twice; expected each task and'
          ' each level once. Remove one of the two.')
  for task in suite.tasks:
    try:
      scores.normalised_score(0.0, task.random_return, task.reference_return)
    except ValueError as error:
      raise checks.UserError(f'task {task.name!r}: {error}') from error
  if not suite.score_cap > 0 or math.isnan(suite.score_cap):
    raise checks.UserError(
        f'score_cap of suite {suite.name!r} is {suite.score_cap}; expected a'
        ' positive number, or inf.')
  longest = max(task.max_words for task in suite.tasks)
  return suite._replace(max_words=suite.max_words or longest)


@functools.cache
def read(filename: str) -> tuple[dict[str, str], ...]:
  """Returns the rows of a file in `environments/data`."""
  data = importlib.resources.files('kickstarting.environments') / 'data'
  text = (data / filename).read_text(encoding='utf-8')
  return tuple(csv.DictReader(text.splitlines()))


def check_settings(
    settings: Mapping[str, Any], known: Sequence[str], what: str
) -> None:
  """Raises ValueError unless all settings are known (with a close name)."""
  for name in settings:
    checks.check_name(f'setting of {what}', name, known)
