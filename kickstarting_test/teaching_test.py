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
"""Tests of teaching.py."""

import dataclasses
import os
import pathlib
import shutil
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting import teaching as teaching_lib
from kickstarting.environments import suites
from kickstarting.teachers import policy_file
from kickstarting.teachers import zoo
from kickstarting.weights import controllers

_SHORT, _LONG = 'GoToLocalS8N7', 'DoorKey-8x8'


class LoadTeachersTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.path = str(zoo.default_folder() / f'{_LONG}.npz')

  def _load(self, *specs):
    return teaching_lib.load_teachers(
        specs, suites.get_suite('minigrid8'), 'constant:1', 1_000_000)

  def test_a_named_teacher_takes_the_place_of_the_shipped_expert(self):
    teaching = self._load('zoo', f'{_SHORT}={self.path}')
    names = [teacher.name for teacher in teaching.teachers]
    self.assertLen(names, 8)
    self.assertEqual(names[-1], _SHORT)
    self.assertLen(set(names), 8)
    self.assertSequenceEqual(
        [names[k] for k in teaching.teacher_of_task],
        suites.get_suite('minigrid8').task_names)

  def test_one_file_for_several_tasks_is_several_teachers(self):
    teaching = self._load(f'{_SHORT}={self.path}', f'{_LONG}={self.path}')
    self.assertEqual(
        [teacher.name for teacher in teaching.teachers], [_SHORT, _LONG])
    self.assertEqual(sorted(teaching.teacher_of_task), [-1] * 6 + [0, 1])

  def test_a_teacher_of_every_task_is_called_after_its_file(self):
    [teacher] = self._load(f'*={self.path}').teachers
    self.assertEqual(teacher.name, self.path)

  def test_frames_of_shipped_experts(self):
    shipped = zoo.training_frames(suites.get_suite('minigrid8').task_names)
    self.assertEqual(self._load('zoo').frames, shipped)
    self.assertEqual(teaching_lib.NO_TEACHING.frames, 0)

  def test_frames_of_policies_of_one_s_own(self):
    policy = zoo.load_expert(_LONG)
    for info, frames in (
        ({'frames': 5}, 5), ({'frames': 5, 'teacher_frames': 7}, 12),
        ({}, None), ({'frames': 5, 'teacher_frames': None}, None)):
      path = self.create_tempfile('mine.npz').full_path
      policy_file.save_policy(path, dataclasses.replace(policy, info=info))
      self.assertEqual(
          self._load(f'{_SHORT}={path}', f'{_LONG}={path}').frames, frames)
      other = zoo.training_frames([
          task for task in suites.get_suite('minigrid8').task_names
          if task != _SHORT])
      self.assertEqual(
          self._load('zoo', f'{_SHORT}={path}').frames,
          None if frames is None else other + frames)


class PathsTest(parameterized.TestCase):
  """What exists as a path is a path, whatever signs are in it."""

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.folder = self.root / 'runs' / 'lr=0.01,x=1'
    self.folder.mkdir(parents=True)
    shutil.copy(zoo.default_folder() / f'{_LONG}.npz',
                self.folder / 'policy.npz')
    self.enter_context(mock.patch.dict(os.environ, HOME=str(self.root)))

  def _load(self, *specs):
    return teaching_lib.load_teachers(
        specs, suites.get_suite('minigrid8'), 'constant:1', 1_000_000)

  @parameterized.parameters(
      '{}', '{}/policy.npz', '*={}', f'{_SHORT}={{}}', '*={}/policy.npz')
  def test_with_an_equals_sign(self, spec):
    self.assertLen(self._load(spec.format(self.folder)).teachers, 1)

  @parameterized.parameters('~/runs/lr=0.01,x=1', '*=~/runs/lr=0.01,x=1')
  def test_with_a_tilde(self, spec):
    [teacher] = self._load(spec).teachers
    self.assertEndsWith(teacher.name, str(self.folder))

  @parameterized.parameters(
      ('runs/lr=0.02', "'runs/lr' is not one of the tasks"),
      ('Nowhere=x.npz', "'Nowhere' is not one of the tasks"),
      ('*=', 'names no path'), ('', 'names no path'),
      ('*=nowhere.npz', "No policy at 'nowhere.npz'"))
  def test_others(self, spec, text):
    with self.assertRaisesRegex(checks.UserError, text):
      self._load(spec)

  def test_weights_are_texts_schedules_numbers_or_controllers(self):
    controller = controllers.scheduled(2.0)
    for weights in ('constant:2', lambda frames: 2.0, 2.0, controller):
      made = teaching_lib.make_controller(weights, 1000)
      _, found = made.update(made.init(1), controllers.Progress(5.0))
      self.assertEqual((found.alpha, found.rho), (2.0, [1.0]))
    with self.assertRaisesRegex(checks.UserError, 'alpha is None'):
      teaching_lib.make_controller(None, 1000)

  @parameterized.parameters(
      (('zoo', 'zoo'), "'zoo' more than once"),
      (('FourRooms=/a', 'FourRooms=/b'), "'FourRooms' more than once"))
  def test_a_task_that_is_named_twice(self, specs, text):
    with self.assertRaisesRegex(checks.UserError, text):
      teaching_lib.load_teachers(
          specs, suites.get_suite('minigrid8'), 'constant:1', 1000)

  def test_experts_of_an_environment_of_one_s_own(self):
    suite = suites.of_environment('mine.py:make')
    with self.assertRaisesRegex(
        checks.UserError, "teachers=zoo: no expert for 'mine' .*Train a tea"):
      teaching_lib.load_teachers(['zoo'], suite, 'constant:1', 1000)


if __name__ == '__main__':
  absltest.main()
