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
"""A run of the laboratory in several processes, one for each core.

XLA's pool of threads is one for all programs of a process, and programs of many
small operations would take turns in it. So this process starts others like
itself, which take up curves in the same folder and tell it how far they are.
Not here: what a chunk is (`laboratory.py`), what is told (`progress.py`).
"""

from collections.abc import Callable, Sequence
import pathlib
import subprocess
import tempfile
import threading
import time
from typing import cast, IO

import numpy as np

from experiments.distilling_policy_distillation import laboratory
from experiments.distilling_policy_distillation import learning
from experiments.distilling_policy_distillation import progress as progress_lib
from kickstarting import checks
from kickstarting import children
from kickstarting.commands import stopping

_POLL_S = 0.1
_STOP_S = 30.0  # for a helper to end, when asked to
_MISTAKE = 2  # exit status, from `cli.run`
_ERROR = 'error: '


class _Helper:
  """Another process that works in the same folder."""

  def __init__(self, command: Sequence[str], progress: progress_lib.Progress):
    self._errors = tempfile.TemporaryFile('w+')
    self._process = children.start(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=self._errors, text=True)
    self._output = cast(IO[str], self._process.stdout)
    self._reader = threading.Thread(
        target=self._read, args=(progress,), daemon=True)
    self._reader.start()

  def _read(self, progress):
    for line in self._output:
      progress_lib.repeat(line.rstrip('\n'), progress)

  @property
  def is_running(self) -> bool:
    return self._process.poll() is None

  @property
  def has_failed(self) -> bool:
    status = self._process.poll() or 0
    return status != 0 and not stopping.is_of_request(status)

  def check(self) -> None:
    """Raises what ended the process, if it was an error."""
    if not self.has_failed:
      return
    self._errors.seek(0)
    text = self._errors.read().strip()
    *_, last = text.split('\n')
    if self._process.returncode == _MISTAKE and last.startswith(_ERROR):
      raise checks.UserError(last.removeprefix(_ERROR))
    raise RuntimeError(
        f'a process that helped ended with status {self._process.returncode}:'
        f'\n{text}')

  def stop(self) -> None:
    """Asks the process to end; waits, and ends it if it does not."""
    self._process.terminate()
    try:
      self._process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
      self._process.kill()
      self._process.wait()
    self._reader.join()
    self._output.close()
    self._errors.close()


def run(
    config: laboratory.LabConfig,
    groups: Sequence[laboratory.Group],
    folder: pathlib.Path,
    command: Sequence[str],
    *,
    should_stop: Callable[[], bool] = lambda: False,
    report: Callable[[str], None] = print,
) -> tuple[dict[str, dict[str, np.ndarray]], float]:
  """Lets all students of all groups learn.

  Args:
    config: how much, and with how many processes.
    groups: what.
    folder: keeps finished curves; those in it are not computed again.
    command: starts a process that calls `learning.work` with the same
      arguments, and a Relay that writes to its standard output.
    should_stop: polled; True raises Interrupted.
    report: called with lines of progress.

  Returns:
    See `laboratory.collect`.

  Raises:
    ValueError: see `learning.work`.
    RuntimeError: another process died.
    learning.Interrupted: `should_stop` said so.
  """
  missing = laboratory.missing(config, groups, folder)
  lines = progress_lib.Lines(report, len(missing))
  helpers: list[_Helper] = []
  failed = lambda: any(helper.has_failed for helper in helpers)
  must_stop = lambda: failed() or should_stop()
  try:
    for _ in range(min(config.workers, len(missing)) - 1):
      helpers.append(_Helper(command, lines))
    learning.work(config, groups, folder, lines, must_stop)
    while any(helper.is_running for helper in helpers) and not must_stop():
      time.sleep(_POLL_S)
    if must_stop():
      raise learning.Interrupted
  except learning.Interrupted:
    if not should_stop():
      for helper in helpers:
        helper.check()
    raise
  finally:
    for helper in helpers:
      helper.stop()
  return laboratory.collect(config, groups, folder)
