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
"""Tests of `kickstarting/commands/workdir.py`."""

import contextlib
import io
import json
import os
import pathlib

from absl import flags
from absl.testing import absltest
from absl.testing import flagsaver

from kickstarting.commands import folder_lock
from kickstarting.commands import shared_flags  # noqa: F401  (flags of a run)
from kickstarting.commands import workdir
from kickstarting.runtime import exchange
from kickstarting_test.commands import folders

FLAGS = flags.FLAGS


class WorkdirTest(folders.FolderTestCase):

  def test_new_folder_describes_the_run(self):
    with flagsaver.flagsaver(seed=5, tasks=['Maze']):
      self.assertEqual(self._begin(), self.folder)
    config = json.loads((self.folder / workdir.CONFIG).read_text())
    self.assertEqual(config['program'], 'train')
    self.assertEqual(config['flags']['seed'], 5)
    self.assertEqual(config['flags']['tasks'], ['Maze'])
    self.assertNotIn('workdir', config['flags'])
    self.assertIn('git_revision', config)
    self.assertNotEmpty(config['command'])

  def test_choosing_alone_changes_nothing(self):
    workdir.choose('train')
    self.assertEqual(os.listdir(self.root), [])

  def test_fresh_folder_by_default(self):
    FLAGS.workdir = None
    folder = workdir.choose('train')
    self.assertEqual(folder.parent, pathlib.Path('results'))
    self.assertStartsWith(folder.name, 'train-')

  def test_empty_folder_is_fine(self):
    self.folder.mkdir()
    self.assertEqual(self._begin(), self.folder)

  def test_used_folder_is_left_alone(self):
    self.folder.mkdir()
    (self.folder / 'thesis.txt').write_text('mine')
    with self.assertRaisesRegex(
        ValueError, 'is not an empty folder; .* --resume .* Nothing was'):
      self._begin()
    self.assertEqual(os.listdir(self.folder), ['thesis.txt'])

  def test_folder_with_a_lock_alone_is_fine(self):
    self.folder.mkdir()
    (self.folder / folder_lock.NAME).write_text('')
    self.assertEqual(self._begin(), self.folder)

  def test_two_that_chose_the_same_folder(self):
    for resume in (False, True):
      FLAGS.resume = resume
      self._begin() if resume else workdir.choose('train')
      other = exchange.Lock(self.folder / folder_lock.NAME)
      folder_lock.release()
      self.assertTrue(other.try_acquire())
      before = sorted(self.folder.iterdir())
      with self.assertRaisesRegex(
          ValueError, rf'run. is in use by process {os.getpid()} on .* End'):
        workdir.begin(self.folder, 'train')
      with self.assertRaisesRegex(ValueError, 'is in use by process'):
        workdir.choose('train')
      self.assertEqual(
          workdir.choose('train', owns=False) if resume else self.folder,
          self.folder)
      self.assertEqual(sorted(self.folder.iterdir()), before)
      other.release()
      FLAGS.resume = False
      if not resume:
        self._begin()

  def test_a_run_that_began_and_ended_meanwhile(self):
    workdir.choose('train')
    self.folder.mkdir()
    (self.folder / workdir.CONFIG).write_text('{}')
    with self.assertRaisesRegex(ValueError, 'is not an empty folder'):
      workdir.begin(self.folder, 'train')
    self.assertEqual((self.folder / workdir.CONFIG).read_text(), '{}')

  def test_file_in_the_place_of_the_folder(self):
    self.folder.write_text('mine')
    with self.assertRaisesRegex(ValueError, 'is not an empty folder'):
      self._begin()
    self.assertEqual(self.folder.read_text(), 'mine')

  def test_folder_that_cannot_be_written(self):
    (self.root / 'file').write_text('')
    FLAGS.workdir = str(self.root / 'file' / 'run')
    with self.assertRaisesRegex(
        ValueError, r"run/.lock' cannot be written \(Not a directory\)"):
      self._begin()

  def test_resume_without_a_folder(self):
    FLAGS.resume, FLAGS.workdir = True, None
    with self.assertRaisesRegex(ValueError, '--resume needs --workdir'):
      self._begin()

  def test_result_is_the_last_line_and_is_kept(self):
    self._begin()
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
      workdir.finish(self.folder, {'score': 1.5, 'ended': 'finished'})
    last = output.getvalue().splitlines()[-1]
    self.assertEqual(json.loads(last), {'score': 1.5, 'ended': 'finished'})
    kept = json.loads((self.folder / workdir.RESULT).read_text())
    self.assertEqual(kept, json.loads(last))
    self.assertCountEqual(
        os.listdir(self.folder),
        [folder_lock.NAME, workdir.CONFIG, workdir.RESULT])

  def test_a_run_that_grows_has_not_ended(self):
    with flagsaver.flagsaver(frames=2000):
      self._begin()
      with contextlib.redirect_stdout(io.StringIO()):
        workdir.finish(self.folder, {'ended': 'finished'})
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
      for frames, has_ended in ((2000, True), (3000, False), (3000, False)):
        with flagsaver.flagsaver(resume=True):
          FLAGS.frames, FLAGS['frames'].present = frames, 1
          folder = workdir.choose('train', can_grow=True)
          self.assertEqual(workdir.has_ended(folder), has_ended)
          if not has_ended:
            workdir.begin(folder, 'train')
            self.assertFalse((folder / workdir.RESULT).exists())
    self.assertIn('grows from 2,000 to 3,000 frames', output.getvalue())

  def test_a_score_that_is_not_known_is_null(self):
    self._begin()
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
      workdir.finish(self.folder, {'score': float('nan')})
    for text in (output.getvalue().splitlines()[-1],
                 (self.folder / workdir.RESULT).read_text()):
      self.assertEqual(json.loads(text, parse_constant=str), {'score': None})


if __name__ == '__main__':
  absltest.main()
