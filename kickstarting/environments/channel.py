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

Loads neither JAX nor the rest of the package. Not here: what they mean
(`worker.py`).
"""

import json
import socket
import struct
from typing import Any

_HEADER = struct.Struct('<cI')  # kind, bytes of JSON that follow


class Closed(Exception):
  """The other side has ended."""


class Channel:
  """One end of a connection."""

  def __init__(self, end: socket.socket):
    self._end = end

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
      self._end.sendall(_HEADER.pack(kind, len(text)) + text)
    except OSError as error:
      raise Closed from error

  def receive(self) -> tuple[bytes, Any]:
    """Waits for a message.

    Raises:
      Closed: nobody is there.
    """
    kind, size = _HEADER.unpack(self._read(_HEADER.size))
    return kind, json.loads(self._read(size)) if size else None

  def close(self) -> None:
    """Ends the connection."""
    self._end.close()

  def _read(self, size: int) -> bytes:
    parts = []
    while size:
      try:
        part = self._end.recv(size)
      except OSError as error:
        raise Closed from error
      if not part:
        raise Closed
      parts.append(part)
      size -= len(part)
    return b''.join(parts)
