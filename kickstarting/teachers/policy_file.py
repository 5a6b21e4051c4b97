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
entry `metadata` is JSON; it is read with pickling off. Not here: resuming a
run (`runtime/checkpoint.py`).
"""

from collections.abc import Mapping
import dataclasses
import io
import json
import os
import pathlib
from typing import Any
import zipfile
import zlib

import numpy as np

from kickstarting import checks
from kickstarting import files
from kickstarting import types
from kickstarting.environments import base
from kickstarting.networks import build

FORMAT_VERSION = 1
_METADATA = 'metadata'
# What numpy, zipfile, zlib and json raise for bytes that are not a policy.
_UNREADABLE = (
    EOFError, KeyError, OSError, RuntimeError, TypeError, ValueError,
    zipfile.BadZipFile, zlib.error)


@dataclasses.dataclass(frozen=True)
class Policy:
  """A trained agent, ready to act or to teach."""

  network: build.NetworkConfig
  params: types.Params  # Haiku's two-level dict of arrays
  num_actions: int
  observation: Mapping[str, base.ArraySpec]
  max_words: int  # longest instruction it was trained with
  tasks: tuple[str, ...]  # the levels it was trained on
  info: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def observation_of(spec: Mapping[str, Any]) -> dict[str, base.ArraySpec]:
  """Returns plain specs of anything with `shape` and `dtype`."""
  return {
      name: base.ArraySpec(tuple(s.shape), np.dtype(s.dtype))
      for name, s in spec.items()
  }


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
      float32.
  """
  metadata = {
      'format_version': FORMAT_VERSION,
      'network': build.to_json(policy.network),
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
      name: np.asarray(value, dtype)
      for name, value in flatten(policy.params).items()
  }
  arrays[_METADATA] = np.asarray(json.dumps(metadata))
  path = pathlib.Path(path)
  archive = io.BytesIO()
  np.savez_compressed(archive, **arrays)  # type: ignore[arg-type]
  files.write_bytes(path, archive.getvalue())


def load_policy(path: str | os.PathLike[str]) -> Policy:
  """Reads a policy.

  Args:
    path: a file that `save_policy` wrote, or a folder with a `policy.npz`.

  Raises:
    ValueError: there is no such file, it is damaged, it is of another format
      version, or it holds something else than arrays.
  """
  path = pathlib.Path(path)
  if path.is_dir():
    path = path / 'policy.npz'
  if not path.is_file():
    raise checks.UserError(
        f'No policy at {str(path)!r}; expected a file written by'
        ' `save_policy`, or the work folder of a finished run.')
  try:
    with path.open('rb') as f, np.load(f, allow_pickle=False) as archive:
      arrays = {name: archive[name] for name in archive.files}
    metadata = dict(json.loads(str(arrays.pop(_METADATA))))
  except _UNREADABLE as e:
    raise _damaged(path, e) from e
  version = metadata.get('format_version')
  if version != FORMAT_VERSION:
    raise checks.UserError(
        f'{str(path)!r} has format version {version!r}; this library reads'
        f' version {FORMAT_VERSION}. Write it again with a matching version.')
  try:
    return _policy(metadata, arrays)
  except _UNREADABLE as e:
    raise _damaged(path, e) from e


def _damaged(path: pathlib.Path, error: Exception) -> checks.UserError:
  return checks.UserError(
      f'{str(path)!r} is not a policy file, or it is damaged ({error!r});'
      ' expected an archive of plain arrays written by `save_policy`. Copy the'
      ' file again, or train the agent anew.')


def _policy(
    metadata: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> Policy:
  """Makes a policy of what a file holds."""
  return Policy(
      network=build.from_json(metadata['network']),
      params=unflatten({
          name: value.astype(np.float32) for name, value in arrays.items()
      }),
      num_actions=metadata['num_actions'],
      observation={
          name: base.ArraySpec(tuple(shape), np.dtype(dtype))
          for name, (shape, dtype) in metadata['observation'].items()
      },
      max_words=metadata['max_words'],
      tasks=tuple(metadata['tasks']),
      info=metadata['info'],
  )
