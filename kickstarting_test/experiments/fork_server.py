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
"""Starts binaries from a process that has imported what they all import.

Every run of a binary imports JAX and the libraries on top of it, for seconds.
So tests that run one to its end let a server fork, which has done that once; it
imports nothing of this project, nor does it compute, so that all else is as in
a fresh interpreter. Here: `Server`. Not here: binaries that get signals, which
are started as users start them (`binaries.py`).
"""

from collections.abc import Mapping, Sequence
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading

_IMPORTED = (
    'chex', 'envpool', 'haiku', 'jax', 'jax.experimental.compilation_cache',
    'matplotlib.backends.backend_agg', 'matplotlib.pyplot', 'optax',
    'orbax.checkpoint', 'rlax', 'scipy.stats', 'tensorboardX')
_LARGEST = 1 << 20  # bytes of a request


class Server:
  """Forks binaries, one at a time, in one environment."""

  def __init__(self, environment: Mapping[str, str]):
    self._lock = threading.Lock()
    self._socket, theirs = socket.socketpair(
        socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
      self._process = subprocess.Popen(
          [sys.executable, '-m', __spec__.name, str(theirs.fileno())],
          env=dict(environment), pass_fds=[theirs.fileno()])

  def run(
      self, module: str, flags: Sequence[str], folder: str, deadline_s: float
  ) -> subprocess.CompletedProcess:
    """Runs `python -m module flags` in a folder, to its end.

    Raises:
      subprocess.TimeoutExpired: it took too long, and was killed.
    """
    args = [sys.executable, '-m', module, *flags]
    with self._lock, tempfile.TemporaryFile() as out, (
        tempfile.TemporaryFile()) as error:
      request = json.dumps(
          {'module': module, 'flags': list(flags), 'folder': folder})
      socket.send_fds(
          self._socket, [request.encode()], [out.fileno(), error.fileno()])
      pid = self._receive()
      self._socket.settimeout(deadline_s)
      try:
        status = self._receive()
      except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        self._socket.settimeout(None)
        self._receive()
        raise subprocess.TimeoutExpired(args, deadline_s) from None
      finally:
        self._socket.settimeout(None)
      texts = []
      for file in (out, error):
        file.seek(0)
        texts.append(file.read().decode())
    return subprocess.CompletedProcess(args, status, *texts)

  def _receive(self) -> int:
    answer = self._socket.recv(_LARGEST)
    if not answer:
      raise AssertionError(
          f'the server of binaries is gone: {self._process.wait()}')
    return json.loads(answer)

  def close(self) -> None:
    """Ends the server."""
    self._socket.close()
    self._process.wait()


def _serve(connection: socket.socket) -> None:
  """Forks what is asked for; returns in each child, with its module run."""
  while True:
    request, fds, _, _ = socket.recv_fds(connection, _LARGEST, 2)
    if not request:
      return
    pid = os.fork()
    if not pid:
      connection.close()
      for target, fd in zip((1, 2), fds, strict=True):
        os.dup2(fd, target)
        os.close(fd)
      _become(**json.loads(request))
      return
    for fd in fds:
      os.close(fd)
    connection.send(json.dumps(pid).encode())
    _, status = os.waitpid(pid, 0)
    connection.send(json.dumps(os.waitstatus_to_exitcode(status)).encode())


def _become(module: str, flags: Sequence[str], folder: str) -> None:
  """Does what `python -m module flags` does in a folder."""
  os.chdir(folder)
  sys.path[0] = folder
  sys.argv[1:] = flags
  runpy.run_module(module, run_name='__main__', alter_sys=True)


def main() -> None:
  """Serves until the other end of the socket is closed."""
  for name in _IMPORTED:
    __import__(name)
  gc.freeze()  # what is imported stays in memory that all share
  _serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == '__main__':
  main()
