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
"""What is kept of a run while it goes on, and said of it: `Recorder`.

Not here: files (`runtime/logger.py`), what is odd (`runtime/advice.py`).
"""

from collections.abc import Callable, Mapping
from typing import Any

from kickstarting import files
from kickstarting.runtime import advice
from kickstarting.runtime import logger


class Recorder:
  """Keeps records, and says now and then how far the run is.

  Attributes:
    records: without what JSON does not have, oldest first.
    warnings: what was odd, each once.
  """

  def __init__(
      self,
      total_frames: int,
      on_record: Callable[[Mapping[str, Any]], None] | None,
      *,
      has_lines: bool,
      has_advice: bool = True,
  ):
    """Starts with nothing.

    Args:
      total_frames: budget.
      on_record: is called with every record; None for nobody.
      has_lines: whether to print lines of progress, and what is odd.
      has_advice: whether to look for what is odd in one student.
    """
    self.records: list[dict[str, Any]] = []
    self.warnings: list[str] = []
    self._on_record = on_record
    self._adviser = advice.Adviser(total_frames) if has_advice else None
    self._lines = logger.Lines(total_frames) if has_lines else None

  def __call__(self, record: dict[str, Any]) -> None:
    """Takes a record."""
    self.records.append(files.without_nan(record))
    if self._on_record is not None:
      self._on_record(record)
    for text in self._adviser(record) if self._adviser else ():
      self.warnings.append(text)
      if self._lines is not None:
        logger.say(f'warning: {text}')
    if self._lines is not None:
      self._lines(record)
