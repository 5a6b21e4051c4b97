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
"""Environments in worker processes, against Gymnasium's own vector environment.

  python -m benchmarks.process_pool

The same environments with the same random actions, once in our batch of worker
processes and once in `gymnasium.vector.AsyncVectorEnv` with shared memory. Each
round measures both, one after the other, so that the machine's moods hit both
alike. The last line of output is JSON. Not here: EnvPool's levels, which need
no processes (`throughput.py`).
"""

from collections.abc import Callable
import functools
import json
import os
import platform
import statistics
import time

from absl import flags
import gymnasium
import minigrid  # noqa: F401, registers its levels
import numpy as np

from kickstarting.commands import cli
from kickstarting.environments import process_batch
from kickstarting.environments import worker_pool
from kickstarting.environments import worker_process

_LEVEL = flags.DEFINE_string(
    'level', 'MiniGrid-DoorKey-8x8-v0', 'Of Gymnasium.')
_STREAMS = flags.DEFINE_integer(
    'streams', 16, 'Environments.', lower_bound=1)
_WORKERS = flags.DEFINE_integer(
    'workers', os.cpu_count() or 1, 'Processes of ours; Gymnasium has one for '
    'each environment.', lower_bound=1)
_SECONDS = flags.DEFINE_float(
    'seconds', 5.0, 'Of each measurement.', lower_bound=0.1)
_ROUNDS = flags.DEFINE_integer(
    'rounds', 5, 'Repetitions, in turn.', lower_bound=1)


def make_level(seed: int, level: str) -> gymnasium.Env:
  """Makes an environment, in a worker; its first reset gets the seed."""
  del seed
  return _make(level)


def _make(level: str) -> gymnasium.Env:
  # Without the text, which shared memory of Gymnasium has no room for.
  return gymnasium.wrappers.FilterObservation(
      gymnasium.make(level, disable_env_checker=True), ['direction', 'image'])


def _rate(step: Callable[[np.ndarray], object], num_actions: int) -> float:
  """Returns steps a second of all environments together."""
  rng = np.random.default_rng(0)
  actions = rng.integers(num_actions, size=(1000, _STREAMS.value))
  actions = actions.astype(np.int32)
  began, steps = time.perf_counter(), 0
  while time.perf_counter() - began < _SECONDS.value:
    step(actions[steps % len(actions)])
    steps += 1
  return steps * _STREAMS.value / (time.perf_counter() - began)


def main(argv):
  del argv
  ours = process_batch.task_batch(
      {'level': worker_process.Builder(
          'benchmarks.process_pool:make_level', {'level': _LEVEL.value})},
      _STREAMS.value, seed=0, pool=worker_pool.PoolConfig(
          streams_per_worker=-(-_STREAMS.value // _WORKERS.value)))
  theirs = gymnasium.vector.AsyncVectorEnv(
      [functools.partial(_make, _LEVEL.value)] * _STREAMS.value)
  ours.reset()
  theirs.reset(seed=0)

  def step_ours(actions):
    ours.send(actions)
    ours.receive()

  rates: dict[str, list[float]] = {'ours': [], 'gymnasium': []}
  for i in range(_ROUNDS.value):
    rates['ours'].append(_rate(step_ours, ours.spec.num_actions))
    rates['gymnasium'].append(_rate(theirs.step, ours.spec.num_actions))
    print(f'round {i + 1} of {_ROUNDS.value}: ' + ', '.join(
        f'{name} {values[-1]:,.0f}' for name, values in rates.items())
          + ' steps/s', flush=True)
  ours.close()
  theirs.close()
  print(json.dumps({
      'steps_per_second': {
          name: statistics.median(values) for name, values in rates.items()},
      'ratio': statistics.median(
          one / two for one, two in zip(rates['ours'], rates['gymnasium'])),
      'all': rates,
      'machine': platform.machine(),
      'load_average': os.getloadavg(),
  }), flush=True)


if __name__ == '__main__':
  cli.run(main)
