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
"""An environment of your own.

  python -m experiments.train --env=experiments/examples/corridor.py:Corridor \
      --env_settings=length=7 --network=flat --frames=100_000

Explained in `docs/your_own_environment.md`. Not here: a suite of several
(`corridors.py`).
"""

import dm_env
from dm_env import specs
import numpy as np


class Corridor(dm_env.Environment):
  """A door opens at one end of a corridor; a step costs a little."""

  def __init__(self, seed: int, length: int = 5):
    self._rng = np.random.default_rng(seed)
    self._length = length  # cells on each side of the start

  def reset(self) -> dm_env.TimeStep:
    """Starts in the middle."""
    self._place, self._steps = 0, 0
    self._door = self._length * int(self._rng.choice((-1, 1)))
    return dm_env.restart(self._observe())

  def step(self, action: int) -> dm_env.TimeStep:
    """Goes to the left (0) or to the right (1)."""
    self._place = int(np.clip(
        self._place + 2 * action - 1, -self._length, self._length))
    self._steps += 1
    if self._place == self._door:
      return dm_env.termination(1.0, self._observe())
    if self._steps == 10 * self._length:
      return dm_env.truncation(0.0, self._observe())
    return dm_env.transition(-0.01, self._observe())

  def observation_spec(self) -> dict[str, specs.Array]:
    """Where the agent is, and where the door."""
    return {'places': specs.Array((2,), np.float32)}

  def action_spec(self) -> specs.DiscreteArray:
    """Two actions."""
    return specs.DiscreteArray(2)

  def _observe(self) -> dict[str, np.ndarray]:
    places = np.array([self._place, self._door], np.float32)
    return {'places': places / self._length}
