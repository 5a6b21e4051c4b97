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
import json
from typing import Any, TypeAlias

from absl import flags

from experiments import flag_values
from experiments import run_flags
from experiments import shared_flags
from kickstarting import checks
from kickstarting import files
from kickstarting.environments import base
from kickstarting.environments import seeds
from kickstarting.environments import suites
from kickstarting.environments import worker_pool
from kickstarting.runtime import devices
from kickstarting.runtime import training_config

# Of a batch and the row of its first task; owns the batch.
Wrap: TypeAlias = Callable[
    [base.BatchedEnvironment, int], base.BatchedEnvironment]
_DESCRIBED: dict[Any, base.Described] = {}  # by what a suite makes them of


def suite_from_flags() -> suites.Suite:
  """Returns the suite of the flags, whose defaults other flags take.

  Raises:
    ValueError: there is none, or two are named.
  """
  target = flag_values.target('env', shared_flags.ENV.value)
  if not target:
    name = shared_flags.SUITE.value
    if name.endswith('.py'):
      name = str(flag_values.path('suite', name))
    suite = suites.get_suite(
        name, shared_flags.TASKS.value or None)
  else:
    if run_flags.FLAGS['suite'].present or shared_flags.TASKS.value:
      raise checks.UserError(
          f'--env={target} beside --suite or --tasks; expected one of the two.'
          ' Several environments of yours make a suite: --suite=PATH.py.')
    suite = suites.of_environment(target)
  settings = flag_values.settings(
      'env_settings', shared_flags.ENV_SETTINGS.value, suite.words)
  if 'seed' in settings:
    raise checks.UserError(
        f'--env_settings has seed={files.shown(settings["seed"], 40)};'
        ' environments get a seed each, from --seed. Leave it out.')
  suite = suite._replace(settings=settings)
  for name, value in suite.defaults.items():
    checks.check_name(f'flag in the defaults of {suite.name}', name,
                      run_flags.FLAGS)
    try:
      run_flags.FLAGS.set_default(name, value)
    except (flags.IllegalFlagValueError, TypeError) as error:
      raise checks.UserError(
          f'the defaults of {suite.name} have {files.shown(value, 60)} for'
          f' {name!r}; expected what the flag --{name} takes. Correct the'
          ' suite.') from error
  return suite


def check_counts(
    suite: suites.Suite,
    config: training_config.TrainingConfig,
    num_members: int = 1,
) -> None:
  """Checks that batches can be made, and cut over the devices.

  Args:
    suite: of the tasks.
    config: streams are those of one member.
    num_members: whose streams a batch holds.

  Raises:
    ValueError: a batch has too many streams, does not divide, or there are not
      so many devices.
  """
  devices.make_placement(config.learner_devices, config.actor_device)
  run_flags.config_from_flags(worker_pool.PoolConfig)  # raises now
  num_tasks = len(suite.tasks)
  learner = num_tasks * num_members * _per_task(suite, config.streams)
  if learner * config.splits > seeds.MAX_STREAMS:
    raise checks.UserError(
        f'--streams={config.streams} and --splits={config.splits} make'
        f' {learner * config.splits} streams of {num_tasks} tasks and'
        f' {num_members} members in a batch; expected at most'
        f' {seeds.MAX_STREAMS}. Lower one of them.')
  if learner % config.learner_devices:
    raise checks.UserError(
        f'a learner batch has {learner} streams, but --learner_devices is'
        f' {config.learner_devices}; expected a multiple. Change --streams.')


def make_environment(
    suite: suites.Suite,
    streams: int,
    seed: int,
    block: int = 0,
    group: seeds.Group = seeds.Group.TRAINING,
    splits: int = 1,
) -> base.BatchedEnvironment:
  """Makes a batch of about `streams` * `splits` streams over all tasks."""
  return suite.make_batch(
      splits * _per_task(suite, streams), seed=seed, actor_id=block,
      group=group, bootstrap_on_timeout=shared_flags.BOOTSTRAP_ON_TIMEOUT.value,
      pool=run_flags.config_from_flags(worker_pool.PoolConfig))


def _per_task(suite: suites.Suite, streams: int) -> int:
  return max(1, round(streams / len(suite.tasks)))


def side_by_side(episodes: int, most: int) -> int:
  """Returns how many of some episodes of a task are played at a time.

  Args:
    episodes: to be played.
    most: of them at a time. Where processes hold few streams each, a batch of
      training is the most: for more processes there may be no room.
  """
  pool = run_flags.config_from_flags(worker_pool.PoolConfig)
  if pool.streams_per_worker:
    batch = run_flags.config_from_flags(training_config.TrainingConfig)
    most = min(most, batch.streams * batch.splits)
  return min(most, episodes)


def unwrapped(
    environment: base.BatchedEnvironment, first_row: int
) -> base.BatchedEnvironment:
  """Leaves a batch as it is: the usual `Wrap`."""
  del first_row
  return environment


def spec_of(
    suite: suites.Suite, wrap: Wrap = unwrapped
) -> base.EnvironmentSpec:
  """Returns what the tasks of a suite share; raises where a setting is wrong.

  Environments are made for it only where the suite does not know beforehand,
  and once in a process.
  """
  spec, _ = look_at(suite, wrap)
  return spec


def look_at(
    suite: suites.Suite, wrap: Wrap = unwrapped
) -> tuple[base.EnvironmentSpec, int]:
  """Returns `spec_of`, and the frames of a step."""
  described = wrap(_described(suite), 0)
  return described.spec, described.frames_per_step


def _described(suite: suites.Suite) -> base.BatchedEnvironment:
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
