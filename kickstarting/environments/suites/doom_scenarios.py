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
"""Scenarios of ViZDoom with one set of actions, in processes of their own.

EnvPool rewards changes of the game's variables only (`environments/doom.py`):
so there are scenarios here whose point is such a variable, and whose episodes
do not end with the step that pays, whose reward is lost. Random returns:
`experiments/random_returns.py`.
"""

from collections.abc import Mapping, Sequence
import types
from typing import Any

from kickstarting.environments import envpool_settings
from kickstarting.environments import process_batch
from kickstarting.environments import worker_process
from kickstarting.environments.suites import suite as suite_lib

ACTIONS = (
    (),
    ('MOVE_FORWARD',),
    ('TURN_LEFT',),
    ('TURN_RIGHT',),
    ('ATTACK',),
    ('MOVE_FORWARD', 'TURN_LEFT'),
    ('MOVE_FORWARD', 'TURN_RIGHT'),
)
# In the order of the scenario's file, which EnvPool keeps.
_SHOOTER = ('TURN_LEFT', 'TURN_RIGHT', 'ATTACK')
_WALKER = ('TURN_LEFT', 'TURN_RIGHT', 'MOVE_FORWARD')
_BUTTONS = types.MappingProxyType({
    'DefendTheCenter': _SHOOTER,
    'HealthGathering': _WALKER,
    'HealthGatheringSupreme': _WALKER,
})
_REWARDS = types.MappingProxyType({
    _SHOOTER: {'KILLCOUNT': (1.0, 0.0)},
    _WALKER: {'HEALTH': (0.01, 0.0)},  # what is lost costs nothing
})
# They say what an action is and what it pays, which is ours.
_OURS = ('reward_config', 'selected_weapon_reward_config',
         'use_combined_action', 'delta_button_config')

DEFAULTS = types.MappingProxyType({
    'network': 'atari_small',
    'unroll_steps': 10,  # chosen on HealthGathering: docs/paper_scale.md
    'streams': 12,
    'learning_rate': 5e-4,
    'entropy_cost': 0.003,
    'vtrace_lambda': 0.95,
    'splits': 1,  # a process for each stream
    'streams_per_worker': 1,
    'start_timeout_s': 30.0,  # a game that hangs at its start is tried again
})


def make_suite() -> suite_lib.Suite:
  """Returns vizdoom."""
  return suite_lib.Suite(
      'vizdoom', tuple(_task(row) for row in suite_lib.read('vizdoom.csv')),
      _make, defaults=DEFAULTS)


def _task(row: Mapping[str, str]) -> suite_lib.Task:
  return suite_lib.Task(
      row['name'], row['level'], 'doom', num_actions=len(ACTIONS),
      time_limit=int(row['time_limit']),
      random_return=float(row['random_return']),
      reference_return=float(row['reference_return']),
      reference_source=row['reference_source'])


def _make(
    tasks: Sequence[suite_lib.Task],
    streams: suite_lib.Streams,
    settings: Mapping[str, Any],
) -> process_batch.ProcessBatch:
  settings = envpool_settings.check(
      [task.level for task in tasks], settings, _OURS)
  builders = {}
  for task in tasks:
    buttons = _BUTTONS[task.name]
    builders[task.name] = worker_process.Builder(
        'kickstarting.environments.doom:Scenario', {
            'level': task.level, 'actions': ACTIONS, 'buttons': buttons,
            'rewards': _REWARDS[buttons],
            'bootstrap_on_timeout': streams.bootstrap_on_timeout, **settings})
  return process_batch.task_batch(
      builders, streams.per_task, frames_per_step=settings.get('frame_skip', 4),
      pool=streams.pool, **streams.keywords())
