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
"""Tests of `experiments/measure_references.py`."""

from absl.testing import absltest

from experiments import measure_references


class MeasureReferencesTest(absltest.TestCase):

  def test_random(self):
    columns = measure_references.measure_random(
        'BabyAI-PickupDist-v0', episodes=301, seed=0
    )
    self.assertEqual(columns['num_actions'], 7)
    self.assertEqual(columns['time_limit'], 49)
    self.assertEqual(columns['random_episodes'], 350)  # 50 streams, 7 each
    # 0.096 in the measurement of others; the tolerance is four of its errors.
    self.assertAlmostEqual(columns['random_return'], 0.096, delta=0.05)

  def test_random_repeats_exactly(self):
    first, second = (
        measure_references.measure_random('MiniGrid-LavaGapS5-v0', 50, seed=3)
        for _ in range(2)
    )
    self.assertEqual(first, second)

  def test_reference(self):
    columns = measure_references.measure_reference(
        'MiniGrid-Empty-8x8-v0', episodes=2, seed=0
    )
    self.assertEqual(
        columns,
        {
            # The bot's 13 steps from the fixed start to the fixed goal, of at
            # most 256 (11 would do).
            'reference_return': round(1 - 0.9 * 13 / 256, 5),
            'reference_episodes': 2,
            'reference_source': 'scripted bot',
        },
    )

  def test_instruction(self):
    # 'use the key to open the door and then get to the goal', always.
    self.assertEqual(
        measure_references.measure_instruction(
            'MiniGrid-DoorKey-5x5-v0', episodes=2, seed=0
        ),
        {'max_words': 13},
    )
    # Longer with every action that is asked for.
    words = [
        measure_references.measure_instruction(
            'BabyAI-GoToSeq-v0', episodes, seed=0
        )['max_words']
        for episodes in (1, 50)
    ]
    self.assertLess(words[0], words[1])


if __name__ == '__main__':
  absltest.main()
