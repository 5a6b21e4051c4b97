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
"""Tests of kickstart.py: what is wrong is said before anything.

Not here: whole runs (`experiments/binaries_test.py`).
"""

import pathlib

from absl.testing import absltest

from kickstarting_test.experiments import binaries


class KickstartTest(absltest.TestCase):

  def test_values_of_flags_are_checked_before_anything(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    for flag, message in (
        ('--method=teleport', "unknown method 'teleport'; expected one of"),
        ('--divergence=squared_error', "'FourRooms' has a policy and none"),
        ('--divergence=squared_error --teacher_temperature=0.1',
         'teacher_temperature is 0.1 with divergence'),
        ('--epsilon=0.1 --teachers=', 'epsilon=0.1 without teachers'),
        ('--feature_cost=-1', 'feature_cost is -1.0; expected'),
        ('--feature_cost=1 --teachers=', 'cost is not 0, but there are no'),
        ('--teacher_share=2', r'teacher_share is 2.0; expected'),
        ('--flipped=2', r'flipped=2: 2.0 is not a number in the range')):
      done = binaries.run(
          'experiments.kickstart', f'--workdir={folder}', *flag.split())
      self.assertNotEqual(done.returncode, 0)
      self.assertRegex(done.stderr, message)
      self.assertNotIn('Traceback', done.stderr)
      self.assertFalse(folder.exists())


if __name__ == '__main__':
  absltest.main()
