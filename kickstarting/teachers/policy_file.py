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
"""A trained agent in one file: arrays, what shaped them, where they come from.

Here: `Policy`, `save_policy`, `load_policy`. The file is a NumPy archive whose
entry `metadata` is JSON. It may come from anybody: names, shapes and types of
its arrays are compared with the network's before a number is read, and nothing
in it is ever executed. Not here: archives in general
(`kickstarting/archives.py`), resuming a run (`runtime/checkpoint.py`).
"""

from collections.abc import Mapping
import dataclasses
import io
import json
import math
import os
import pathlib
from typing import Any

import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import archives
from kickstarting import checks
from kickstarting import files
from kickstarting import return_scale
from kickstarting import types
from kickstarting.networks import build
from kickstarting.networks import normaliser
from kickstarting.networks import own

FORMAT_VERSION = 1
_METADATA = 'metadata'
_WHAT = 'a policy file, written by `save_policy`'
_METADATA_KINDS = {
    'network': dict, 'num_actions': int, 'observation': dict, 'max_words': int,
    'tasks': list, 'info': dict}
_INFO_KINDS = {'method': str, 'has_q': bool}
_MAX_METADATA_BYTES = 16 * 2**20
_MAX_PARAMS_BYTES = 2**28
_MAX_SIZE = 2**22  # of any one number that shapes a network


@dataclasses.dataclass(frozen=True)
class Policy:
  """A trained agent, ready to act or to teach."""

  network: own.Network
  # Two-level dict of arrays, as Haiku has it.
  params: types.Params = dataclasses.field(repr=False)
  num_actions: int
  observation: Mapping[str, types.ArraySpec]
  max_words: int  # longest instruction it was trained with
  tasks: tuple[str, ...]  # the levels it was trained on
  info: Mapping[str, Any] = dataclasses.field(default_factory=dict)

  def save(self, path: str | os.PathLike[str]) -> None:
    """Writes the policy; see `save_policy`."""
    save_policy(path, self)


def observation_of(spec: Mapping[str, Any]) -> dict[str, types.ArraySpec]:
  """Returns plain specs of anything with `shape` and `dtype`."""
  return {
      name: types.ArraySpec(tuple(s.shape), np.dtype(s.dtype))
      for name, s in spec.items()
  }


def is_statistic(name: str) -> bool:
  """Returns whether an array is no weight: a mean, a variance, a count.

  Args:
    name: as `flatten` has it.
  """
  module = name.partition('|')[0].rpartition('/')[2]
  return module in (normaliser.NAME, return_scale.MODULE)


