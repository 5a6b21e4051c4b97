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
"""Everything that a run of one student follows from: `Description`.

It is made of names, numbers and functions, and reads no flag: a notebook, a
binary and another machine make the same run of the same description. Here:
`describe`, which fills in what was left out. Not here: what a problem is made
of (`problems.py`), running it (`training.py`).
"""

from collections.abc import Mapping, Sequence
import dataclasses
import math
import numbers
import os
import types
from typing import Any

from kickstarting import checks
from kickstarting import erring
from kickstarting import named_networks
from kickstarting import playing
from kickstarting import problems
from kickstarting import runs
from kickstarting import teaching as teaching_lib
from kickstarting import types as types_lib
from kickstarting import update_config
from kickstarting.environments import suites
from kickstarting.environments import worker_pool
from kickstarting.environments.suites import batches
from kickstarting.networks import own
from kickstarting.runtime import evaluation
from kickstarting.runtime import training
from kickstarting.runtime import training_config
from kickstarting.teachers import policy_file
from kickstarting.weights import schedules as schedules_lib

WEIGHTS = 'linear:1:50%'
NO_DATA = 'no_data'  # what stands for a function in JSON
_CONFIGS = (
    training_config.TrainingConfig, update_config.UpdateConfig,
    worker_pool.PoolConfig)
# Options that are fields of no configuration, with their defaults.
_OTHERS: Mapping[str, Any] = types.MappingProxyType({
    'network': '',  # the one that fits the observation
    'observation_keys': (),  # all of them
    'torso_dtype': 'float32',
    'weights': WEIGHTS,
    'teacher_network': '',
    'learner_schedule': '',
    'flipped': 0.0,
    'bootstrap_on_timeout': False,
    'evaluation_max_steps': evaluation.MAX_STEPS,
})


# Those that nothing reads where nobody teaches.
_OF_TEACHERS = (
    'weights', 'divergence', 'teacher_temperature', 'teacher_floor',
    'teacher_discount', 'teacher_network', 'flipped')


@dataclasses.dataclass(frozen=True)
class Description:
  """A run, with all that was left out filled in."""

  suite: suites.Suite
  network: own.Network
  update: update_config.UpdateConfig
  config: training_config.TrainingConfig
  teaching: teaching_lib.Teaching
  manner: playing.Manner
  told: Mapping[str, Any]  # what it was made of, as `to_json` has it
  init: policy_file.Policy | None = None  # where the student begins
  # Of the learner's hyper-parameters over time, in place of the configuration.
  schedules: Mapping[str, schedules_lib.Schedule] = dataclasses.field(
      default_factory=dict)
  flipped: float = 0.0  # share of the observations in which teachers err

  def to_json(self) -> dict[str, Any]:
    """Returns what the run was described with, defaults filled in.

    What is no data (a function, a policy) is {'no_data': its name}.
    """
    return dict(self.told)

  def problem(self, **more: Any) -> training.Problem:
    """Returns what the student learns from.

    Teachers that err play for their value first, where it is read.

    Args:
      **more: see `problems.make_problem`: `num_members`, `wrap`, ...

    Raises:
      ValueError: something does not fit.
    """
    teaching = erring.flip(
        self.teaching, self.suite, self.flipped, self.update, self.config.seed,
        self.manner.say)
    problem = problems.make_problem(
        self.suite, self.network, self.update, self.config, teaching,
        manner=self.manner, schedules=self.schedules, **more)
    return problem if self.init is None else problems.start_from(
        problem, self.init.params)

  def policy(
      self, params: types_lib.Params, frames: int,
      info: Mapping[str, Any] = types.MappingProxyType({}),
      wrap: batches.Wrap = batches.unwrapped,
  ) -> policy_file.Policy:
    """Returns trained parameters as a policy.

    Args:
      params: of the student.
      frames: that they were trained for; those of `init` are added.
      info: more about the run.
      wrap: what stands between the environments and the agent.
    """
    before = 0 if self.init is None else self.init.info.get('frames')
    return runs.policy_of(self.network, self.suite, params, self.update, {
        'frames': frames + before if isinstance(before, int) else None,
        'teacher_frames': self.teaching.frames, 'seed': self.config.seed,
        **info}, wrap)


def options() -> dict[str, Any]:
  """Returns all options that `describe` takes by name, with their defaults."""
  return {
      field.name: field.default
      for config in _CONFIGS
      for field in dataclasses.fields(config)} | dict(_OTHERS)


