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
import functools
import itertools
import math
from typing import Any, TypeAlias

from kickstarting import checks

Schedule: TypeAlias = Callable[[float], float]


def check_weight(name: str, value: float) -> float:
  """Returns a finite, non-negative weight, or raises a ValueError."""
  number = _number(name, value)
  if not 0 <= number <= checks.LARGEST:  # a weight is a float32 in the end
    raise checks.UserError(
        f'{name} is {checks.short(value, 40)}; expected a finite weight of at '
        'least 0. Pass 0 to switch a teacher off.'
    )
  return number


def _check_frames(name: str, value: float) -> float:
  number = _number(name, value)
  if not (math.isfinite(number) and number > 0):
    raise checks.UserError(
        f'{name} is {value}; expected a finite number of environment frames '
        'above 0. Use a constant schedule for a weight that does not move.'
    )
  return number


def _number(name: str, value: Any) -> float:
  number = checks.as_number(name, value)
  if number is None:
    raise checks.UserError(
        f'{name} is traced; expected a number that is known. Make schedules'
        ' outside jax.jit, and pass it what they give.')
  return number


def _of_frames(function: Schedule) -> Schedule:
  """Returns a schedule that refuses what are no frames."""

  @functools.wraps(function)
  def schedule(frames: float) -> float:
    number = _number('frames', frames)
    if not number >= 0:
      raise checks.UserError(
          f'a schedule got {checks.short(frames, 40)} frames; expected a number'
          ' of at least 0. Pass the environment frames that were played.')
    return function(number)

  return schedule


def constant(value: float) -> Schedule:
  """Returns a schedule that is always `value`."""
  value = check_weight('value', value)
  return _of_frames(lambda frames: value)


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
  return _of_frames(lambda frames: start * max(0.0, 1.0 - frames / horizon))


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

  return _of_frames(schedule)


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
  return _of_frames(
      lambda frames: max(floor, start * 0.5 ** (frames / half_life_frames)))


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
    checks.check_type(name, points, (list, tuple), 'a list')
  if not boundaries or len(boundaries) != len(values):
    raise checks.UserError(
        f'piecewise schedule has {len(boundaries)} boundaries and '
        f'{len(values)} values; expected as many of each, at least one. Give '
        'every boundary its value.'
    )
  points = [_number('one of boundaries', x) for x in boundaries]
  increases = all(low < high for low, high in itertools.pairwise(points))
  if not (increases and points[0] >= 0 and math.isfinite(points[-1])):
    raise checks.UserError(
        f'boundaries are {checks.short(list(boundaries), 120)}; expected finite'
        ' frames that increase from 0 or more. Sort them and remove duplicates.'
    )
  if interpolation not in ('linear', 'step'):
    raise checks.UserError(
        f"interpolation is {interpolation!r}; expected 'linear' or 'step'. "
        'Pass one of them.'
    )
  weights = [check_weight('one of values', value) for value in values]

  def schedule(frames: float) -> float:
    right = bisect.bisect_right(points, frames)
    if right == 0:
      return weights[0]
    left = right - 1
    if right == len(points) or interpolation == 'step':
      return weights[left]
    share = (frames - points[left]) / (points[right] - points[left])
    return weights[left] + share * (weights[right] - weights[left])

  return _of_frames(schedule)


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
  checks.check_callable('schedule', schedule)
  end = _check_frames('frames', frames)
  return _of_frames(lambda frames: 0.0 if frames >= end else schedule(frames))


def points_of(
    schedule: Mapping[str, Any], name: str
) -> tuple[list[Any], list[Any]]:
  """Returns frames and values of one name of a schedule that evolved.

  Args:
    schedule: name -> 'frames' and 'values', as `kickstarting pbt` writes them
      into `schedule.json`.
    name: of a hyper-parameter.

  Raises:
    ValueError: there are none.
  """
  points = schedule.get(name) if isinstance(schedule, Mapping) else None
  found = points if isinstance(points, Mapping) else {}
  frames, values = found.get('frames'), found.get('values')
  if not isinstance(frames, list) or not isinstance(values, list):
    raise checks.UserError(
        f"the schedule is {checks.short(schedule, 120)}; expected {name!r} with"
        " lists of 'frames' and 'values' in it. Take schedule.json of a run of"
        ' kickstarting pbt.')
  return frames, values
