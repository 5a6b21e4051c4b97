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
"""Tests that what a worker starts ends with it, and it with its learner."""

import gc
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import children
from kickstarting.environments import process_batch
from kickstarting.environments import worker_pool
from kickstarting.environments import worker_process
from kickstarting_test import processes

_PR_SET_CHILD_SUBREAPER = 36
_NOTICED_S = 10.0


class _Notes:
  """What the environments of a test have left behind."""

  def __init__(self, folder):
    self._folder = pathlib.Path(folder)

  @property
  def workers(self):
    """Of the environments."""
    return sorted(
        int(path.stem) for path in self._folder.glob('*.json'))

  @property
  def pids(self):
    """Of the environments, and of what they started."""
    return [pid for path in self._folder.glob('*.json')
            for pid in json.loads(path.read_text())['pids']]

  @property
  def memory(self):
    """That still has a name."""
    paths = [pathlib.Path(json.loads(path.read_text())['memory'])
             for path in self._folder.glob('*.json')]
    return [path for path in paths if path.exists()]

  def clean(self):
    """Ends what a test that fails has left."""
    for pid in filter(processes.is_running, self.pids):
      os.kill(pid, signal.SIGKILL)
    for path in self.memory:
      path.unlink()


@absltest.skipUnless(sys.platform == 'linux', 'Looks into /proc.')
class WorkersTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path
    self.notes = _Notes(self.folder)
    self.addCleanup(self.notes.clean)
    gc.collect()  # what earlier tests of this process let go of
    self.others_watcher = children.watcher_pid()

  def _batch(self, **arguments):
    batch = process_batch.task_batch(
        {'parent': worker_process.Builder(
            'kickstarting_test.environments.parents:Parent',
            {'folder': self.folder, **arguments})},
        2, seed=0, pool=worker_pool.PoolConfig(streams_per_worker=1))
    self.addCleanup(batch.close)
    return batch

  @parameterized.parameters('spawn', 'fork', 'leave')
  def test_a_death_is_noticed_and_leaves_nothing(self, how):
    batch = self._batch(how=how)
    batch.reset()
    dead, = [pid for pid in batch.pids if pid == self.notes.workers[0]]
    left = [pid for pid in self.notes.pids if pid not in batch.pids]
    os.kill(dead, signal.SIGKILL)
    began = time.monotonic()
    batch.send(np.zeros(2, np.int32))
    batch.receive()
    self.assertLess(time.monotonic() - began, _NOTICED_S)
    self.assertEqual(batch.restarts, 1)
    self.assertLen([pid for pid in left if processes.is_running(pid)], 1)
    self.assertLen(self.notes.memory, 2)
    batch.close()
    self.assertEmpty(list(filter(processes.is_running, self.notes.pids)))
    self.assertEmpty(self.notes.memory)
    self.assertEqual(children.watcher_pid(), self.others_watcher)

  def test_a_batch_outlives_the_thread_that_made_it(self):
    made = []
    thread = threading.Thread(target=lambda: made.append(self._batch()))
    thread.start()
    thread.join()
    made[0].reset()
    time.sleep(0.1)
    made[0].send(np.zeros(2, np.int32))
    np.testing.assert_array_equal(made[0].receive().step_type, 1)
    self.assertEqual(made[0].restarts, 0)

  def test_the_watcher_is_started_again(self):
    batch = self._batch()
    batch.reset()
    for _ in range(2):
      pid = children.watcher_pid()
      os.kill(pid, signal.SIGKILL)
      processes.wait(lambda pid=pid: not processes.is_running(pid))
      batch.send(np.zeros(2, np.int32))
      batch.receive()
      self.assertNotEqual(children.watcher_pid(), pid)
      self.assertTrue(processes.is_running(children.watcher_pid()))


@absltest.skipUnless(sys.platform == 'linux', 'Looks into /proc.')
class LearnerTest(parameterized.TestCase):

  def _start(self, how, where, steps=-1, before=()):
    folder = self.create_tempdir().full_path
    notes = _Notes(folder)
    process = subprocess.Popen(
        [*before, sys.executable, '-m',
         'kickstarting_test.environments.parents', folder, how, where,
         str(steps)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)})
    self.addCleanup(notes.clean)
    self.addCleanup(process.stdout.close)
    self.addCleanup(process.wait)
    self.addCleanup(process.kill)
    return process, pathlib.Path(folder), notes

  def test_nothing_is_left_of_one_that_is_killed(self):
    cases = (
        ('fork', 'thread', False, False),
        ('leave', 'start', False, False),
        ('spawn', 'main', True, True),
    )
    reaper = (sys.executable, '-c', (
        'import ctypes, subprocess, sys\n'
        f'ctypes.CDLL(None).prctl({_PR_SET_CHILD_SUBREAPER}, 1)\n'
        'process = subprocess.Popen(sys.argv[1:])\n'
        'process.wait()\n'
        'sys.stdin.read()\n'))
    learners = [
        self._start(how, where, before=reaper if has_reaper else ())
        for how, where, _, has_reaper in cases]
    for (how, where, is_stopped, has_reaper), (process, folder, notes) in zip(
        cases, learners, strict=True):
      with self.subTest(f'{how} {where} {is_stopped} {has_reaper}'):
        begun = (lambda: len(notes.workers) == 2) if where == 'start' else (
            (folder / 'playing').exists)
        self.assertTrue(processes.wait(begun))
        learner = process.pid
        if has_reaper:
          [learner] = processes.children_of(process.pid)
        started = processes.children_of(learner) + notes.pids
        self.assertLen(set(started), 5)  # a watcher, and two of each
        if is_stopped:
          for pid in notes.workers:
            os.kill(pid, signal.SIGSTOP)
        os.kill(learner, signal.SIGKILL)
        self.assertTrue(processes.wait(
            lambda: not any(map(processes.is_running, started)), _NOTICED_S))
        self.assertTrue(processes.wait(lambda: not notes.memory, _NOTICED_S))

  def test_where_it_is_process_1(self):
    before = ['unshare', '--pid', '--fork', '--mount-proc']
    if not shutil.which('unshare') or subprocess.run(
        [*before, 'true'], stderr=subprocess.DEVNULL, check=False).returncode:
      self.skipTest('No namespace of processes may be made here.')
    process, folder, notes = self._start(
        'spawn', 'main', steps=3, before=before)
    text = process.stdout.read().decode()
    self.assertEqual(process.wait(), 0, text)
    self.assertEqual((folder / 'restarts').read_text(), '0')
    self.assertEmpty(notes.memory)


if __name__ == '__main__':
  absltest.main()
