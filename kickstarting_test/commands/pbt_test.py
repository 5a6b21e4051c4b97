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
"""Tests of pbt.py: what is wrong with a population is one line.

Not here: whole runs (`experiments/binaries_test.py`).
"""

from absl.testing import absltest

from kickstarting_test.experiments import binaries


class PbtTest(absltest.TestCase):

  def test_rules_that_do_not_move_the_weights(self):
    done = binaries.run(
        'experiments.pbt', '--preset=impala', '--burn_in_frames=0')
    self.assertEqual(done.returncode, 2)
    self.assertRegex(
        done.stderr, "error: preset impala has no rule for alpha, which"
        " weighting 'shared'.*kickstarting_short")


if __name__ == '__main__':
  absltest.main()
