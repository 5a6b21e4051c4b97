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
"""Five small tasks as Gymnasium environments that note their episodes.

Both sides of `classic.py` play these; the notes are how both are measured, so
this loads neither of them. Not here: what learns, bars and budgets.
"""

import pathlib
import time
from typing import Any

import gymnasium
import numpy as np

_ROWS, _COLUMNS = 10, 5  # of Catch


def cart_pole(seed: int, **how: Any) -> gymnasium.Env:
  """Returns CartPole-v1."""
  del seed
  return Noted(gymnasium.make('CartPole-v1'), **how)


def acrobot(seed: int, **how: Any) -> gymnasium.Env:
  """Returns Acrobot-v1."""
  del seed
  return Noted(gymnasium.make('Acrobot-v1'), **how)


def lunar_lander(seed: int, **how: Any) -> gymnasium.Env:
  """Returns LunarLander-v3."""
  del seed
  return Noted(gymnasium.make('LunarLander-v3'), **how)


def catch(seed: int, **how: Any) -> gymnasium.Env:
  """Returns Catch."""
  del seed
  return Noted(Catch(), **how)


def breakout(seed: int, **how: Any) -> gymnasium.Env:
  """Returns MinAtar's Breakout, with its sticky actions and six actions."""
  del seed
  return Noted(gymnasium.wrappers.TimeLimit(Breakout(), 5000), **how)


class Noted(gymnasium.Wrapper):
  """Appends a line for each episode to a file, and scales rewards.

  A line has the time at which the episode began (seconds since 1970), the
  frames that all streams had seen by then, the frames when it ended, and the
  return without the scale. All streams are stepped together, and may be in
  several processes; those that are made later count on from what the file has.
  """

  def __init__(
      self, env: gymnasium.Env, notes: str, streams: int, scale: float = 1.0):
    super().__init__(env)
    self._notes = notes
    self._streams = streams
    self._scale = scale
    self._frames = max(read_notes(notes)[2], default=0.0)
    self._began = 0.0, 0.0
    self._return = 0.0

  def reset(self, **how):
    self._return = 0.0
    self._began = time.time(), self._frames
    return self.env.reset(**how)

  def step(self, action):
    observation, reward, terminated, truncated, info = self.env.step(action)
    self._frames += self._streams
    self._return += float(reward)
    if terminated or truncated:
      when, frames = self._began
      line = (f'{when:.3f} {frames:.0f} {self._frames:.0f}'
              f' {self._return:.6g}\n')
      with open(self._notes, 'ab', buffering=0) as file:
        file.write(line.encode())
    return (observation, float(reward) * self._scale, terminated, truncated,
            info)


def read_notes(notes: str) -> np.ndarray:
  """Returns the columns of notes, in the order in which episodes began.

  Returns:
    float64 [4, N]: times, frames at the beginning and at the end, returns.
  """
  if not pathlib.Path(notes).is_file():
    return np.zeros((4, 0))
  rows = [line.split() for line in pathlib.Path(notes).read_text().splitlines()]
  columns = np.array(rows, np.float64).reshape(-1, 4).T
  return columns[:, np.argsort(columns[1], kind='stable')]


class Catch(gymnasium.Env):
  """A ball falls ten rows; the paddle below it moves left, stays or right.

  The return is 1 for a ball that is caught, -1 for another.
  """

  action_space = gymnasium.spaces.Discrete(3)
  observation_space = gymnasium.spaces.Box(
      0.0, 1.0, (_ROWS, _COLUMNS), np.float32)

  def reset(self, *, seed=None, options=None):
    super().reset(seed=seed)
    self._row = 0
    self._column = int(self.np_random.integers(_COLUMNS))
    self._paddle = _COLUMNS // 2
    return self._board(), {}

  def step(self, action):
    self._paddle = int(np.clip(self._paddle + action - 1, 0, _COLUMNS - 1))
    self._row += 1
    is_over = self._row == _ROWS - 1
    reward = (1.0 if self._paddle == self._column else -1.0) * is_over
    return self._board(), reward, is_over, False, {}

  def _board(self) -> np.ndarray:
    board = np.zeros((_ROWS, _COLUMNS), np.float32)
    board[self._row, self._column] = 1.0
    board[-1, self._paddle] = 1.0
    return board


class Breakout(gymnasium.Env):
  """MinAtar's Breakout: a picture of 10 x 10 with four channels."""

  action_space = gymnasium.spaces.Discrete(6)
  observation_space = gymnasium.spaces.Box(0.0, 1.0, (10, 10, 4), np.float32)

  def __init__(self):
    import minatar  # only this task needs it

    self._game = minatar.Environment('breakout')

  def reset(self, *, seed=None, options=None):
    super().reset(seed=seed)
    if seed is not None:
      self._game.seed(seed)
    self._game.reset()
    return self._game.state().astype(np.float32), {}

  def step(self, action):
    reward, is_over = self._game.act(int(action))
    return (self._game.state().astype(np.float32), float(reward),
            bool(is_over), False, {})
