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
"""Tests of flag_groups.py: loading it defines nothing."""

import subprocess
import sys

from absl import flags
from absl.testing import absltest

from kickstarting.commands import flag_groups


class GroupsTest(absltest.TestCase):

  def test_nothing_is_defined(self):
    code = (
        'from absl import flags\n'
        'from kickstarting.commands import flag_groups\n'
        'print([name for name in ("workdir", "seed") if name in flags.FLAGS])')
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True,
        check=True)
    self.assertEqual(done.stdout, '[]\n')

  def test_a_flag_in_a_group(self):
    holder = flag_groups.grouped('run', flags.DEFINE_bool(
        'of_this_test', False, 'Of this test.'))
    self.assertEqual(flag_groups.GROUP_OF[holder.name], 'run')


if __name__ == '__main__':
  absltest.main()
