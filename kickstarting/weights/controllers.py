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
"""What moves the weights lambda[i] = alpha * rho[i] of K teachers over time.

A `WeightController` is two pure functions, in the manner of an optax gradient
transformation: `init` makes a state, `update` maps the state and the progress
of the run to the next state and the weights. State is a pytree of numpy arrays,
so that a checkpoint can hold it. Controllers run on the host, once an update.

Not here: the shapes over time, in `schedules.py`; flags, in `parsing.py`, which
is what to read next.
"""

from collections.abc import Callable, Mapping, Sequence
import functools
from typing import Any, NamedTuple

import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.weights import schedules


class Progress(NamedTuple):
  """How far a run has come: what controllers may look at."""

  frames: float  # environment frames so far, a Python number


class TeacherWeights(NamedTuple):
  """The weights to use in the next update; see `types.Hypers`."""

  alpha: np.ndarray  # float32 [], common factor
  rho: np.ndarray  # float32 [K], one factor per teacher


class WeightController(NamedTuple):
  """A pair of pure functions.

  init: number of teachers K -> state. Raises a ValueError when the controller
    was configured for another number.
  update: (state, Progress) -> (next state, TeacherWeights).
  """

  init: Callable[[int], types.PyTree]
  update: Callable[
      [types.PyTree, Progress], tuple[types.PyTree, TeacherWeights]
  ]


def scheduled(
    alpha: float | schedules.Schedule,
    rho: Sequence[float | schedules.Schedule] | None = None,
) -> WeightController:
  """Makes a controller that follows schedules and nothing else.

  Source: Schmitt et al. (2018), sections 4.2 and 5.1.1, arXiv:1803.03835.

  Args:
    alpha: the common factor; a number or a schedule.
    rho: one factor per teacher, numbers or schedules; None for 1 each.

  Returns:
    The controller; its state is the number of teachers.

  Raises:
    ValueError: if a number is negative or not finite; in init, if rho has
      another length than there are teachers.
  """
  alpha_schedule = _as_schedule('alpha', alpha)
  rho_schedules = None
  if rho is not None:
    checks.check_type('rho', rho, (list, tuple), 'a list with one factor for'
                      ' each teacher')
    rho_schedules = [
        _as_schedule(f'rho[{i}]', factor) for i, factor in enumerate(rho)
    ]

  def init(num_teachers: int) -> types.PyTree:
    if num_teachers < 0:
      raise checks.UserError(
          f'num_teachers is {num_teachers}; expected 0 or more. Pass the '
          'number of teachers.'
      )
    if rho_schedules is not None and len(rho_schedules) != num_teachers:
      raise checks.UserError(
          f'rho has {len(rho_schedules)} factors but there are {num_teachers} '
          'teachers; expected one each. Change rho, or leave it out for 1 each.'
      )
    return {'num_teachers': np.asarray(num_teachers, np.int32)}

  def update(
      state: types.PyTree, progress: Progress
  ) -> tuple[types.PyTree, TeacherWeights]:
    factors = np.ones(int(state['num_teachers']), np.float32)
    if rho_schedules is not None:
      factors[:] = [factor(progress.frames) for factor in rho_schedules]
    alpha_now = np.asarray(alpha_schedule(progress.frames), np.float32)
    return state, TeacherWeights(alpha=alpha_now, rho=factors)

  return WeightController(init, update)


def replay(schedule: Mapping[str, Mapping[str, Any]]) -> WeightController:
  """Makes a controller of weights that evolved, as a hand-made schedule.

  Args:
    schedule: 'alpha' and 'rho', each with 'frames' from which a value holds and
      'values', for rho a list per teacher: what `pbt.schedule` returns and
      `kickstarting pbt` writes into `schedule.json`. Other names are not read.

  Raises:
    ValueError: a name is missing, or points do not fit; see
      `schedules.piecewise`.
  """
  alpha, (frames, rows) = (
      schedules.points_of(schedule, name) for name in ('alpha', 'rho'))
  sizes = {len(row) if isinstance(row, list) else -1 for row in rows}
  if len(sizes) != 1 or -1 in sizes or len(frames) != len(rows):
    raise checks.UserError(
        f'the schedule has {len(frames)} numbers of frames and {len(rows)}'
        ' values of \'rho\'; expected as many, each a list with a number for'
        ' each teacher. Take schedule.json of a run of kickstarting pbt.')
  steps = functools.partial(schedules.piecewise, interpolation='step')
  return scheduled(
      steps(*alpha), [steps(frames, column) for column in zip(*rows)])


def _as_schedule(
    name: str, value: float | schedules.Schedule
) -> schedules.Schedule:
  if callable(value):
    return value
  return schedules.constant(schedules.check_weight(name, value))
