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
"""From flags to the parts of a problem.

Here: suite, network, teachers, schedules and the manner of playing, as the
flags describe them. Not here: the flags (`shared_flags.py`), what is made of
the parts (`kickstarting/problems.py`).
"""

from collections.abc import Mapping
import dataclasses
import pathlib
from typing import Any

from absl import flags

from experiments import flag_values
from experiments import run_flags
from experiments import shared_flags
from experiments import stopping
from experiments import workdir as workdir_lib
from kickstarting import checks
from kickstarting import description
from kickstarting import files
from kickstarting import playing
from kickstarting import problems
from kickstarting import runs
from kickstarting import teaching as teaching_lib
from kickstarting import update as update_lib
from kickstarting.environments import suites
from kickstarting.environments import worker_pool
from kickstarting.environments.suites import batches
from kickstarting.networks import own
from kickstarting.runtime import training
from kickstarting.runtime import training_config
from kickstarting.weights import schedules

# Flags that nothing reads where nobody teaches.
_OF_TEACHERS = ('weights', 'divergence', 'teacher_temperature', 'teacher_floor',
                'teacher_discount')


def suite_from_flags() -> suites.Suite:
  """Returns the suite of the flags, whose defaults other flags take.

  Raises:
    ValueError: there is none, or two are named.
  """
  env = shared_flags.ENV.value
  if env and (run_flags.FLAGS['suite'].present or shared_flags.TASKS.value):
    raise checks.UserError(
        f'--env={files.shown(env)[1:-1]} beside --suite or --tasks; expected'
        ' one of the two. Several environments of yours make a suite:'
        ' --suite=PATH.py.')
  suite = suites.suite_of(
      env or shared_flags.SUITE.value, shared_flags.TASKS.value)
  settings = flag_values.settings(
      'env_settings', shared_flags.ENV_SETTINGS.value, suite.words)
  if 'seed' in settings:
    raise checks.UserError(
        f'--env_settings has seed={files.shown(settings["seed"], 40)};'
        ' environments get a seed each, from --seed. Leave it out.')
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
  return suite._replace(
      settings={**suite.settings, **settings},
      pool=run_flags.config_from_flags(worker_pool.PoolConfig),
      bootstrap_on_timeout=shared_flags.BOOTSTRAP_ON_TIMEOUT.value)


def network_from_flags(suite: suites.Suite) -> own.Network:
  """Returns the network that --network names, and what it reads."""
  return description.make_network(
      suite, shared_flags.NETWORK.value, shared_flags.OBSERVATION_KEYS.value,
      shared_flags.TORSO_DTYPE.value, shared_flags.FLAGS.scale_free)


def teaching_from_flags(
    suite: suites.Suite,
    frames: int,
    *,
    weights: str | None = None,
    gives_features: bool = False,
) -> teaching_lib.Teaching:
  """Returns the teachers that --teachers names.

  Args:
    suite: of the student.
    frames: of the whole run.
    weights: in place of --weights.
    gives_features: whether teachers give what their cores compute.

  Raises:
    ValueError: a teacher fits no task, or a flag is of teachers, but there are
      none.
  """
  specs = shared_flags.TEACHERS.value
  if not specs:
    check_without(frames)
    return teaching_lib.NO_TEACHING
  return teaching_lib.load_teachers(
      specs, suite, weights or shared_flags.WEIGHTS.value, frames,
      gives_features)


def check_without(frames: int) -> None:
  """Raises ValueError if a flag is given that is of teachers alone."""
  for name in _OF_TEACHERS:
    flag = shared_flags.FLAGS[name]
    if not flag.present:
      continue
    if name == 'weights':
      teaching_lib.make_controller(shared_flags.WEIGHTS.value, frames)
    raise checks.UserError(
        f'--{name}={flag.value} without teachers has no effect; expected'
        ' some. Name --teachers, or leave it out.')


def learner_schedules() -> dict[str, schedules.Schedule]:
  """Returns the hyper-parameters over time that --learner_schedule names."""
  path = shared_flags.LEARNER_SCHEDULE.value
  if not path:
    return {}
  return teaching_lib.read_schedules(
      'learner_schedule', path, training.LEARNER_HYPERS)


def manner() -> playing.Manner:
  """Returns how episodes are played for a score; signals end it."""
  batch = run_flags.config_from_flags(training_config.TrainingConfig)
  return playing.Manner(
      shared_flags.EVALUATION_MAX_STEPS.value, stopping.requested,
      training_streams=batch.streams * batch.splits)


def make_problem(
    suite: suites.Suite,
    network: own.Network,
    update: update_lib.UpdateConfig,
    config: training_config.TrainingConfig,
    teaching: teaching_lib.Teaching = teaching_lib.NO_TEACHING,
    **others: Any,
) -> training.Problem:
  """Returns `problems.make_problem` with the schedules of the flags."""
  return problems.make_problem(
      suite, network, update, config, teaching,
      schedules=learner_schedules(), manner=manner(), **others)


def make_student_alone(
    suite: suites.Suite, **overrides: Any
) -> tuple[training.Problem, training_config.TrainingConfig]:
  """Returns what a student that nobody helps learns from, and how.

  Args:
    suite: its tasks.
    **overrides: fields of the configuration that are not taken from flags.
  """
  of_teachers = {  # what only teachers are read with
      field.name: field.default
      for field in dataclasses.fields(update_lib.UpdateConfig)
      if field.name in (
          'feature_cost', 'divergence', 'teacher_temperature', 'teacher_floor',
          'teacher_discount', 'learns_value')}
  update = shared_flags.update_from_flags(method='baseline', **of_teachers)
  config = run_flags.config_from_flags(
      training_config.TrainingConfig, teacher_share=0.0, epsilon=0.0,
      **overrides)
  return make_problem(suite, network_from_flags(suite), update, config), config


def export(
    path: pathlib.Path,
    network: own.Network,
    suite: suites.Suite,
    params: Any,
    update: update_lib.UpdateConfig,
    info: Mapping[str, Any],
    wrap: batches.Wrap = batches.unwrapped,
) -> None:
  """Writes a policy file that says which command made it."""
  runs.policy_of(
      network, suite, params, update,
      {**info, 'seed': shared_flags.FLAGS.seed,
       'command': workdir_lib.command(),
       'git_revision': workdir_lib.git_revision()}, wrap).save(path)
