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
"""The 16 games of Procgen, easy, with the ranges of their returns.

Agents train on the first 200 levels of each game and are judged on all. The
lower end of a range is what an agent gets that sees nothing, the upper one the
best that is possible, or what a long run reached: Cobbe et al. (2020), appendix
C, arXiv:1912.01588.
"""

from collections.abc import Mapping, Sequence
import types
from typing import Any

from kickstarting.environments import envpool_batch
from kickstarting.environments import seeds
from kickstarting.environments.suites import suite as suite_lib

_TRAINING_LEVELS = 200

DEFAULTS = types.MappingProxyType({
    'network': 'atari_large', 'discount': 0.999, 'entropy_cost': 0.01})


def make_suite() -> suite_lib.Suite:
  """Returns procgen16."""
  return suite_lib.Suite(
      'procgen16', tuple(_task(row) for row in suite_lib.read('procgen16.csv')),
      _make, defaults=DEFAULTS)


def _task(row: Mapping[str, str]) -> suite_lib.Task:
  name = row['game'].capitalize()
  return suite_lib.Task(
      name, f'{name}Easy-v0', 'procgen', num_actions=15, time_limit=1000,
      random_return=float(row['minimum']),
      reference_return=float(row['maximum']), reference_source='range')


def _make(
    tasks: Sequence[suite_lib.Task],
    streams: suite_lib.Streams,
    settings: Mapping[str, Any],
) -> envpool_batch.EnvPoolBatch:
  is_test = streams.group == seeds.Group.EVALUATION
  settings = {
      'num_levels': 0 if is_test else _TRAINING_LEVELS, 'start_level': 0,
      **settings}
  return envpool_batch.task_batch(
      [task.level for task in tasks], streams.per_task,
      settings=settings, **streams.keywords())
