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
"""What a run says of itself in its folder, read back.

Files may have been edited or cut off since. Here: `config`, `result`, `ended`.
Not here: who writes them (`workdir.py`), resuming with them (`resuming.py`),
records (`kickstarting/runtime/logger.py`).
"""

import os
import pathlib
from typing import Any

from kickstarting import checks
from kickstarting import files

CONFIG = 'config.json'
RESULT = 'result.json'
_CONFIG_KINDS = {'program': str, 'flags': dict}
_RESULT_KINDS = {'ended': str}
_WHAT = 'what a run wrote of itself'


def config(folder: str | os.PathLike[str]) -> dict[str, Any]:
  """Returns what a run was started with: 'program', 'flags' and more.

  Raises:
    files.InputError: it cannot be read, or is damaged.
  """
  path = pathlib.Path(folder) / CONFIG
  saved = files.read_json(path, _WHAT, kind=dict)
  if 'description' in saved and 'flags' not in saved:
    raise checks.UserError(
        f'{files.shown(path)} is of a run that Python began; expected one of a'
        ' command, with flags. Go on with it there: ks.train(...,'
        ' resume=True).')
  files.check_fields(saved, _CONFIG_KINDS, files.shown(path), _WHAT)
  return saved


def ended(folder: str | os.PathLike[str], **kinds: Any) -> dict[str, Any]:
  """Returns what a run ended with; see `result`.

  Raises:
    files.InputError: it has not ended, or as for `result`.
  """
  found = result(folder, **kinds)
  if found is None:
    raise files.InputError(
        f'{files.shown(pathlib.Path(folder))} holds no run that has ended'
        f' ({RESULT} is missing); expected the folder of one. Name it, or end'
        ' the run first.')
  return found


def result(
    folder: str | os.PathLike[str], **kinds: Any
) -> dict[str, Any] | None:
  """Returns what a run ended with; None if it has not ended.

  Args:
    folder: of the run.
    **kinds: what it must have, beside 'ended'.

  Raises:
    files.InputError: it cannot be read, or is damaged.
  """
  path = pathlib.Path(folder) / RESULT
  if not os.path.lexists(path):
    return None
  # Scores that are not finite were written as such once.
  saved = files.read_json(path, _WHAT, kind=dict, allows_nan=True)
  files.check_fields(
      saved, {**_RESULT_KINDS, **kinds}, files.shown(path), _WHAT)
  return saved
