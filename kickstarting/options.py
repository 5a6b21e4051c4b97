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
"""Fields of configurations that say what they mean, where they stand.

Here: `option`, and the groups in which flags are listed. Not here: flags
(`commands/`).
"""

import dataclasses
from typing import Any, TypeVar

GROUPS = ('run', 'environment', 'network', 'teachers', 'learning', 'output')
_T = TypeVar('_T')


def option(default: _T, group: str, text: str) -> _T:
  """Returns a field of a dataclass that users set.

  Args:
    default: of the field.
    group: one of GROUPS.
    text: what the field is, with its unit, in sentences.
  """
  field: Any = dataclasses.field(
      default=default, metadata={'group': group, 'text': text})
  return field
