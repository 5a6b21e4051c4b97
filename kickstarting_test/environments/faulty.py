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
"""An environment that remembers everything, and one day dies, hangs or raises.

Its observation tells its seed, its episode, the step and a checksum of all the
actions of the episode; so does its reward. A stream that lost or repeated a
step, or mixed two episodes, contradicts itself. Here: `History`, `Talker`,
`Odd`, `Catch`, `check`. Not here: tests.
"""

import math
import os
import time

import dm_env
from dm_env import specs
import numpy as np

from kickstarting_test.environments import fakes

NUM_ACTIONS = 5
_MODULUS = 9973


def _next(checksum: int, action: int) -> int:
  return (31 * checksum + action + 1) % _MODULUS


class History(dm_env.Environment):
  """Counts; `crash`, `stall` and `fail` are probabilities of a step."""

  def __init__(
      self, seed: int, length: int = 20, crash: float = 0.0,
      stall: float = 0.0, fail: float = 0.0):
    self._rng = np.random.default_rng(seed)
    self._seed, self._length = seed, length
    self._faults = crash, stall, fail
    self._episode, self._step = -1, 0
    self._checksum = 0

  def reset(self) -> dm_env.TimeStep:
    """Starts an episode."""
    self._episode += 1
    self._step = self._checksum = 0
    return dm_env.restart(self._observe())

  def step(self, action: int) -> dm_env.TimeStep:
    """Counts, unless something happens."""
    crash, stall, fail = self._rng.random(3) < self._faults
    if crash:
      os.abort()
    if stall:
      time.sleep(1e6)
    if fail:
      raise OSError('the level is gone')
    self._step += 1
    self._checksum = _next(self._checksum, action)
    if self._step < self._length:
      return dm_env.transition(self._checksum, self._observe())
    return dm_env.termination(self._checksum, self._observe())

  def observation_spec(self) -> specs.Array:
    """Four numbers."""
    return specs.Array((4,), np.int32)

  def action_spec(self) -> specs.DiscreteArray:
    """A few actions."""
    return specs.DiscreteArray(NUM_ACTIONS)

  def _observe(self) -> np.ndarray:
    return np.array(
        [self._seed, self._episode, self._step, self._checksum], np.int32)


class Talker(History):
  """Has an instruction as well, of some words."""

  def __init__(self, seed: int, words: int):
    self._text = 'word ' * words
    super().__init__(seed)

  def _observe(self):
    return {'observation': super()._observe(), 'mission': self._text}


class Odd(fakes.Scripted):
  """Like a Gymnasium environment that returns what it should not."""

  def __init__(self, seed: int, what: str):
    super().__init__(length=9, observations=({'x': 0.0, 'n': 0},))
    self._what = what

  def reset(self, *, seed: int | None = None):
    """Starts an episode."""
    observation, info = super().reset(seed=seed)
    if self._what == 'mission':
      observation = observation | {'mission': None}
    return observation, info

  def step(self, action: int):
    """Does it."""
    _, *rest = super().step(action)
    x, n = {'nan': (math.nan, 0), 'large float': (1e300, 0),
            'large integer': (0.0, 2 ** 40 + 2)}.get(self._what, (0.0, 0))
    if self._what == 'reward':
      rest[0] = None
    return {'x': x, 'n': n}, *(rest[1:] if self._what == 'short' else rest)


class Catch(fakes.Catch):
  """A small game; `crash` and `stall` are probabilities of a step."""

  def __init__(self, seed: int, crash: float = 0.0, stall: float = 0.0):
    super().__init__(seed, rows=4, columns=3)
    self._fate = np.random.default_rng([seed, 1])
    self._faults = crash, stall

  def step(self, action: int) -> dm_env.TimeStep:
    """Moves the paddle, unless something happens."""
    crash, stall = self._fate.random(2) < self._faults
    if crash:
      os.abort()
    if stall:
      time.sleep(1e6)
    return super().step(action)


def check(
    observation: np.ndarray,
    reward: np.ndarray,
    step_type: np.ndarray,
    actions: np.ndarray,
) -> int:
  """Raises AssertionError if a stream contradicts itself.

  Args:
    observation: of History; [T+1, B, 4].
    reward: [T+1, B].
    step_type: [T+1, B].
    actions: [T, B].

  Returns:
    How often a stream was cut: began anew without an end.
  """
  cuts = 0
  for t, b in np.ndindex(actions.shape):
    seed, episode, step, checksum = observation[t, b]
    found = observation[t + 1, b].tolist()
    if step_type[t + 1, b] != dm_env.StepType.FIRST:
      assert step_type[t, b] != dm_env.StepType.LAST
      checksum = _next(int(checksum), int(actions[t, b]))
      assert found == [seed, episode, step + 1, checksum], (t, b, found)
      assert reward[t + 1, b] == checksum, (t, b)
      continue
    assert reward[t + 1, b] == 0
    if step_type[t, b] == dm_env.StepType.LAST and found[0] == seed:
      assert found == [seed, episode + 1, 0, 0], (t, b, found)
    else:
      cuts += step_type[t, b] != dm_env.StepType.LAST
      assert found[0] != seed and found[1:] == [0, 0, 0], (t, b, found)
  return cuts
