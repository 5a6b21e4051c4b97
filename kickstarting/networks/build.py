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
"""From a network's configuration to its two pure functions.

Here: `NetworkConfig`, the presets by name, `make_network`. A network encodes
the distinct instructions of a batch once (`encode`) and then reads timesteps
that refer to them by row (`unroll`). Not here: sampling (`agent.py`).
"""

from collections.abc import Callable, Mapping
import dataclasses
import json
import typing
from typing import Any, NamedTuple

import haiku as hk
import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import files
from kickstarting import types
from kickstarting.networks import agents as agents_lib
from kickstarting.networks import branches as branches_lib
from kickstarting.networks import flat
from kickstarting.networks import grid
from kickstarting.networks import impala
from kickstarting.networks import instruction as instruction_lib
from kickstarting.networks import mixed

_FIRST = 0  # dm_env.StepType.FIRST


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
  """What shapes a network; hashable, stored beside its parameters."""

  torso: str  # a key of TORSOS
  core_size: int = 256  # units of the LSTM
  reads_instruction: bool = True
  reads_previous: bool = True  # previous action (one-hot) and reward
  instruction_buckets: int = 1000  # hashed words
  observation_keys: tuple[str, ...] = ()  # the arrays to read; () = all
  # Agents behind the torso, from simple to complex; several are a mixture.
  branches: tuple[branches_lib.Branch, ...] = (branches_lib.Branch(),)
  combination: str = 'mixture'  # of the branches; see branches.py
  action_factors: tuple[int, ...] = ()  # the policy is a product of these
  features: branches_lib.Features = branches_lib.Features()
  torso_dtype: str = 'float32'  # what a torso of pixels computes in
  # Whether there is a second value, of what teachers pay while they teach.
  taught_value: bool = False
  scales_value: bool = False  # whether the value has units of its own

  def __post_init__(self):
    checks.check_name('torso', self.torso, TORSOS)
    checks.check_name('torso_dtype', self.torso_dtype, DTYPES)
    if self.torso_dtype != 'float32' and not self.torso.startswith('impala'):
      raise checks.UserError(
          f'torso_dtype is {self.torso_dtype!r} of torso {self.torso!r};'
          ' expected float32, since only torsos of pixels take another one.')
    branches_lib.check_branches(self.branches, self.combination)
    if self.core_size < 1:
      raise checks.UserError(
          f'core_size is {self.core_size}; expected at least 1 unit.')


DTYPES = ('float32', 'bfloat16')

# By name, from the dtype that they compute in.
TORSOS: Mapping[str, Callable[[str], Any]] = {
    'flat': lambda _: flat.FlatTorso(128, scale=10.0, name='torso'),
    'grid_small': lambda _: grid.GridTorso(32, 8, 128, name='torso'),
    'grid_large': lambda _: grid.GridTorso(64, 32, 256, 2, name='torso'),
    'impala_small': lambda x: impala.SmallPixelTorso('torso', dtype=x),
    'impala_large': lambda x: impala.LargePixelTorso(name='torso', dtype=x),
    'mlp_tiny': lambda _: mixed.MixedTorso((32, 32), name='torso'),
    'mlp_small': lambda _: mixed.MixedTorso((64, 64), name='torso'),
    'mlp_large': lambda _: mixed.MixedTorso((256, 256), name='torso'),
}

# Of what shows where it is, as IMPALA's networks for Atari.
_NO_CORE = (branches_lib.Branch(core_kind='none'),)

NETWORKS: Mapping[str, NetworkConfig] = {
    'atari_small': NetworkConfig(
        'impala_small', 256, False, False, branches=_NO_CORE),
    'atari_large': NetworkConfig(
        'impala_large', 256, False, False, branches=_NO_CORE),
    'flat': NetworkConfig('flat', 128, False, False),
    'grid_small': NetworkConfig('grid_small', 128),
    'grid_large': NetworkConfig('grid_large', 256),
    'impala_small': NetworkConfig('impala_small', 256),
    'impala_large': NetworkConfig('impala_large', 256),
    'mlp_tiny': NetworkConfig(
        'mlp_tiny', 32, False, False, branches=_NO_CORE),
    'mlp_small': NetworkConfig(
        'mlp_small', 64, False, False, branches=_NO_CORE),
    'mlp_large': NetworkConfig(
        'mlp_large', 256, False, False, branches=_NO_CORE),
}


class InstructionContext(NamedTuple):
  """What depends on nothing but an instruction; leading axis [U]."""

  encoding: types.PyTree  # float32 [U, E]; () if instructions are not read
  features: types.PyTree  # the torso's


class Network(NamedTuple):
  """Pure functions of one network; see `make_network`."""

  init: Callable[..., types.Params]
  encode: Callable[..., InstructionContext]
  unroll: Callable[..., tuple[types.AgentOutput, types.CoreState]]
  initial_state: Callable[[int], types.CoreState]
  absorb: Callable[..., types.Params]


def get_network(name: str) -> NetworkConfig:
  """Returns the preset of that name.

  Raises:
    ValueError: `name` is not a key of NETWORKS.
  """
  checks.check_name('network', name, NETWORKS)
  return NETWORKS[name]


def to_json(config: NetworkConfig) -> dict[str, Any]:
  """Returns a configuration as JSON would give it back."""
  return json.loads(json.dumps(dataclasses.asdict(config)))


