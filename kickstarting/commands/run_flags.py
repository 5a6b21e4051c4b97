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
"""Flags of every binary that leaves a folder, and which flags are ours.

Not here: flags of training (`shared_flags.py`), of the tabular laboratory
(`distilling_policy_distillation/lab_flags.py`), the folder (`workdir.py`).
"""

from collections.abc import Iterable
import dataclasses
from typing import Any, TypeVar

from absl import flags
from absl import logging

from kickstarting.commands import flag_groups

FLAGS = flags.FLAGS

_Config = TypeVar('_Config')

# The progress line is what a user reads; libraries speak up on warnings only.
logging.set_verbosity(logging.WARNING)

WORKDIR = flag_groups.grouped('output', flags.DEFINE_string(
    'workdir', None, 'Folder for results; a fresh one under results/ if '
    'empty.'))
RESUME = flag_groups.grouped('output', flags.DEFINE_bool(
    'resume', False, 'Continue the run in --workdir, with its own flags.'))


_FIELDS_OF: dict[type, frozenset[str]] = {}


def note_fields(config: type, names: Iterable[str]) -> None:
  """Says which fields of a dataclass flags stand for.

  Flags of other fields' names are a binary's own, of another meaning.
  """
  _FIELDS_OF[config] = frozenset(names)


def fields_with_flags() -> frozenset[str]:
  """Returns the names of all fields that flags stand for."""
  return frozenset().union(*_FIELDS_OF.values())


def config_from_flags(config: type[_Config], **overrides: Any) -> _Config:
  """Returns a configuration dataclass filled from the flags.

  Args:
    config: the dataclass.
    **overrides: fields that are not taken from flags.
  """
  known = FLAGS.flag_values_dict()
  with_flag = _FIELDS_OF.get(config, known)
  values = {
      field.name: known[field.name]
      for field in dataclasses.fields(config)  # type: ignore[arg-type]
      if field.name in known and field.name in with_flag
      and field.name not in overrides
  }
  return config(**values, **overrides)


def own_flags() -> dict[str, Any]:
  """Returns the values of all flags that this project defines."""
  return {flag.name: flag.value for flag in flag_groups.ours()}
