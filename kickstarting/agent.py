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

from collections.abc import Callable, Mapping
import dataclasses
import types as python_types
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import return_scale
from kickstarting import types
from kickstarting.networks import agents as agents_lib
from kickstarting.networks import build
from kickstarting.networks import own
from kickstarting.networks import reading

_NOTHING: Mapping[str, Any] = python_types.MappingProxyType({})


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
  absorb(params, timesteps [T, B]) -> params that have seen what is observed; an
    update goes on with it. None if nothing of it is remembered.
  reads: name -> shape and dtype of what it reads of an observation.
  num_actions: A. An environment that it meets must fit both; see `check_meets`.
  scale(params) -> the unit of its value, in rewards, see `return_scale.py`;
    None if there is none.
  """

  init: Callable[[types.Array], types.Params]
  initial_state: Callable[[int], types.CoreState]
  encode: Callable[..., Any]
  step: Callable[..., Any]
  unroll: Callable[..., tuple[types.AgentOutput, types.CoreState]]
  adopt: Callable[[types.Params, types.Hypers], types.Params] | None = None
  absorb: Callable[[types.Params, types.Timestep], types.Params] | None = None
  reads: Mapping[str, tuple[tuple[int, ...], np.dtype]] = _NOTHING
  num_actions: int = 0  # 0: whatever the environment has
  scale: Callable[[types.Params], types.Scalar] | None = None


def greedy(agent: Agent) -> Agent:
  """Returns an agent that takes the most probable action of another one."""

  def step(params, rng_key, timestep, context, state):
    (_, output), state = agent.step(params, rng_key, timestep, context, state)
    actions = jnp.argmax(output.policy, axis=-1)
    return (actions.astype(jnp.int32), output), state

  return agent._replace(step=step)


def check_meets(
    reads: Mapping[str, tuple[tuple[int, ...], np.dtype]],
    num_actions: int,
    environment: Any,
) -> None:
  """Checks that an environment is one that an agent was made for.

  Args:
    reads: of the agent.
    num_actions: of the agent.
    environment: its `EnvironmentSpec`.

  Raises:
    ValueError: naming what differs.
  """
  if num_actions not in (0, environment.num_actions):
    raise checks.UserError(
        f'an agent of {num_actions} actions meets an environment of'
        f' {environment.num_actions}; expected as many. Every environment of a'
        ' run must have the actions of the first, whatever its seed.')
  for name, expected in reads.items():
    found = environment.observation.get(name)
    if found is None or (tuple(found.shape), np.dtype(found.dtype)) != expected:
      shape, dtype = expected
      raise checks.UserError(
          f'an agent that reads {name!r} as {dtype.name} of shape {shape} meets'
          ' an environment that observes'
          f' {_text(environment.observation)}; expected the same. Every'
          ' environment of a run must observe what the first does, whatever its'
          ' seed.')


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


def _text(observation: Mapping[str, Any]) -> str:
  return ', '.join(
      f'{name!r} as {np.dtype(spec.dtype).name} of shape {tuple(spec.shape)}'
      for name, spec in observation.items()) or 'nothing'


def make_agent(
    config: build.NetworkConfig | own.OwnNetwork,
    observation_spec: dict[str, Any],
    num_actions: int,
) -> Agent:
  """Builds an agent.

  Args:
    config: its network; one of one's own reads all of the observation.
    observation_spec: name -> anything with `shape` and `dtype`.
    num_actions: A.

  Raises:
    ValueError: the network cannot read the observation, or not all of it (see
      `networks/reading.py`), or has actions that the environment lacks.
  """
  if isinstance(config, own.OwnNetwork):
    all_names = tuple(sorted(set(observation_spec) - {types.TASK}))
    network = own.make_network(config, observation_spec, num_actions)
    combination = ''
  else:
    names = reading.entries(config, observation_spec)
    all_names = (*names, types.TASK) if reading.reads_task(config) else names
    config = dataclasses.replace(config, observation_keys=names)
    network = build.make_network(config, num_actions)
    combination = config.combination if len(config.branches) > 1 else ''

  def init(rng_key):
    return network.init(
        rng_key, example_timestep(observation_spec, (1, 1)),
        np.zeros((1, 1), np.int32))

  def step(params, rng_key, timestep, context, state):
    timesteps = jax.tree.map(lambda x: jnp.asarray(x)[None], timestep)
    output, state = network.unroll(params, timesteps, context, state)
    output = jax.tree.map(lambda x: x[0], output)
    actions = jax.random.categorical(rng_key, output.policy)  # [B]
    return (actions.astype(jnp.int32), output), state

  def adopt(params, hypers):
    return agents_lib.adopt(params, hypers, combination)

  agent = Agent(
      init, network.initial_state, network.encode, step, network.unroll,
      absorb=network.absorb,
      reads={
          name: (tuple(observation_spec[name].shape),
                 np.dtype(observation_spec[name].dtype))
          for name in all_names},
      num_actions=num_actions)
  if combination:
    agent = agent._replace(adopt=adopt)
  return _scaled(agent) if config.scales_value else agent


def _scaled(agent: Agent) -> Agent:
  """Returns an agent with the same policy, whose value has a scale."""

  def inner(params):
    return {name: x for name, x in params.items()
            if name != return_scale.MODULE}

  def in_rewards(params, output):
    return output._replace(value=output.value * return_scale.scale(params))

  def step(params, rng_key, timestep, context, state):
    (actions, output), state = agent.step(
        inner(params), rng_key, timestep, context, state)
    return (actions, in_rewards(params, output)), state

  def unroll(params, timesteps, context, state):
    output, state = agent.unroll(inner(params), timesteps, context, state)
    return in_rewards(params, output), state

  def beside(function):
    """Lets a function change all parameters but the scale."""
    return function and (lambda params, *args: {
        **function(inner(params), *args),
        return_scale.MODULE: params[return_scale.MODULE]})

  return agent._replace(
      init=lambda rng_key: {**agent.init(rng_key), **return_scale.init()},
      step=step, unroll=unroll,
      encode=lambda params, tokens: agent.encode(inner(params), tokens),
      adopt=beside(agent.adopt), absorb=beside(agent.absorb),
      scale=return_scale.scale)
