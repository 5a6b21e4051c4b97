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

In processes, where one that hangs or is killed is started again. More kills:

  python -m kickstarting_test.environments.doom_test --kills=20
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from absl import flags
from absl import logging
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.environments import process_batch
from kickstarting.environments import worker_pool
from kickstarting.environments import worker_process
from kickstarting_test import processes

_ACTIONS = ((), ('ATTACK',), ('TURN_LEFT', 'MOVE_FORWARD'))


_LEARNER = """
import json, time
from kickstarting.environments import suites, worker_pool
suite = suites.get_suite('vizdoom', ['HealthGathering'])
batch = suite.make_batch(2, seed=0, pool=worker_pool.PoolConfig(
    streams_per_worker=1, start_timeout_s=30.0))
batch.reset()
print(json.dumps(batch.pids), flush=True)
time.sleep(1e6)
"""
_KILLS = flags.DEFINE_integer('kills', 2, 'Workers that are killed.')
_NOTICED_S = 10.0


def _memory():
  """Returns the names of memory of games; tests of ours run side by side."""
  return {path.name for path in pathlib.Path('/dev/shm').glob('ViZDoom*')}


def _batch(test, level, buttons, rewards, streams=1, **arguments):
  batch = process_batch.task_batch(
      {'scenario': worker_process.Builder(
          'kickstarting.environments.doom:Scenario', {
              'level': level, 'actions': _ACTIONS, 'buttons': buttons,
              'rewards': rewards, **arguments})},
      streams, seed=3, frames_per_step=4, pool=worker_pool.PoolConfig(
          streams_per_worker=1, start_timeout_s=30.0))
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
    games = processes.children_of(worker)
    self.assertLen(games, 1)
    os.kill(games[0], signal.SIGKILL)
    with self.assertLogs('absl', 'WARNING') as logs:
      batch.send(np.zeros(1, np.int32))
      timestep = batch.receive()
    self.assertIn('signal SIGABRT', logs.output[0])  # EnvPool's, not the game's
    self.assertEqual(timestep.step_type[0], 0)
    self.assertEqual(batch.restarts, 1)

  def test_workers_that_are_killed(self):
    before = _memory()
    batch = _batch(
        self, 'HealthGathering-v1', ('TURN_LEFT', 'TURN_RIGHT', 'MOVE_FORWARD'),
        {}, streams=2)
    batch.reset()
    rng = np.random.default_rng(0)
    seconds: list[float] = []
    self.enter_context(absltest.mock.patch.object(
        worker_pool.logging, 'warning',
        side_effect=lambda *_: seconds.append(time.monotonic() - began)))
    for _ in range(_KILLS.value):
      pid = rng.choice(batch.pids)
      games = processes.children_of(pid)
      self.assertLen(games, 1)
      os.kill(pid, signal.SIGKILL)
      began = time.monotonic()
      batch.send(np.zeros(2, np.int32))
      batch.receive()
      self.assertFalse(processes.is_running(games[0]))
    logging.info('Noticed within %s s', np.sort(seconds).round(2))
    self.assertLen(seconds, _KILLS.value)
    self.assertEqual(batch.restarts, _KILLS.value)
    self.assertLess(max(seconds), _NOTICED_S)
    self.assertEqual(_memory(), before)  # of games that are running, too

  def test_nothing_is_left_of_a_learner_that_is_killed(self):
    before = _memory()
    learner = subprocess.Popen(
        [sys.executable, '-c', _LEARNER], stdout=subprocess.PIPE, text=True,
        env=os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)})
    self.addCleanup(learner.stdout.close)
    self.addCleanup(learner.wait)
    self.addCleanup(learner.kill)
    pids = json.loads(learner.stdout.readline())
    pids += [game for pid in pids for game in processes.children_of(pid)]
    self.assertLen(pids, 4)
    os.kill(learner.pid, signal.SIGKILL)
    self.assertTrue(processes.wait(
        lambda: not any(map(processes.is_running, pids)), _NOTICED_S))
    self.assertEqual(_memory(), before)


if __name__ == '__main__':
  absltest.main()
