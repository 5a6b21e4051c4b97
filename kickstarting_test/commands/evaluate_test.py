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
"""Tests of evaluate.py: shipped experts, with and without a draw."""

import pathlib

from absl.testing import absltest

from kickstarting_test.experiments import binaries


class EvaluateTest(absltest.TestCase):

  def test_the_most_probable_actions_of_the_experts(self):
    returns = {}
    for flag in ('--greedy', '--nogreedy'):
      folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
      result = binaries.last_line(binaries.run(
          'kickstarting', 'evaluate', '--policy=zoo', '--suite=minigrid8',
          '--tasks=FourRooms,LavaGapS7', '--episodes=4', flag,
          f'--workdir={folder}'))
      self.assertEqual(result['ended'], 'finished')
      returns[flag] = {
          task: row['return'] for task, row in result['tasks'].items()}
    self.assertCountEqual(returns['--greedy'], ['FourRooms', 'LavaGapS7'])
    self.assertNotEqual(*returns.values())

  def test_a_policy_that_is_not_there(self):
    done = binaries.run('kickstarting', 'evaluate', '--policy=nowhere.npz')
    self.assertEqual(done.returncode, 2)
    self.assertRegex(done.stderr, 'error: .*nowhere.npz')


if __name__ == '__main__':
  absltest.main()
