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
"""Lines of progress of a run of the laboratory, with the time that is left.

A process that helps another one tells it what happened, a JSON list a line
(`Relay`), and that one repeats it to its `Lines` (`repeat`). Not here: what is
done (`laboratory.py`), the processes (`workers.py`).
"""

from collections.abc import Callable
import json
import threading
import time
from typing import Protocol

_REPORT_S = 2.0
_EVENTS = ('update', 'finish', 'say')


class Progress(Protocol):
  """Is told how far a run is; from any thread."""

  def update(self, label: str, share: float) -> None:
    """Notes how much of a curve is done."""

  def finish(self, label: str, text: str) -> None:
    """Notes a curve that is done."""

  def say(self, text: str) -> None:
    """Notes something else."""


class Lines:
  """Lines of progress with the time that is left, of so many curves."""

  def __init__(self, report: Callable[[str], None], total: int):
    self._lock = threading.RLock()
    self._shares: dict[str, float] = {}  # of the curves under way
    self._report = report
    self._left = total
    self._done = 0
    self._began = self._last = time.monotonic()

  def update(self, label: str, share: float) -> None:
    """Notes how much of a curve is done; reports now and then."""
    with self._lock:
      self._shares[label] = share
      if time.monotonic() - self._last > _REPORT_S:
        self.say(f'{label} | {share:4.0%}')

  def finish(self, label: str, text: str) -> None:
    """Notes a curve that is done."""
    with self._lock:
      self._shares.pop(label, None)
      self._done += 1
      self._left -= 1
      self.say(f'{label} | {text}')

  def say(self, text: str) -> None:
    """Reports, with the time that is left where that can be told."""
    with self._lock:
      self._last = time.monotonic()
      done = self._done + sum(self._shares.values())
      if done:
        left = round((self._last - self._began) / done * (
            self._done + self._left - done))
        text += f' | {left // 60}:{left % 60:02d} left'
      self._report(text)


class Relay:
  """Writes down what happened, for `repeat` in another process."""

  def __init__(self, write: Callable[[str], None]):
    self._write = write
    self._last = 0.0

  def update(self, label: str, share: float) -> None:
    """Notes how much of a curve is done, now and then."""
    if time.monotonic() - self._last > _REPORT_S:
      self._last = time.monotonic()
      self._write(json.dumps(['update', label, share]))

  def finish(self, label: str, text: str) -> None:
    """Notes a curve that is done."""
    self._write(json.dumps(['finish', label, text]))

  def say(self, text: str) -> None:
    """Notes something else."""
    self._write(json.dumps(['say', text]))


def repeat(line: str, progress: Progress) -> None:
  """Tells `progress` what a Relay wrote; says any other line as it is."""
  try:
    event, *arguments = json.loads(line)
    if event not in _EVENTS:
      raise ValueError
  except (TypeError, ValueError):
    progress.say(line)
    return
  getattr(progress, event)(*arguments)
