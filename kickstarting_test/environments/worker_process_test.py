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
"""Tests a worker process as its batch sees it."""

import os
import signal
import sys
import time

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting.environments import shared_arrays
from kickstarting.environments import worker_process

_LEVELS = """
import os, subprocess, sys, tempfile, time
from kickstarting_test.environments import faulty

def leave(seed):
  print('the map is missing')
  sys.exit(7)

def abort(seed):
  os.abort()

def hang(seed):
  time.sleep(1e6)

def start_another(seed, path):
  with open(path, 'w') as file:
    file.write(str(subprocess.Popen(['sleep', '1000']).pid))
  return faulty.History(seed)

def write(seed):
  path = tempfile.mkdtemp(prefix='of_an_engine_')
  print(path, flush=True)
  return faulty.History(seed)

def talk(seed):
  print(1000 * 'x')
  return faulty.History(seed)
"""


def _is_running(pid: int) -> bool:
  """Returns whether there is such a process that has not ended."""
  try:
    with open(f'/proc/{pid}/stat', encoding='utf-8') as file:
      return file.read().rpartition(')')[2].split()[0] != 'Z'
  except FileNotFoundError:
    return False


class WorkerProcessTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.memory = shared_arrays.allocate()
    self.addCleanup(os.close, self.memory)
    self.path = self.create_tempfile('levels.py', _LEVELS).full_path

  def _start(self, name, **arguments):
    worker = worker_process.WorkerProcess({
        'path': sys.path, 'first_stream': 0, 'instruction_key': 'mission',
        'bootstrap_on_timeout': False,
        'rows': [{'task': 'task', 'target': f'{self.path}:{name}', 'seed': 0,
                  'arguments': arguments}]}, self.memory)
    self.addCleanup(worker.kill)
    return worker

  @parameterized.parameters(
      ('leave', '(?s)ended with status 7, after writing:.*the map is missing'),
      ('abort', 'ended with signal SIGABRT'),
  )
  def test_how_it_ended(self, name, message):
    with self.assertRaisesRegex(worker_process.Failure, message):
      self._start(name).answer()

  @parameterized.parameters('kill', 'close')
  def test_one_that_hangs_is_ended(self, how):
    self.enter_context(
        absltest.mock.patch.object(worker_process, '_CLOSE_S', 0.1))
    worker = self._start('hang')
    self.assertTrue(_is_running(worker.pid))
    getattr(worker, how)()
    self.assertEqual(worker._process.returncode, -signal.SIGKILL)

  def test_what_it_started_ends_as_well(self):
    path = os.path.join(self.create_tempdir().full_path, 'pid')
    worker = self._start('start_another', path=path)
    worker.answer()
    with open(path, encoding='utf-8') as file:
      pid = int(file.read())
    self.assertTrue(_is_running(pid))
    worker.kill()
    deadline = time.monotonic() + 10
    while _is_running(pid) and time.monotonic() < deadline:
      time.sleep(0.01)
    self.assertFalse(_is_running(pid))

  @parameterized.parameters('killed', 'ended')
  def test_its_temporary_files_go_with_it(self, how):
    worker = self._start('write')
    worker.answer()
    worker._output.seek(0)
    path = worker._output.read().decode().strip()
    self.assertTrue(os.path.isdir(path))
    if how == 'killed':
      os.kill(worker.pid, signal.SIGKILL)
      with self.assertRaises(worker_process.Failure):
        worker.answer()
      worker.kill()
    else:
      worker.hang_up()
      worker.close()
    self.assertFalse(os.path.exists(os.path.dirname(path)))

  def test_what_it_writes_is_dropped_if_it_is_much(self):
    self.enter_context(absltest.mock.patch.multiple(
        worker_process, _MAX_OUTPUT=100, _TRIM_EVERY=1))
    worker = self._start('talk')
    worker.answer()
    worker._output.flush()
    os.kill(worker.pid, signal.SIGSTOP)  # it writes when its buffer is full
    os.write(worker._output.fileno(), 200 * b'x')
    worker.ask(b'R')
    self.assertEqual(os.fstat(worker._output.fileno()).st_size, 0)

  def test_a_request_to_one_that_has_ended(self):
    worker = self._start('abort')
    with self.assertRaises(worker_process.Failure):
      worker.answer()
    worker.ask(b'S')
    with self.assertRaises(worker_process.Failure):
      worker.answer()


if __name__ == '__main__':
  absltest.main()
