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
"""Tests one scenario of ViZDoom.

In processes, where one that hangs or is killed is started again.
"""

import os
import pathlib
import signal

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.environments import process_batch
from kickstarting.environments import worker_pool
from kickstarting.environments import worker_process

_ACTIONS = ((), ('ATTACK',), ('TURN_LEFT', 'MOVE_FORWARD'))


def _batch(test, level, buttons, rewards, **arguments):
  batch = process_batch.task_batch(
      {'scenario': worker_process.Builder(
          'kickstarting.environments.doom:Scenario', {
              'level': level, 'actions': _ACTIONS, 'buttons': buttons,
              'rewards': rewards, **arguments})},
      1, seed=3, frames_per_step=4,
      pool=worker_pool.PoolConfig(start_timeout_s=30.0))
  test.addCleanup(batch.close)
  return batch


def _idle_until_last(batch, max_steps):
  """Returns the sum of rewards, the last timestep, and the steps until it."""
  batch.reset()
  total = 0.0
  for step in range(1, max_steps + 1):
    batch.send(np.zeros(1, np.int32))
    timestep = batch.receive()
    total += timestep.reward[0]
    if timestep.step_type[0] == 2:
      return total, timestep, step
  raise AssertionError(f'no end within {max_steps} steps')


class ScenarioTest(parameterized.TestCase):

  def test_an_episode(self):
    batch = _batch(
        self, 'HealthGathering-v1', ('TURN_LEFT', 'TURN_RIGHT', 'MOVE_FORWARD'),
        {'HEALTH': (0.0, 0.01)}, bootstrap_on_timeout=True)
    self.assertEqual(batch.spec.num_actions, len(_ACTIONS))
    image = batch.reset().observation['image']
    self.assertEqual((image.shape, image.dtype), ((1, 84, 84, 12), np.uint8))
    self.assertGreater(image.std(), 0)
    # 100 health, 8 less every 8 steps; the last loss is not reported.
    total, timestep, steps = _idle_until_last(batch, 120)
    self.assertAlmostEqual(total, 0.88, places=5)
    self.assertEqual(steps, 96)
    self.assertEqual(timestep.discount[0], 0)  # death is no time-out

  @parameterized.parameters(True, False)
  def test_the_end_of_time(self, bootstraps):
    batch = _batch(
        self, 'HealthGathering-v1', ('TURN_LEFT', 'TURN_RIGHT', 'MOVE_FORWARD'),
        {}, max_episode_steps=20, bootstrap_on_timeout=bootstraps)
    total, timestep, steps = _idle_until_last(batch, 30)
    self.assertEqual(steps, 20)
    self.assertEqual(total, 0)  # the scenario itself pays for staying alive
    self.assertEqual(timestep.discount[0], float(bootstraps))

  def test_a_game_that_is_killed(self):
    batch = _batch(
        self, 'HealthGathering-v1', ('TURN_LEFT', 'TURN_RIGHT', 'MOVE_FORWARD'),
        {})
    batch.reset()
    [worker] = batch.pids
    games = [int(pid) for path in pathlib.Path(f'/proc/{worker}/task').glob(
        '*/children') for pid in path.read_text().split()]
    self.assertLen(games, 1)
    os.kill(games[0], signal.SIGKILL)
    with self.assertLogs('absl', 'WARNING') as logs:
      batch.send(np.zeros(1, np.int32))
      timestep = batch.receive()
    self.assertIn('signal SIGABRT', logs.output[0])  # EnvPool's, not the game's
    self.assertEqual(timestep.step_type[0], 0)
    self.assertEqual(batch.restarts, 1)


if __name__ == '__main__':
  absltest.main()
