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
"""Tests of folder_lock.py: which process has a folder."""

import os
import pathlib
import shutil
import signal

from absl.testing import absltest

from kickstarting import files
from kickstarting.commands import folder_lock
from kickstarting.runtime import exchange
from kickstarting.runtime import logger
from kickstarting_test.experiments import binaries

_FLAGS = (
    '--suite=minigrid_all', '--tasks=Empty-Random-6x6', '--network=flat',
    '--streams=8', '--unroll_steps=10', '--frames=1600', '--record_frames=400',
    '--evaluation_episodes=8')


class FolderLockTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.addCleanup(folder_lock.release)

  def _assert_taken(self, name):
    with self.assertRaisesRegex(
        exchange.ExchangeError, f"{name}' is in use by process {os.getpid()}"):
      folder_lock.check_free(self.root / name)

  def test_a_process_has_one_folder(self):
    folder_lock.take(self.root / 'a')
    self._assert_taken('a')
    folder_lock.take(self.root / 'a')  # once more is nothing
    folder_lock.take(self.root / 'b')
    folder_lock.check_free(self.root / 'a')
    self._assert_taken('b')
    folder_lock.release()
    folder_lock.check_free(self.root / 'b')

  def test_taken_by_another(self):
    other = exchange.Lock(self.root / 'a' / folder_lock.NAME)
    self.addCleanup(other.release)
    other.acquire(lambda: False)
    with self.assertRaisesRegex(exchange.ExchangeError, 'End that one, or'):
      folder_lock.take(self.root / 'a')

  def test_a_folder_that_is_gone(self):
    folder_lock.check()  # there is none
    folder_lock.take(self.root / 'a')
    folder_lock.check()
    shutil.rmtree(self.root / 'a')
    with self.assertRaisesRegex(files.OutputError, 'is gone'):
      folder_lock.check()


class RunsTest(absltest.TestCase):

  def test_of_two_runs_that_start_together_one_has_the_folder(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    runs = [
        binaries.start(
            'experiments.train', *_FLAGS, f'--seed={seed}',
            f'--workdir={folder}')
        for seed in (3, 4)]
    ends = []
    for process in runs:
      out, error = process.communicate(timeout=binaries.DEADLINE_S)
      ends.append((process.returncode, out, error))
    self.assertEqual(sorted(status for status, *_ in ends), [0, 2], ends)
    winner = 3 if ends[0][0] == 0 else 4
    loser = ends[winner == 3]
    self.assertRegex(
        loser[2],
        "^error: .*(is in use by process|is not an empty folder).*\n$")
    config = files.read_json(folder / 'config.json', 'a configuration')
    self.assertEqual(config['flags']['seed'], winner)
    self.assertLen(logger.read_records(folder), 4)

  def test_of_two_that_resume_one_has_the_folder(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    flags = (*_FLAGS, '--frames=1e9')
    first = binaries.start(
        'experiments.train', *flags, f'--workdir={folder}')
    binaries.wait_for(lambda: logger.read_records(folder), first)
    done = binaries.run('experiments.train', '--resume', f'--workdir={folder}')
    self.assertEqual(done.returncode, 2)
    self.assertRegex(
        done.stderr,
        rf'^error: .*in use by process {first.pid} on .*train.*End that.*\n$')
    first.kill()
    first.communicate()
    second = binaries.start(
        'experiments.train', '--resume', f'--workdir={folder}')
    binaries.wait_for(
        lambda: str(second.pid) in (folder / folder_lock.NAME).read_text(),
        second)
    second.terminate()
    out, error = second.communicate(timeout=binaries.DEADLINE_S)
    self.assertEqual(second.returncode, 128 + signal.SIGTERM, error)
    self.assertIn('"interrupted"', out)


if __name__ == '__main__':
  absltest.main()
