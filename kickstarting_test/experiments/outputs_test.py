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
"""Outputs that cannot be written: one line, exit status 2, nothing lost.

Every output of a run, on a disk that is full, on one that is read-only, and in
a folder that is deleted; then whole runs. Not here: what the outputs hold.
"""

import json
import pathlib
import shutil
import time

from absl import flags
from absl.testing import absltest
from absl.testing import flagsaver
from absl.testing import parameterized
import numpy as np

from experiments.distilling_policy_distillation import panels
from kickstarting import drawing
from kickstarting import files
from kickstarting.commands import cli
from kickstarting.commands import folder_lock
from kickstarting.commands import shared_flags  # noqa: F401  (flags of a run)
from kickstarting.commands import workdir
from kickstarting.networks import build as networks
from kickstarting.runtime import checkpoint
from kickstarting.runtime import exchange
from kickstarting.runtime import logger
from kickstarting.teachers import policy_file
from kickstarting_test import disks
from kickstarting_test.experiments import binaries

FLAGS = flags.FLAGS
_RECORD = {'frames': 1, 'frames_per_second': 1.0, 'score': 0.0, 'lambda': {}}
_STATE = {'x': np.arange(5000.0)}


def _start_run(folder):
  FLAGS.workdir, FLAGS.resume = str(folder), False
  try:
    workdir.begin(workdir.choose('train'), 'train')
  finally:
    folder_lock.release()


def _log(folder):
  run = logger.RunLogger(folder, total_frames=10)
  try:
    run(_RECORD)
  finally:
    run.close()


def _resume_log(folder):
  logger.RunLogger(folder, total_frames=10, resume_frames=0).close()


def _save(folder):
  checkpointer = checkpoint.Checkpointer(folder / 'checkpoints')
  checkpointer.save(1, _STATE, {'network': {}})


def _draw(folder):
  figure, _ = drawing.subplots(figsize=(1, 1))
  drawing.save(figure, folder / 'curve')


def _export(folder):
  policy_file.save_policy(folder / 'policy.npz', policy_file.Policy(
      networks.get_network('flat'), {'w': {'b': np.zeros(5)}}, 2, {}, 0, (),
      {}))


_OUTPUTS = {
    'description': _start_run,
    'records': _log,
    'records_again': _resume_log,
    'checkpoint': _save,
    'figure': _draw,
    'policy': _export,
    'result': lambda folder: workdir.finish(folder, {'ended': 'finished'}),
    'table': lambda folder: panels.write_csv(folder / 'table.csv', []),
    'lock': lambda folder: exchange.Lock(folder / 'lock').try_acquire(),
    'pulse': lambda folder: exchange.Pulse(folder / 'alive', 1.0).beat(),
}


class OutputsTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.enter_context(flagsaver.flagsaver())

  def _assert_one_line(self, call, pattern):
    with self.assertRaises(Exception) as raised:
      call()
    self.assertTrue(cli.is_mistake(raised.exception), repr(raised.exception))
    self.assertRegex(str(raised.exception), f"^'.*{pattern}")
    self.assertNotIn('\n', str(raised.exception))

  @parameterized.named_parameters(_OUTPUTS.items())
  def test_full_disk(self, write):
    disk = disks.Disk(self, '2m')
    disk.fill()
    self._assert_one_line(
        lambda: write(disk.folder / 'run'), r'No space left on device\)\. Free')
    disk.free()
    write(disk.folder / 'run')

  @parameterized.named_parameters(_OUTPUTS.items())
  def test_read_only_disk(self, write):
    disk = disks.Disk(self, '2m')
    disk.forbid_writing()
    self._assert_one_line(
        lambda: write(disk.folder / 'run'), r'Read-only file system\)\. Free')

  def test_records_of_a_disk_that_fills(self):
    disk = disks.Disk(self, '1m')
    run = logger.RunLogger(disk.folder, total_frames=10)
    run(_RECORD)
    disk.fill()
    for _ in range(3):  # what is left in a buffer must not hide it
      self._assert_one_line(
          lambda: [run(_RECORD | {'frames': i}) for i in range(5000)],
          'No space left')
    run.close()
    disk.free()
    self.assertEqual(
        logger.read_records(disk.folder)[0], json.loads(json.dumps(_RECORD)))

  def test_checkpoints_of_a_disk_that_fills(self):
    disk = disks.Disk(self, '2m')
    checkpointer = checkpoint.Checkpointer(disk.folder / 'run')
    for frames in (1, 2, 3):
      checkpointer.save(frames, _STATE, {'network': {}})
    disk.fill()
    rest = sorted((disk.folder / 'run').iterdir())
    for frames in (4, 5):
      self._assert_one_line(
          lambda: checkpointer.save(frames, _STATE, {'network': {}}),  # noqa: B023
          'No space left')
    self.assertEqual(sorted((disk.folder / 'run').iterdir()), rest)
    disk.free()
    saved, _ = checkpoint.Checkpointer(disk.folder / 'run').restore(_STATE, {})
    np.testing.assert_array_equal(saved['x'], _STATE['x'])
    checkpointer.save(4, _STATE, {'network': {}})

  def test_folder_that_is_deleted(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    run = logger.RunLogger(folder, total_frames=10)
    checkpointer = checkpoint.Checkpointer(folder / 'checkpoints')
    FLAGS.workdir, FLAGS.resume = str(folder / 'mine'), False
    workdir.begin(workdir.choose('train'), 'train')
    self.addCleanup(folder_lock.release)
    run(_RECORD)
    checkpointer.save(1, _STATE, {'network': {}})
    shutil.rmtree(folder)
    for call in (
        lambda: run(_RECORD),
        lambda: checkpointer.save(2, _STATE, {'network': {}}),
        lambda: workdir.finish(folder / 'mine', {})):
      self._assert_one_line(call, 'is gone: it was deleted, moved or replaced')
      self.assertFalse(folder.exists())

  def test_file_that_is_replaced(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    run = logger.RunLogger(folder, total_frames=10)
    files.write_text(folder / logger.RECORDS, 'mine')
    self._assert_one_line(lambda: run(_RECORD), 'is gone')


_RUN = (
    '--suite=minigrid_all', '--tasks=Empty-Random-6x6', '--network=flat',
    '--streams=8', '--unroll_steps=10', '--frames=4000', '--record_frames=80',
    '--checkpoint_frames=800', '--evaluation_episodes=8', '--seed=3',
    '--lockstep')


class RunsTest(absltest.TestCase):

  def _assert_ended(self, process, pattern):
    _, error = process.communicate(timeout=binaries.DEADLINE_S)
    self.assertEqual(process.returncode, 2, error)
    self.assertRegex(error, f'^error: .*{pattern}.*\n$')

  def test_a_disk_that_fills_and_is_freed_again(self):
    whole = pathlib.Path(self.create_tempdir().full_path) / 'run'
    expected = binaries.last_line(binaries.run(
        'experiments.train', *_RUN, f'--workdir={whole}'))
    disk = disks.Disk(self)
    folder = disk.folder / 'run'
    process = binaries.start('experiments.train', *_RUN, f'--workdir={folder}')
    binaries.wait_for((folder / 'checkpoints' / '1600').exists, process)
    disk.fill()
    self._assert_ended(process, r'No space left on device\)\. Free')
    self._assert_ended(
        binaries.start('experiments.train', '--resume', f'--workdir={folder}'),
        r'No space left on device\)\. Free')
    disk.free()
    result = binaries.last_line(binaries.run(
        'experiments.train', '--resume', f'--workdir={folder}'))
    for name in ('ended', 'frames', 'score', 'evaluation_score', 'tasks'):
      self.assertEqual(result[name], expected[name], name)
    mine, theirs = (
        policy_file.load_policy(run).params for run in (folder, whole))
    for module, values in theirs.items():
      for name, value in values.items():
        np.testing.assert_array_equal(mine[module][name], value)

  def test_a_folder_that_is_deleted(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    process = binaries.start(
        'experiments.train', *_RUN, '--frames=1e9', f'--workdir={folder}')
    binaries.wait_for(lambda: logger.read_records(folder), process)
    folder.rename(folder.with_name('deleted'))
    began = time.monotonic()
    self._assert_ended(process, 'is gone: it was deleted')
    self.assertLess(time.monotonic() - began, 60.0)
    self.assertFalse(folder.exists())

  def test_standard_output_that_is_full(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    files.write_text(folder / logger.RECORDS, json.dumps(
        _RECORD | {'task_score': {'Maze': 1.0}}) + '\n')
    with open('/dev/full', 'w') as full:
      self._assert_ended(binaries.start(
          'experiments.task_table', str(folder), output=full),
          "'standard output' cannot be written")


if __name__ == '__main__':
  absltest.main()
