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
"""Tests of resuming.py: flags of a run that goes on."""

import json

from absl import flags
from absl.testing import absltest
from absl.testing import flagsaver

from kickstarting import files
from kickstarting.commands import resuming
from kickstarting.commands import shared_flags  # noqa: F401  (flags of a run)
from kickstarting.commands import workdir
from kickstarting_test.commands import folders

FLAGS = flags.FLAGS


class ResumingTest(folders.FolderTestCase):

  def test_resume_takes_the_flags_of_the_run(self):
    with flagsaver.flagsaver(seed=5, tasks=['Maze'], learning_rate=0.25):
      self._begin()
    before = (self.folder / workdir.CONFIG).read_text()
    FLAGS.resume = True
    self.assertEqual(self._begin(), self.folder)
    self.assertEqual(FLAGS.seed, 5)
    self.assertEqual(FLAGS.tasks, ['Maze'])
    self.assertEqual(FLAGS.learning_rate, 0.25)
    self.assertEqual((self.folder / workdir.CONFIG).read_text(), before)

  def test_resume_with_a_flag_that_agrees(self):
    with flagsaver.flagsaver(seed=5):
      self._begin()
    FLAGS.resume, FLAGS.seed, FLAGS['seed'].present = True, 5, 1
    self._begin()

  def test_resume_with_a_flag_that_contradicts(self):
    with flagsaver.flagsaver(seed=5):
      self._begin()
    FLAGS.resume, FLAGS.seed, FLAGS['seed'].present = True, 6, 1
    with self.assertRaisesRegex(
        ValueError, '--seed is 6, but the run in .* with 5; drop the flag'):
      self._begin()

  def test_a_larger_budget(self):
    with flagsaver.flagsaver(frames=2000):
      self._begin()
    FLAGS.resume, FLAGS['frames'].present = True, 1
    for frames, text in (
        (1000, '--frames is 1000, .* with 2000; .* A larger budget is taken'),
        (3000, '--frames is 3000, .* with 2000; drop the flag')):
      FLAGS.frames = frames
      with self.assertRaisesRegex(ValueError, text):
        resuming.adopt(self.folder, 'train', can_grow=frames == 1000)
    resuming.adopt(self.folder, 'train', can_grow=True)
    self.assertEqual(FLAGS.frames, 3000)

  def test_resume_with_another_program(self):
    self._begin('kickstart')
    FLAGS.resume = True
    with self.assertRaisesRegex(
        ValueError, 'a run of the command kickstart; train cannot'):
      self._begin('train')

  def test_resume_with_a_flag_of_another_version(self):
    self._begin()
    path = self.folder / workdir.CONFIG
    config = json.loads(path.read_text())
    config['flags']['warp'] = 9
    path.write_text(json.dumps(config))
    FLAGS.resume = True
    with self.assertRaisesRegex(
        ValueError, 'other flags in its config.json: --warp this version'):
      self._begin()

  def test_resume_without_a_run(self):
    FLAGS.resume = True
    for make in (lambda: None, self.folder.mkdir):
      make()
      with self.assertRaisesRegex(ValueError, 'holds no run to resume'):
        self._begin()

  def test_resume_with_a_damaged_description(self):
    self._begin()
    FLAGS.resume = True
    for text in ('{"flags": {"se', '{}', 'null', '[' * 9999, '{"flags": 3}'):
      (self.folder / workdir.CONFIG).write_text(text)
      with self.assertRaisesRegex(ValueError, 'is damaged .* Restore it'):
        self._begin()

  def test_resume_with_flags_of_other_types(self):
    self._begin()
    path = self.folder / workdir.CONFIG
    text = path.read_text()
    FLAGS.resume = True
    for name, value in (
        ('seed', '1'), ('seed', True), ('seed', 1.5), ('seed', None),
        ('seed', []), ('tasks', 'a'), ('tasks', [1]), ('tasks', {}),
        ('network', 3), ('network', None), ('frames', 'x'), ('frames', 1.5),
        ('frames', {}), ('lockstep', 3), ('lockstep', 'true'),
        ('learning_rate', 'x'), ('learning_rate', True),
        ('torso_dtype', 'float8'), ('env_settings', None)):
      config = json.loads(text)
      config['flags'][name] = value
      path.write_text(json.dumps(config))
      with self.assertRaisesRegex(
          files.InputError, f'config.json.*for --{name} .*Restore it'):
        self._begin()

  def test_resume_with_a_flag_less(self):
    self._begin()
    path = self.folder / workdir.CONFIG
    config = json.loads(path.read_text())
    del config['flags']['seed']
    path.write_text(json.dumps(config))
    FLAGS.resume = True
    with self.assertRaisesRegex(ValueError, '--seed is missing in it'):
      self._begin()


if __name__ == '__main__':
  absltest.main()
