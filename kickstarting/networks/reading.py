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
"""What a network reads of an observation, and whether it can.

An agent is made for an observation of known arrays. Here it is decided which of
them its torso reads, that it can read those (dtype, layout, a picture large
enough to leave something), and that none is left which nothing reads: such an
array is a mistake, unless `observation_keys` names those to be read.

Not here: the torsos (`flat.py`, `grid.py`, `impala.py`), the values of
observations (`environments/observations.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.networks import build
from kickstarting.networks import impala

_IMAGE, _DIRECTION = 'image', 'direction'
_MAX_CELLS = 32  # a side of a symbolic view; pictures are larger
_CELL_PARTS = 3  # object, colour, state


def entries(
    config: build.NetworkConfig, observation: Mapping[str, Any]
) -> tuple[str, ...]:
  """Returns the names of the arrays that the torso of a network reads.

  Args:
    config: of the network.
    observation: name -> anything with `shape` and `dtype`, without the axis of
      the streams.

  Raises:
    ValueError: an array is missing, cannot be read, or is read by nothing.
  """
  needs, check = _TORSOS[config.torso.partition('_')[0]]
  # Some torsos read whatever there is.
  default = needs or sorted(set(observation) - {types.TASK})
  names = tuple(config.observation_keys or default)
  task = (types.TASK,) if reads_task(config) else ()
  missing = {*names, *needs, *task} - set(observation)
  if missing:
    raise checks.UserError(
        f'network {config.torso!r} reads {sorted(missing)}, but the'
        f' observation has {sorted(observation)}; choose another network'
        ' or add the arrays to the observation.')
  if needs:
    _check_unread(
        config, set(names) - set(needs), f'reads {sorted(needs)} alone')
  if not config.observation_keys:
    _check_unread(
        # That of the task was added for some of several networks.
        config, set(observation) - {*names, types.TASK},
        f'reads {sorted(names)} and ignores the rest')
  if not names:
    raise checks.UserError(
        f'network {config.torso!r} has nothing to read: the observation has no'
        ' array of numbers; expected at least one. Add one to the observation.')
  for name in names:
    check(config.torso, name, observation[name])
  return names


def reads_task(config: build.NetworkConfig) -> bool:
  """Returns whether parts of tasks read which task a stream plays."""
  return bool(config.features.num_tasks) or any(
      branch.num_tasks for branch in config.branches)


def _check_unread(
    config: build.NetworkConfig, unread: set[str], what: str
) -> None:
  if unread:
    raise checks.UserError(
        f'nothing in network {config.torso!r} reads {sorted(unread)}: it'
        f' {what}; expected every array of the observation to be read. Choose a'
        ' network that reads them, remove them from the observation, or name'
        ' those that are to be read in observation_keys.')


def _check_flat(torso: str, name: str, spec: Any) -> None:
  """Any numbers will do, if there are some."""
  del torso
  if 0 in spec.shape:
    raise checks.UserError(
        f'observation {name!r} has shape {tuple(spec.shape)} and so no numbers;'
        ' expected at least one. Remove it from the observation.')


def _check_grid(torso: str, name: str, spec: Any) -> None:
  """A view of MiniGrid's codes, or the direction of the agent."""
  shape, dtype = tuple(spec.shape), np.dtype(spec.dtype)
  if name == _DIRECTION:
    if shape or dtype.kind not in 'iu':
      raise checks.UserError(
          f'network {torso!r} reads {name!r} as one integer from 0 to 3, but it'
          f' is {_text(spec)}; expected shape () and integers. Choose another'
          ' network.')
    return
  if (len(shape) != 3 or shape[2] != _CELL_PARTS or dtype.kind not in 'iu'
      or not 1 <= min(shape) or max(shape) > _MAX_CELLS):
    raise checks.UserError(
        f'network {torso!r} reads {name!r} as a symbolic view of MiniGrid, but'
        f' it is {_text(spec)}; expected height, width, channels: 1 x 1 to'
        f' {_MAX_CELLS} x {_MAX_CELLS} cells of {_CELL_PARTS} integers (object,'
        ' colour, state). Pictures are read by impala_small and impala_large.')


def _check_pixels(torso: str, name: str, spec: Any) -> None:
  """A picture whose channels come last, large enough for the convolutions."""
  shape, dtype = tuple(spec.shape), np.dtype(spec.dtype)
  least = impala.LEAST_SIZE[torso]
  expected = (
      f'expected height, width, channels, at least {least} x {least} pixels of'
      ' 1 channel')
  start = (
      f'network {torso!r} reads {name!r} as a picture, but it is {_text(spec)}')
  if len(shape) != 3 or 0 in shape:
    raise checks.UserError(
        f'{start}; {expected}. Give it such a shape in the environment, or'
        ' choose another network.')
  if shape[0] < min(shape[1:]):
    raise checks.UserError(
        f'{start}, which looks like channels, height, width; {expected}. Move'
        ' the channels with numpy.moveaxis(image, 0, -1).')
  if min(shape[:2]) < least:
    raise checks.UserError(
        f'{start}, of which its convolutions leave nothing; {expected}. Enlarge'
        ' it, or choose impala_large or flat.')
  if dtype != np.uint8 and dtype.kind != 'f':
    raise checks.UserError(
        f'{start}; expected uint8, which is divided by 255, or floats in'
        ' [0, 1], which are taken as they are. Convert it in the environment.')


def _text(spec: Any) -> str:
  return f'{np.dtype(spec.dtype).name} of shape {tuple(spec.shape)}'


# By the first part of a torso's name: what it needs, and the check of each.
_TORSOS: Mapping[
    str, tuple[Sequence[str], Callable[[str, str, Any], None]]] = {
        'flat': ((), _check_flat),
        'grid': ((_IMAGE, _DIRECTION), _check_grid),
        'impala': ((_IMAGE,), _check_pixels),
        'mlp': ((), _check_flat),
    }
