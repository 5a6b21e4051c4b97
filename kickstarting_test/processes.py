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
"""Processes as tests look at them, in /proc. Not here: tests."""

from collections.abc import Callable
import pathlib
import time


def is_running(pid: int) -> bool:
  """Returns whether there is such a process that has not ended."""
  try:
    with open(f'/proc/{pid}/stat', encoding='utf-8') as file:
      return file.read().rpartition(')')[2].split()[0] not in 'ZX'
  except OSError:
    return False


def children_of(pid: int) -> list[int]:
  """Returns whom a process has started that is still its child."""
  return [int(child) for path in pathlib.Path(f'/proc/{pid}/task').glob(
      '*/children') for child in path.read_text().split()]


def wait(is_true: Callable[[], bool], patience_s: float = 60.0) -> bool:
  """Returns whether something becomes true in time."""
  deadline = time.monotonic() + patience_s
  while not is_true():
    if time.monotonic() > deadline:
      return False
    time.sleep(0.02)
  return True
