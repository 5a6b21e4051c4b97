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
"""What the text of a flag means.

Here: `numbers`, `settings`. Not here: flags (`run_flags.py`,
`shared_flags.py`).
"""

from collections.abc import Sequence
import json
import math
from typing import Any

from kickstarting import checks


def numbers(flag: str, values: Sequence[str]) -> list[float]:
  """Returns the numbers of a list of a flag.

  Raises:
    ValueError: one is no finite number, or is there twice.
  """
  found = []
  for value in values:
    try:
      number = float(value)
    except ValueError:
      number = math.nan
    if not math.isfinite(number) or number in found:
      raise checks.UserError(
          f'--{flag}={",".join(values)} holds {value!r}; expected different'
          ' numbers with commas between them.')
    found.append(number)
  return found


def settings(flag: str, values: Sequence[str]) -> dict[str, Any]:
  """Returns the settings of a list of NAME=VALUE; values as JSON, or words.

  Raises:
    ValueError: an entry is none, or is there twice.
  """
  found: dict[str, Any] = {}
  for entry in values:
    name, is_there, text = entry.partition('=')
    if not (name and is_there) or name in found:
      raise checks.UserError(
          f'--{flag}={",".join(values)} holds {entry!r}; expected NAME=VALUE,'
          ' each name once, with commas between them.')
    try:
      found[name] = json.loads(text)
    except json.JSONDecodeError:  # a word
      found[name] = text
  return found
