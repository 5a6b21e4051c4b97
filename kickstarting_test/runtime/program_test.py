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
"""Tests of `runtime/program.py`: who steers a run keeps to the protocol."""

import inspect

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting.populations import evolving
from kickstarting.populations import member
from kickstarting.runtime import program
from kickstarting.runtime import training


class SteeringTest(parameterized.TestCase):

  @parameterized.parameters(
      training._Student, evolving.Evolving, member._Member)
  def test_methods_take_what_the_loop_gives(self, steering):
    names = [name for name in vars(program.Steering)
             if not name.startswith('_')]
    self.assertLen(names, 9)
    for name in names:
      with self.subTest(name):
        self.assertEqual(
            inspect.signature(getattr(steering, name)),
            inspect.signature(getattr(program.Steering, name)))


if __name__ == '__main__':
  absltest.main()
