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
"""Ctrl-C, and the stop button of a notebook, as a request to stop.

Not here: the signals of binaries, which last as long as the process.
"""

from collections.abc import Callable, Iterator
import contextlib
import signal
import threading
from typing import Any


@contextlib.contextmanager
def requested() -> Iterator[Callable[[], bool]]:
  """Gives what says whether the user has asked to stop.

  The first Ctrl-C is noted, the second raises KeyboardInterrupt as ever. In
  other threads than the main one signals do not arrive, and nothing is noted.
  Whoever noted signals before does so again afterwards.
  """
  if threading.current_thread() is not threading.main_thread():
    yield lambda: False
    return
  is_requested = False
  before = signal.getsignal(signal.SIGINT)

  def note(number: int, frame: Any) -> None:
    del number, frame
    nonlocal is_requested
    is_requested = True
    signal.signal(signal.SIGINT, signal.default_int_handler)

  signal.signal(signal.SIGINT, note)
  try:
    yield lambda: is_requested
  finally:
    signal.signal(
        signal.SIGINT, signal.SIG_DFL if before is None else before)
