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
"""Tests training with environments that crash and stall.

  python -m kickstarting_test.runtime.faults_test --deaths=200 --stalls=50

Not here: the pool by itself (`environments/process_batch_test.py`).
"""

import os
import signal

from absl import flags
from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np
import pytest

from kickstarting import agent as agent_lib
from kickstarting import update_config
from kickstarting.environments import base
from kickstarting.environments import process_batch
from kickstarting.environments import scores
from kickstarting.environments import worker_pool
from kickstarting.environments import worker_process
from kickstarting.networks import build
from kickstarting.runtime import training
from kickstarting.runtime import training_config
from kickstarting.weights import controllers
from kickstarting_test.environments import faulty

jax.config.update('jax_numpy_rank_promotion', 'raise')

_DEATHS = flags.DEFINE_integer('deaths', 5, 'Workers that are killed.')
_STALLS = flags.DEFINE_integer('stalls', 2, 'Workers that are stopped.')
_EVERY = 3  # steps between two of them: a fault is found in the next step
_POOL = worker_pool.PoolConfig(
    streams_per_worker=2, step_timeout_s=1.0, backoff_s=0.01)
_STREAMS, _STEPS = 8, 10


class _Saboteur(base.Wrapper):
  """Kills and stops workers, and keeps all that went through."""

  def __init__(self, batch: process_batch.ProcessBatch):
    super().__init__(batch)
    self._rng = np.random.default_rng(0)
    self._left = self._rng.permutation(
        [signal.SIGKILL] * _DEATHS.value + [signal.SIGSTOP] * _STALLS.value)
    self.actions, self.timesteps = [], []

  def reset(self):
    self.timesteps.append(super().reset())
    return self.timesteps[-1]

  def send(self, actions):
    super().send(actions)
    self.actions.append(actions)
    if len(self._left) and len(self.actions) % _EVERY == 0:
      os.kill(self._rng.choice(self._environment.pids), self._left[0])
      self._left = self._left[1:]

  def receive(self):
    self.timesteps.append(super().receive())
    return self.timesteps[-1]


def _train(make_environment, window, config):
  environment = make_environment(0)
  spec = environment.spec
  environment.close()
  network = build.NetworkConfig('flat', 16, False, False)
  records = []
  outcome = training.train(
      training.Problem(
          agent=agent_lib.make_agent(
              network, spec.observation, spec.num_actions),
          network={},
          update=update_config.UpdateConfig(reward_transform='clip_unit'),
          make_environment=make_environment,
          make_labeller=lambda task: None,
          make_window=lambda frames: scores.ScoreWindow(*window, frames),
          task_names=('task',),
          teacher_names=(),
          controller=controllers.scheduled(0.0)),
      config, on_record=records.append)
  return outcome, records


class FaultsTest(parameterized.TestCase):

  @parameterized.parameters(True, False)
  def test_nothing_is_lost_or_mixed(self, lockstep):
    made = []

    def make_environment(block):
      made.append(_Saboteur(process_batch.task_batch(
          {'task': worker_process.Builder(
              'kickstarting_test.environments.faulty:History')},
          _STREAMS, seed=0, actor_id=block, pool=_POOL)))
      return made[-1]

    faults = _DEATHS.value + _STALLS.value
    unrolls = -(-_EVERY * (faults + 1) // _STEPS) + 1
    frames = unrolls * _STEPS * _STREAMS
    outcome, records = _train(
        make_environment, ([0.0], [1e6]), training_config.TrainingConfig(
            frames=frames, unroll_steps=_STEPS, streams=_STREAMS, splits=1,
            record_frames=frames, checkpoint_frames=frames, lockstep=lockstep))
    self.assertEqual((outcome.ended, outcome.frames), ('finished', frames))
    saboteur = made[-1]
    self.assertEqual(saboteur._environment.restarts, faults)
    observation, reward, step_type = (
        np.stack([field(x) for x in saboteur.timesteps]) for field in (
            lambda x: x.observation['observation'], lambda x: x.reward,
            lambda x: x.step_type))
    cuts = faulty.check(
        observation, reward, step_type,
        np.stack(saboteur.actions[:len(saboteur.timesteps) - 1]))
    self.assertGreater(cuts, faults)  # a worker has two streams
    if lockstep:  # with threads more steps were taken than learnt from
      self.assertEqual(records[-1]['cuts'], cuts)

  @pytest.mark.slow
  @parameterized.parameters({'crash': 1e-3}, {'stall': 5e-4})
  def test_catch_is_learnt_all_the_same(self, **faults):
    # As in learning_test.py, where a random player scores 0.
    made = []

    def make_environment(block):
      made.append(process_batch.task_batch(
          {'task': worker_process.Builder(
              'kickstarting_test.environments.faulty:Catch', faults)},
          16, seed=2, actor_id=block, pool=worker_pool.PoolConfig(
              streams_per_worker=8, step_timeout_s=1.0)))
      return made[-1]

    outcome, records = _train(
        make_environment, ([-1 / 3], [1.0]), training_config.TrainingConfig(
            frames=30_000, unroll_steps=4, streams=16, splits=1,
            learning_rate=5e-3, entropy_cost=1e-2, window_frames=3_000,
            record_frames=3_000, lockstep=True, seed=2))
    self.assertLess(records[0]['score'], 20)
    self.assertGreater(outcome.score, 60)
    self.assertGreater(made[-1].restarts, 3)


if __name__ == '__main__':
  absltest.main()
