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
"""Tests how what a user names is found."""

import json
import pathlib
import sys
import types

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting.environments import targets
from kickstarting_test.environments import fakes


class TargetsTest(parameterized.TestCase):

  def test_of_a_module(self):
    self.assertIs(
        targets.resolve('kickstarting_test.environments.fakes:Catch'),
        fakes.Catch)

  def test_of_a_file(self):
    path = self.create_tempfile(
        'json.py', 'def make(seed):\n  return seed + 1\n').full_path
    self.assertEqual(targets.resolve(f'{path}:make')(3), 4)
    self.assertFalse(hasattr(json, 'make'))
    self.assertIs(sys.modules['json'], json)  # which has the file's name

  def test_dataclasses_of_a_file(self):
    # They look their module up by name.
    path = self.create_tempfile('classes.py', (
        'from __future__ import annotations\n'
        'import dataclasses\n'
        '@dataclasses.dataclass\n'
        'class Level:\n'
        '  seed: int\n')).full_path
    self.assertEqual(targets.resolve(f'{path}:Level')(3).seed, 3)

  def test_stand_ins_go_where_others_are_asked_for(self):
    name = 'a_package_that_is_not_there'
    sys.modules[name] = types.ModuleType(name)
    self.addCleanup(sys.modules.pop, name, None)
    targets.resolve('kickstarting_test.environments.fakes:Catch', [name])
    self.assertNotIn(name, sys.modules)

  def test_stand_ins_stay_where_their_own_are_asked_for(self):
    package = 'kickstarting_test'
    before = sys.modules[package]
    targets.resolve('kickstarting_test.environments.fakes:Catch', [package])
    self.assertIs(sys.modules[package], before)

  @parameterized.parameters(
      (lambda: 0, {}, 'too many positional arguments'),
      (lambda seed: 0, {'size': 3}, "unexpected keyword argument 'size'"),
      (lambda seed, size: 0, {}, "missing a required argument: 'size'"),
      (lambda size, **rest: 0, {'size': 3}, "multiple values for argument 'si"),
      (fakes.Catch, {'width': 3}, "unexpected keyword argument 'width'"),
  )
  def test_what_cannot_be_called_with_a_seed_and_the_settings(
      self, make, arguments, message):
    with self.assertRaisesRegex(
        checks.UserError, "an environment of task 'maze' cannot be made:"
        f' .*{message}.* called with a seed.*; expected a function of'):
      targets.check_signature(make, 'maze', 3, arguments)

  @parameterized.parameters(
      (lambda seed: 1 / 0, {}), (lambda *args, **rest: 1 / 0, {'size': 3}),
      (fakes.Catch, {'rows': 3}), (int, {}), (dict, {'size': 3}))
  def test_what_it_raises_when_called_is_not_looked_at(self, make, arguments):
    targets.check_signature(make, 'maze', 3, arguments)

  @parameterized.parameters(
      ('make', 'expected module:function or path/to/file.py:function'),
      (':make', 'expected module:function'),
      ('levels:', 'expected module:function'),
      ('no_such_module:make', "there is no module 'no_such_module'"),
      ('os.no_such:make', "there is no module 'os.no_such'"),
      ('math:no_such', "math has no function 'no_such'"),
      ('math:pi', "math has no function 'pi'"),
      ('nowhere/levels.py:make', "there is no file 'nowhere/levels.py'"),
  )
  def test_errors(self, target, message):
    with self.assertRaisesRegex(ValueError, message):
      targets.resolve(target)

  def test_a_module_that_lacks_another(self):
    # What it lacks is its own matter: the error is shown as it is.
    path = self.create_tempfile(
        'levels.py', 'import no_such_module\n').full_path
    with self.assertRaises(ModuleNotFoundError):
      targets.load(pathlib.Path(path))


class InALineTest(absltest.TestCase):

  def test_what_and_where(self):
    try:
      {}['maze']
    except KeyError as error:
      self.assertRegex(
          targets.in_a_line(error),
          r"^KeyError: 'maze' \(.*targets_test.py, line \d+, in test_what")

  def test_a_text_that_raises(self):
    class Broken(Exception):
      def __str__(self):
        raise ValueError('no text')

    self.assertEqual(targets.in_a_line(Broken()), 'Broken: it has no text')


if __name__ == '__main__':
  absltest.main()
