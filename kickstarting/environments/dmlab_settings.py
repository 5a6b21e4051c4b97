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
"""What a user may set of DeepMind Lab, checked before an engine is started.

The engine itself refuses some of it with its own words, and aborts inside a
step for others, such as a folder of images that is not there. Loads neither JAX
nor the rest of the package. Not here: what is made of it (`dmlab.py`).
"""

from collections.abc import Mapping
import dataclasses
import json
import math
import os
import pathlib
import types
from typing import Any

import numpy as np

from kickstarting import checks
from kickstarting import files
from kickstarting.environments import dmlab_actions

ACTION_REPEAT = 4  # frames of a step
_MIXER_SEED = 0x600D5EED  # of levels that are kept for tests; IMPALA's
_ANY_IMAGES = 'dummy'  # solid colours, where no data set is at hand
_NUM_IMAGES = 2400
_RENDERERS = ('software', 'hardware')
# What the engine calls some of what is set here, and how it is set.
_SET_ELSEWHERE: Mapping[str, str] = types.MappingProxyType({
    'width': 'Set width instead.',
    'height': 'Set height instead.',
    'datasetPath': 'Set dataset instead.',
    'levelName': 'Choose other tasks instead.',
    'allowHoldOutLevels': 'It follows from what the episodes are for.',
    'mixerSeed': 'It follows from what the episodes are for.',
})


@dataclasses.dataclass(frozen=True)
class Settings:
  """Settings of a level's engine.

  Attributes:
    actions: a key of `dmlab_actions.ACTION_SETS`; a number will do for one.
    width: of the image, pixels; a multiple of 4.
    height: of the image, pixels; a multiple of 4.
    action_repeat: frames of a step.
    renderer: software or hardware.
    cache: folder for compiled maps, made if it is missing; none if empty.
    dataset: folder of the images that two levels of psychlab show, 0001.png to
      2400.png; solid colours if empty.
    config: more of what the engine reads, by its own names.
  """

  actions: str | int = 'impala'
  width: int = 96
  height: int = 72
  action_repeat: int = ACTION_REPEAT
  renderer: str = 'software'
  cache: str = ''
  dataset: str = ''
  config: Mapping[str, Any] = dataclasses.field(default_factory=dict)

  def __post_init__(self):
    """Raises UserError where the engine could not be started, or would end."""
    self.action_set()
    for name in ('width', 'height'):
      _check_count(name, getattr(self, name), 4)
    _check_count('action_repeat', self.action_repeat, 1)
    checks.check_name('renderer', self.renderer, _RENDERERS)
    for name in ('cache', 'dataset'):
      _check_path(name, getattr(self, name))
    if self.cache:
      with files.writing(self.cache):
        os.makedirs(self.cache, exist_ok=True)
    if self.dataset:
      _check_images(pathlib.Path(self.dataset))
    _check_config(self.config)

  def action_set(self) -> np.ndarray:
    """Returns the actions, [A, 7] of the dtype that the engine takes."""
    return dmlab_actions.action_set(str(self.actions))

  @property
  def shape(self) -> tuple[int, int, int]:
    """Of an image."""
    return self.height, self.width, 3

  def for_engine(self, is_test: bool) -> dict[str, str]:
    """Returns what the engine is told, which takes nothing but text.

    Args:
      is_test: whether levels that are kept for tests are allowed.
    """
    told = {
        'width': self.width, 'height': self.height, 'logLevel': 'WARN',
        'datasetPath': (
            os.path.abspath(self.dataset) if self.dataset else _ANY_IMAGES)}
    if is_test:
      told |= {'allowHoldOutLevels': 'true', 'mixerSeed': _MIXER_SEED}
    told |= self.config
    return {name: value if isinstance(value, str) else json.dumps(value)
            for name, value in told.items()}


NAMES = tuple(field.name for field in dataclasses.fields(Settings))
# What stays text, however much it looks like a number.
WORDS = ('actions', 'renderer', 'cache', 'dataset')


def _check_count(name: str, value: Any, unit: int) -> None:
  """Raises UserError unless a value is a positive multiple of a unit."""
  is_whole = isinstance(value, int) and not isinstance(value, bool)
  if not is_whole or value < unit or value % unit:
    raise checks.UserError(
        f'{name} is {value!r}; expected a positive '
        + (f'multiple of {unit}' if unit > 1 else 'whole number')
        + f', such as {max(unit, 4)}. Correct {name}.')


def _check_path(name: str, value: Any) -> None:
  """Raises UserError unless a value is a path, or empty."""
  if not isinstance(value, str) or '\0' in value:
    raise checks.UserError(
        f'{name} is {value!r}; expected the path of a folder. Correct {name},'
        ' or leave it out.')


def _check_images(folder: pathlib.Path) -> None:
  """Raises UserError unless a folder has the images: the engine would abort."""
  for number in (1, _NUM_IMAGES):
    path = folder / f'{number:04}.png'
    if not path.is_file():
      raise checks.UserError(
          f'dataset is {str(folder)!r}, which has no {path.name}; expected a'
          f' folder with 0001.png to {_NUM_IMAGES}.png, as DeepMind Lab\'s'
          ' data/brady_konkle_oliva2008 says. Correct dataset, or leave it out'
          ' for solid colours.')


def _check_config(config: Any) -> None:
  """Raises UserError unless the engine could be told so in words."""
  if not isinstance(config, Mapping):
    raise checks.UserError(
        f'config is {config!r}; expected names and values, such as'
        ' {"hasAltCameras":true}. Correct config.')
  for name, value in config.items():
    if name in _SET_ELSEWHERE:
      raise checks.UserError(
          f'config sets {name!r} to {value!r}; expected nothing of that name'
          f' there. {_SET_ELSEWHERE[name]}')
    is_number = isinstance(value, (int, float)) and math.isfinite(value)
    if not isinstance(name, str) or not (is_number or isinstance(value, str)):
      raise checks.UserError(
          f'config sets {name!r} to {value!r}; expected text, a number, true or'
          ' false. Write the parts of a table one by one: "table.part".')
