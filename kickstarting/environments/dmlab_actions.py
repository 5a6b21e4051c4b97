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
"""Sets of discrete actions for DeepMind Lab.

An action of the engine is seven integers: look left or right, look down or up
(pixels a frame), strafe, move, fire, jump, crouch. Sources: `impala`, Espeholt
et al. (2018), Table D.2, arXiv:1802.01561; `fifteen`, as brain-agent's
DMLab-30; `540` and `756` have the sizes of Czarnecki et al. (2018),
supplement, arXiv:1806.01780, which does not list them: ours are products of
turns, pitch, strafe, move, fire and jump, and 756 holds IMPALA's nine.
"""

from collections.abc import Mapping, Sequence
import itertools
from typing import Any

import numpy as np

from kickstarting import checks

_NAMES = (
    'LOOK_LEFT_RIGHT_PIXELS_PER_FRAME', 'LOOK_DOWN_UP_PIXELS_PER_FRAME',
    'STRAFE_LEFT_RIGHT', 'MOVE_BACK_FORWARD', 'FIRE', 'JUMP', 'CROUCH')
_IMPALA = (
    (0, 0, 0, 1, 0, 0, 0),  # forward
    (0, 0, 0, -1, 0, 0, 0),  # backward
    (0, 0, -1, 0, 0, 0, 0),  # strafe left
    (0, 0, 1, 0, 0, 0, 0),  # strafe right
    (-20, 0, 0, 0, 0, 0, 0),  # look left
    (20, 0, 0, 0, 0, 0, 0),  # look right
    (-20, 0, 0, 1, 0, 0, 0),  # look left and forward
    (20, 0, 0, 1, 0, 0, 0),  # look right and forward
    (0, 0, 0, 0, 1, 0, 0),  # fire
)
_FIFTEEN = (
    *_IMPALA[:4],
    (-10, 0, 0, 0, 0, 0, 0),
    (10, 0, 0, 0, 0, 0, 0),
    (-60, 0, 0, 0, 0, 0, 0),
    (60, 0, 0, 0, 0, 0, 0),
    (0, 10, 0, 0, 0, 0, 0),  # look down
    (0, -10, 0, 0, 0, 0, 0),  # look up
    (-10, 0, 0, 1, 0, 0, 0),
    (10, 0, 0, 1, 0, 0, 0),
    (-60, 0, 0, 1, 0, 0, 0),
    (60, 0, 0, 1, 0, 0, 0),
    _IMPALA[8],
)
_PITCH, _SIDE, _SWITCH = (-10, 0, 10), (-1, 0, 1), (0, 1)
FACTORS = {  # values of turn, pitch, strafe, move, fire, jump
    '540': ((-60, -10, 0, 10, 60), _PITCH, _SIDE, _SIDE, _SWITCH, _SWITCH),
    '756': ((-60, -20, -10, 0, 10, 20, 60), _PITCH, _SIDE, _SIDE, _SWITCH,
            _SWITCH),
}
ACTION_SETS = ('impala', 'fifteen', *FACTORS)


def action_set(name: str) -> np.ndarray:
  """Returns the actions of a set, [A, 7], of the dtype that the engine takes.

  Raises:
    UserError: the name is unknown.
  """
  if name not in ACTION_SETS:
    raise checks.UserError(
        f'action set {name!r}; expected one of {", ".join(ACTION_SETS)}.')
  rows: Sequence[Sequence[int]]
  if name in FACTORS:
    rows = [(*row, 0) for row in itertools.product(*FACTORS[name])]
  else:
    rows = {'impala': _IMPALA, 'fifteen': _FIFTEEN}[name]
  return np.array(rows, np.intc)


def check_engine(level: str, spec: Sequence[Mapping[str, Any]]) -> None:
  """Raises UserError unless a level takes actions as they are listed here.

  Args:
    level: for the message.
    spec: what the engine says of the numbers of an action.
  """
  names = [row['name'] for row in spec]
  if names != list(_NAMES):
    raise checks.UserError(
        f'level {level} takes actions {names}; expected {list(_NAMES)}. Choose'
        ' a level with these, or a config without gadgets.')
