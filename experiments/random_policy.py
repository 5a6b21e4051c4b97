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
"""The uniformly random policy plays.

Every stream plays as many episodes as any other, so that short ones do not
count more often. Not here: binaries (`random_returns.py`,
`measure_references.py`).
"""

from typing import NamedTuple

import numpy as np

from kickstarting.environments import base
from kickstarting.runtime import evaluation


class Played(NamedTuple):
  """Episodes of one task, stream by stream."""

  returns: np.ndarray  # [episodes], of those that were cut so far
  cut: int  # episodes that were
  longest: int  # steps of the longest that only time ended; 0: none


def play(
    batch: base.BatchedEnvironment,
    per_stream: int,
    seed: int,
    max_steps: int = evaluation.MAX_STEPS,
) -> list[Played]:
  """Lets the random policy play, and closes the batch.

  Args:
    batch: whose time-outs keep discount 1, to be known.
    per_stream: episodes of each stream.
    seed: of the actions.
    max_steps: after which an episode is cut; its stream plays no further one.

  Returns:
    For each task.
  """
  rng = np.random.default_rng(seed)
  num_streams = batch.num_streams
  returns: list[list[float]] = [[] for _ in range(num_streams)]
  left = np.full(num_streams, per_stream)
  was_cut = np.zeros(num_streams, bool)
  longest = np.zeros(num_streams, np.int64)
  current, lengths = np.zeros(num_streams), np.zeros(num_streams, np.int64)
  batch.reset()
  while left.any():
    batch.send(
        rng.integers(batch.spec.num_actions, size=num_streams, dtype=np.int32))
    timestep = batch.receive()
    batch.instructions.release(timestep.instruction)  # nobody reads them
    is_first = timestep.step_type == base.FIRST
    current = np.where(is_first, 0.0, current + timestep.reward)
    lengths = np.where(is_first, 0, lengths + 1)
    is_last = timestep.step_type == base.LAST
    is_cut = ~is_last & (lengths == max_steps)
    for stream in np.flatnonzero((is_last | is_cut) & (left > 0)):
      returns[stream].append(float(current[stream]))
      was_cut[stream] = is_cut[stream]
      left[stream] = 0 if is_cut[stream] else left[stream] - 1
    is_timeout = is_last & (timestep.discount > 0)
    longest = np.where(is_timeout, np.maximum(longest, lengths), longest)
  batch.close()
  return [
      Played(
          np.concatenate([returns[i] for i in np.flatnonzero(mine)]),
          int(was_cut[mine].sum()), int(longest[mine].max()))
      for mine in (batch.task == row for row in range(batch.task.max() + 1))]
