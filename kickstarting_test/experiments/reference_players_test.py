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
"""Tests of `experiments/reference_players.py`."""

from absl.testing import absltest
from absl.testing import parameterized
import gymnasium
import minigrid  # noqa: F401, registers its levels

from experiments import reference_players

_EPISODES = 3


class ReferencePlayersTest(parameterized.TestCase):

  @parameterized.parameters(
      ('MiniGrid-FourRooms-v0', 'scripted bot'),
      ('MiniGrid-LavaCrossingS9N3-v0', 'scripted bot'),
      ('MiniGrid-DoorKey-8x8-v0', 'scripted bot'),
      ('MiniGrid-RedBlueDoors-6x6-v0', 'scripted bot'),
      ('MiniGrid-BlockedUnlockPickup-v0', 'scripted bot'),
      ('MiniGrid-KeyCorridorS3R2-v0', 'scripted bot'),
      ('MiniGrid-Unlock-v0', 'scripted bot'),
      ('MiniGrid-ObstructedMaze-1Dl-v0', 'scripted bot'),
      ('MiniGrid-ObstructedMaze-1Dlh-v0', 'full-map oracle'),
      ('MiniGrid-ObstructedMaze-1Dlhb-v0', 'full-map oracle'),
      ('MiniGrid-ObstructedMaze-2Dlh-v0', 'full-map oracle'),
      ('MiniGrid-ObstructedMaze-2Dlhb-v1', 'full-map oracle'),
      ('MiniGrid-ObstructedMaze-1Q-v1', 'full-map oracle'),
      ('MiniGrid-ObstructedMaze-Full-v1', 'full-map oracle'),
      ('MiniGrid-LockedRoom-v0', 'full-map oracle'),
      ('BabyAI-UnlockToUnlock-v0', 'full-map oracle'),
      ('MiniGrid-MemoryS13-v0', 'full-map oracle'),
      ('MiniGrid-Fetch-8x8-N3-v0', 'scripted bot'),
      ('MiniGrid-GoToDoor-5x5-v0', 'scripted bot'),
      ('MiniGrid-GoToObject-6x6-N2-v0', 'scripted bot'),
      ('MiniGrid-PutNear-6x6-N2-v0', 'scripted bot'),
      ('BabyAI-PickupLoc-v0', 'scripted bot'),
      ('BabyAI-PutNextLocalS5N3-v0', 'scripted bot'),
  )
  def test_succeeds(self, level, source):
    self.assertEqual(reference_players.source(level), source)
    env = gymnasium.make(level, disable_env_checker=True)
    for seed in range(_EPISODES):
      env.reset(seed=seed)
      episode_return, steps, is_lost = reference_players.play(env, level)
      self.assertFalse(is_lost)
      self.assertGreater(episode_return, 0.5)
      self.assertAlmostEqual(
          episode_return, 1 - 0.9 * steps / env.unwrapped.max_steps, places=5
      )

  def test_what_is_carried_aside_does_not_block_the_other_way(self):
    # Two ways, each blocked once the ball is laid down in the other.
    level = 'MiniGrid-ObstructedMaze-2Q-v1'
    env = gymnasium.make(level, disable_env_checker=True)
    env.reset(seed=1027)
    self.assertGreater(reference_players.play(env, level)[0], 0.5)

  def test_lava_is_lava_again_for_the_step(self):
    level = 'MiniGrid-LavaCrossingS9N1-v0'
    env = gymnasium.make(level, disable_env_checker=True)
    env.reset(seed=0)
    reference_players.play(env, level)
    types = {cell.type for cell in env.unwrapped.grid.grid if cell is not None}
    self.assertContainsSubset({'lava', 'wall', 'goal'}, types)

  def test_a_lost_player_waits_for_the_end(self):
    level = 'BabyAI-KeyInBox-v0'  # opening the box is beyond the bot
    env = gymnasium.make(level, disable_env_checker=True)
    env.reset(seed=0)
    episode_return, steps, is_lost = reference_players.play(env, level)
    self.assertTrue(is_lost)
    self.assertEqual(episode_return, 0.0)
    self.assertEqual(steps, env.unwrapped.max_steps)


if __name__ == '__main__':
  absltest.main()
