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
"""Weight controllers and schedules from text, for flags.

Not here: the schedules themselves; read `schedules.py` next.
"""

from collections.abc import Callable

from kickstarting import checks
from kickstarting.weights import controllers
from kickstarting.weights import schedules

_USAGE = {
    'constant': 'constant:WEIGHT',
    'cosine': 'cosine:START:FRAMES[:END]',
    'exponential': 'exponential:START:HALF_LIFE[:FLOOR]',
    'linear': 'linear:START:FRAMES',
    'piecewise': 'piecewise:FRAMES=WEIGHT,FRAMES=WEIGHT,...',
    'steps': 'steps:FRAMES=WEIGHT,FRAMES=WEIGHT,...',
}

_OVER_FRAMES: dict[str, Callable[..., schedules.Schedule]] = {
    'cosine': schedules.cosine,
    'exponential': schedules.exponential,
    'linear': schedules.linear,
}


def from_string(
    spec: str, *, total_frames: float | None = None
) -> controllers.WeightController:
  """Makes a scheduled controller from its text.

  The text is a schedule of alpha, in environment frames, with optional parts
  after semicolons:
    constant:1             always 1
    linear:1:2e6           from 1 to 0 over 2e6 frames
    cosine:1:2e6:0.1       from 1 to 0.1 over 2e6 frames; 0 if left out
    exponential:1:5e5      from 1, halved every 5e5 frames
    piecewise:0=1,2e6=0    straight lines through points
    steps:0=1,2e6=0.5      each weight held until the next point
    ...;cut=3e6            exactly 0 from 3e6 frames on
    ...;rho=1,0.5          a factor for each teacher; 1 each if left out
  Any number of frames may be a share of the run instead, as in linear:1:40%.

  Args:
    spec: the text.
    total_frames: environment frames of the whole run, which a share is of.

  Returns:
    The controller.

  Raises:
    ValueError: if the text does not fit; it quotes the text and the cure.
  """
  _check_text(spec)
  try:
    return _parse(spec, total_frames)
  except checks.UserError as error:
    raise checks.UserError(
        f'weights {checks.short(spec, 120)}: {error}') from error


def schedule_from_string(
    spec: str, *, total_frames: float | None = None
) -> schedules.Schedule:
  """Makes a schedule from the first part of such a text, without options.

  Args:
    spec: as in `from_string`, for example piecewise:0=0,50%=1.
    total_frames: see `from_string`.

  Raises:
    ValueError: if the text does not fit; it quotes the text and the cure.
  """
  _check_text(spec)
  try:
    return _schedule(spec, lambda text: _frames(text, total_frames))
  except checks.UserError as error:
    raise checks.UserError(
        f'schedule {checks.short(spec, 120)}: {error}') from error


def _check_text(spec: str) -> None:
  checks.check_type('spec', spec, str, f"a text like '{_USAGE['linear']}'")


def _parse(
    spec: str, total_frames: float | None
) -> controllers.WeightController:
  def frames(text: str) -> float:
    return _frames(text, total_frames)

  shape, *parts = spec.split(';')
  alpha = _schedule(shape, frames)
  options = {}
  for part in parts:
    name, _, value = part.strip().partition('=')
    if name not in ('cut', 'rho') or name in options:
      raise checks.UserError(
          f'found {checks.short(part, 60)}; expected cut=FRAMES or'
          ' rho=WEIGHT,WEIGHT,..., each at most once. Remove it or correct its'
          ' name.')
    options[name] = value
  if 'cut' in options:
    alpha = schedules.cut(alpha, frames(options['cut']))
  rho = None
  if 'rho' in options:
    rho = [_number(factor) for factor in options['rho'].split(',')]
  return controllers.scheduled(alpha, rho)


def _schedule(
    text: str, frames: Callable[[str], float]
) -> schedules.Schedule:
  """Reads the part before the first semicolon."""
  name, *arguments = text.strip().split(':')
  if name not in _USAGE:
    raise checks.UserError(
        f'unknown schedule {checks.short(name, 60)}; expected one of'
        f' {", ".join(_USAGE)}. Write for example {_USAGE["linear"]}.'
    )
  least = _USAGE[name].split('[')[0].count(':')
  most = _USAGE[name].count(':')
  if not least <= len(arguments) <= most:
    raise checks.UserError(
        f'{name} has {len(arguments)} arguments; expected {_USAGE[name]}. Add '
        'or remove arguments.'
    )
  if name == 'constant':
    return schedules.constant(_number(arguments[0]))
  if name in ('piecewise', 'steps'):
    return _points(name, arguments[0], frames)
  start, duration, *rest = arguments
  return _OVER_FRAMES[name](
      _number(start), frames(duration), *map(_number, rest)
  )


def _points(
    name: str, text: str, frames: Callable[[str], float]
) -> schedules.Schedule:
  """Reads FRAMES=WEIGHT,FRAMES=WEIGHT,..."""
  points = [point.partition('=') for point in text.split(',')]
  if not all(separator for _, separator, _ in points):
    raise checks.UserError(
        f'found {checks.short(text, 60)}; expected {_USAGE[name]}. Write a'
        ' weight for every number of frames.'
    )
  return schedules.piecewise(
      [frames(boundary) for boundary, _, _ in points],
      [_number(weight) for _, _, weight in points],
      interpolation='step' if name == 'steps' else 'linear',
  )


def _frames(text: str, total_frames: float | None) -> float:
  text = text.strip()
  if not text.endswith('%'):
    return _number(text)
  if total_frames is None:
    raise checks.UserError(
        f'{text} is a share of the run but the length of the run is not known; '
        'expected a number of frames. Pass total_frames, or write frames.'
    )
  total = checks.check_positive_finite('total_frames', total_frames)
  return _number(text[:-1]) / 100 * total


def _number(text: str) -> float:
  try:
    return float(text)
  except ValueError as error:
    raise checks.UserError(
        f'found {checks.short(text, 60)}; expected a number like 0.5 or 2e6.'
        ' Correct it.'
    ) from error
