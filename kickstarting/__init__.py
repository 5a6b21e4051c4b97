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
"""Kickstarting deep reinforcement learning, in JAX.

Here are the public names: records, loss functions, three packages and the front
door (`train`, `evaluate`). Each is loaded when it is first used, so that a
notebook which wants a loss loads neither Haiku nor an environment, and a
command says something at once. Agents, teachers, environments and the runtime
are imported by module (`from kickstarting import agent`). Read `types.py` or
`training.py` next.
"""

import importlib
import types as python_types
from typing import Any, TYPE_CHECKING

if TYPE_CHECKING:  # what `__getattr__` finds, for tools that run nothing
  from kickstarting import distributions
  from kickstarting import losses
  from kickstarting import pbt
  from kickstarting import weights
  from kickstarting.checks import UserError
  from kickstarting.losses import a2c
  from kickstarting.losses import apply_distral
  from kickstarting.losses import apply_method
  from kickstarting.losses import choose_method
  from kickstarting.losses import clip_unit
  from kickstarting.losses import cross_entropy
  from kickstarting.losses import diagnostics
  from kickstarting.losses import distillation_loss
  from kickstarting.losses import DIVERGENCES
  from kickstarting.losses import entropy
  from kickstarting.losses import feature_regression
  from kickstarting.losses import forward_kl
  from kickstarting.losses import get_method
  from kickstarting.losses import jensen_shannon
  from kickstarting.losses import kickstarting_terms
  from kickstarting.losses import knowledge_transfer
  from kickstarting.losses import log_importance_ratios
  from kickstarting.losses import log_prob
  from kickstarting.losses import masked_transfer
  from kickstarting.losses import Method
  from kickstarting.losses import METHODS
  from kickstarting.losses import mixture_log_probs
  from kickstarting.losses import mixture_transfer
  from kickstarting.losses import mixture_value
  from kickstarting.losses import negative_log_likelihood
  from kickstarting.losses import optimistic_asymmetric_clip
  from kickstarting.losses import reverse_kl
  from kickstarting.losses import REWARD_TRANSFORMS
  from kickstarting.losses import sample_weights
  from kickstarting.losses import shares_along
  from kickstarting.losses import split_transitions
  from kickstarting.losses import squared_error
  from kickstarting.losses import total
  from kickstarting.losses import TRANSFERS
  from kickstarting.losses import Transitions
  from kickstarting.losses import vtrace
  from kickstarting.losses import vtrace_actor_critic
  from kickstarting.losses import VTraceOutput
  from kickstarting.named_networks import load_policy
  from kickstarting.networks.own import agent_of
  from kickstarting.population_run import PopulationRun
  from kickstarting.population_run import train_population
  from kickstarting.teachers.policy_file import Policy
  from kickstarting.training import evaluate
  from kickstarting.training import Run
  from kickstarting.training import train
  from kickstarting.types import AgentOutput
  from kickstarting.types import Hypers
  from kickstarting.types import LearnerState
  from kickstarting.types import TeacherOutput
  from kickstarting.types import Timestep
  from kickstarting.types import Trajectory
  from kickstarting.watching import watch

__version__ = '0.1.0'

_ROOMS = ('distributions', 'losses', 'pbt', 'weights')
# Where public names come from that are no loss.
_LAZY = python_types.MappingProxyType({
    'AgentOutput': 'kickstarting.types',
    'Hypers': 'kickstarting.types',
    'LearnerState': 'kickstarting.types',
    'Policy': 'kickstarting.teachers.policy_file',
    'PopulationRun': 'kickstarting.population_run',
    'Run': 'kickstarting.training',
    'TeacherOutput': 'kickstarting.types',
    'Timestep': 'kickstarting.types',
    'Trajectory': 'kickstarting.types',
    'UserError': 'kickstarting.checks',
    'agent_of': 'kickstarting.networks.own',
    'evaluate': 'kickstarting.training',
    'load_policy': 'kickstarting.named_networks',
    'train': 'kickstarting.training',
    'train_population': 'kickstarting.population_run',
    'watch': 'kickstarting.watching',
})

__all__ = [
    'AgentOutput',
    'DIVERGENCES',
    'Hypers',
    'LearnerState',
    'METHODS',
    'Method',
    'Policy',
    'PopulationRun',
    'REWARD_TRANSFORMS',
    'Run',
    'TRANSFERS',
    'TeacherOutput',
    'Timestep',
    'Trajectory',
    'Transitions',
    'UserError',
    'VTraceOutput',
    'a2c',
    'agent_of',
    'apply_distral',
    'apply_method',
    'choose_method',
    'clip_unit',
    'cross_entropy',
    'diagnostics',
    'distillation_loss',
    'distributions',
    'entropy',
    'evaluate',
    'feature_regression',
    'forward_kl',
    'get_method',
    'jensen_shannon',
    'kickstarting_terms',
    'knowledge_transfer',
    'load_policy',
    'log_importance_ratios',
    'log_prob',
    'losses',
    'masked_transfer',
    'mixture_log_probs',
    'mixture_transfer',
    'mixture_value',
    'negative_log_likelihood',
    'optimistic_asymmetric_clip',
    'pbt',
    'reverse_kl',
    'sample_weights',
    'shares_along',
    'split_transitions',
    'squared_error',
    'total',
    'train',
    'train_population',
    'vtrace',
    'vtrace_actor_critic',
    'watch',
    'weights',
]


def __getattr__(name: str) -> Any:
  """Returns a public name, whose module is loaded now; see PEP 562."""
  if name not in __all__:
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  if name in _ROOMS:
    value = importlib.import_module(f'kickstarting.{name}')
  else:
    value = getattr(importlib.import_module(
        _LAZY.get(name, 'kickstarting.losses')), name)
  globals()[name] = value
  return value


def __dir__() -> list[str]:
  return sorted([*__all__, '__version__'])
