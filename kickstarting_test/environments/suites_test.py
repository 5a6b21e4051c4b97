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
"""Tests of `environments/suites.py` and of the figures it reads."""

import collections
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.environments import suites


class SuitesTest(parameterized.TestCase):

  def test_names(self):
    self.assertEqual(
        suites.suite_names(), ('minigrid30', 'minigrid8', 'minigrid_all')
    )

  @parameterized.parameters(('minigrid30', 30, 48), ('minigrid8', 8, 13))
  def test_sizes(self, name, size, max_words):
    suite = suites.get_suite(name)
    self.assertEqual(suite.name, name)
    self.assertLen(suite.tasks, size)
    self.assertLen(set(suite.task_names), size)
    self.assertLen(set(suite.levels), size)
    self.assertEqual(suite.num_actions, 7)
    self.assertEqual(suite.max_words, max_words)

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
    with open(suites.__file__.replace('suites.py', 'data/minigrid.csv')) as f:
      header = f.readline().strip().split(',')
      rows = [dict(zip(header, line.strip().split(','), strict=True))
              for line in f]
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

  def test_some_tasks_in_the_wanted_order(self):
    suite = suites.get_suite(
        'minigrid_all', ['PickupLoc', 'MiniGrid-Unlock-v0', 'BabyAI-Unlock']
    )
    self.assertEqual(suite.task_names, ('PickupLoc', 'Unlock', 'BabyAI-Unlock'))
    self.assertEqual(
        suite.levels,
        ('BabyAI-PickupLoc-v0', 'MiniGrid-Unlock-v0', 'BabyAI-Unlock-v0'),
    )
    np.testing.assert_array_equal(
        suite.random_returns, [task.random_return for task in suite.tasks]
    )

  @parameterized.parameters(
      (
          ('minigird8', None),
          "unknown suite 'minigird8'; expected one of .*'minigrid8'",
      ),
      (
          ('minigrid8', ['DoorKey-9x9']),
          "unknown task of minigrid8 'DoorKey-9x9'; .*'DoorKey-8x8'",
      ),
      (('minigrid8', []), r'tasks is \[\]; expected at least one'),
      (
          ('minigrid8', ['DoorKey-8x8', 'MiniGrid-DoorKey-8x8-v0']),
          'expected at least one task, each once',
      ),
  )
  def test_unknown(self, args, message):
    with self.assertRaisesRegex(ValueError, message):
      suites.get_suite(*args)

  def test_reference_not_above_random_names_the_task(self):
    row = {
        'name': 'Odd', 'level': 'Odd-v0', 'family': 'nav', 'num_actions': '7',
        'time_limit': '9', 'max_words': '3', 'random_return': '0.5',
        'reference_return': '0.4', 'reference_source': 'scripted bot',
    }
    with mock.patch.object(suites, '_read', return_value=(row,)):
      with self.assertRaisesRegex(ValueError, "task 'Odd': reference_return"):
        suites._tasks.__wrapped__()


if __name__ == '__main__':
  absltest.main()
