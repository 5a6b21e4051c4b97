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
"""Flags that every binary shares, made from the configuration dataclasses.

A default lives in its dataclass only; the flag takes it from there. Not here:
flags of one binary (its own module), of its folder (`run_flags.py`), what they
build (`build.py`).
"""

from collections.abc import Callable, Mapping
import dataclasses
from typing import Any

from absl import flags

from experiments import run_flags
from kickstarting import checks
from kickstarting import update as update_lib
from kickstarting.environments import worker_pool
from kickstarting.networks import build as networks
from kickstarting.runtime import evaluation
from kickstarting.runtime import training_config

FLAGS = flags.FLAGS
flags.adopt_module_key_flags(run_flags)

_TRAINING_HELP = {
    'frames': 'Budget in environment frames; automatic resets count.',
    'unroll_steps': 'Steps of an unroll (T).',
    'streams': 'Environments in one learner batch, about; the nearest multiple '
               'of the number of tasks is taken.',
    'splits': 'Learner batches that an acting batch is cut into.',
    'batches_per_actor': 'Acting batches that an actor alternates.',
    'num_actors': 'Actor threads.',
    'queue_size': 'Learner batches that may wait.',
    'learner_devices': 'Devices over which a learner batch is spread.',
    'actor_device': 'Number of the device on which actors act.',
    'learner_core': 'Actors leave one core to a learner on the CPU.',
    'lockstep': 'Act and learn in turn: slower, but exactly repeatable.',
    'learning_rate': 'At the start; it falls linearly to 0.',
    'entropy_cost': 'Multiplier of the negative entropy in the loss.',
    'baseline_cost': 'Multiplier of the value loss.',
    'teacher_share': 'Share of the teacher in the policy that acts; 1 where '
                     'the method says that the teacher acts.',
    'epsilon': 'Share of the uniform policy in the policy that acts.',
    'window_frames': 'Length of the sliding window of the score, in frames; '
                     '500,000, or a sixth of a smaller budget, if 0.',
    'record_frames': 'Frames between two records of the curves; 50,000, or a '
                     'sixtieth of a smaller budget, if 0.',
    'checkpoint_frames': 'Frames between two checkpoints; 1,000,000, or a '
                         'third of a smaller budget, if 0.',
    'seed': 'Of environments, parameters and actions.',
}

_UPDATE_HELP = {
    'algorithm': 'RL loss: vtrace, or a2c with --lockstep --splits=1.',
    'epochs': 'Times that a learner batch is learnt from.',
    'minibatches': 'Parts that a learner batch is cut into, at most, with a '
                   'step each; the largest number that divides its streams.',
    'ratio_clip': 'The policy is not pushed on where its ratio to the one that '
                  'acted is so far from 1; 0: no limit. 0.2 where epochs are '
                  'many.',
    'scale_free': 'See rewards in units of their return and normalise '
                  'advantages, so that costs and weights of teachers mean the '
                  'same in all environments.',
    'method': 'Update: how teachers enter rewards and loss; a name in '
              'kickstarting/losses/distillation.py.',
    'teacher_floor': 'Share of the uniform policy in a teacher, for methods '
                     'that read the logarithm of its probabilities, and for '
                     'the divergence reverse_kl.',
    'teacher_discount': 'Gamma of what comes from the teacher in the return, '
                        'which then has a value of its own; empty: that of '
                        'the rewards, in one return.',
    'transfer': 'Between the agents of a mixture: knowledge (the paper\'s), '
                'masked or mixture.',
    'divergence': 'Between teacher and student; the paper\'s is cross_entropy.',
    'teacher_temperature': 'Divides the teacher\'s logits in the divergence '
                           'and while it acts; below 1 sharpens.',
    'feature_cost': 'Multiplier of the regression on the teachers\' features, '
                    'beside their weight (Actor-Mimic\'s beta).',
    'learns_value': 'Learn the value of the rewards beside a method that has '
                    'no return of its own.',
    'reward_transform': 'Applied to rewards before the loss.',
    'discount': 'Gamma, per step.',
    'vtrace_lambda': 'Lambda of the V-trace targets.',
    'rho_clip': 'Largest importance ratio of the value targets.',
    'c_clip': 'Largest importance ratio of the trace.',
    'pg_rho_clip': 'Largest importance ratio of the policy gradient.',
    'reduction': 'Of a loss over learnable steps: mean, or sum as IMPALA.',
    'optimizer': 'adam, or rmsprop in TensorFlow\'s form.',
    'rmsprop_epsilon': 'Inside the square root of rmsprop.',
    'max_grad_norm': 'Gradients are scaled down to this global norm.',
}

