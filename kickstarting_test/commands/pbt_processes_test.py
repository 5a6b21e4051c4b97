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
"""Tests of who watches the members: deaths, mistakes, a lost controller.

Members are small scripts here. Not here: whole runs
(`kill_population_test.py`).
"""

import pathlib
import subprocess
import sys
import textwrap
import time

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting.commands import pbt_processes
from kickstarting.populations import generations

_DEADLINE_S = 60.0

# A member gets its flags after these.
_MISTAKE = """
    import sys
    print('reading flags')
    print('error: teacher has 9 actions; retrain it.', file=sys.stderr)
    sys.exit(2)
"""
_CRASH = """
    import sys
    sys.exit('ZeroDivisionError: division by zero')
"""
_CONTROLLER = """
    import pathlib, sys, time
    from kickstarting.commands import pbt_processes
    members = pbt_processes._Members(1, pathlib.Path(sys.argv[1]), [
        sys.executable, '-c', sys.argv[2], 'member'])
    members.supervise()
    print('started', flush=True)
    time.sleep(600)
"""
_MEMBER = """
    import pathlib, sys, time
    from kickstarting.commands import pbt_processes, stopping
    stop = stopping.accept()
    pbt_processes._end_with_controller()
    print('ready', flush=True)
    while not stop():
      time.sleep(0.01)
    print('saved', flush=True)
"""


class MembersTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.files = generations.Files(self.folder)

  def _make(self, script, num_members=1):
    members = pbt_processes._Members(num_members, self.folder, [
        sys.executable, '-c', textwrap.dedent(script)])
    self.addCleanup(members.stop)
    return members

  def _supervise(self, members, seconds=_DEADLINE_S):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
      members.supervise()
      time.sleep(0.02)

  def test_a_mistake_ends_the_population_at_once_in_the_members_words(self):
    members = self._make(_MISTAKE, num_members=2)
    began = time.monotonic()
    with self.assertRaisesRegex(
        checks.UserError,
        r'member . cannot go on: teacher has 9 actions; retrain it\. .All it'
        r' printed is in .*log.txt'):
      self._supervise(members)
    self.assertLess(time.monotonic() - began, _DEADLINE_S / 2)
    starts = sum(
        (self.files.member(m) / 'log.txt').read_text().count('reading flags')
        for m in range(2))
    self.assertLessEqual(starts, 2)

  def test_other_deaths_are_paused_after_and_bounded(self):
    self.enter_context(absltest.mock.patch.object(
        pbt_processes, '_FIRST_PAUSE_S', 0.05))
    self.enter_context(absltest.mock.patch.object(
        pbt_processes, '_LONGEST_PAUSE_S', 0.2))
    self.enter_context(absltest.mock.patch.object(
        pbt_processes, '_MOST_DEATHS', 4))
    members = self._make(_CRASH)
    began = time.monotonic()
    with self.assertRaisesRegex(
        checks.UserError, 'member 0 died 4 times without a report, lastly with'
        " status 1 and the words 'ZeroDivisionError: division by zero'"):
      self._supervise(members)
    self.assertGreater(time.monotonic() - began, 0.05 + 0.1 + 0.2)

  def test_pauses_grow(self):
    members = self._make(_CRASH)
    life = pbt_processes._Life()
    pauses = []
    for _ in range(pbt_processes._MOST_DEATHS - 1):
      members._note_death(0, life, -9)
      pauses.append(life.not_before - time.monotonic())
    for pause, expected in zip(pauses, (0.5, 1, 2, 4, 8, 16, 32, 60, 60)):
      self.assertAlmostEqual(pause, expected, delta=0.1)
    # Who has reported meanwhile is as one that never died.
    path = self.files.report(0, 1)
    path.parent.mkdir(parents=True)
    path.write_text('{}')
    members._note_death(0, life, -9)
    self.assertEqual(life.deaths, 1)

  @parameterized.parameters('kill', 'terminate')
  def test_members_end_with_their_controller(self, how):
    controller = subprocess.Popen(
        [sys.executable, '-c', textwrap.dedent(_CONTROLLER), str(self.folder),
         textwrap.dedent(_MEMBER)], stdout=subprocess.PIPE, text=True)
    self.addCleanup(controller.stdout.close)
    log = self.files.member(0) / 'log.txt'
    self.assertEqual(controller.stdout.readline(), 'started\n')
    self._wait_for(lambda: 'ready' in log.read_text())
    getattr(controller, how)()
    controller.wait()
    self._wait_for(lambda: 'saved' in log.read_text())
    self.assertIn('the controller is gone', log.read_text())

  def _wait_for(self, condition):
    end = time.monotonic() + _DEADLINE_S
    while not condition():
      self.assertLess(time.monotonic(), end)
      time.sleep(0.05)


if __name__ == '__main__':
  absltest.main()
