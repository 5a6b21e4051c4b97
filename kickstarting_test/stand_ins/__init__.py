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
"""Stand-ins for engines that no test machine has, in the engines' own names."""

import pathlib
import sys

from absl.testing import absltest

FOLDER = str(pathlib.Path(__file__).parent)
_MODULES = ('kickstarting_test.stand_ins.deepmind_lab',)


def use(test: absltest.TestCase) -> None:
  """Lets a test, and the processes it starts, import the stand-ins."""
  sys.path.insert(0, FOLDER)
  test.addCleanup(sys.path.remove, FOLDER)
  for name in _MODULES:
    test.addCleanup(sys.modules.pop, name.split('.')[-1], None)
