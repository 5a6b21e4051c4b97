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
"""The folder that belongs to this process, for as long as it lives.

Two processes that write into one folder would mix their runs, so whoever writes
takes its lock: a run (`workdir.py`), a study (`ablation.py`). Those that such a
process starts to work in its folder take none. Not here: the lock itself
(`kickstarting/runtime/exchange.py`).
"""

from collections.abc import Callable
import pathlib

from kickstarting.commands import stopping
from kickstarting.runtime import exchange

NAME = '.lock'  # of the file
_WAIT_S = 2.0  # in which a process that only looks at a lock lets go of it

_held: tuple[pathlib.Path, exchange.Lock] | None = None


def take(folder: pathlib.Path) -> Callable[[], bool]:
  """Takes a folder, which is made if it is missing, and frees the one before.

  From then on signals are requests to stop, so that nothing half-written is
  left in it; see `stopping.accept`.

  Returns:
    Whether the process was asked to stop.

  Raises:
    ValueError: another process has it, or it cannot be written.
  """
  global _held
  stop = stopping.accept()
  if _held is None or _held[0] != folder:
    release()
    lock = exchange.Lock(folder / NAME)
    lock.acquire(lambda: False, _WAIT_S)
    _held = folder, lock
  return stop


def release() -> None:
  """Frees the folder of this process."""
  global _held
  if _held is not None:
    _held[1].release()
    _held = None


def check_free(folder: pathlib.Path) -> None:
  """Raises ValueError if another process has a folder; changes nothing."""
  exchange.check_free(folder / NAME)


def check() -> None:
  """Raises files.OutputError if the folder of this process is gone."""
  if _held is not None:
    _held[1].check()
