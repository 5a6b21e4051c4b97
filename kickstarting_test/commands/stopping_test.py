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
"""Tests of stopping.py; each in a process of its own."""

import json
import pathlib
import signal
import subprocess
import sys
import time

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting_test.experiments import binaries

_ENDLESS = """
import gymnasium
import numpy as np


class Endless(gymnasium.Env):
  observation_space = gymnasium.spaces.Box(-1, 1, (3,), np.float32)
  action_space = gymnasium.spaces.Discrete(2)

  def __init__(self, seed=0):
    pass

  def reset(self, *, seed=None, options=None):
    return np.zeros(3, np.float32), {}

  def step(self, action):
    return np.zeros(3, np.float32), 1.0, False, False, {}
"""
_READY = 'print("ready", flush=True)\n'
_WAIT = _READY + (
    'import time\n'
    'end = time.monotonic() + 60\n'
    'while not stopping.requested() and time.monotonic() < end:\n'
    '  time.sleep(0.01)\n'
    'print(stopping.requested(), flush=True)\n'
    'raise SystemExit(stopping.status())\n')


class StoppingTest(parameterized.TestCase):

  def _run(self, code, *numbers):
    """Runs code that imports the module, sends signals when it is ready."""
    head = (
        'import signal\n'
        # Whoever runs the tests may ignore it, as under nohup.
        'signal.signal(signal.SIGHUP, signal.SIG_DFL)\n'
        'from kickstarting.commands import stopping\n')
    with subprocess.Popen(
        [sys.executable, '-c', head + code], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True) as process:
      self.assertEqual(process.stdout.readline(), 'ready\n')
      for number in numbers:
        process.send_signal(number)
        time.sleep(0.2)
      out, error = process.communicate(timeout=60.0)
    return process.returncode, out, error

  @parameterized.parameters(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
  def test_a_signal_is_a_request(self, number):
    status, out, error = self._run('stopping.accept()\n' + _WAIT, number)
    self.assertEqual((status, out), (128 + number, 'True\n'))
    self.assertEqual(error, 'stopping; once more ends it at once\n')

  @parameterized.parameters(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
  def test_the_second_one_is_left_to_the_system(self, number):
    code = 'stopping.accept()\n' + _READY + 'import time; time.sleep(60)'
    status, _, error = self._run(code, number, number)
    self.assertEqual(status, -number)
    self.assertLen(error.splitlines(), 1)

  def test_a_request_that_came_too_late(self):
    code = 'stopping.accept()\n' + _WAIT.replace(
        'raise', 'stopping.forget()\nraise')
    self.assertEqual(self._run(code, signal.SIGTERM)[0], 0)

  def test_at_start_ctrl_c_is_one_line(self):
    code = 'stopping.at_start()\n' + _READY + 'import time; time.sleep(60)'
    self.assertEqual(
        self._run(code, signal.SIGINT), (130, '', 'interrupted\n'))

  def test_a_hang_up_that_is_ignored_stays_so(self):
    code = (
        'import signal, time\n'
        'signal.signal(signal.SIGHUP, signal.SIG_IGN)\n'
        'stopping.accept()\n' + _READY + 'time.sleep(1)\n'
        'print(stopping.requested())')
    self.assertEqual(self._run(code, signal.SIGHUP), (0, 'False\n', ''))

  def test_standard_error_that_is_gone(self):
    code = 'import os; os.close(2); stopping.accept()\n' + _WAIT
    self.assertEqual(
        self._run(code, signal.SIGHUP)[:2], (128 + signal.SIGHUP, 'True\n'))




class BinariesTest(absltest.TestCase):

  def test_ctrl_c_while_a_binary_starts_is_one_line(self):
    folder = self.create_tempdir().full_path + '/run'
    for wait_s in (0.2, 1.0, 3.0):
      process = binaries.start(
          'experiments.train', '--suite=minigrid_all', f'--workdir={folder}',
          '--tasks=Empty-Random-6x6')
      # The handler is there once the first module of the package is loaded.
      binaries.wait_for(lambda: _has_handler(process.pid), process)  # noqa: B023
      time.sleep(wait_s)
      process.send_signal(signal.SIGINT)
      _, error = process.communicate(timeout=binaries.DEADLINE_S)
      self.assertLessEqual(len(error.splitlines()), 1, error)
      self.assertNotIn('Traceback', error)
      self.assertEqual(process.returncode, 130)

  def test_an_evaluation_that_does_not_end_is_stopped(self):
    path = self.create_tempfile('endless.py', _ENDLESS).full_path
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    process = binaries.start(
        'experiments.train', f'--env={path}:Endless', '--network=flat',
        '--streams=2', '--unroll_steps=5', '--frames=80', '--record_frames=40',
        '--evaluation_max_steps=1000000000', f'--workdir={folder}')
    binaries.wait_for((folder / 'curve.pdf').exists, process)
    process.send_signal(signal.SIGTERM)
    out, error = process.communicate(timeout=binaries.DEADLINE_S)
    self.assertEqual(process.returncode, 128 + signal.SIGTERM, error)
    self.assertEqual(json.loads(out.splitlines()[-1])['ended'], 'interrupted')
    self.assertNotIn('Traceback', error)


def _has_handler(pid: int) -> bool:
  """Returns whether our handler of Ctrl-C has taken the place of Python's."""
  with open(f'/proc/{pid}/maps') as maps:
    return 'numpy' in maps.read()  # loaded after it


if __name__ == '__main__':
  absltest.main()
