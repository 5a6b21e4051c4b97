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
"""Small environments that tests share.

Here: Catch as a dm_env environment, and a Gymnasium-like environment whose
every output is scripted. Not here: tests.
"""

import dm_env
from dm_env import specs
import numpy as np


class Catch(dm_env.Environment):
  """A ball falls through a small board; a paddle at the bottom catches it."""

  def __init__(self, seed: int, rows: int = 6, columns: int = 5):
    self._rng = np.random.default_rng(seed)
    self._shape = (rows, columns)
    self._is_over = True

  def reset(self) -> dm_env.TimeStep:
    """Drops a ball from a random column."""
    self._is_over = False
    self._ball = [0, int(self._rng.integers(self._shape[1]))]
    self._paddle = self._shape[1] // 2
    return dm_env.restart(self._observe())

  def step(self, action: int) -> dm_env.TimeStep:
    """Moves the paddle: 0 left, 1 stays, 2 right."""
    if self._is_over:
      return self.reset()
    self._paddle = min(max(self._paddle + action - 1, 0), self._shape[1] - 1)
    self._ball[0] += 1
    if self._ball[0] < self._shape[0] - 1:
      return dm_env.transition(0.0, self._observe())
    self._is_over = True
    reward = 1.0 if self._ball[1] == self._paddle else -1.0
    return dm_env.termination(reward, self._observe())

  def observation_spec(self) -> specs.BoundedArray:
    """The board."""
    return specs.BoundedArray(self._shape, np.float32, 0, 1, 'board')

  def action_spec(self) -> specs.DiscreteArray:
    """Three actions."""
    return specs.DiscreteArray(3, name='action')

  def _observe(self) -> np.ndarray:
    board = np.zeros(self._shape, np.float32)
    board[tuple(self._ball)] = 1
    board[-1, self._paddle] = 1
    return board


class _Discrete:
  """Like gymnasium.spaces.Discrete."""

  def __init__(self, n: int, start: int = 0):
    self.n = n
    self.start = start


class Scripted:
  """Like a Gymnasium environment; every episode returns the same script."""

  observation_space = None

  def __init__(
      self,
      length: int = 3,
      ends: tuple[bool, bool] = (True, False),
      rewards: tuple[float, ...] = (0.5,),
      num_actions: int = 3,
      start: int = 0,
      observations: tuple = ({'x': np.zeros(2, np.float32)},),
  ):
    """Initialises the script.

    Args:
      length: steps of an episode.
      ends: `terminated` and `truncated` of the last of them.
      rewards: of the steps, in turn, starting again when used up.
      num_actions: size of the action space.
      start: its first action.
      observations: of reset and the steps, in turn.
    """
    self.action_space = _Discrete(num_actions, start)
    self.length = length
    self.ends = ends
    self.rewards = rewards
    self.observations = observations
    self.is_closed = False
    self.seeds: list[int | None] = []
    self.actions: list[int] = []
    self._steps = 0

  def _observe(self):
    return self.observations[self._steps % len(self.observations)]

  def reset(self, *, seed: int | None = None):
    """Starts an episode."""
    self.seeds.append(seed)
    self._steps = 0
    return self._observe(), {}

  def step(self, action: int):
    """Takes a step."""
    self.actions.append(action)
    self._steps += 1
    reward = self.rewards[(self._steps - 1) % len(self.rewards)]
    is_over = self._steps == self.length
    terminated, truncated = self.ends if is_over else (False, False)
    return self._observe(), reward, terminated, truncated, {}

  def close(self):
    """Notes the call."""
    self.is_closed = True
