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
"""Tests the suite of Procgen games."""

from absl.testing import absltest
import envpool

from kickstarting import checks
from kickstarting.environments import seeds
from kickstarting.environments import suites


class ProcgenGamesTest(absltest.TestCase):

  def test_envpool_has_every_game(self):
    suite = suites.get_suite('procgen16')
    self.assertLen(suite.tasks, 16)
    self.assertContainsSubset(suite.levels, envpool.list_all_envs())

  def test_golden(self):
    task = suites.get_suite('procgen16', ['Fruitbot']).tasks[0]
    self.assertEqual(task.level, 'FruitbotEasy-v0')
    self.assertEqual((task.random_return, task.reference_return), (-1.5, 32.4))

  def test_it_runs_or_says_what_is_missing(self):
    suite = suites.get_suite('procgen16', ['Coinrun'])
    try:
      batch = suite.make_batch(2, seed=0)
    except checks.UserError as error:
      self.assertIn('Qt 5', str(error))
      return
    self.assertEqual(batch.spec.observation['image'].shape, (64, 64, 3))
    self.assertEqual(batch.spec.num_actions, 15)
    self.assertEqual(batch.frames_per_step, 1)
    batch.close()
    suite.make_batch(2, seed=0, group=seeds.Group.EVALUATION).close()


if __name__ == '__main__':
  absltest.main()
