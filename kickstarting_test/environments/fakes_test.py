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
"""Tests that the fake environment keeps dm_env's own rules."""

from absl.testing import absltest
from dm_env import test_utils

from kickstarting_test.environments import fakes


class CatchTest(test_utils.EnvironmentTestMixin, absltest.TestCase):

  def make_object_under_test(self):
    return fakes.Catch(seed=0)

  def make_action_sequence(self):
    for i in range(50):
      yield self.make_action() if i % 2 else 2


if __name__ == '__main__':
  absltest.main()
