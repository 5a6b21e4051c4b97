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
"""Batches of environments that remember, for tests of processes.

Here: `make`, `play`. Not here: the environments (`faulty.py`), tests.
"""

import numpy as np

from kickstarting.environments import process_batch
from kickstarting.environments import worker_pool
from kickstarting.environments import worker_process
from kickstarting_test.environments import faulty

_HISTORY = 'kickstarting_test.environments.faulty:History'
_QUICK = worker_pool.PoolConfig(
    streams_per_worker=2, step_timeout_s=1.0, backoff_s=0.01)


def make(test, target=_HISTORY, streams=4, pool=_QUICK, seed=0, **arguments):
  """Makes a batch that a test closes."""
  batch = process_batch.task_batch(
      {'history': worker_process.Builder(target, arguments)}, streams,
      seed=seed, pool=pool)
  test.addCleanup(batch.close)
  return batch


def play(batch, num_steps):
  """Returns observation, reward, step_type [T+1, B] and actions [T, B]."""
  timesteps = [batch.reset()]
  actions = np.random.default_rng(0).integers(
      faulty.NUM_ACTIONS, size=(num_steps, batch.num_streams), dtype=np.int32)
  for action in actions:
    batch.send(action)
    timesteps.append(batch.receive())
  return (
      np.stack([x.observation['observation'] for x in timesteps]),
      np.stack([x.reward for x in timesteps]),
      np.stack([x.step_type for x in timesteps]), actions)
