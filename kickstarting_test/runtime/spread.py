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
"""Trains on several devices, in a process that has them.

  python -m kickstarting_test.runtime.spread FILE LEARNER_DEVICES ACTOR_DEVICE

Writes the parameters at the end, and how many streams a device had of each
batch. Not here: tests.
"""

import dataclasses
import sys

import jax
import numpy as np

from kickstarting.runtime import devices
from kickstarting.runtime import training
from kickstarting_test.runtime import taped
from kickstarting_test.runtime import tiny

NUM_STREAMS = 8


def main(path: str, learner_devices: str, actor_device: str) -> None:
  """Trains, and writes the file."""
  problem = tiny.make_problem(
      make_environment=lambda block: taped.TapedBatch(
          [2 + i % 3 for i in range(NUM_STREAMS)],
          task=[0] * (NUM_STREAMS // 2) + [1] * (NUM_STREAMS // 2)))
  config = dataclasses.replace(
      tiny.LOCKSTEP, streams=NUM_STREAMS,
      frames=10 * tiny.STEPS * NUM_STREAMS,
      learner_devices=int(learner_devices), actor_device=int(actor_device))
  shares, spread = set(), devices.Placement.spread

  def watched(placement, trajectory):
    trajectory = spread(placement, trajectory)
    for x in (trajectory.actions, trajectory.behaviour_log_prob):
      shares.add(x.sharding.shard_shape(x.shape)[1])
    return trajectory

  devices.Placement.spread = watched
  outcome = training.train(problem, config, on_record=lambda record: None)
  leaves = jax.tree.leaves(outcome.params)
  np.savez(path, *map(np.asarray, leaves), shares=list(shares))


if __name__ == '__main__':
  main(*sys.argv[1:])
