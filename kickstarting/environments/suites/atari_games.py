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
"""The 57 Atari games, with IMPALA's settings and human references.

Frames are grey, 84 by 84, four of them stacked, each the larger of two; a step
is four frames. While an agent trains, the loss of a life is discount 0 (the
episode goes on, unlike with EnvPool's `episodic_life`, so that its return stays
that of the game). One game has its own actions, several have all 18.
Source: Espeholt et al. (2018), Table G.1, arXiv:1802.01561; the references are
DQN Zoo's.
"""

from collections.abc import Mapping, Sequence
import types
from typing import Any

from kickstarting.environments import envpool_batch
from kickstarting.environments import seeds
from kickstarting.environments.suites import suite as suite_lib

_TIME_LIMIT = 27_000  # steps of four frames: half an hour

DEFAULTS = types.MappingProxyType({
    'network': 'atari_small',
    'unroll_steps': 20,
    'streams': 32,
    'discount': 0.99,
    'baseline_cost': 0.5,
    'entropy_cost': 0.01,
    'learning_rate': 0.0006,
    'optimizer': 'rmsprop',
    'rmsprop_epsilon': 0.01,
    'max_grad_norm': 40.0,
    'reduction': 'sum',
    'reward_transform': 'clip_unit',
})


def make_suite() -> suite_lib.Suite:
  """Returns atari57."""
  return suite_lib.Suite(
      'atari57', tuple(_task(row) for row in suite_lib.read('atari57.csv')),
      _make, defaults=DEFAULTS)


def _task(row: Mapping[str, str]) -> suite_lib.Task:
  name = ''.join(word.capitalize() for word in row['game'].split('_'))
  return suite_lib.Task(
      name, f'{name}-v5', 'atari', time_limit=_TIME_LIMIT,
      random_return=float(row['random']),
      reference_return=float(row['human']), reference_source='human')


def _make(
    tasks: Sequence[suite_lib.Task],
    streams: suite_lib.Streams,
    settings: Mapping[str, Any],
) -> envpool_batch.EnvPoolBatch:
  settings = {
      'full_action_space': len(tasks) > 1,
      'zero_discount_on_life_loss': streams.group == seeds.Group.TRAINING,
      **settings}
  return envpool_batch.task_batch(
      [task.level for task in tasks], streams.per_task,
      settings=settings, **streams.keywords())
