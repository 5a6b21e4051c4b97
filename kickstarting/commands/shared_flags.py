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
"""Flags that every command shares, made from the configuration dataclasses.

A default, and what it is, live in the dataclass; the flag takes both from
there. Not here: flags of one command (its own module), of its folder
(`run_flags.py`), what is made of them (`problem_flags.py`).
"""

from collections.abc import Callable, Mapping
import dataclasses
from typing import Any

from absl import flags

from kickstarting import checks
from kickstarting import description
from kickstarting import update_config
from kickstarting.commands import flag_groups
from kickstarting.commands import run_flags
from kickstarting.environments import worker_pool
from kickstarting.networks import build as networks
from kickstarting.runtime import evaluation
from kickstarting.runtime import training_config

FLAGS = flags.FLAGS
flags.adopt_module_key_flags(run_flags)

_DEFINE: Mapping[type, Callable[..., Any]] = {
    type(None): flags.DEFINE_float,
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


class _FrameCount(flags.ArgumentParser):
  """Reads 5000000, 5_000_000 and 5e6 alike."""

  syntactic_help = 'a number of frames'

  def parse(self, argument: str | float) -> int:
    value = float(str(argument).replace('_', ''))
    if not value.is_integer():  # nor are infinity and NaN
      raise checks.UserError(f'{argument!r} is not a whole number of frames')
    return int(value)

  def flag_type(self) -> str:
    return 'frames'


def _define(config: type) -> None:
  fields = [field for field in dataclasses.fields(config) if field.metadata]
  run_flags.note_fields(config, [field.name for field in fields])
  for field in fields:
    text = field.metadata['text']
    if field.name.endswith('frames'):
      holder = flags.DEFINE(
          _FrameCount(), field.name, field.default, text,
          serializer=flags.ArgumentSerializer())
    else:
      holder = _DEFINE[type(field.default)](field.name, field.default, text)
    flag_groups.grouped(field.metadata['group'], holder)


_define(training_config.TrainingConfig)
_define(update_config.UpdateConfig)
_define(worker_pool.PoolConfig)


SUITE = flag_groups.grouped('environment', flags.DEFINE_string(
    'suite', 'minigrid8', 'Suite of tasks: a name in '
    'kickstarting/environments/suites, such as minigrid30 or atari57, or '
    'PATH.py of one of your own, whose code is run.'))
TASKS = flag_groups.grouped('environment', flags.DEFINE_list(
    'tasks', [], 'Names of tasks of the suite; empty for all of them.'))
ENV = flag_groups.grouped('environment', flags.DEFINE_string(
    'env', '', 'An environment instead of a suite: gymnasium:ID, envpool:ID, '
    'or one of your own, module:function or PATH.py:function, whose code is '
    'run.'))
ENV_SETTINGS = flag_groups.grouped('environment', flags.DEFINE_string(
    'env_settings', '', 'Settings of the environments, NAME=VALUE with commas '
    'between them, such as full_action_space=true; a value may be JSON with '
    'commas inside, such as config={"a":true,"b":1}.'))
NETWORK = flag_groups.grouped('network', flags.DEFINE_string(
    'network', '', 'Network of the agent, a name in networks/build.py; empty: '
    'the one that fits the observation. Or module:name or PATH.py:name of one '
    'of your own, whose code is run.'))
INIT = flag_groups.grouped('network', flags.DEFINE_string(
    'init', None, 'PATH of a policy with whose parameters the student begins; '
    'its network is the student\'s if --network is empty.'))
OBSERVATION_KEYS = flag_groups.grouped('network', flags.DEFINE_list(
    'observation_keys', [], 'Names of the arrays of an observation that the '
    'network reads, the others being ignored; empty for all of them.'))
TORSO_DTYPE = flag_groups.grouped('network', flags.DEFINE_enum(
    'torso_dtype', 'float32', list(networks.DTYPES), 'What a torso of pixels '
    'computes in.'))
TEACHERS = flag_groups.grouped('teachers', flags.DEFINE_list(
    'teachers', [], 'Teachers, comma-separated (in double quotes where a path '
    'has a comma): PATH (speaks on the tasks it '
    'was trained on), TASK=PATH, *=PATH (speaks on every task), or "zoo" for '
    'the experts that come with the library, where no other is named. No code '
    'in such a file is ever run.'))
TEACHER_NETWORK = flag_groups.grouped('teachers', flags.DEFINE_string(
    'teacher_network', '', 'module:name or PATH.py:name of a network of your '
    'own that teachers have, whose code is run.'))
WEIGHTS = flag_groups.grouped('teachers', flags.DEFINE_string(
    'weights', description.WEIGHTS, 'Controller of the teachers\' weights, '
    'e.g. constant:1, linear:1:2e6, linear:1:50%;cut=60%, or '
    'replay:PATH of the schedule.json of a population.'))
LEARNER_SCHEDULE = flag_groups.grouped('learning', flags.DEFINE_string(
    'learner_schedule', '', 'PATH of the schedule.json of a population, whose '
    'learning rate and costs over time this learner takes.'))
EVALUATION_MAX_STEPS = flag_groups.grouped('output', flags.DEFINE_integer(
    'evaluation_max_steps', evaluation.MAX_STEPS, 'Steps after which an '
    'episode of an evaluation is cut: it counts with its return so far, and '
    'its stream plays no further one.', lower_bound=1))
BOOTSTRAP_ON_TIMEOUT = flag_groups.grouped('learning', flags.DEFINE_bool(
    'bootstrap_on_timeout', False, 'Treat a time-out as the end of the data, '
    'not of the episode.'))
# What else describes a run, beside fields of configurations; `flipped` is a
# flag of those commands alone that have it.
OTHERS = frozenset({
    'network', 'observation_keys', 'torso_dtype', 'weights', 'teacher_network',
    'learner_schedule', 'evaluation_max_steps', 'bootstrap_on_timeout',
    'flipped'})
