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
"""Flags of a run that goes on: those that it was started with.

Not here: its folder (`workdir.py`), what is in that (`run_files.py`).
"""

import os
import pathlib
from typing import Any

from absl import flags

from kickstarting import checks
from kickstarting import files
from kickstarting.commands import run_files
from kickstarting.commands import run_flags

# What a resumed run may change.
MAY_DIFFER = ('resume', 'workdir', 'member', 'helper')


def adopt(
    folder: pathlib.Path, program: str, *, can_grow: bool = False
) -> None:
  """Sets the flags to those of the run in a folder.

  Args:
    folder: of the run.
    program: that goes on with it.
    can_grow: whether a larger budget, --frames, may be given.

  Raises:
    ValueError: there is none, it is of another program, or a flag differs.
  """
  if not os.path.lexists(folder / run_files.CONFIG):
    raise checks.UserError(
        f'--workdir {files.shown(folder)} holds no run to resume'
        f' ({run_files.CONFIG} is missing); name the folder of a run, or drop'
        ' --resume.')
  found = run_files.config(folder)
  saved, other = found['flags'], found['program']
  if other != program:
    raise checks.UserError(
        f'--workdir {files.shown(folder)} holds, says its {run_files.CONFIG}, a'
        f' run of the command {files.shown(other, 60)[1:-1]};'
        f' {program} cannot resume it. Use the same command.')
  own = {name for name in run_flags.own_flags() if name not in MAY_DIFFER}
  for difference, text in (
      (set(saved) - own, 'this version does not have'),
      (own - set(saved), 'is missing in it')):
    if difference:
      raise checks.UserError(
          f'The run in {files.shown(folder)} has other flags in its'
          f' {run_files.CONFIG}: --{files.shown(min(difference), 60)[1:-1]}'
          f' {text}. Resume with the version that began it, or start a new'
          ' run.')
  values = {name: _parsed(folder, name, value)
            for name, value in saved.items()}
  for name, value in values.items():
    flag = flags.FLAGS[name]
    grows = can_grow and name == 'frames'
    if flag.present and flag.value != value and not (
        grows and flag.value > value):
      raise checks.UserError(
          f'--{name} is {files.shown(flag.value, 80)}, but the run in'
          f' {files.shown(folder)} was started with {files.shown(value, 80)};'
          ' drop the flag to resume, or start a new run in another folder.'
          + (' A larger budget is taken.' if grows else ''))
    if not (grows and flag.present):
      flag.value = value
    flag.using_default_value = False  # nor takes another one of its suite


def _parsed(folder: pathlib.Path, name: str, value: Any) -> Any:
  """Returns the value of a flag that a file has, as the flag would parse it."""
  flag = flags.FLAGS[name]
  if value is None and flag.default is None:
    return None
  kind = flag.parser.flag_type()
  is_text = kind.startswith('string') and isinstance(value, str)
  is_list = kind.endswith('list of strings') and isinstance(value, list) and (
      all(isinstance(item, str) for item in value))
  is_number = isinstance(value, (int, float))
  reason = 'it is of another type'
  if is_text or is_list or is_number:
    try:
      parsed = flag.parser.parse(value)
      if is_list or is_text or type(parsed) is type(value) or (
          isinstance(parsed, float) and not isinstance(value, bool)):
        return parsed
    except (OverflowError, TypeError, ValueError) as error:
      reason = ' '.join(str(error).split())
  raise files.InputError(
      f'{files.shown(folder / run_files.CONFIG)} has {files.shown(value, 60)}'
      f' for --{name} ({reason[:120]}); expected what the flag takes. Restore'
      ' it from a copy.')