_POOL_HELP = {
    'streams_per_worker': 'Environments in a process, where environments live '
                          'in processes; 0: as many as make one process for '
                          'each core.',
    'start_timeout_s': 'Seconds that a process may take to start an episode.',
    'step_timeout_s': 'Seconds that a process may take for a step.',
    'max_restarts': 'Of processes that died, hung or raised, in a batch.',
}

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


def _define(config: type, texts: Mapping[str, str]) -> None:
  run_flags.note_fields(config, texts)
  for field in dataclasses.fields(config):
    if field.name not in texts:
      continue
    if field.name.endswith('frames'):
      flags.DEFINE(
          _FrameCount(), field.name, field.default, texts[field.name],
          serializer=flags.ArgumentSerializer())
    else:
      _DEFINE[type(field.default)](
          field.name, field.default, texts[field.name])


_define(training_config.TrainingConfig, _TRAINING_HELP)
_define(update_lib.UpdateConfig, _UPDATE_HELP)
_define(worker_pool.PoolConfig, _POOL_HELP)


def update_from_flags(**overrides: Any) -> update_lib.UpdateConfig:
  """Returns the update that the flags describe.

  What a suite or a binary sets is left out where nothing reads it; a flag that
  is given is not, and is refused.

  Args:
    **overrides: fields that are not taken from flags.
  """
  chosen: dict[str, Any] = {
      name: overrides.get(name, FLAGS[name].value)
      for name in ('method', 'algorithm', 'optimizer', 'divergence')}
  for name in update_lib.unread(**chosen):
    if not FLAGS[name].present:
      overrides.setdefault(name, getattr(update_lib.UpdateConfig, name))
  return run_flags.config_from_flags(update_lib.UpdateConfig, **overrides)


SUITE = flags.DEFINE_string(
    'suite', 'minigrid8', 'Suite of tasks: a name in '
    'kickstarting/environments/suites, such as minigrid30 or atari57, or '
    'PATH.py of one of your own, whose code is run.')
TASKS = flags.DEFINE_list(
    'tasks', [], 'Names of tasks of the suite; empty for all of them.')
ENV = flags.DEFINE_string(
    'env', '', 'An environment instead of a suite: gymnasium:ID, envpool:ID, '
    'or one of your own, module:function or PATH.py:function, whose code is '
    'run.')
ENV_SETTINGS = flags.DEFINE_string(
    'env_settings', '', 'Settings of the environments, NAME=VALUE with commas '
    'between them, such as full_action_space=true; a value may be JSON with '
    'commas inside, such as config={"a":true,"b":1}.')
NETWORK = flags.DEFINE_string(
    'network', '', 'Network of the agent, a name in networks/build.py; empty: '
    'the one that fits the observation. Or module:name or PATH.py:name of one '
    'of your own, whose code is run.')
OBSERVATION_KEYS = flags.DEFINE_list(
    'observation_keys', [], 'Names of the arrays of an observation that the '
    'network reads, the others being ignored; empty for all of them.')
TORSO_DTYPE = flags.DEFINE_enum(
    'torso_dtype', 'float32', list(networks.DTYPES), 'What a torso of pixels '
    'computes in.')
TEACHERS = flags.DEFINE_list(
    'teachers', [], 'Teachers, comma-separated (in double quotes where a path '
    'has a comma): PATH (speaks on the tasks it '
    'was trained on), TASK=PATH, *=PATH (speaks on every task), or "zoo" for '
    'the experts that come with the library, where no other is named. No code '
    'in such a file is ever run.')
WEIGHTS = flags.DEFINE_string(
    'weights', 'linear:1:50%', 'Controller of the teachers\' weights, e.g. '
    'constant:1, linear:1:2e6, linear:1:50%;cut=60%, or '
    'replay:PATH of the schedule.json of a population.')
LEARNER_SCHEDULE = flags.DEFINE_string(
    'learner_schedule', '', 'PATH of the schedule.json of a population, whose '
    'learning rate and costs over time this learner takes.')
EVALUATION_MAX_STEPS = flags.DEFINE_integer(
    'evaluation_max_steps', evaluation.MAX_STEPS, 'Steps after which an '
    'episode of an evaluation is cut: it counts with its return so far, and '
    'its stream plays no further one.', lower_bound=1)
BOOTSTRAP_ON_TIMEOUT = flags.DEFINE_bool(
    'bootstrap_on_timeout', False, 'Treat a time-out as the end of the data, '
    'not of the episode.')
