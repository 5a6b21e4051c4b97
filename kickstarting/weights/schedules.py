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
"""Scalar schedules of a teacher's weight, in environment frames.

A schedule is a function frames -> weight on Python numbers: frames pass 2**31
in long runs, which int32 and float32 on the device cannot count.

Not here: one weight per teacher; read `controllers.py` next.
"""

import bisect
from collections.abc import Callable, Mapping, Sequence
import itertools
import math
import numbers
from typing import Any, TypeAlias

from kickstarting import checks
from kickstarting import files

Schedule: TypeAlias = Callable[[float], float]

_LARGEST = 3.4e38  # about the largest of float32, as which weights are used


def is_number(value: Any) -> bool:
  """Returns whether a value is a number that a float can hold."""
  if isinstance(value, bool) or not isinstance(value, numbers.Real):
    return False
  try:
    float(value)
  except OverflowError:
    return False
  return True


def check_weight(name: str, value: float) -> float:
  """Returns a weight that float32 can hold, or raises a ValueError."""
  if not (is_number(value) and 0 <= value <= _LARGEST):
    raise checks.UserError(
        f'{name} is {files.shown(value, 40)}; expected a finite weight of at '
        'least 0. Pass 0 to switch a teacher off.'
    )
  return float(value)


def _check_frames(name: str, value: float) -> float:
  if not (math.isfinite(value) and value > 0):
    raise checks.UserError(
        f'{name} is {value}; expected a finite number of environment frames '
        'above 0. Use a constant schedule for a weight that does not move.'
    )
  return float(value)


def constant(value: float) -> Schedule:
  """Returns a schedule that is always `value`."""
  value = check_weight('value', value)
  return lambda frames: value


def linear(start: float, frames: float) -> Schedule:
  """Returns start * max(0, 1 - f / frames).

  Source: Schmitt et al. (2018), Table 2, arXiv:1803.03835.

  Args:
    start: the weight at frame 0.
    frames: environment frames after which the weight is exactly 0.

  Raises:
    ValueError: if start is negative, frames is not positive, or either is not
      finite.
  """
  start = check_weight('start', start)
  horizon = _check_frames('frames', frames)
  return lambda frames: start * max(0.0, 1.0 - frames / horizon)


def cosine(start: float, frames: float, end: float = 0.0) -> Schedule:
  """Returns half a cosine from start at frame 0 to end, held afterwards.

  Args:
    start: the weight at frame 0.
    frames: environment frames after which the weight is exactly end.
    end: the last weight.

  Raises:
    ValueError: if a weight is negative, frames is not positive, or any is not
      finite.
  """
  start = check_weight('start', start)
  horizon = _check_frames('frames', frames)
  end = check_weight('end', end)

  def schedule(frames: float) -> float:
    if frames >= horizon:
      return end
    share = 0.5 * (1.0 + math.cos(math.pi * frames / horizon))
    return end + (start - end) * share

  return schedule


def exponential(
    start: float, half_life_frames: float, floor: float = 0.0
) -> Schedule:
  """Returns max(floor, start * 0.5 ** (f / half_life_frames)).

  Args:
    start: the weight at frame 0.
    half_life_frames: environment frames in which the weight halves.
    floor: the least weight; with 0 it never ends: see `cut`.

  Raises:
    ValueError: if a weight is negative, half_life_frames is not positive, or
      any is not finite.
  """
  start = check_weight('start', start)
  half_life_frames = _check_frames('half_life_frames', half_life_frames)
  floor = check_weight('floor', floor)
  return lambda frames: max(floor, start * 0.5 ** (frames / half_life_frames))


def piecewise(
    boundaries: Sequence[float],
    values: Sequence[float],
    *,
    interpolation: str = 'linear',
) -> Schedule:
  """Returns a schedule through given points.

  Args:
    boundaries: environment frames of the points, increasing, from 0 up.
    values: the weight at each boundary; held before the first and after the
      last.
    interpolation: 'linear' between points, or 'step' to hold each value until
      the next boundary.

  Raises:
    ValueError: if there is no point, boundaries do not increase from 0 up, a
      value is not a weight, or the interpolation is unknown.
  """
  for name, points in (('boundaries', boundaries), ('values', values)):
    for number in points:
      if not is_number(number):
        raise checks.UserError(
            f'{name} hold {files.shown(number, 40)}; expected numbers. Correct'
            ' it.')
  if not boundaries or len(boundaries) != len(values):
    raise checks.UserError(
        f'piecewise schedule has {len(boundaries)} boundaries and '
        f'{len(values)} values; expected as many of each, at least one. Give '
        'every boundary its value.'
    )
  increases = all(low < high for low, high in itertools.pairwise(boundaries))
  if not (increases and boundaries[0] >= 0 and math.isfinite(boundaries[-1])):
    raise checks.UserError(
        f'boundaries are {files.shown(list(boundaries), 120)}; expected finite'
        ' frames that increase from 0 or more. Sort them and remove duplicates.'
    )
  if interpolation not in ('linear', 'step'):
    raise checks.UserError(
        f"interpolation is {interpolation!r}; expected 'linear' or 'step'. "
        'Pass one of them.'
    )
  points = [float(boundary) for boundary in boundaries]
  weights = [check_weight('value', value) for value in values]

  def schedule(frames: float) -> float:
    right = bisect.bisect_right(points, frames)
    if right == 0:
      return weights[0]
    left = right - 1
    if right == len(points) or interpolation == 'step':
      return weights[left]
    share = (frames - points[left]) / (points[right] - points[left])
    return weights[left] + share * (weights[right] - weights[left])

  return schedule


def cut(schedule: Schedule, frames: float) -> Schedule:
  """Returns the schedule, exactly 0 from `frames` on.

  Source: Schmitt et al. (2018), section 2.1, arXiv:1803.03835: the weight is 0
  from some point, so that the student ends up free of its teacher.

  Args:
    schedule: what to cut.
    frames: T0, environment frames from which the weight is 0.

  Raises:
    ValueError: if frames is not positive and finite.
  """
  end = _check_frames('frames', frames)
  return lambda frames: 0.0 if frames >= end else schedule(frames)


def points_of(
    schedule: Mapping[str, Any], name: str
) -> tuple[list[Any], list[Any]]:
  """Returns frames and values of one name of a schedule that evolved.

  Args:
    schedule: name -> 'frames' and 'values', as `experiments.pbt` writes them
      into `schedule.json`.
    name: of a hyper-parameter.

  Raises:
    ValueError: there are none.
  """
  points = schedule.get(name, {})
  reason = files.misfit({name: points}, {name: dict}) or files.misfit(
      points, {'frames': list, 'values': list})
  if reason:
    raise checks.UserError(
        f"the schedule lacks {name!r} with its 'frames' and 'values'"
        f' ({reason}); it has {files.shown(sorted(schedule), 120)}. Take'
        ' schedule.json of a run of experiments.pbt.')
  return points['frames'], points['values']
