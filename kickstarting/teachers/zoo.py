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
"""The experts that come with the library, one file per task.

Here: `load_experts`, `manifest`, `add_expert`. Not here: how they were trained
(`experiments/train_experts.py`).
"""

from collections.abc import Mapping, Sequence
import hashlib
import importlib.resources
import json
import os
import pathlib
from typing import Any

import numpy as np

from kickstarting import checks
from kickstarting import files
from kickstarting.teachers import policy_file
from kickstarting.teachers import teacher as teacher_lib

MANIFEST = 'manifest.json'
_WHAT = 'a list of experts with their files'
_KINDS: files.Kinds = {
    'file': str, 'sha256': str, 'lineage': dict}
_OPTIONAL = ('lineage',)
_MAX_POLICY_BYTES = 2**26
_LONGEST_NAME = 200  # of a file


def default_folder() -> pathlib.Path:
  """Returns the folder of the shipped experts."""
  folder = importlib.resources.files('kickstarting.teachers') / 'experts'
  return pathlib.Path(str(folder))


def manifest(
    folder: str | os.PathLike[str] | None = None
) -> dict[str, dict[str, Any]]:
  """Returns task -> level, lineage, score, command, file, sha256.

  `lineage` has the frames of every run that went into an expert, by name: its
  own, those of what taught it, of what taught that, and of what any of them
  started from.

  There may be no manifest; then there are no experts.

  Raises:
    ValueError: it is damaged.
  """
  path = pathlib.Path(folder or default_folder()) / MANIFEST
  if not os.path.lexists(path):
    return {}
  entries = files.read_json(path, _WHAT, kind=dict)
  for task, entry in entries.items():
    where = f'{files.shown(path)}, at {files.shown(task, 60)},'
    files.check_fields({'entry': entry}, {'entry': dict}, where, _WHAT)
    files.check_fields(entry, _KINDS, where, _WHAT, optional=_OPTIONAL)
    lineage = entry.get('lineage', {})
    files.check_fields(
        lineage, dict.fromkeys(lineage, int), f'{where} lineage,', _WHAT)
    name = entry['file']
    if name != os.path.basename(name) or name in ('', '.', '..') or (
        len(name) > _LONGEST_NAME):
      raise files.InputError(
          f'{where} names the file {files.shown(name, 80)}; expected one in the'
          ' folder of the manifest. Restore it from a copy.')
  return entries


def training_frames(
    tasks: Sequence[str], folder: str | os.PathLike[str] | None = None
) -> int:
  """Returns the environment frames that the experts of some tasks cost.

  A run that went into several of them counts once.
  """
  known = manifest(folder)
  path = pathlib.Path(folder or default_folder()) / MANIFEST
  cost: dict[str, int] = {}  # by name of a run
  for task in tasks:
    entry = known.get(task, {})
    files.check_fields(
        entry, _KINDS, f'{files.shown(path)}, at {files.shown(task, 60)},',
        _WHAT)
    cost |= entry['lineage']
  return sum(cost.values())


def load_expert(
    task: str, folder: str | os.PathLike[str] | None = None
) -> policy_file.Policy:
  """Loads the expert of a task.

  Args:
    task: name of the task.
    folder: of the experts; the shipped ones by default.

  Raises:
    ValueError: there is no expert, or the file is not the one of the manifest.
  """
  folder = pathlib.Path(folder or default_folder())
  known = manifest(folder)
  if task not in known:
    raise checks.UserError(
        f'No expert for {task!r} in {str(folder)!r}; there are experts for'
        f' {sorted(known)}. Train a policy on it with'
        ' `kickstarting train`, and name its folder as a teacher.')
  path = folder / known[task]['file']
  if not os.path.lexists(path) or _sha256(path) != known[task]['sha256']:
    raise checks.UserError(
        f'The expert for {task!r} ({files.shown(path)}) is missing or is not'
        f' the file that {MANIFEST} describes; install the library again.')
  return policy_file.load_policy(path)


def load_experts(
    tasks: Sequence[str],
    folder: str | os.PathLike[str] | None = None,
    *,
    gives_features: bool = False,
) -> list[teacher_lib.Teacher]:
  """Loads one teacher per task; see `load_expert` and `from_policy`."""
  return [
      teacher_lib.from_policy(
          task, load_expert(task, folder), gives_features=gives_features)
      for task in tasks
  ]


def add_expert(
    source: str | os.PathLike[str],
    task: str,
    entry: Mapping[str, Any],
    folder: str | os.PathLike[str] | None = None,
) -> None:
  """Stores a policy in half precision and notes it in the manifest.

  Args:
    source: a policy file.
    task: what the expert is for.
    entry: facts for the manifest, beside file and hash.
    folder: where to; the shipped experts by default.
  """
  folder = pathlib.Path(folder or default_folder())
  path = folder / f'{task}.npz'
  policy_file.save_policy(
      path, policy_file.load_policy(source), dtype=np.float16)
  known = manifest(folder)
  known[task] = dict(entry) | {'file': path.name, 'sha256': _sha256(path)}
  files.write_text(
      folder / MANIFEST, json.dumps(known, indent=2, sort_keys=True) + '\n')


def _sha256(path: pathlib.Path) -> str:
  return hashlib.sha256(files.read_bytes(
      path, 'the policy of an expert', max_bytes=_MAX_POLICY_BYTES)).hexdigest()
