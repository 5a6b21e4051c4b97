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
"""Tests the lists of MiniGrid and BabyAI levels."""

import collections

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.environments import suites
from kickstarting.environments.suites import suite as suite_lib


class MinigridLevelsTest(parameterized.TestCase):

  def test_minigrid8_is_part_of_minigrid30_is_part_of_all(self):
    eight, thirty, every = (
        set(suites.get_suite(name).tasks)
        for name in ('minigrid8', 'minigrid30', 'minigrid_all')
    )
    self.assertLess(eight, thirty)
    self.assertLess(thirty, every)

  def test_minigrid30_covers_the_families(self):
    families = collections.Counter(
        task.family for task in suites.get_suite('minigrid30').tasks
    )
    self.assertSameElements(
        families, ['nav', 'obstacle', 'keydoor', 'memory', 'fetch', 'lang']
    )
    self.assertGreaterEqual(min(families.values()), 2)

  @parameterized.parameters(
      ('DoorKey-8x8', 'LockedRoom'),
      ('Unlock', 'UnlockPickup', 'BlockedUnlockPickup'),
      ('Unlock', 'UnlockToUnlock'),
      ('KeyCorridorS3R1', 'KeyCorridorS4R3'),
      ('LavaGapS7', 'LavaCrossingS11N5'),
      ('MemoryS7', 'MemoryS13', 'MemoryS17Random'),
      ('ObstructedMaze-1Dlhb', 'ObstructedMaze-Full'),
      ('PickupLoc', 'PutNextLocalS5N3', 'MoveTwoAcrossS5N2'),
      ('GoToLocalS8N7', 'GoToObjMaze', 'GoToSeq', 'BossLevel'),
  )
  def test_minigrid30_has_easier_levels_before_harder_ones(self, *chain):
    self.assertContainsSubset(
        chain, suites.get_suite('minigrid30').task_names
    )

  def test_broken_and_other_action_sets_are_left_out(self):
    for level in suites.get_suite('minigrid_all').levels:
      self.assertNotIn('MultiRoom', level)
      self.assertNotIn('Dynamic', level)

  def test_figures_are_measured(self):
    rows = suite_lib.read('minigrid.csv')
    self.assertNotEmpty(rows)
    for row in rows:
      self.assertGreaterEqual(int(row['random_episodes']), 1000, row)
      self.assertGreaterEqual(int(row['reference_episodes']), 200, row)
      self.assertIn(
          row['reference_source'], ('scripted bot', 'full-map oracle')
      )
      self.assertGreater(int(row['time_limit']), 0)

  def test_returns_of_all_tasks(self):
    suite = suites.get_suite('minigrid_all')
    self.assertTrue((suite.reference_returns > suite.random_returns).all())
    self.assertTrue((suite.random_returns >= 0).all())
    self.assertTrue((suite.reference_returns < 1).all())

  def test_golden(self):
    task = suites.get_suite('minigrid8', ['DoorKey-8x8']).tasks[0]
    self.assertEqual(task.level, 'MiniGrid-DoorKey-8x8-v0')
    self.assertEqual(task.family, 'keydoor')
    self.assertEqual(task.num_actions, 7)
    self.assertEqual(task.time_limit, 640)  # 10 * 8 * 8
    self.assertEqual(task.max_words, 13)
    # Within the noise of measurements of others, with other seeds.
    self.assertAlmostEqual(task.random_return, 0.004, delta=0.006)
    self.assertAlmostEqual(task.reference_return, 0.969, delta=0.005)

  def test_settings_reach_the_levels(self):
    suite = suites.get_suite('minigrid8', ['FourRooms'])
    batch = suite._replace(settings={'max_episode_steps': 3}).make_batch(
        1, seed=0)
    self.addCleanup(batch.close)
    steps = [batch.reset().step_type[0]]
    for _ in range(3):
      batch.send(np.zeros(1, np.int32))
      steps.append(batch.receive().step_type[0])
    self.assertEqual(steps, [0, 1, 1, 2])


if __name__ == '__main__':
  absltest.main()