def from_json(fields: Mapping[str, Any]) -> NetworkConfig:
  """Returns the configuration that `to_json` was given.

  Raises:
    ValueError: a field is unknown, or has an impossible value.
  """
  fields = _checked('network', NetworkConfig, fields)
  parts: dict[str, Any] = {
      name: tuple(value) for name, value in fields.items()
      if isinstance(value, list) and name != 'branches'}
  if 'branches' in fields:
    branches = [
        _checked('branch', branches_lib.Branch, branch)
        for branch in fields['branches']]
    parts['branches'] = tuple(
        branches_lib.Branch(
            **{**branch, 'actions': tuple(branch.get('actions', ()))})
        for branch in branches)
  if 'features' in fields:
    parts['features'] = branches_lib.Features(
        **_checked('features', branches_lib.Features, fields['features']))
  return NetworkConfig(**{**fields, **parts})


def _checked(name: str, config: type, saved: Any) -> Mapping[str, Any]:
  """Returns what JSON has for a dataclass, whose types it must have."""
  fields = {field.name: field for field in dataclasses.fields(config)}
  reason = files.misfit({name: saved}, {name: dict})
  if not reason:
    for key in saved:
      checks.check_name(f'field of the {name}', key, fields)
    reason = files.misfit(
        saved, {key: _kind(field.type) for key, field in fields.items()},
        optional=[key for key, field in fields.items()
                  if field.default is not dataclasses.MISSING])
  if not reason:
    reason = next(filter(None, (
        files.misfit({key: item}, {key: _kind(
            typing.get_args(fields[key].type)[0])})
        for key, value in saved.items() if isinstance(value, list)
        for item in value)), '')
  if reason:
    raise checks.UserError(f'of its {name} {reason}')
  return saved


def _kind(annotation: Any) -> type:
  """Returns what JSON has in the place of a type."""
  if dataclasses.is_dataclass(annotation):
    return dict
  return list if typing.get_origin(annotation) is tuple else annotation


def final_agent(config: NetworkConfig) -> NetworkConfig:
  """Returns the network of the agent that is judged in the end.

  It is the last one of a mixture, alone; it reads its parameters from those of
  the mixture, by their names. Where tasks have policies of their own it is all.
  """
  if len(config.branches) > 1 and config.combination != 'mixture':
    return config
  return dataclasses.replace(config, branches=config.branches[-1:])


def make_network(config: NetworkConfig, num_actions: int) -> Network:
  """Builds the pure functions of a network.

  Args:
    config: which parts, and their sizes.
    num_actions: A.

  Raises:
    ValueError: the environment lacks actions that the configuration names.

  Returns:
    Network of
      init(rng_key, timesteps [T, B], tokens [U, L]) -> params
      encode(params, tokens int32 [U, L]) -> InstructionContext
      unroll(params, timesteps [T, B], context, core state [B])
        -> (AgentOutput [T, B], core state after the last step)
      initial_state(batch_size) -> core state
      absorb(params, timesteps [T, B]) -> params that have seen these
        observations, where the torso has a normaliser
  """
  branches_lib.check_actions(
      config.branches, config.action_factors, num_actions)

  def read(observation):
    """Returns what the torso reads."""
    # Which task it is says what parts to take, and nothing to the torso.
    observation = {
        name: x for name, x in observation.items() if name != types.TASK}
    if config.observation_keys:
      observation = {k: observation[k] for k in config.observation_keys}
    return observation

  def build():
    encoder = instruction_lib.InstructionEncoder(
        config.instruction_buckets, name='instruction')
    torso = TORSOS[config.torso](config.torso_dtype)
    agents = agents_lib.Agents(
        config.branches, config.core_size, num_actions, config.action_factors,
        config.combination, config.features, config.taught_value)

    def encode(tokens):
      if not config.reads_instruction:
        return InstructionContext((), torso.instruction_features(None))
      encoding = encoder(tokens)
      return InstructionContext(
          encoding, torso.instruction_features(encoding))

    def unroll(timesteps, context, state):
      steps, batch = timesteps.step_type.shape
      merged = jax.tree.map(
          lambda x: x.reshape((steps * batch,) + x.shape[2:]), timesteps)
      observation = read(merged.observation)
      row = merged.instruction if config.reads_instruction else jnp.zeros_like(
          merged.instruction)
      parts = [torso(observation, context.features, row)]  # [T * B, D]
      if config.reads_instruction:
        parts.append(jnp.take(context.encoding, row, axis=0, mode='clip'))
      if config.reads_previous:
        parts.append(agents_lib.one_hot_actions(
            merged.previous_action, num_actions, config.action_factors))
        parts.append(jnp.clip(merged.reward, -1.0, 1.0)[:, None])
      inputs = jnp.concatenate(parts, axis=-1).reshape(steps, batch, -1)
      return agents(
          inputs, timesteps.observation.get(types.TASK),
          timesteps.step_type == _FIRST, state)

    def init(timesteps, tokens):
      state = initial_state(timesteps.step_type.shape[1])
      return unroll(timesteps, encode(tokens), state)

    return init, (encode, unroll)

  transformed = hk.without_apply_rng(hk.multi_transform(build))
  encode, unroll = transformed.apply

  def initial_state(batch_size: int) -> types.CoreState:
    return agents_lib.initial_state(
        config.branches, config.core_size, batch_size)

  def absorb(params, timesteps):
    is_new = jnp.ones(timesteps.step_type.shape, bool)
    return mixed.absorb(params, read(timesteps.observation), is_new)

  return Network(transformed.init, encode, unroll, initial_state, absorb)
