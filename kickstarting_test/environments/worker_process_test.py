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
from kickstarting_test import processes

_LEVELS = """
import os, subprocess, sys, tempfile, time
from kickstarting_test.environments import faulty

def leave(seed):
  print('the map is missing')
  sys.exit(7)

def leave_at_once(seed):
  os.write(1, b'no licence')
  os._exit(7)

def hang_up(seed):
  os.closerange(3, 100)
  time.sleep(1e6)

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
      ('leave', r'^SystemExit: 7 \(.*levels.py, line \d+, in leave\)$'),
      ('leave_at_once', 'ended with status 7, after writing:\nno licence'),
      ('abort', 'ended with signal SIGABRT'),
      ('hang_up', 'closed the connection'),
  )
  def test_how_it_ended(self, name, message):
    with self.assertRaisesRegex(worker_process.Failure, message):
      self._start(name).answer()

  def test_what_it_wrote_is_told_with_the_traceback(self):
    with self.assertRaises(worker_process.Raised) as context:
      self._start('leave').answer()
    self.assertRegex(
        context.exception.details,
        '(?s)Traceback.*SystemExit: 7, after writing:\nthe map is missing')

  @parameterized.parameters('kill', 'close')
  def test_one_that_hangs_is_ended(self, how):
    self.enter_context(
        absltest.mock.patch.object(worker_process, '_CLOSE_S', 0.1))
    worker = self._start('hang')
    self.assertTrue(processes.is_running(worker.pid))
    getattr(worker_process, how)([worker])
    self.assertEqual(worker._child.process.returncode, -signal.SIGKILL)

  def test_what_it_started_ends_as_well(self):
    path = os.path.join(self.create_tempdir().full_path, 'pid')
    worker = self._start('start_another', path=path)
    worker.answer()
    with open(path, encoding='utf-8') as file:
      pid = int(file.read())
    self.assertTrue(processes.is_running(pid))
    worker.kill()
    self.assertFalse(processes.is_running(pid))

  def test_those_that_hang_are_waited_for_together(self):
    self.enter_context(
        absltest.mock.patch.object(worker_process, '_CLOSE_S', 1.0))
    workers = [self._start('hang') for _ in range(4)]
    began = time.monotonic()
    worker_process.close(workers)
    self.assertLess(time.monotonic() - began, 3.0)

  @parameterized.parameters(True, False)
  def test_who_has_answered(self, has_sentinel):
    if not has_sentinel:  # another system, or an old kernel
      self.enter_context(
          absltest.mock.patch.object(os, 'pidfd_open', side_effect=OSError))
    talking, hanging, ended = map(self._start, ('talk', 'hang', 'abort'))
    self.assertEqual(talking._child.sentinel >= 0, has_sentinel)
    left = [talking, hanging, ended]
    while len(left) > 1:
      found = worker_process.wait(left, 60.0)
      self.assertNotEmpty(found)
      left = [worker for worker in left if worker not in found]
    self.assertEqual(left, [hanging])
    self.assertEmpty(worker_process.wait(left, 0.1))

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
      worker_process.close([worker])
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
