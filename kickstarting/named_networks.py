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
"""Networks and policies as a user names them.

A network is the name of one that is shipped, module:name, PATH.py:name, a
Haiku function, or what `own.agent_of` returned. Here: `own_network`,
`make_network`, `load_policy`. Not here: the networks (`networks/`), what else
a run is described with (`description.py`).
"""

from collections.abc import Sequence
import dataclasses
import os
from typing import Any

from kickstarting import checks
from kickstarting import files
from kickstarting.environments import suites
from kickstarting.environments import targets
from kickstarting.environments.suites import batches
from kickstarting.networks import build as networks
from kickstarting.networks import choice
from kickstarting.networks import own
from kickstarting.teachers import policy_file


def own_network(network: Any) -> own.OwnNetwork | None:
  """Returns a network of one's own; None of any other, or of what is none.

  Args:
    network: see the module; code that a text names is run.

  Raises:
    ValueError: a text names no network.
  """
  if isinstance(network, str) and ':' in network:
    return _named_network(network)
  if isinstance(network, own.OwnNetwork):
    return network
  return own.of_function(network) if callable(network) else None


def load_policy(
    path: str | os.PathLike[str], network: Any = None
) -> policy_file.Policy:
  """Reads a policy.

  Args:
    path: of a policy file, or of the folder of a finished run.
    network: of one's own, if the policy has one: module:name, PATH.py:name, a
      Haiku function, or what `agent_of` returned. No code is run because a file
      says so.

  Raises:
    ValueError: there is no such file, it is damaged, or of another network.
  """
  mine = own_network(network)
  if network is not None and mine is None:
    raise checks.UserError(
        f'network is {checks.short(network)}; expected one of your own'
        ' (module:name, PATH.py:name, a Haiku function, or what agent_of'
        ' returned). Leave it out for networks that are shipped.')
  return policy_file.load_policy(
      files.user_path('path', os.fspath(path)), mine)


def _named_network(target: str) -> own.OwnNetwork:
  """Returns the network of module:name or PATH.py:name; its code is run."""
  place, _, name = target.rpartition(':')
  if place.endswith('.py'):
    place = str(files.user_path('network', place))
  found = targets.find(f'{place}:{name}', what='network')
  if isinstance(found, own.OwnNetwork):
    return dataclasses.replace(found, path=target)
  if callable(found):
    return own.of_function(found, target)
  raise checks.UserError(
      f'network {files.shown(target, 120)}: {place} has no network {name!r};'
      ' expected a Haiku function, or what agent_of returned. Correct the'
      ' name.')


def make_network(
    suite: suites.Suite,
    network: Any,
    observation_keys: Sequence[str] = (),
    torso_dtype: str = 'float32',
    scales_value: bool = False,
) -> own.Network:
  """Returns the network of a student.

  Args:
    suite: of the student.
    network: see the module; None or '' for the one that fits the observation.
    observation_keys: what it reads of the observation; () for all.
    torso_dtype: see `NetworkConfig`.
    scales_value: whether its value has units of its own.

  Raises:
    ValueError: there is no such network.
  """
  return dataclasses.replace(
      _network(suite, network, tuple(observation_keys), torso_dtype),
      scales_value=scales_value)


def _network(suite, network, keys, torso_dtype) -> own.Network:
  """See `make_network`."""
  mine = own_network(network)
  if mine is not None:
    return own.adapt(mine, 'observation_keys' if keys else '')
  if isinstance(network, str) and network:
    network = networks.get_network(network)
  if network is None or network == '':
    spec = batches.spec_of(suite)
    for name in keys:
      checks.check_name('observation_keys', name, spec.observation)
    observation = {
        name: array for name, array in spec.observation.items()
        if not keys or name in keys}
    network = choice.choose(observation)
  elif not isinstance(network, networks.NetworkConfig):
    raise checks.UserError(
        f'network is {checks.short(network)}; expected the name of one'
        f' ({", ".join(networks.NETWORKS)}), module:name or PATH.py:name of one'
        ' of your own, a Haiku function, what agent_of returns, a'
        ' NetworkConfig, or None for the one that fits the observation.')
  return dataclasses.replace(
      network, observation_keys=keys or network.observation_keys,
      torso_dtype=torso_dtype)
