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

from absl.testing import absltest
from absl.testing import parameterized

from experiments import flag_values


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

  def test_settings(self):
    self.assertEqual(
        flag_values.settings('env_settings', ['a=3', 'b=true', 'c=x=y', 'd=']),
        {'a': 3, 'b': True, 'c': 'x=y', 'd': ''})

  @parameterized.parameters('x', '=3', 'a=2')
  def test_others(self, entry):
    with self.assertRaisesRegex(
        ValueError, f"--env_settings=a=1,{entry} holds '{entry}'; expected"):
      flag_values.settings('env_settings', ['a=1', entry])


if __name__ == '__main__':
  absltest.main()
