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
"""Tests of files through which processes speak."""

import errno
import os
import pathlib
import subprocess
import sys
import threading
import time
from unittest import mock

from absl.testing import absltest

from kickstarting import files as files_lib
from kickstarting.runtime import exchange
from kickstarting.runtime import threads


def _never() -> bool:
  return False


class TestCase(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'a' / 'b.json'


class JsonTest(TestCase):

  def test_round_trip(self):
    value = {'x': [1, 0.1, None, 'text'], 'nan': float('inf')}
    files_lib.write_json(self.path, value)
    self.assertEqual(exchange.read_json(self.path), value)
    self.assertEqual(os.listdir(self.path.parent), ['b.json'])

  def test_missing(self):
    self.assertIsNone(exchange.read_json(self.path))

  def test_damaged(self):
    files_lib.write_json(self.path, [1, 2])
    for text, reason in (
        ('[1, ', 'damaged'), ('null', 'holds null, not an object'),
        ('[1, 2]', 'holds a list, not an object')):
      self.path.write_text(text)
      with self.assertRaisesRegex(
          files_lib.InputError, f"b.json' is damaged .*{reason}|Restore it"):
        exchange.read_json(self.path)

  def test_what_is_no_file_is_not_taken_for_a_missing_one(self):
    self.path.parent.mkdir()
    self.path.symlink_to(self.path)
    with self.assertRaisesRegex(files_lib.InputError, 'symbolic links'):
      exchange.wait_for(self.path, _never)
    self.path.unlink()
    os.mkfifo(self.path)
    with self.assertRaisesRegex(files_lib.InputError, 'not a regular file'):
      exchange.wait_for(self.path, _never)

  def test_what_cannot_be_written_leaves_the_old(self):
    files_lib.write_json(self.path, 1)
    with self.assertRaises(TypeError):
      files_lib.write_json(self.path, object())
    self.assertEqual(exchange.read_json(self.path, int), 1)


class WaitTest(TestCase):

  def test_until_it_is_there(self):
    timer = threading.Timer(0.3, files_lib.write_json, (self.path, {'x': 7}))
    timer.start()
    self.addCleanup(timer.join)
    self.assertEqual(exchange.wait_for(self.path, _never), {'x': 7})

  def test_null_is_not_waited_for(self):
    files_lib.write_json(self.path, None)
    with self.assertRaisesRegex(files_lib.InputError, 'holds null'):
      exchange.wait_for(self.path, _never)

  def test_stopped(self):
    with self.assertRaises(threads.Stopped):
      exchange.wait_for(self.path, lambda: True)

  def test_in_vain(self):
    def check():
      raise exchange.ExchangeError('gone')

    with self.assertRaisesRegex(exchange.ExchangeError, 'gone'):
      exchange.wait_for(self.path, _never, check)


class PulseTest(TestCase):

  def test_alive(self):
    exchange.Pulse(self.path, 5.0).beat()
    exchange.Pulse(self.path, 5.0).check()

  def test_never_there(self):
    with self.assertRaisesRegex(
        exchange.ExchangeError, 'was not touched for 5 s'):
      exchange.Pulse(self.path, 5.0).check()

  def test_too_old(self):
    exchange.Pulse(self.path, 5.0).beat()
    past = time.time() - 6.0
    os.utime(self.path, (past, past))
    with self.assertRaisesRegex(
        exchange.ExchangeError, 'was not touched for 5 s'):
      exchange.Pulse(self.path, 5.0).check()

  def test_beating_again_is_enough(self):
    pulse = exchange.Pulse(self.path, 5.0)
    pulse.beat()
    past = time.time() - 6.0
    os.utime(self.path, (past, past))
    pulse.beat()
    exchange.Pulse(self.path, 5.0).check()

  def test_of_another_process(self):
    exchange.Pulse(self.path, 5.0).beat()
    watcher = exchange.Pulse(self.path, 5.0)
    watcher.check()
    files_lib.write_json(self.path, os.getpid() + 1)
    with self.assertRaisesRegex(exchange.ExchangeError, 'another one has'):
      watcher.check()


class LockTest(TestCase):

  def test_keeps_others_out_until_released(self):
    first, second = exchange.Lock(self.path), exchange.Lock(self.path)
    self.addCleanup(second.release)
    first.acquire(_never)
    with self.assertRaisesRegex(
        exchange.ExchangeError,
        f"a' is in use by process {os.getpid()} on .* \\(.*\\). End that"):
      second.acquire(_never, timeout_s=0.2)
    self.assertFalse(second.try_acquire())
    with self.assertRaises(threads.Stopped):
      second.acquire(lambda: True)
    with self.assertRaisesRegex(exchange.ExchangeError, 'is in use by process'):
      exchange.check_free(self.path)
    first.release()
    exchange.check_free(self.path)
    second.acquire(_never, timeout_s=5.0)

  def test_looking_changes_nothing(self):
    exchange.check_free(self.path)
    self.assertFalse(self.path.parent.exists())

  def test_is_free_when_its_process_was_killed(self):
    code = (
        'import pathlib, sys, time\n'
        'from kickstarting.runtime import exchange\n'
        'lock = exchange.Lock(pathlib.Path(sys.argv[1]))\n'
        'print(lock.try_acquire(), flush=True)\n'
        'time.sleep(100)\n')
    with subprocess.Popen(
        [sys.executable, '-c', code, self.path], stdout=subprocess.PIPE,
        env=os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)}) as process:
      self.assertEqual(process.stdout.readline(), b'True\n')
      lock = exchange.Lock(self.path)
      self.addCleanup(lock.release)
      self.assertFalse(lock.try_acquire())
      with self.assertRaisesRegex(
          exchange.ExchangeError, f'is in use by process {process.pid} on'):
        exchange.check_free(self.path)
      process.kill()
      process.wait()
      lock.acquire(_never, timeout_s=5.0)

  def test_whose_file_says_nothing(self):
    lock = exchange.Lock(self.path)
    self.addCleanup(lock.release)
    lock.acquire(_never)
    for text in ('', '{"pid": 1}', '[1]'):
      self.path.write_text(text)
      with self.assertRaisesRegex(
          exchange.ExchangeError, 'is in use by another process'):
        exchange.check_free(self.path)

  def test_whose_file_is_gone(self):
    lock = exchange.Lock(self.path)
    self.addCleanup(lock.release)
    lock.acquire(_never)
    lock.check()
    self.path.unlink()
    with self.assertRaisesRegex(files_lib.OutputError, 'is gone'):
      lock.check()

  def test_a_file_system_without_locks(self):
    with mock.patch.object(
        exchange.fcntl, 'flock', side_effect=OSError(errno.ENOLCK, 'no locks')):
      lock = exchange.Lock(self.path)
      self.addCleanup(lock.release)
      self.assertTrue(lock.try_acquire())
      exchange.check_free(self.path)


if __name__ == '__main__':
  absltest.main()
