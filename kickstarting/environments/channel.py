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
"""Messages between a batch and its worker processes: a letter and some JSON.

On the standard library's connections, less their pickles. Loads neither JAX nor
the rest of the package. Not here: what messages mean (`worker.py`).
"""

import json
from multiprocessing import connection
from typing import Any


class Closed(Exception):
  """The other side has ended."""


class Channel:
  """One end of a connection."""

  def __init__(self, descriptor: int):
    """Initialises the end that is a descriptor, and owns that."""
    self._end = connection.Connection(descriptor)

  def fileno(self) -> int:
    """Returns the descriptor, for selectors."""
    return self._end.fileno()

  def send(self, kind: bytes, content: Any = None) -> None:
    """Sends one letter, and what JSON can hold.

    Raises:
      Closed: nobody is there.
    """
    text = b'' if content is None else json.dumps(content).encode()
    try:
      self._end.send_bytes(kind + text)
    except OSError as error:
      raise Closed from error

  def receive(self) -> tuple[bytes, Any]:
    """Waits for a message.

    Raises:
      Closed: nobody is there.
    """
    try:
      message = self._end.recv_bytes()
    except (EOFError, OSError) as error:
      raise Closed from error
    return message[:1], json.loads(message[1:]) if message[1:] else None

  def close(self) -> None:
    """Ends the connection."""
    self._end.close()