def describe(
    env: suites.Env,
    *,
    tasks: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    teachers: teaching_lib.Teachers = (),
    init: policy_file.Policy | str | os.PathLike[str] | None = None,
    defaults: Mapping[str, Any] | None = None,
    **given: Any,
) -> Description:
  """Describes a run.

  What is not given is as the suite has it (its `defaults`), or else as
  `options` has it.

  Args:
    env: see `suites.suite_of`.
    tasks: names of some of its tasks; None for all.
    settings: of the environments.
    teachers: see `teaching.load_teachers`.
    init: policy with whose parameters the student begins, see
      `problems.start_from`; its network is the student's if none is named.
    defaults: of options, in place of the suite's; what is not read of them is
      left out, where of what is given it is an error.
    **given: see `options`. A network is the name of one, a `NetworkConfig`,
      module:name, PATH.py:name, a Haiku function (see `own.of_function`) or
      what `own.agent_of` returned; counts of frames may be floats, such as 2e5.

  Raises:
    ValueError: an option is unknown (with a close name) or impossible, or does
      not fit the others.
  """
  known = options()
  for name in (*given, *(defaults or ())):
    checks.check_name('option', name, known)
  suite = suites.suite_of(env, tasks, settings)
  for name in suite.defaults:
    checks.check_name(f'option in the defaults of {suite.name}', name, known)
  values = {
      name: _whole(value) if name.endswith('frames') else value
      for name, value in {
          **suite.defaults, **(defaults or {}), **given}.items()}
  others = {name: values.get(name, default)
            for name, default in _OTHERS.items()}
  start = _start(init, given.get('network') or values.get('network'))
  if start is not None and given.get('network') is None:
    others['network'] = start.network
  suite = suite._replace(
      pool=_fill_in(worker_pool.PoolConfig, values),
      bootstrap_on_timeout=others['bootstrap_on_timeout'])
  config = _fill_in(training_config.TrainingConfig, values)
  if 'replay_unrolls' in given and not config.replay_share:
    raise checks.UserError(
        f'replay_unrolls is {config.replay_unrolls} without replay_share, and'
        ' has no effect; expected a share such as 0.5. Add it, or leave both'
        ' out.')
  update = _update(values, given)
  flipped = checks.check_fraction('flipped', others['flipped'])
  if not isinstance(teachers, (Sequence, Mapping)) or len(teachers):
    teaching = teaching_lib.load_teachers(
        teachers, suite, others['weights'], config.frames,
        gives_features=bool(update.feature_cost) or erring.plays(
            flipped, update),
        network=_teacher_network(others['teacher_network']))
  else:
    _check_untaught(given, config.frames)
    teaching = teaching_lib.NO_TEACHING
  network = named_networks.make_network(
      suite, others['network'], others['observation_keys'],
      others['torso_dtype'], update.scale_free)
  told = {
      'env': env, 'tasks': tasks, 'settings': dict(suite.settings),
      'teachers': teachers, 'init': init, **others, **{
          name: value for part in (config, update, suite.pool)
          for name, value in vars(part).items()},
      'network': own.to_json(network)}
  return Description(
      suite, network, update, config, teaching, playing.Manner(
          others['evaluation_max_steps'],
          training_streams=config.streams * config.splits),
      {name: _plain(value) for name, value in told.items()}, start,
      _schedules(others['learner_schedule']), flipped)


def _teacher_network(network: Any) -> own.OwnNetwork | None:
  """Returns the network of one's own that teachers have; see `describe`."""
  if network is None or network == '':
    return None
  mine = named_networks.own_network(network)
  if mine is None:
    raise checks.UserError(
        f'teacher_network is {checks.short(network)}; expected one of your own'
        ' (module:name, PATH.py:name, a Haiku function, or what agent_of'
        ' returned). Leave it out for teachers of networks that are shipped.')
  return mine


def _check_untaught(given: Mapping[str, Any], frames: int) -> None:
  """Raises ValueError if something is given that is of teachers alone."""
  if 'weights' in given:  # what is wrong in itself is said first
    teaching_lib.make_controller(given['weights'], frames)
  for name in _OF_TEACHERS:
    if name in given:
      raise checks.UserError(
          f'{name} is {checks.short(given[name])} without teachers, and has no'
          ' effect; expected some. Name teachers, or leave it out.')


def _schedules(
    learner_schedule: str | Mapping[str, schedules_lib.Schedule]
) -> Mapping[str, schedules_lib.Schedule]:
  """Returns hyper-parameters over time, from a file if they are named by it."""
  if not isinstance(learner_schedule, str):
    for name in learner_schedule:
      checks.check_name('learner_schedule', name, training.LEARNER_HYPERS)
    return dict(learner_schedule)
  if not learner_schedule:
    return {}
  return teaching_lib.read_schedules(
      'learner_schedule', learner_schedule, training.LEARNER_HYPERS)


def _start(init: Any, network: Any) -> policy_file.Policy | None:
  """Returns the policy that the student begins with, if there is one."""
  if init is None or isinstance(init, policy_file.Policy):
    return init
  if not isinstance(init, (str, os.PathLike)):
    raise checks.UserError(
        f'init is {checks.short(init)}; expected a policy, or the path of one.'
        ' Pass one, or leave it out.')
  is_own = named_networks.own_network(network) is not None
  return named_networks.load_policy(init, network if is_own else None)


def _plain(value: Any) -> Any:
  """Returns a value as JSON would give it back; see `Description.to_json`."""
  if value is None or isinstance(value, (str, bool)):
    return value
  if isinstance(value, numbers.Integral):
    return int(value)
  if isinstance(value, numbers.Real):
    return float(value) if math.isfinite(value) else str(value)
  if isinstance(value, Mapping):
    return {str(key): _plain(item) for key, item in value.items()}
  if isinstance(value, (list, tuple)) and not hasattr(value, '_fields'):
    return [_plain(item) for item in value]
  name = getattr(value, '__name__', getattr(value, 'name', None))
  return {NO_DATA: name if isinstance(name, str) else type(value).__name__}


def _whole(value: Any) -> Any:
  """Returns 200000 for 2e5; what is no whole number is left as it is."""
  is_whole = isinstance(value, numbers.Real) and not isinstance(
      value, numbers.Integral) and float(value).is_integer()
  return int(value) if is_whole else value


def _fill_in(config: type, values: Mapping[str, Any]) -> Any:
  """Returns a configuration with those values that are its fields."""
  return config(**{
      field.name: values[field.name] for field in dataclasses.fields(config)
      if field.name in values})


def _update(
    values: Mapping[str, Any], given: Mapping[str, Any]
) -> update_config.UpdateConfig:
  """Returns the update; what a suite sets, but nothing reads, is left out."""
  default = lambda name: values.get(
      name, getattr(update_config.UpdateConfig, name))
  idle = update_config.unread(**{name: default(name) for name in (
      'method', 'algorithm', 'optimizer', 'divergence')})
  return _fill_in(update_config.UpdateConfig, {
      name: value for name, value in values.items()
      if name in given or name not in idle})
