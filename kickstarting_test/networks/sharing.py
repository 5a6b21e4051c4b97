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
"""Agents that share parts, for the tests of what they compute.

Here: inputs with two tasks, `config`, `params`, `unroll`. Not here: tests.
"""

import dataclasses

import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import types
from kickstarting.networks import branches
from kickstarting.networks import build
from kickstarting_test.networks import examples

T, B, A, TASKS = 3, 4, 6, 2
SPEC = examples.FLAT_SPEC | {'task': types.ArraySpec((), np.dtype(np.int32))}
TASK = np.array([0, 0, 1, 1], np.int32)


def _timesteps():
  timesteps = examples.timesteps(0, SPEC, (T, B), A)
  return timesteps._replace(
      observation=timesteps.observation | {'task': np.tile(TASK, (T, 1))})


TIMESTEPS = _timesteps()

SMALL = branches.Branch(policy='small', actions=(1, 4))
LAYER = branches.Branch(core='layer', core_kind='feedforward')
EACH = branches.Branch('own', 'own_policy', 'own_value', num_tasks=TASKS)
FINAL = branches.Branch()
CASES = {
    'action_space': (SMALL, FINAL),
    'shared_head': (dataclasses.replace(SMALL, policy='policy'), FINAL),
    'core': (LAYER, FINAL),
    'multitask': (EACH, FINAL),
    'three': (
        dataclasses.replace(LAYER, policy='small', actions=(4,)),
        dataclasses.replace(SMALL, policy='policy'), FINAL),
}


def config(*agents, **fields):
  """Returns a network of these agents."""
  return build.NetworkConfig(
      'flat', 4, observation_keys=('x',), branches=agents, **fields)


def params(network, seed=1):
  """Returns random parameters of a network."""
  agent = agent_lib.make_agent(network, SPEC, A)
  return examples.params(agent.init, seed)


def unroll(network, params_, timesteps=TIMESTEPS):
  """Returns the output [T, B, ...] and the last state."""
  agent = agent_lib.make_agent(network, SPEC, A)
  state = agent.initial_state(B)
  output, state = jax.jit(agent.unroll)(
      params_, timesteps, agent.encode(params_, examples.TOKENS), state)
  return output, state


def softmax(x):
  """Returns probabilities, also where some are 0."""
  weights = np.exp(x - x.max(axis=-1, keepdims=True))
  return weights / weights.sum(axis=-1, keepdims=True)
