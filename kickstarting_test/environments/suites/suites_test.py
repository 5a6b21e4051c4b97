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

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.environments import suites


class SuitesTest(parameterized.TestCase):

  def test_names(self):
    self.assertEqual(suites.suite_names(), (
        'minigrid30', 'minigrid8', 'minigrid_all', 'atari57', 'dmlab30',
        'dmlab_curricula', 'procgen16', 'vizdoom'))

  def test_all_are_complete(self):
    for name in suites.suite_names():
      suite = suites.get_suite(name)
      self.assertEqual(suite.name, name)
      self.assertGreaterEqual(
          suite.max_words, max(task.max_words for task in suite.tasks))

  @parameterized.parameters(('minigrid30', 30, 48), ('minigrid8', 8, 13))
  def test_sizes(self, name, size, max_words):
    suite = suites.get_suite(name)
    self.assertEqual(suite.name, name)
    self.assertLen(suite.tasks, size)
    self.assertLen(set(suite.task_names), size)
    self.assertLen(set(suite.levels), size)
    self.assertEqual(suite.num_actions, 7)
    self.assertEqual(suite.max_words, max_words)

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


if __name__ == '__main__':
  absltest.main()
