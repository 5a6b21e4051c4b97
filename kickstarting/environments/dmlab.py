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
"""A DeepMind Lab level as a dm_env environment with discrete actions.

Made to live in a worker (`process_batch.py`): the engine holds the GIL while it
steps, and takes its process with it where it breaks. `deepmind_lab` is imported
only when an environment is made. Loads neither JAX nor the rest of the package.

Not here: lists of levels (`suites/lab_levels.py`), action sets
(`dmlab_actions.py`), what may be set (`dmlab_settings.py`), compiled maps
(`dmlab_cache.py`).
"""

import tempfile
from typing import Any

import dm_env
from dm_env import specs
import numpy as np

from kickstarting import checks
from kickstarting.environments import dmlab_actions
from kickstarting.environments import dmlab_cache
from kickstarting.environments import dmlab_settings
from kickstarting.environments import engines

_PIXELS, _TEXT = 'RGB_INTERLEAVED', 'INSTR'
_LEFT = 'FRAMES_REMAINING_AT_60'
IMAGE, INSTRUCTION = 'image', 'instruction'
_RATE = 60  # frames a second, in which the engine tells what is left


class Lab(dm_env.Environment):
  """One level.

  Time-outs are terminations, as the levels mean them, unless
  `bootstrap_on_timeout`.
  """

  def __init__(
      self,
      seed: int,
      level: str,
      *,
      is_test: bool = False,
      bootstrap_on_timeout: bool = False,
      **settings: Any,
  ):
    """Starts the engine.

    Args:
      seed: of all episodes.
      level: such as contributed/dmlab30/rooms_watermaze.
      is_test: whether levels that are kept for tests are allowed; their mazes
        and objects are then those of the tests.
      bootstrap_on_timeout: whether the end of time keeps discount 1.
      **settings: see `dmlab_settings.Settings`.

    Raises:
      UserError: there is no engine, a setting is wrong, or the level has other
        actions or images than those of `Settings`.
    """
    mine = dmlab_settings.Settings(**settings)
    engine = load_engine()
    self._actions = mine.action_set()
    self._shape = mine.shape
    self._repeat = mine.action_repeat
    self._bootstraps = bootstrap_on_timeout
    self._rng = np.random.default_rng(seed)
    # The engine would leave one of its own where it is not closed in peace;
    # this one goes with the temporary folder of the process.
    self._folder = tempfile.TemporaryDirectory(
        prefix='dmlab_', ignore_cleanup_errors=True)
    self._lab = engine.Lab(
        level, [_PIXELS, _TEXT, _LEFT], config=mine.for_engine(is_test),
        renderer=mine.renderer, temp_folder=self._folder.name,
        level_cache=(
            dmlab_cache.LevelCache(mine.cache) if mine.cache else None))
    self._check(level)
    # Times are sums of seconds: half a frame is far more than their error.
    frames_at_60 = self._repeat * _RATE / (self._lab.fps() or _RATE)
    self._least_left = frames_at_60 + 0.5
    self._seen: dict[str, Any] = {}
    self._is_over = True
    self._is_closed = False

  def reset(self) -> dm_env.TimeStep:
    """Starts an episode."""
    if self._is_closed:  # the engine would end the process
      raise RuntimeError('the environment is closed; make another one.')
    self._lab.reset(seed=int(self._rng.integers(1 << 31)))
    self._is_over = False
    return dm_env.restart(self._observe())

  def step(self, action: int) -> dm_env.TimeStep:
    """Plays an action for some frames, or starts an episode after the last."""
    if self._is_over:
      return self.reset()
    reward = self._lab.step(self._actions[action], num_steps=self._repeat)
    if self._lab.is_running():
      return dm_env.transition(reward, self._observe())
    # The engine shows nothing more: what was seen last stands for the end.
    self._is_over = True
    # A level without a limit has 0 left at all times.
    is_timeout = 0 < self._seen[_LEFT] < self._least_left
    if is_timeout and self._bootstraps:
      return dm_env.truncation(reward, self._observation())
    return dm_env.termination(reward, self._observation())

  def observation_spec(self) -> dict[str, specs.Array]:
    """The image and the instruction, which may change at every step."""
    return {
        IMAGE: specs.Array(self._shape, np.uint8, IMAGE),
        INSTRUCTION: specs.StringArray((), name=INSTRUCTION)}

  def action_spec(self) -> specs.DiscreteArray:
    """Rows of the action set."""
    return specs.DiscreteArray(len(self._actions))

  def close(self) -> None:
    """Ends the engine."""
    self._is_over = self._is_closed = True
    self._lab.close()
    self._folder.cleanup()

  def _check(self, level: str) -> None:
    """Raises UserError unless the level is as those who play it expect."""
    dmlab_actions.check_engine(level, self._lab.action_spec())
    shapes = {row['name']: tuple(row['shape'])
              for row in self._lab.observation_spec()}
    if shapes[_PIXELS] != self._shape:
      raise checks.UserError(
          f'level {level} shows images of {shapes[_PIXELS]}; expected'
          f' {self._shape}. Correct width and height.')

  def _observe(self) -> dict[str, Any]:
    seen = self._lab.observations()
    self._seen = {
        IMAGE: seen[_PIXELS], INSTRUCTION: seen[_TEXT],
        _LEFT: float(np.squeeze(seen[_LEFT]))}
    return self._observation()

  def _observation(self) -> dict[str, Any]:
    return {name: self._seen[name] for name in (IMAGE, INSTRUCTION)}


def load_engine() -> Any:
  """Returns the module of the engine; raises UserError where there is none."""
  return engines.load(
      'deepmind_lab', 'Lab',
      'No package registry has it: build it from'
      ' github.com/google-deepmind/lab (python/pip_package), or choose another'
      ' --suite.')
