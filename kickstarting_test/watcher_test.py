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
"""Tests how processes are found and ended, and which memory is removed.

Not here: that a watcher does so in time (`children_test.py`).
"""

import mmap
import os
import pathlib
import subprocess
import sys
import time

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import watcher
from kickstarting_test import processes

# Starts another in one of several ways, and waits or ends.
_START = """
import os, subprocess, sys, time
how, last = sys.argv[1:]
subprocess.Popen(
    ['sleep', '1000000'], start_new_session=how == 'session',
    process_group=0 if how == 'group' else None)
print('ready', flush=True)
time.sleep(1e6 if last == 'waits' else 0)
"""
# Maps a file and waits.
_MAP = """
import mmap, sys, time
with open(sys.argv[1], 'r+b') as file:
  memory = mmap.mmap(file.fileno(), 0)
print('ready', flush=True)
time.sleep(1e6)
"""


@absltest.skipUnless(sys.platform == 'linux', 'Looks into /proc.')
class EndTest(parameterized.TestCase):

  def _start(self, script, *arguments):
    child = watcher.Child(watcher.new_mark(), 0)
    process = subprocess.Popen(
        [sys.executable, '-S', '-c', script, *arguments],
        stdout=subprocess.PIPE, start_new_session=True,
        env=os.environ | {watcher.VARIABLE: child.mark})
    self.addCleanup(process.stdout.close)
    self.addCleanup(process.wait)
    self.addCleanup(watcher.end, [child._replace(pid=process.pid)])
    self.assertEqual(process.stdout.readline(), b'ready\n')
    return child._replace(pid=process.pid), process

  def _memory(self):
    path = pathlib.Path(f'/dev/shm/watcher_test_{os.getpid()}_{id(self)}')
    path.write_bytes(b'x')
    self.addCleanup(path.unlink, missing_ok=True)
    return path

  @parameterized.product(
      how=('child', 'group', 'session'), last=('waits', 'ends'))
  def test_all_that_a_child_started(self, how, last):
    child, process = self._start(_START, how, last)
    marked = lambda: list(watcher._members(set(), {child.mark}))
    if last == 'ends':
      process.wait()
      child = child._replace(pid=0)
    self.assertTrue(processes.wait(
        lambda: len(marked()) == (2 if last == 'waits' else 1)))
    found = marked()
    watcher.end([child])
    self.assertFalse(any(map(processes.is_running, found)))

  def test_without_proc_its_group(self):
    child, process = self._start(_START, 'child', 'waits')
    members = list(watcher._members({child.pid}, set()))
    self.assertLen(members, 2)
    with absltest.mock.patch.object(watcher, 'has_proc', return_value=False):
      watcher.end([child])
    process.wait()
    self.assertTrue(processes.wait(
        lambda: not any(map(processes.is_running, members))))

  def test_nobody_else(self):
    child, _ = self._start(_START, 'child', 'waits')
    _, other = self._start(_START, 'child', 'waits')
    watcher.end([child])
    self.assertIsNone(other.poll())

  def test_where_proc_shows_another_namespace(self):
    with absltest.mock.patch.object(os, 'readlink', return_value='1'):
      self.assertFalse(watcher.has_proc())
    self.assertTrue(watcher.has_proc())

  def test_memory_that_was_there_before(self):
    path = self._memory()
    time.sleep(0.1)
    child, _ = self._start(_MAP, str(path))
    watcher.end([child])
    self.assertTrue(path.exists())

  @parameterized.parameters('running', 'ended', 'shared')
  def test_memory_of_its_own(self, case):
    path = self._memory()
    child, process = self._start(_MAP, str(path))
    path.chmod(0o600)  # which makes it younger than the child
    child = child._replace(
        segments=frozenset(watcher.segments_of(child.pid)))
    self.assertEqual([segment.path for segment in child.segments], [str(path)])
    if case == 'ended':
      process.kill()
      process.wait()
    else:  # it is seen all the same
      child = child._replace(segments=frozenset())
    if case == 'shared':
      with path.open('r+b') as file:
        memory = mmap.mmap(file.fileno(), 0)
      self.addCleanup(memory.close)
    watcher.end([child])
    self.assertEqual(path.exists(), case == 'shared')


class LinesTest(absltest.TestCase):

  def test_what_a_watcher_is_told(self):
    said, heard = os.pipe()[::-1]
    self.addCleanup(os.close, heard)
    children = [
        watcher.Child('one', 1), watcher.Child('two', 0),
        watcher.Child('two', 2, frozenset({watcher.Segment('a path', 7)}))]
    for line in (*map(watcher.tell, children),
                 watcher.tell(children[0], is_over=True)):
      os.write(said, line)
    os.close(said)
    with absltest.mock.patch.object(watcher, 'end') as end:
      watcher.watch(heard, -1)
    end.assert_called_once_with([children[-1]])

  def test_a_watcher_that_is_no_longer_needed(self):
    said, heard = os.pipe()[::-1]
    self.addCleanup(os.close, heard)
    self.addCleanup(os.close, said)
    os.write(said, watcher.tell(watcher.Child('one', 1)) + b'\n')
    with absltest.mock.patch.object(watcher, 'end') as end:
      watcher.watch(heard, -1)
    end.assert_not_called()


if __name__ == '__main__':
  absltest.main()
