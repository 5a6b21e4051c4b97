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
"""Tables of tasks in CSV files that a user names.

Here: `read`, `write`. Not here: the tables that come with the library
(`kickstarting/environments/suites/suite.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
import csv
import io
import pathlib
from typing import Any

from kickstarting import files

_WHAT = 'a table with a row for each task'


def read(path: pathlib.Path, needs: Sequence[str]) -> list[dict[str, str]]:
  """Returns the rows of a file.

  Args:
    path: of the file.
    needs: columns that it must have.

  Raises:
    files.InputError: it cannot be read, or lacks a column or a cell.
  """
  text = files.read_text(path, _WHAT)
  where = files.shown(path)
  try:
    rows = list(csv.DictReader(io.StringIO(text, newline=''), strict=True))
  except csv.Error as error:
    raise files.InputError(
        f'{where} is no CSV file ({error}); expected {_WHAT}. Correct it, or'
        ' name the right one.') from error
  missing = sorted(set(needs) - set(rows[0] if rows else ()))
  if missing:
    raise files.InputError(
        f'{where} lacks the column {missing[0]!r}; expected'
        f' {", ".join(sorted(needs))}, and a row below. Write them into its'
        ' first line.')
  for number, row in enumerate(rows, 1):
    if None in row or None in row.values():
      raise files.InputError(
          f'row {number} of {where} has more or fewer cells than there are'
          ' columns; expected as many. Correct it.')
  return rows


def write(path: pathlib.Path, rows: Iterable[Mapping[str, Any]]) -> None:
  """Writes rows of the same columns; raises files.OutputError."""
  rows = list(rows)
  out = io.StringIO(newline='')
  writer = csv.DictWriter(out, rows[0], lineterminator='\n')
  writer.writeheader()
  writer.writerows(rows)
  files.write_text(path, out.getvalue())
