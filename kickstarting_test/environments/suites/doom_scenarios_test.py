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
"""Tests the suite of ViZDoom scenarios."""

from absl.testing import absltest
from absl.testing import parameterized
import envpool
import numpy as np

from kickstarting import checks
from kickstarting.environments import process_batch
from kickstarting.environments import suites
from kickstarting.environments import worker_pool
from kickstarting.environments import worker_process
from kickstarting.environments.suites import doom_scenarios


class DoomScenariosTest(parameterized.TestCase):

  def test_envpool_has_every_scenario(self):
    suite = suites.get_suite('vizdoom')
    self.assertContainsSubset(suite.levels, envpool.list_all_envs())

  def test_several_scenarios_are_one_batch(self):
    suite = suites.get_suite('vizdoom', ['DefendTheCenter', 'HealthGathering'])
    batch = suite.make_batch(1, seed=0, pool=worker_pool.PoolConfig(
        start_timeout_s=30.0))
    self.addCleanup(batch.close)
    self.assertEqual(batch.spec.observation['image'].shape, (84, 84, 12))
    self.assertEqual(batch.frames_per_step, 4)
    batch.reset()
    returns = np.zeros(2)
    rng = np.random.default_rng(0)
    for _ in range(150):
      batch.send(rng.integers(
          batch.spec.num_actions, size=2).astype(np.int32))
      returns += batch.receive().reward
    self.assertGreater(returns[0], 0)  # a kill
    self.assertGreaterEqual(returns[1], 0)  # what is lost costs nothing

  @parameterized.parameters(
      ({'frame_skip': 'four'}, "'frame_skip' of .* is 'four'; expected a"),
      ({'actions': 3}, "unknown setting of HealthGathering-v1 'actions'"),
      ({'reward_config': {}}, "'reward_config' of .* is not to be chosen"),
      ({'seed': 5}, "'seed' of HealthGathering-v1 is not to be chosen"))
  def test_settings_are_checked_before_a_game_starts(self, settings, message):
    suite = suites.get_suite('vizdoom', ['HealthGathering'])._replace(
        settings=settings)
    with self.assertRaisesRegex(checks.UserError, message):
      suite.make_batch(1, seed=0)

  def test_health_that_runs_out(self):
    # What the references of HealthGathering are made of.
    batch = process_batch.task_batch(
        {level: worker_process.Builder(
            'kickstarting.environments.doom:Scenario', {
                'level': f'{level}-v1', 'actions': doom_scenarios.ACTIONS,
                'buttons': ('TURN_LEFT', 'TURN_RIGHT', 'MOVE_FORWARD'),
                'rewards': {'HEALTH': (0.0, 1.0)}})
         for level in ('HealthGathering', 'HealthGatheringSupreme')},
        1, seed=0, frames_per_step=4,
        pool=worker_pool.PoolConfig(start_timeout_s=30.0))
    self.addCleanup(batch.close)
    batch.reset()
    for step in range(1, 33):
      batch.send(np.zeros(2, np.int32))
      np.testing.assert_array_equal(
          batch.receive().reward, 0.0 if step % 8 else 8.0)


if __name__ == '__main__':
  absltest.main()
