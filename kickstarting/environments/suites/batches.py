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
"""Batches of a suite's streams, and what they are like before there are any.

Here: `make_environment`, `spec_of`, `look_at`, `side_by_side`. Not here: what
a suite is (`suite.py`), who plays in its batches (`kickstarting/playing.py`).
"""

from collections.abc import Callable
import json
from typing import Any, TypeAlias

from kickstarting.environments import base
from kickstarting.environments import seeds
from kickstarting.environments.suites import suite as suite_lib

# Of a batch and the row of its first task; owns the batch.
Wrap: TypeAlias = Callable[
    [base.BatchedEnvironment, int], base.BatchedEnvironment]
_DESCRIBED: dict[Any, base.Described] = {}  # by what a suite makes them of


def make_environment(
    suite: suite_lib.Suite,
    streams: int,
    seed: int,
    block: int = 0,
    group: seeds.Group = seeds.Group.TRAINING,
    splits: int = 1,
) -> base.BatchedEnvironment:
  """Makes a batch over all tasks.

  Args:
    suite: of the tasks.
    streams: of all tasks together, about: each task has as many as any other,
      and at least one.
    seed: of the run.
    block: which batch of the group it is.
    group: what the batch is for; no two groups share an episode.
    splits: how many times so many streams there are.
  """
  return suite.make_batch(
      splits * per_task(suite, streams), seed=seed, actor_id=block, group=group)


def per_task(suite: suite_lib.Suite, streams: int) -> int:
  """Returns how many streams a task has if all together have about so many."""
  return max(1, round(streams / len(suite.tasks)))


def side_by_side(
    suite: suite_lib.Suite, episodes: int, most: int, training_streams: int
) -> int:
  """Returns how many of some episodes of a task are played at a time.

  Args:
    suite: of the task.
    episodes: to be played.
    most: of them at a time.
    training_streams: of a batch of training. Where processes hold few streams
      each, it is the most: for more processes there may be no room.
  """
  if suite.pool_or_default().streams_per_worker:
    most = min(most, training_streams)
  return min(most, episodes)


def unwrapped(
    environment: base.BatchedEnvironment, first_row: int
) -> base.BatchedEnvironment:
  """Leaves a batch as it is: the usual `Wrap`."""
  del first_row
  return environment


def spec_of(
    suite: suite_lib.Suite, wrap: Wrap = unwrapped
) -> base.EnvironmentSpec:
  """Returns what the tasks of a suite share; raises where a setting is wrong.

  Environments are made for it only where the suite does not know beforehand,
  and once in a process.
  """
  spec, _ = look_at(suite, wrap)
  return spec


def look_at(
    suite: suite_lib.Suite, wrap: Wrap = unwrapped
) -> tuple[base.EnvironmentSpec, int]:
  """Returns `spec_of`, and the frames of a step."""
  described = wrap(_described(suite), 0)
  return described.spec, described.frames_per_step


def _described(suite: suite_lib.Suite) -> base.BatchedEnvironment:
  """Returns a batch to be looked at."""
  if suite.describe is not None:
    return suite.describe(suite.tasks, suite.max_words, suite.settings)
  key = (suite.make, suite.tasks, suite.max_words,
         json.dumps(dict(suite.settings), sort_keys=True, default=repr))
  if key not in _DESCRIBED:
    environment = make_environment(
        suite, 1, 0, group=seeds.Group.MEASUREMENT)
    environment.close()
    _DESCRIBED[key] = base.Described(
        environment.spec, len(suite.tasks), environment.frames_per_step)
  return _DESCRIBED[key]