def flatten(tree: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
  """Joins the keys of nested dicts with '|' (Haiku uses '/' itself)."""
  flat = {}
  for key, value in tree.items():
    path = f'{prefix}|{key}' if prefix else key
    if isinstance(value, Mapping):
      flat.update(flatten(value, path))
    else:
      flat[path] = value
  return flat


def unflatten(flat: Mapping[str, Any]) -> dict[str, Any]:
  """Inverse of `flatten`."""
  tree: dict[str, Any] = {}
  for path, value in flat.items():
    *parents, leaf = path.split('|')
    node = tree
    for parent in parents:
      node = node.setdefault(parent, {})
    node[leaf] = value
  return tree


def save_policy(
    path: str | os.PathLike[str],
    policy: Policy,
    *,
    dtype: Any = np.float32,
) -> None:
  """Writes a policy; the file appears whole or not at all.

  Args:
    path: of the file, by custom `*.npz`; replaced if it exists.
    policy: what to write.
    dtype: floating type on disk; float16 halves the file and is read back as
      float32. Statistics, which may be large, are float32 in any case.
  """
  if not own.is_found(policy.network):
    raise checks.UserError(
        'the network of the policy is a function that nobody else finds (a'
        ' lambda, one inside of another, or of a notebook); expected one that a'
        ' module or a file has, so that the policy can be read again. Put it'
        ' into a file, and name it: network="my_networks.py:network".')
  metadata = {
      'format_version': FORMAT_VERSION,
      'network': own.to_json(policy.network),
      'num_actions': policy.num_actions,
      'observation': {
          name: [list(s.shape), str(s.dtype)] for name, s in
          policy.observation.items()
      },
      'max_words': policy.max_words,
      'tasks': list(policy.tasks),
      'info': dict(policy.info),
  }
  arrays = {
      name: np.asarray(value, np.float32 if is_statistic(name) else dtype)
      for name, value in flatten(policy.params).items()
  }
  arrays[_METADATA] = np.asarray(json.dumps(metadata))
  content = io.BytesIO()
  np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
  files.write_bytes(path, content.getvalue())


def load_policy(
    path: str | os.PathLike[str],
    network: own.OwnNetwork | None = None,
    *,
    is_offered: bool = False,
) -> Policy:
  """Reads a policy.

  Args:
    path: a file that `save_policy` wrote, or a folder with a `policy.npz`.
    network: of one's own, if the policy has one: the file says where it is, but
      no code is run because a file says so.
    is_offered: whether the network is left aside where it is not needed; if
      not, that is an error.

  Raises:
    ValueError: there is no such file, it is damaged, it is of another format
      version, or its arrays are not those of its network.
  """
  path = pathlib.Path(path)
  try:
    if path.is_dir():
      path = path / 'policy.npz'
    is_missing = not path.exists()
  except (OSError, ValueError):  # too long, a loop of links, a null byte
    is_missing = True
  if is_missing:
    raise checks.UserError(
        f'No policy at {files.shown(path)}; expected a file written by'
        ' `save_policy`, or the work folder of a finished run.')
  with archives.opened(path, _WHAT) as archive:
    metadata = _metadata(archive)
    version = metadata.get('format_version')
    if version != FORMAT_VERSION:
      raise checks.UserError(
          f'{files.shown(path)} has format version'
          f' {files.shown(version, 40)}; this library reads version'
          f' {FORMAT_VERSION}. Write it again with a matching version.')
    saved = metadata.get('network')
    if is_offered and not (isinstance(saved, dict) and own.is_own(saved)):
      network = None
    _check_given(path, saved, network)
    try:
      policy = _without_params(metadata, len(archive.headers), network)
      _check_arrays(policy, archive)
    except checks.UserError as error:
      if network is None:
        raise archive.damaged(str(error)) from error
      raise checks.UserError(
          f'{files.shown(path)} does not fit the network'
          f' {files.shown(network.path or "that was passed", 120)}: {error}'
      ) from error
    params = {}
    for name in archive.headers:
      if name != _METADATA:
        params[name] = archive.read(name).astype(np.float32)
        if not np.isfinite(params[name]).all():
          raise archive.damaged(
              f'{files.shown(name, 80)} has NaN or infinite parameters')
  return dataclasses.replace(policy, params=unflatten(params))


def _metadata(archive: archives.Archive) -> dict[str, Any]:
  """Reads what a file says of its arrays."""
  header = archive.headers.get(_METADATA)
  if header is None or header.dtype.kind != 'U' or header.shape or (
      header.num_bytes > _MAX_METADATA_BYTES):
    raise archive.damaged(f'the text {_METADATA!r} is missing, or too long')
  try:
    text = str(archive.read(_METADATA))
  except ValueError as error:  # what is no character
    raise archive.damaged(f'{_METADATA!r} is no text') from error
  return files.parse_json(
      text, f'{_METADATA!r} of {archive.where}', _WHAT, kind=dict)


def _check_given(
    path: pathlib.Path, saved: Any, given: own.OwnNetwork | None
) -> None:
  """Checks that a network is given where a policy has one of its own.

  Raises:
    ValueError: there is one where there should be none, or none for one.
  """
  is_own = isinstance(saved, dict) and own.is_own(saved)
  if is_own == (given is not None):
    return
  if given is not None:
    raise checks.UserError(
        f'{files.shown(path)} has a network that is shipped; expected no other'
        ' for it. Leave network out.')
  place = files.shown(own.place_of(saved), 120)
  raise checks.UserError(
      f'{files.shown(path)} has a network of its own, {place}, whose code is'
      ' not run because a file says so; expected that network from you. If you'
      f' trust it, pass network={place} (of a teacher: teacher_network), or the'
      ' flag of that name.')


def _without_params(
    metadata: Mapping[str, Any], num_arrays: int, given: own.OwnNetwork | None
) -> Policy:
  """Makes a policy of what a file says of its arrays.

  Raises:
    ValueError: it says something impossible, or absurd.
  """
  reason = files.misfit(metadata, _METADATA_KINDS) or files.misfit(
      metadata['info'], _INFO_KINDS, optional=tuple(_INFO_KINDS))
  if reason:
    raise checks.UserError(f'in its metadata {reason}')
  saved = metadata['network']
  network = own.as_saved(given, saved) if given else build.from_json(saved)
  sizes = {
      'num_actions': metadata['num_actions'],
      'max_words': metadata['max_words'],
  }
  parts = 0
  if not isinstance(network, own.OwnNetwork):
    sizes |= {
        'core_size': network.core_size,
        'instruction_buckets': network.instruction_buckets,
        'size of features': max(network.features.size, 1),
    }
    parts = network.features.num_tasks + sum(
        branch.num_tasks for branch in network.branches)
  for name, size in sizes.items():
    if not 1 <= size <= _MAX_SIZE:
      raise checks.UserError(
          f'{name} is {files.shown(size, 40)}; expected 1 to {_MAX_SIZE}')
  if parts > num_arrays:
    raise checks.UserError(
        f'its network has parts for {files.shown(parts, 40)} tasks, but there'
        f' are {num_arrays} arrays')
  if not all(isinstance(task, str) for task in metadata['tasks']):
    raise checks.UserError('its tasks are not all texts')
  return Policy(
      network=network, params={}, num_actions=metadata['num_actions'],
      observation={
          name: _spec(name, saved)
          for name, saved in metadata['observation'].items()},
      max_words=metadata['max_words'], tasks=tuple(metadata['tasks']),
      info=metadata['info'])


def _spec(name: str, saved: Any) -> types.ArraySpec:
  """Returns the spec of one array of an observation."""
  dtype: np.dtype | None = None
  try:
    shape, text = saved
    dtype = np.dtype(text) if isinstance(text, str) else None
    is_plain = dtype is not None and dtype.kind in 'biuf' and all(
        type(size) is int and size >= 0 for size in shape)
  except (SyntaxError, TypeError, ValueError):
    is_plain = False
  if dtype is None or not is_plain or len(shape) > 8 or (
      math.prod(shape) > _MAX_SIZE):
    raise checks.UserError(
        f'its observation {files.shown(name, 60)} is {files.shown(saved, 80)};'
        ' expected a shape and a type of numbers')
  return types.ArraySpec(tuple(shape), dtype)


def _check_arrays(policy: Policy, archive: archives.Archive) -> None:
  """Raises ValueError unless a file has the arrays of its network."""
  agent = agent_lib.make_agent(
      policy.network, dict(policy.observation), policy.num_actions)
  try:
    wanted = jax.eval_shape(agent.init, jax.random.key(0))
  except checks.UserError:
    raise
  except Exception as error:  # of whatever library builds the network
    raise checks.UserError(
        'its network cannot read its observation'
        f' ({" ".join(str(error).split())[:120]})') from error
  headers = {
      name: header for name, header in archive.headers.items()
      if name != _METADATA}
  check_shapes(
      {name: tuple(x.shape) for name, x in flatten(wanted).items()},
      {name: header.shape for name, header in headers.items()})
  odd = [name for name, header in headers.items()
         if header.dtype.kind != 'f' or header.dtype.itemsize > 8]
  if odd:
    raise checks.UserError(
        f'{odd[0]!r} is of type {headers[odd[0]].dtype}; expected floats')
  size = sum(4 * math.prod(header.shape) for header in headers.values())
  if size > _MAX_PARAMS_BYTES:
    raise checks.UserError(
        f'its parameters take {size} bytes; expected at most'
        f' {_MAX_PARAMS_BYTES}')


def check_shapes(
    expected: Mapping[str, tuple[int, ...]],
    found: Mapping[str, tuple[int, ...]],
) -> None:
  """Raises ValueError unless arrays have the names and shapes of a network."""
  different = sorted(
      name for name in expected.keys() | found.keys()
      if expected.get(name) != found.get(name))
  if different:
    name = different[0]
    raise checks.UserError(
        f'parameters of another network: {len(different)} arrays differ, the'
        f' first is {files.shown(name, 80)} with shape'
        f' {files.shown(found.get(name), 60)}, expected {expected.get(name)}.'
        ' Build the network that it was trained with.')
