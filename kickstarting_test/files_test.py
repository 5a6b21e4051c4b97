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
"""Files: whole or not at all; bounds on what comes from outside."""

import math
import os
import pathlib
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting import files


class WriteTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_round_trip(self):
    path = self.folder / 'new' / 'value.json'
    files.write_json(path, {'a': [1, 2.5, None]}, indent=2)
    self.assertEqual(
        files.read_json(path, 'a value', kind=dict), {'a': [1, 2.5, None]})
    self.assertEqual(os.listdir(path.parent), ['value.json'])

  def test_a_failed_write_is_one_line_and_leaves_the_old_file(self):
    path = self.folder / 'value.json'
    files.write_json(path, 1)
    with self.assertRaisesRegex(files.OutputError, 'No space left on device'):
      with files.writing(path):
        raise OSError(28, 'No space left on device')
    path.with_name('file').write_text('')
    with self.assertRaisesRegex(files.OutputError, 'cannot be written'):
      files.write_json(path.with_name('file') / 'below', 2)
    self.assertEqual(files.read_json(path, 'a value'), 1)

  def test_a_value_that_is_no_json_leaves_nothing(self):
    with self.assertRaises(TypeError):
      files.write_json(self.folder / 'value.json', object())
    self.assertEmpty(os.listdir(self.folder))


class ReadTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'value.json'

  def _refused(self, pattern, **kwargs):
    with self.assertRaisesRegex(files.InputError, pattern) as caught:
      files.read_json(self.path, 'a value', **kwargs)
    self.assertIsInstance(caught.exception, checks.UserError)
    self.assertIn('expected a value', str(caught.exception))
    self.assertIn(str(self.path), str(caught.exception))

  @parameterized.parameters(
      (b'', 'damaged'),
      (b'{"a": 1', 'damaged'),
      (b'\xff\xfe', 'not UTF-8'),
      (b'NaN', 'NaN is no JSON'),
      (b'[-Infinity]', 'Infinity is no JSON'),
      (b'[' * 100_000, 'nested too deeply'),
      (b'{"a":' + b'[' * 65 + b']' * 65 + b'}', 'nested too deeply'),
      (b'9' * 5000, 'damaged'),
      (b'null', 'holds null, not an object'),
      (b'[]', 'holds a list, not an object'),
  )
  def test_damaged(self, content, pattern):
    self.path.write_bytes(content)
    self._refused(pattern, kind=dict)

  def test_depth_within_bounds(self):
    self.path.write_bytes(b'[' * 60 + b']' * 60)
    files.read_json(self.path, 'a value', kind=list)

  def test_too_large(self):
    self.path.write_text(' ' * 10 + '1')
    self._refused('more than 10 bytes', max_bytes=10)

  def test_missing(self):
    self._refused('No such file')

  def test_a_folder(self):
    self.path.mkdir()
    self._refused('regular file|directory')

  def test_a_pipe_is_not_waited_for(self):
    os.mkfifo(self.path)
    self._refused('not a regular file')

  def test_a_loop_of_links(self):
    self.path.symlink_to(self.path)
    self._refused('symbolic links')

  def test_a_null_byte_in_the_path(self):
    with self.assertRaisesRegex(files.InputError, 'cannot be read'):
      files.read_text('a\0b', 'a value')


class UserPathTest(parameterized.TestCase):

  def test_a_tilde_is_a_home(self):
    with mock.patch.dict(os.environ, HOME='there'):
      self.assertEqual(
          str(files.user_path('teachers', '~/x=1,y')), 'there/x=1,y')

  @parameterized.parameters(
      ('', 'teachers names no path'),
      ('a\0b', 'is no path .it has a null byte'),
      ('x' * 5000, 'is no path .File name too long'),
      ('~no.such.user/x', 'is no path'))
  def test_what_is_none(self, text, expected):
    with self.assertRaisesRegex(checks.UserError, expected):
      files.user_path('teachers', text)


class WithoutNanTest(absltest.TestCase):

  def test_numbers_that_json_lacks(self):
    value = {'a': [1.0, math.nan, (math.inf,)], 'b': {'c': -math.inf}, 'd': 'e'}
    self.assertEqual(
        files.without_nan(value),
        {'a': [1.0, None, [None]], 'b': {'c': None}, 'd': 'e'})


if __name__ == '__main__':
  absltest.main()
