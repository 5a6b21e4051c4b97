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
"""Tests what the text of a flag means."""

import os
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting.commands import flag_values


class NumbersTest(parameterized.TestCase):

  def test_numbers(self):
    self.assertEqual(
        flag_values.numbers('alphas', ['0', '1e-2', '4000']), [0, 0.01, 4000])

  @parameterized.parameters('x', 'nan', 'inf', '', '1')
  def test_others(self, value):
    with self.assertRaisesRegex(
        ValueError, f"--alphas=1,{value} holds '{value}'; expected different"):
      flag_values.numbers('alphas', ['1', value])


class SettingsTest(parameterized.TestCase):

  @parameterized.parameters(
      ('', {}),
      ('a=3,b=true,c=x=y,d=', {'a': 3, 'b': True, 'c': 'x=y', 'd': ''}),
      ('a=3, b = x y ,c=[1,2]', {'a': 3, 'b': 'x y', 'c': [1, 2]}),
      ('config={"hasAltCameras":true,"fps":30},width=64',
       {'config': {'hasAltCameras': True, 'fps': 30}, 'width': 64}),
      ('config={"a":"x,y","b":{"c":"}"}}', {
          'config': {'a': 'x,y', 'b': {'c': '}'}}}),
      ('path="/data,here",n="540"', {'path': '/data,here', 'n': '540'}),
      ('path=/data/a"b,n=-1e3', {'path': '/data/a"b', 'n': -1000.0}),
  )
  def test_settings(self, text, expected):
    self.assertEqual(flag_values.settings('env_settings', text), expected)

  @parameterized.parameters('540', 'true', '1e5', '2024', '[a', '{', 'null')
  def test_what_is_known_to_be_text_stays_text(self, word):
    self.assertEqual(
        flag_values.settings('env_settings', f'a={word},b=1', ['a', 'c']),
        {'a': word, 'b': 1})
    self.assertEqual(
        flag_values.settings('env_settings', 'a="x,540"', ['a']),
        {'a': 'x,540'})

  @parameterized.parameters(
      ('x', 'is no setting'), ('=3', 'is no setting'),
      ('a=2', 'is there twice'),
      ('b={"c":1', 'begins as JSON, but is none'),
      ('b="c', 'begins as JSON, but is none'),
      ('b=' + 100_000 * '[', 'begins as JSON, but is none'))
  def test_others(self, entry, reason):
    with self.assertRaisesRegex(
        checks.UserError, f"--env_settings=.* holds '.*', which {reason}"):
      flag_values.settings('env_settings', f'a=1,{entry}')

  @parameterized.parameters('b="c"d', 'b={}c=1', 'b=1,', 'b={},,c=1')
  def test_what_follows_a_value(self, text):
    with self.assertRaisesRegex(checks.UserError, 'which is no setting'):
      flag_values.settings('env_settings', text)


class PathTest(parameterized.TestCase):

  def test_a_tilde_is_a_home(self):
    with mock.patch.dict(os.environ, HOME='/users/somebody'):
      self.assertEqual(
          str(flag_values.path('workdir', '~/runs/lr=0.01')),
          '/users/somebody/runs/lr=0.01')
    self.assertEqual(str(flag_values.path('workdir', 'a/~b')), 'a/~b')

  @parameterized.parameters('', ' ', '~nobody_at_all/x', 'a\0b', 'x' * 5000)
  def test_what_is_no_path(self, text):
    with self.assertRaisesRegex(checks.UserError, '^--workdir.* no path'):
      flag_values.path('workdir', text)


class SeedsTest(parameterized.TestCase):

  def test_seeds(self):
    self.assertEqual(
        flag_values.seeds('seeds', ['1', '0', '2147483647']),
        ['1', '0', '2147483647'])

  @parameterized.parameters(
      '', '-1', '1', '01', '1.0', 'x', '2147483648', '99999999999999999999',
      '\u0663', 'nan')
  def test_what_is_no_seed(self, seed):
    with self.assertRaisesRegex(checks.UserError, '^--seeds=.*expected diff'):
      flag_values.seeds('seeds', ['1', seed])

  def test_none(self):
    with self.assertRaisesRegex(checks.UserError, 'names no seed'):
      flag_values.seeds('seeds', [])


class ListsTest(parameterized.TestCase):

  @parameterized.parameters(
      (['-1'], 'different numbers from 0 to 1 with'), (['2'], 'holds .2.'),
      ([], 'is empty; expected numbers from 0 to 1'), (['nan'], "'nan'"))
  def test_numbers_outside_their_bounds(self, values, text):
    with self.assertRaisesRegex(ValueError, text):
      flag_values.numbers('shares', values, low=0, high=1)

  @parameterized.parameters('0', '-1.5', '5.7', 'x')
  def test_what_is_no_count(self, value):
    with self.assertRaisesRegex(ValueError, 'whole numbers of at least 1'):
      flag_values.counts('lengths', ['3', value])

  def test_counts(self):
    self.assertEqual(flag_values.counts('lengths', ['3', '4e3']), [3, 4000])


if __name__ == '__main__':
  absltest.main()
