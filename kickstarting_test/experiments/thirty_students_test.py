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
"""Tests of the study of thirty tasks: its command lines."""

import json
import pathlib
from unittest import mock

from absl.testing import absltest

from experiments import ablation
from experiments import thirty_students
from kickstarting.commands import folder_lock
from kickstarting.environments import suites
from kickstarting.teachers import zoo

_RECORD = {'frames': 9, 'score': 1.0, 'task_score': {'a': 1.0}}


class ThirtyTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.commands = []
    self.enter_context(mock.patch.object(
        ablation, 'call', side_effect=self._run))
    self.addCleanup(folder_lock.release)

  def _run(self, command):
    """Stands for a binary that ends at once."""
    self.commands.append(command[2:])
    named = dict(f[2:].split('=', 1) for f in command if '=' in f)
    workdir = pathlib.Path(named['workdir'])
    runs = [workdir]
    if command[2] == 'experiments.kickstart':
      runs = [workdir / 'kickstarted', workdir / 'distilled']
    for folder in runs:
      folder.mkdir(parents=True)
      (folder / 'records.jsonl').write_text(json.dumps(_RECORD) + '\n')
    (workdir / 'result.json').write_text('{"ended": "finished"}')

  def _study(self, students=tuple(thirty_students.STUDENTS), seeds='12345'):
    thirty_students.study(
        students, self.root, 'minigrid8', list(seeds), ['--frames=90'])

  def test_all_students(self):
    self._study()
    self.assertLen(self.commands, 5 * 4 + 2 * 5 + 2)
    seeds = {}
    for command in self.commands:
      self.assertIn('--suite=minigrid8', command)
      self.assertIn('--frames=90', command)
      name = pathlib.Path(command[2].partition('=')[2]).name
      seeds.setdefault(name.rpartition('-')[0], []).append(
          name.rpartition('-')[2])
    self.assertEqual(seeds['from_scratch'], list('12345'))
    self.assertEqual(seeds['one_teacher'], ['0'])
    self.assertEqual(seeds['experts_and_PBT'], ['1', '2'])
    table = json.loads((self.root / 'thirty.json').read_text())['table']
    self.assertEqual(list(table), list(thirty_students.STUDENTS))
    experts = zoo.training_frames(suites.get_suite('minigrid8').task_names)
    self.assertEqual(table['many experts']['with_teachers'], [9 + experts] * 5)
    self.assertEqual(
        table['one teacher of all tasks']['with_teachers'], [18] * 5)
    self.assertEqual(table['from scratch']['with_teachers'], [9] * 5)

  def test_one_teacher_is_named_by_its_folder(self):
    self._study(students=['one teacher of all tasks'], seeds=['7'])
    teacher, student = self.commands
    self.assertIn('--seed=0', teacher)
    self.assertIn(f'--teachers=*={self.root / "one_teacher-0"}', student)
    self.assertIn('--seed=7', student)

  def test_an_unknown_student(self):
    with self.assertRaisesRegex(ValueError, "unknown student 'nobody'"):
      self._study(students=['nobody'])
    self.assertEmpty(self.commands)


if __name__ == '__main__':
  absltest.main()
