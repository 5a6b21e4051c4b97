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
"""Tests of tools/check_wheel.py."""

import pathlib

from absl.testing import absltest

from tools import check_wheel


class CheckWheelTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    root = self.create_tempdir()
    root.create_file('pack/__init__.py')
    root.create_file('pack/data/scores.csv')
    root.create_file('pack/__pycache__/__init__.pyc')
    self._package = pathlib.Path(root) / 'pack'

  def test_exact_contents_pass(self):
    names = {'pack/__init__.py', 'pack/data/scores.csv', 'p.dist-info/RECORD'}
    self.assertEmpty(check_wheel.problems(names, self._package))

  def test_differences_are_named(self):
    names = {'pack/__init__.py', 'experiments/train.py'}
    self.assertEqual(
        check_wheel.problems(names, self._package),
        [
            'missing from the wheel: pack/data/scores.csv',
            'does not belong in the wheel: experiments/train.py',
        ],
    )


if __name__ == '__main__':
  absltest.main()
