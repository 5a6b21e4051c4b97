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
"""Five small tasks as Gymnasium environments.

Both sides of `classic.py` play these, so this loads neither of them. Not here:
what learns, bars and budgets.
"""

import gymnasium
import numpy as np

_ROWS, _COLUMNS = 10, 5  # of Catch


def cart_pole(seed: int, scale: float = 1.0) -> gymnasium.Env:
  """Returns CartPole-v1."""
  del seed
  return _scaled(gymnasium.make('CartPole-v1'), scale)


def acrobot(seed: int, scale: float = 1.0) -> gymnasium.Env:
  """Returns Acrobot-v1."""
  del seed
  return _scaled(gymnasium.make('Acrobot-v1'), scale)


def lunar_lander(seed: int, scale: float = 1.0) -> gymnasium.Env:
  """Returns LunarLander-v3."""
  del seed
  return _scaled(gymnasium.make('LunarLander-v3'), scale)


def catch(seed: int, scale: float = 1.0) -> gymnasium.Env:
  """Returns Catch."""
  del seed
  return _scaled(Catch(), scale)


def breakout(seed: int, scale: float = 1.0) -> gymnasium.Env:
  """Returns MinAtar's Breakout, with its sticky actions and six actions."""
  del seed
  return _scaled(gymnasium.wrappers.TimeLimit(Breakout(), 5000), scale)


def _scaled(env: gymnasium.Env, scale: float) -> gymnasium.Env:
  """Returns an environment whose rewards are multiplied."""
  return gymnasium.wrappers.TransformReward(
      env, lambda reward: float(reward) * scale)


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
