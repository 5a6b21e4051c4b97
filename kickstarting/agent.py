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
"""An agent: the pure triple (initial_state, step, unroll) over a network.

`step` serves actors, `unroll` serves learners and teachers; both read
instructions through `encode`, once per distinct instruction. Not here: threads
(`runtime/actor.py`), losses (`losses/`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.networks import agents as agents_lib
from kickstarting.networks import build


class Agent(NamedTuple):
  """Pure functions; jit them where they are used.

  init(rng_key) -> params.
  initial_state(batch_size) -> core state [B].
  encode(params, tokens [U, L]) -> context, rows as `tokens`.
  step(params, rng_key, timestep [B], context, core state)
    -> ((actions int32 [B], AgentOutput [B]), core state). The key is consumed.
  unroll(params, timesteps [T, B], context, core state)
    -> (AgentOutput [T, B], core state).
  adopt(params, hypers) -> params. Puts in what the agent itself reads of the
    hyper-parameters; an update begins with it. None if it reads nothing.
  """

  init: Callable[[types.Array], types.Params]
  initial_state: Callable[[int], types.CoreState]
  encode: Callable[..., Any]
  step: Callable[..., Any]
  unroll: Callable[..., tuple[types.AgentOutput, types.CoreState]]
  adopt: Callable[[types.Params, types.Hypers], types.Params] | None = None


def example_timestep(
    observation_spec: dict[str, Any], shape: tuple[int, ...]
) -> types.Timestep:
  """Returns zeros of the right shapes and dtypes.

  Args:
    observation_spec: name -> anything with `shape` and `dtype`.
    shape: leading axes, [B] or [T, B].
  """
  zeros = lambda dtype: np.zeros(shape, dtype)
  return types.Timestep(
      observation={
          name: np.zeros(shape + tuple(spec.shape), spec.dtype)
          for name, spec in observation_spec.items()
      },
      instruction=zeros(np.int32),
      previous_action=zeros(np.int32),
      reward=zeros(np.float32),
      discount=zeros(np.float32),
      step_type=zeros(np.int32),
  )


def make_agent(
    config: build.NetworkConfig,
    observation_spec: dict[str, Any],
    num_actions: int,
) -> Agent:
  """Builds an agent.

  Args:
    config: its network.
    observation_spec: name -> anything with `shape` and `dtype`.
    num_actions: A.

  Raises:
    ValueError: the network reads an array that the observation lacks, or has
      actions that the environment lacks.
  """
  missing = set(config.observation_keys) - set(observation_spec)
  if config.torso.startswith('grid'):
    missing |= {'image', 'direction'} - set(observation_spec)
  if config.torso.startswith('impala'):
    missing |= {'image'} - set(observation_spec)
  if config.features.num_tasks or any(
      branch.num_tasks for branch in config.branches):
    missing |= {types.TASK} - set(observation_spec)
  if missing:
    raise checks.UserError(
        f'network {config.torso!r} reads {sorted(missing)}, but the'
        f' observation has {sorted(observation_spec)}; choose another network'
        ' or add the arrays to the observation.')
  network = build.make_network(config, num_actions)

  def init(rng_key):
    return network.init(
        rng_key, example_timestep(observation_spec, (1, 1)),
        np.zeros((1, 1), np.int32))

  def step(params, rng_key, timestep, context, state):
    timesteps = jax.tree.map(lambda x: jnp.asarray(x)[None], timestep)
    output, state = network.unroll(params, timesteps, context, state)
    output = jax.tree.map(lambda x: x[0], output)
    actions = jax.random.categorical(rng_key, output.logits)  # [B]
    return (actions.astype(jnp.int32), output), state

  def adopt(params, hypers):
    return agents_lib.adopt(params, hypers, config.combination)

  agent = Agent(
      init, network.initial_state, network.encode, step, network.unroll)
  return agent if len(config.branches) == 1 else agent._replace(adopt=adopt)
