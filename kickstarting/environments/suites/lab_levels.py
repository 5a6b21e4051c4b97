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
"""Levels of DeepMind Lab, in processes of their own.

`dmlab30`: train and test levels with human references. The references of the
laser tag levels are those of IMPALA's published code; its Table B.1 has those
of large and small rooms the other way round (Espeholt et al., 2018,
arXiv:1802.01561). Policies are judged on test levels, with the maps and objects
that are kept for tests. `dmlab_curricula`: the levels of Czarnecki et al.
(2018), supplement, section 5, arXiv:1806.01780, which come without references.
"""

from collections.abc import Mapping, Sequence
import math
import types as python_types
from typing import Any

import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.environments import base
from kickstarting.environments import dmlab
from kickstarting.environments import dmlab_settings
from kickstarting.environments import process_batch
from kickstarting.environments import seeds
from kickstarting.environments import worker_pool
from kickstarting.environments import worker_process
from kickstarting.environments.suites import suite as suite_lib

_PREFIX = 'contributed/dmlab30/'
_CURRICULA = (
    _PREFIX + 'explore_object_locations_small',
    'nav_maze_static_01',
    'nav_maze_static_02',
    'lt_horseshoe_color',
    'lt_chasm',
)
_MAX_WORDS = 16
_STREAMS = 32  # IMPALA's
# Streams of a level end in the same step, and then all compile their maps. Two
# for each core took 153 s on a machine with other work, so that four take half
# of the time that a step may take.
_STREAMS_PER_CORE = 4

DEFAULTS = python_types.MappingProxyType({
    'network': 'impala_large',
    'unroll_steps': 100,
    'splits': 1,  # a process for each stream
    'streams_per_worker': 1,
    'start_timeout_s': 1200.0,  # all maps are compiled at once then
    'step_timeout_s': 600.0,  # and where all episodes end in one step
    'discount': 0.99,
    'baseline_cost': 0.5,
    'entropy_cost': 0.0033391318945337044,
    'learning_rate': 0.00031866995608948655,
    'optimizer': 'rmsprop',
    'rmsprop_epsilon': 0.1,
    'max_grad_norm': math.inf,
    'reduction': 'sum',
    'reward_transform': 'optimistic_asymmetric_clip',
    'window_frames': 30_000_000,
})


def make_dmlab30() -> suite_lib.Suite:
  """Returns dmlab30."""
  tasks = []
  for row in suite_lib.read('dmlab30.csv'):
    name = row['level_train'].removesuffix('_train')
    tasks.append(suite_lib.Task(
        name, _PREFIX + row['level_train'], name.split('_')[0],
        max_words=_MAX_WORDS, random_return=float(row['random']),
        reference_return=float(row['human']), reference_source='human',
        test_level=_PREFIX + row['level_test']))
  return _suite('dmlab30', tasks)


def make_curricula() -> suite_lib.Suite:
  """Returns dmlab_curricula."""
  return _suite(
      'dmlab_curricula', [
          suite_lib.Task(level.removeprefix(_PREFIX), level, 'curricula')
          for level in _CURRICULA],
      reward_transform='clip_unit')._replace(score_cap=math.inf)


def _suite(
    name: str, tasks: Sequence[suite_lib.Task], **defaults: Any
) -> suite_lib.Suite:
  streams = min(_STREAMS, _STREAMS_PER_CORE * worker_pool.num_cores())
  return suite_lib.Suite(
      name, tuple(tasks), _make, describe=_describe, words=dmlab_settings.WORDS,
      defaults={**DEFAULTS, 'streams': streams, **defaults})


def _describe(
    tasks: Sequence[suite_lib.Task],
    max_words: int,
    settings: Mapping[str, Any],
) -> base.Described:
  """All levels take the same actions and show the same, as we set it."""
  suite_lib.check_settings(settings, dmlab_settings.NAMES, 'DeepMind Lab')
  mine = dmlab_settings.Settings(**settings)
  dmlab.load_engine()  # here, not in each of many processes
  return base.Described(
      base.EnvironmentSpec(
          len(mine.action_set()),
          {dmlab.IMAGE: types.ArraySpec(mine.shape, np.dtype(np.uint8))},
          max_words),
      len(tasks), mine.action_repeat)


def _make(
    tasks: Sequence[suite_lib.Task],
    streams: suite_lib.Streams,
    settings: Mapping[str, Any],
) -> process_batch.ProcessBatch:
  described = _describe(tasks, streams.max_words, settings)
  is_test = streams.group == seeds.Group.EVALUATION
  batch = process_batch.task_batch(
      {task.name: worker_process.Builder(
          'kickstarting.environments.dmlab:Lab', {
              **settings,
              'level': (is_test and task.test_level) or task.level,
              'is_test': is_test,
              'bootstrap_on_timeout': streams.bootstrap_on_timeout,
          }) for task in tasks},
      streams.per_task, instruction_key=dmlab.INSTRUCTION,
      instruction_every_step=True, frames_per_step=described.frames_per_step,
      pool=streams.pool, **streams.keywords())
  if batch.spec != described.spec:
    batch.close()
    raise checks.UserError(
        f'the levels are {batch.spec}; expected {described.spec}, which the'
        ' settings say. Build DeepMind Lab anew.')
  return batch
