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

Not here: lists of levels (`suites.py`), action sets (`dmlab_actions.py`).
"""

from collections.abc import Mapping
import os
import pathlib
import shutil
import tempfile
from typing import Any

import dm_env
from dm_env import specs
import numpy as np

from kickstarting.environments import dmlab_actions

_PIXELS, _TEXT = 'RGB_INTERLEAVED', 'INSTR'
_LEFT = 'FRAMES_REMAINING_AT_60'
_IMAGE, INSTRUCTION = 'image', 'instruction'
ACTION_REPEAT = 4  # frames of a step
_MIXER_SEED = 0x600D5EED  # of levels that are kept for tests; IMPALA's
_ANY_IMAGES = 'dummy'  # solid colours, where no data set is at hand


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
      actions: str = 'impala',
      width: int = 96,
      height: int = 72,
      action_repeat: int = ACTION_REPEAT,
      is_test: bool = False,
      renderer: str = 'software',
      cache: str = '',
      dataset: str = '',
      config: Mapping[str, Any] | None = None,
      bootstrap_on_timeout: bool = False,
  ):
    """Starts the engine.

    Args:
      seed: of all episodes.
      level: such as contributed/dmlab30/rooms_watermaze.
      actions: a key of `dmlab_actions.ACTION_SETS`.
      width: of the image, pixels.
      height: of the image, pixels.
      action_repeat: frames of a step.
      is_test: whether levels that are kept for tests are allowed; their mazes
        and objects are then those of the tests.
      renderer: software or hardware.
      cache: folder for compiled maps; none if empty.
      dataset: folder of the images that two levels of psychlab show.
      config: more of what the engine reads.
      bootstrap_on_timeout: whether the end of time keeps discount 1.

    Raises:
      ModuleNotFoundError: there is no engine.
      ValueError: the action set is unknown.
    """
    lab = check_engine()
    self._actions = dmlab_actions.action_set(actions)
    self._repeat = action_repeat
    self._bootstraps = bootstrap_on_timeout
    self._rng = np.random.default_rng(seed)
    settings = {
        'width': width, 'height': height, 'logLevel': 'WARN',
        'datasetPath': dataset or _ANY_IMAGES}
    if is_test:
      settings |= {'allowHoldOutLevels': 'true', 'mixerSeed': _MIXER_SEED}
    settings |= config or {}
    self._shape = (height, width, 3)
    self._lab = lab.Lab(
        level, [_PIXELS, _TEXT, _LEFT], renderer=renderer,
        config={name: str(value) for name, value in settings.items()},
        level_cache=LevelCache(cache) if cache else None)
    self._seen: dict[str, Any] = {}

  def reset(self) -> dm_env.TimeStep:
    """Starts an episode."""
    self._lab.reset(seed=int(self._rng.integers(1 << 31)))
    return dm_env.restart(self._observe())

  def step(self, action: int) -> dm_env.TimeStep:
    """Plays an action for some frames."""
    reward = self._lab.step(self._actions[action], num_steps=self._repeat)
    if self._lab.is_running():
      return dm_env.transition(reward, self._observe())
    # The engine shows nothing more: what was seen last stands for the end.
    is_timeout = self._seen[_LEFT] <= self._repeat
    if is_timeout and self._bootstraps:
      return dm_env.truncation(reward, self._observation())
    return dm_env.termination(reward, self._observation())

  def observation_spec(self) -> dict[str, specs.Array]:
    """The image and the instruction, which may change at every step."""
    return {
        _IMAGE: specs.Array(self._shape, np.uint8, _IMAGE),
        INSTRUCTION: specs.StringArray((), name=INSTRUCTION)}

  def action_spec(self) -> specs.DiscreteArray:
    """Rows of the action set."""
    return specs.DiscreteArray(len(self._actions))

  def close(self) -> None:
    """Ends the engine."""
    self._lab.close()

  def _observe(self) -> dict[str, Any]:
    seen = self._lab.observations()
    self._seen = {
        _IMAGE: seen[_PIXELS], INSTRUCTION: seen[_TEXT],
        _LEFT: float(np.squeeze(seen[_LEFT]))}
    return self._observation()

  def _observation(self) -> dict[str, Any]:
    return {name: self._seen[name] for name in (_IMAGE, INSTRUCTION)}


class LevelCache:
  """Compiled maps in a folder, which processes share.

  What goes wrong here only costs time: the engine then compiles the map.
  """

  def __init__(self, folder: str | os.PathLike[str]):
    self._folder = pathlib.Path(folder)
    self._folder.mkdir(parents=True, exist_ok=True)

  def fetch(self, key: str, pk3_path: str) -> bool:
    """Copies a map to a path; returns whether there was one."""
    try:
      shutil.copyfile(self._folder / key, pk3_path)
    except OSError:
      return False
    return True

  def write(self, key: str, pk3_path: str) -> None:
    """Keeps a map, whole or not at all."""
    try:
      descriptor, temporary = tempfile.mkstemp(dir=self._folder)
      os.close(descriptor)
      shutil.copyfile(pk3_path, temporary)
      os.replace(temporary, self._folder / key)
    except OSError:
      pass


def check_engine() -> Any:
  """Returns the module of the engine.

  Raises:
    ModuleNotFoundError: there is none.
  """
  try:
    import deepmind_lab
  except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'there is no deepmind_lab; expected DeepMind Lab, which no package'
        ' registry has. Build it from github.com/google-deepmind/lab'
        ' (python/pip_package), or choose another --suite.') from error
  return deepmind_lab
