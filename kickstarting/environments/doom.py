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
"""Scenarios of ViZDoom, as a dm_env environment around EnvPool's.

Made to live in a worker (`process_batch.py`): every environment is a game in a
process of its own, and when one is killed EnvPool 1.2.5 aborts with it. EnvPool
rewards changes of the game's variables, and leaves out what a scenario itself
pays. `envpool` is imported only when a scenario is made. Loads neither JAX nor
the rest of the package.

Not here: which scenarios (`suites/doom_scenarios.py`).
"""

from collections.abc import Mapping, Sequence
import os
from typing import Any

import dm_env
from dm_env import specs
import numpy as np

from kickstarting.environments import engines

_IMAGE = 'image'
_MAPPED = '/proc/self/maps'
_MEMORY = '/dev/shm/ViZDoom'  # how names of its memory begin
_NUM_WEAPONS = 8  # which EnvPool would pay for holding


class Scenario(dm_env.Environment):
  """One scenario. An action is a set of buttons."""

  def __init__(
      self,
      seed: int,
      level: str,
      actions: Sequence[Sequence[str]],
      buttons: Sequence[str],
      rewards: Mapping[str, Sequence[float]],
      bootstrap_on_timeout: bool = False,
      **settings: Any,
  ):
    """Starts the game.

    Args:
      seed: of all episodes.
      level: EnvPool's name.
      actions: names of buttons of each action; those that the scenario lacks
        are not pressed.
      buttons: of the scenario, in the order of its file.
      rewards: of the change of a variable: times which number a gain, and a
        loss, counts.
      bootstrap_on_timeout: whether the end of time keeps discount 1.
      **settings: of EnvPool, beside these.
    """
    self._pool = engines.load_envpool().make_dm(
        level, num_envs=1, seed=seed,
        reward_config={name: tuple(pair) for name, pair in rewards.items()},
        selected_weapon_reward_config=dict.fromkeys(range(_NUM_WEAPONS), 0.0),
        **settings)
    self._buttons = np.array([
        [[float(button in action) for button in buttons]]
        for action in actions])  # [A, 1, buttons]
    self._limit = self._pool.spec.config.max_episode_steps
    self._bootstraps = bootstrap_on_timeout
    self._steps = 0
    self._has_begun = False

  def reset(self) -> dm_env.TimeStep:
    """Starts an episode."""
    self._steps = 0
    step = self._pool.reset()
    if not self._has_begun:
      self._has_begun = True
      _drop_names()
    return dm_env.restart(self._observe(step))

  def step(self, action: int) -> dm_env.TimeStep:
    """Presses the buttons of an action for some frames."""
    self._steps += 1
    step = self._pool.step(self._buttons[action])
    reward, observation = float(step.reward[0]), self._observe(step)
    if not step.last()[0]:
      return dm_env.transition(reward, observation)
    if self._bootstraps and self._steps >= self._limit:
      return dm_env.truncation(reward, observation)
    return dm_env.termination(reward, observation)

  def observation_spec(self) -> dict[str, specs.Array]:
    """The last frames, their colours one behind the other."""
    frames, height, width = self._pool.observation_spec().obs.shape
    return {_IMAGE: specs.Array((height, width, frames), np.uint8, _IMAGE)}

  def action_spec(self) -> specs.DiscreteArray:
    """Rows of the actions."""
    return specs.DiscreteArray(len(self._buttons))

  def _observe(self, step: Any) -> dict[str, np.ndarray]:
    return {_IMAGE: np.moveaxis(step.observation.obs[0], 0, -1)}


def _drop_names() -> None:
  """Removes the names of the memory that this process shares with games.

  Both sides have it mapped by now. Without a name it goes when they end, be it
  that they are killed.
  """
  if not os.path.exists(_MAPPED):  # not on this system
    return
  with open(_MAPPED, encoding='utf-8', errors='replace') as file:
    paths = {path.rstrip('\n') for line in file
             for _, start, path in [line.partition(_MEMORY)] if start}
  for path in paths:
    try:
      os.unlink(_MEMORY + path)
    except FileNotFoundError:
      pass  # done before
