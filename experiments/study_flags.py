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
"""Flags of the studies over several seeds.

Here: the flags, and `folder`, `seeds`, `extra`, which are what they mean. Not
here: the flags of single runs (`shared_flags.py`), which a study passes on.
"""

import pathlib
import shlex

from absl import flags

from kickstarting import checks
from kickstarting import files
from kickstarting.commands import flag_values

WORKDIR = flags.DEFINE_string(
    'workdir', 'results/study', 'Folder of the study.')
SEEDS = flags.DEFINE_list('seeds', ['1', '2', '3'], 'Seeds.')
EXTRA = flags.DEFINE_string(
    'extra', '', 'Further flags for every run, with spaces between them; what '
    'holds a space stands in quotes, as in a shell.')


def folder(default: str = '') -> pathlib.Path:
  """Returns the folder of the study.

  Args:
    default: where --workdir is empty.

  Raises:
    ValueError: it is no path.
  """
  return flag_values.path('workdir', WORKDIR.value or default)


def seeds() -> list[str]:
  """Returns the seeds of the runs; raises ValueError if one is none."""
  return flag_values.seeds('seeds', SEEDS.value)


def extra() -> list[str]:
  """Returns the flags that every run gets.

  Raises:
    ValueError: a quote has no end.
  """
  try:
    return shlex.split(EXTRA.value)
  except ValueError as error:
    raise checks.UserError(
        f'--extra is {files.shown(EXTRA.value, 120)} ({error}); expected flags'
        ' as a shell takes them, with quotes in pairs. Close the quote.'
    ) from error
