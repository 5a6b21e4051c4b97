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
"""Runs binaries as a user does, in processes of their own.

Here: `run`, `start`, `wait_for`, `last_line`. Not here: tests, how binaries
start sooner than their imports take (`fork_server.py`).
"""

import atexit
import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any, IO

from absl.testing import absltest

from kickstarting_test.experiments import fork_server

ROOT = pathlib.Path(__file__).parents[2]
# Names the folder of compiled functions that all runs share.
COMPILED = 'KICKSTARTING_TEST_COMPILED'
DEADLINE_S = 240.0  # of one process; seconds where nothing else runs


def _environment() -> dict[str, str]:
  cache = os.environ.get(COMPILED) or os.path.join(
      absltest.TEST_TMPDIR.value, 'compiled')
  return os.environ | {
      'PYTHONPATH': os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
      'JAX_PLATFORMS': 'cpu',
      'JAX_COMPILATION_CACHE_DIR': cache,
      'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0',
      'JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES': '-1',
  }


def start(
    module: str, *flags: str, output: int | IO = subprocess.PIPE
) -> subprocess.Popen:
  """Starts `python -m module flags`, away from the checkout."""
  return subprocess.Popen(
      [sys.executable, '-m', module, *flags], env=_environment(), text=True,
      cwd=tempfile.mkdtemp(dir=absltest.TEST_TMPDIR.value),
      stdout=output, stderr=subprocess.PIPE)


def run(
    module: str, *flags: str, deadline_s: float = DEADLINE_S
) -> subprocess.CompletedProcess:
  """Runs a binary to its end.

  Raises:
    subprocess.TimeoutExpired: it took too long, and was killed.
  """
  environment = _environment()
  environment.pop('PYTEST_CURRENT_TEST', None)  # another one for each test
  server = _server(tuple(sorted(environment.items())))
  return server.run(
      module, flags, tempfile.mkdtemp(dir=absltest.TEST_TMPDIR.value),
      deadline_s)


@functools.cache
def _server(environment: tuple[tuple[str, str], ...]) -> fork_server.Server:
  """Returns the server of an environment."""
  server = fork_server.Server(dict(environment))
  atexit.register(server.close)
  return server


def last_line(done: subprocess.CompletedProcess) -> dict[str, Any]:
  """Returns the result of a run: the JSON on its last line."""
  if done.returncode:
    raise AssertionError(f'exit status {done.returncode}: {done.stderr}')
  return json.loads(done.stdout.splitlines()[-1])


def wait_for(condition, process: subprocess.Popen) -> None:
  """Waits until `condition()`, while the process lives."""
  end = time.monotonic() + DEADLINE_S
  while not condition():
    if process.poll() is not None or time.monotonic() > end:
      process.kill()
      raise AssertionError(f'ended too early: {process.communicate()}')
    time.sleep(0.01)
