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
"""Tests that children end with the process that has started them."""

import os
import pathlib
import signal
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import children
from kickstarting import watcher
from kickstarting_test import processes

_SLEEP = ('sleep', '1000000')
# A process with a child, without what the package loads; prints its child.
_BEGIN = f"""
import os, signal, sys, time, types
package = types.ModuleType('kickstarting')
package.__path__ = [{str(pathlib.Path(children.__file__).parent)!r}]
sys.modules['kickstarting'] = package
from kickstarting import children
child = children.Child({_SLEEP!r})
print(child.process.pid, children.watcher_pid(), flush=True)
"""


@absltest.skipUnless(sys.platform == 'linux', 'Looks into /proc.')
class ChildTest(parameterized.TestCase):

  def _start(self, command=_SLEEP, **options):
    child = children.Child(command, **options)
    self.addCleanup(child.end)
    return child

  @parameterized.named_parameters(
      ('it_returns', ''),
      ('it_exits', 'sys.exit(1)'),
      ('it_is_killed', 'os.kill(os.getpid(), signal.SIGKILL)'),
      ('its_group_is_killed', 'os.killpg(os.getpgid(0), signal.SIGKILL)'),
      ('it_becomes_another', "os.execlp('true', 'true')"),
      ('a_copy_of_it_stays', """
if not os.fork():
  time.sleep(30)
"""),
  )
  def test_it_ends_with_its_parent_however(self, end):
    with subprocess.Popen(
        [sys.executable, '-c', _BEGIN + end], stdout=subprocess.PIPE,
        start_new_session=True) as parent:
      pids = [int(word) for word in parent.stdout.readline().split()]
      parent.wait()
      is_over = processes.wait(
          lambda: not any(map(processes.is_running, pids)), 20.0)
      watcher.end([watcher.Child(watcher.new_mark(), parent.pid)])  # the copy
    self.assertTrue(is_over)

  def test_one_that_stays_in_our_session(self):
    script = _BEGIN + f"""
child = children.start({_SLEEP!r})
print(child.pid, os.getpgid(child.pid), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    with subprocess.Popen(
        [sys.executable, '-c', script], stdout=subprocess.PIPE,
        start_new_session=True) as parent:
      parent.stdout.readline()
      pid, group = map(int, parent.stdout.readline().split())
    self.assertEqual(group, parent.pid)
    self.assertTrue(processes.wait(lambda: not processes.is_running(pid)))

  def test_those_that_have_ended_are_forgotten(self):
    children.start(['true']).wait()
    last = children.start(_SLEEP)
    self.assertEqual([x.process for x in children._STARTED], [last])
    last.kill()
    last.wait()
    children.start(['true']).wait()
    children._STARTED.pop().end()
    self.assertIsNone(children.watcher_pid())

  def test_the_watcher_comes_and_goes(self):
    self.assertIsNone(children.watcher_pid())
    one, other = self._start(), self._start()
    pid = children.watcher_pid()
    self.assertTrue(processes.is_running(pid))
    one.end()
    self.assertEqual(children.watcher_pid(), pid)
    other.end()
    other.end()
    self.assertIsNone(children.watcher_pid())
    self.assertFalse(processes.is_running(pid))

  def test_a_watcher_that_is_stopped_holds_nobody_up(self):
    child = self._start()
    os.kill(children.watcher_pid(), signal.SIGSTOP)
    child.end()
    self.assertIsNone(children.watcher_pid())

  def test_another_watcher_knows_the_same_children(self):
    script = _BEGIN + """
os.kill(children.watcher_pid(), signal.SIGKILL)
while child.process.poll() is None:
  children.keep_watch()
  if os.path.exists(sys.argv[1]):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    flag = os.path.join(self.create_tempdir().full_path, 'flag')
    with subprocess.Popen([sys.executable, '-c', script, flag],
                          stdout=subprocess.PIPE) as parent:
      child, watching = map(int, parent.stdout.readline().split())
      self.assertTrue(
          processes.wait(lambda: not processes.is_running(watching)))
      self.assertTrue(
          processes.wait(lambda: len(processes.children_of(parent.pid)) == 2
                         and watching not in processes.children_of(parent.pid)))
      pathlib.Path(flag).touch()
      parent.wait()
    self.assertTrue(processes.wait(lambda: not processes.is_running(child)))

  def test_a_command_that_is_not_there(self):
    with self.assertRaises(FileNotFoundError):
      self._start(['no such command'])
    self.assertIsNone(children.watcher_pid())

  @parameterized.parameters(True, False)
  def test_whether_it_has_ended(self, has_descriptor):
    if not has_descriptor:
      self.enter_context(
          absltest.mock.patch.object(os, 'pidfd_open', side_effect=OSError))
    child = self._start()
    self.assertFalse(child.has_ended(0.01))
    child.process.kill()
    self.assertTrue(child.has_ended(60.0))
    child.end()
    self.assertEqual(child.process.returncode, -signal.SIGKILL)

  def test_it_has_our_environment_or_its_own(self):
    for environment, expected in ((None, 'x'), ({'OTHER': 'y'}, '')):
      with absltest.mock.patch.dict(os.environ, CHILDREN_TEST='x'):
        child = self._start(
            ['/bin/sh', '-c', 'echo "$CHILDREN_TEST"'], env=environment,
            stdout=subprocess.PIPE, text=True)
      self.assertEqual(child.process.communicate()[0].strip(), expected)


if __name__ == '__main__':
  absltest.main()
