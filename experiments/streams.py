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
"""Streams of a suite: of which tasks, how many, and what stands around them.

Not here: who plays in them (`playing.py`), tasks (`environments/suites.py`).
"""

from collections.abc import Callable
from typing import TypeAlias

from experiments import shared_flags
from kickstarting.environments import base
from kickstarting.environments import envpool_batch
from kickstarting.environments import seeds
from kickstarting.environments import suites

# Of a batch and the row of its first task; owns the batch.
Wrap: TypeAlias = Callable[
    [base.BatchedEnvironment, int], base.BatchedEnvironment]


def suite_from_flags() -> suites.Suite:
  """Returns the suite that --suite and --tasks name."""
  return suites.get_suite(
      shared_flags.SUITE.value, shared_flags.TASKS.value or None)


def make_environment(
    suite: suites.Suite,
    streams: int,
    seed: int,
    block: int = 0,
    group: seeds.Group = seeds.Group.TRAINING,
    splits: int = 1,
) -> base.BatchedEnvironment:
  """Makes a batch of about `streams` * `splits` streams over all tasks."""
  per_task = splits * max(1, round(streams / len(suite.tasks)))
  return envpool_batch.task_batch(
      suite.levels, per_task, seed=seed,
      actor_id=block, group=group, max_words=suite.max_words,
      bootstrap_on_timeout=shared_flags.BOOTSTRAP_ON_TIMEOUT.value)


def unwrapped(
    environment: base.BatchedEnvironment, first_row: int
) -> base.BatchedEnvironment:
  """Leaves a batch as it is: the usual `Wrap`."""
  del first_row
  return environment


def spec_of(
    suite: suites.Suite, wrap: Wrap = unwrapped
) -> base.EnvironmentSpec:
  """Returns what the tasks of a suite share."""
  environment = wrap(
      make_environment(suite, 1, 0, group=seeds.Group.MEASUREMENT), 0)
  environment.close()
  return environment.spec
