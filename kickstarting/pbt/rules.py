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
"""The rules of Population Based Training, as data.

Here: when a member is looked at (`Ready`), whom it copies (`TTest`, `Margin`,
`Truncation`), how each hyper-parameter moves (`Evolution`), all together
(`Rules`). The papers compare returns of episodes; what a return is of, members
decide (with many tasks, a round of them: `populations/scoring.py`). Not here:
the papers' settings (`presets.py`), rules for runs of other lengths
(`fitting.py`), what carries rules out (`evolution.py`, read it next).
"""

from collections.abc import Mapping
import dataclasses
import math
import numbers
from typing import TypeAlias

import numpy as np

from kickstarting import checks
from kickstarting.pbt import population as population_lib
from kickstarting.pbt import priors

SPACES = ('log', 'linear', 'one_minus')
UNITS = ('frames', 'episodes', 'steps')
EXPLORE_WHEN = ('always', 'after_copy')
MARGINS_OF = ('score', 'returns')
_MOST = population_lib.MOST_FRAMES

MULTIPLY_OR_DIVIDE = (1.2, 1 / 1.2)  # unbiased: the mean change of the log is 0
UP_OR_DOWN = (1.2, 0.8)  # drifts down: the mean change of the log is -0.0204


@dataclasses.dataclass(frozen=True)
class Ready:
  """When a member may copy and explore."""

  every: int  # units between two times, at multiples of them
  # Of UNITS: environment frames, finished episodes, or steps of the agent, each
  # of several frames where actions are repeated; `in_frames` makes frames of
  # those.
  unit: str = 'frames'
  burn_in: int = 0  # environment frames before the first time

  def __post_init__(self):
    checks.check_fields(self)
    checks.check_positive('every', self.every)
    checks.check_name('unit', self.unit, UNITS)
    if not 0 <= self.burn_in <= _MOST:
      raise checks.UserError(
          f'burn_in is {self.burn_in}; expected 0 to {_MOST} environment'
          ' frames. Pass 0 to evolve from the start.')
    if self.every > _MOST:
      raise checks.UserError(
          f'every is {self.every}; expected at most {_MOST}. Lower it.')


@dataclasses.dataclass(frozen=True)
class TTest:
  """Copies a random other member if it is better by Welch's t-test.

  Source: Jaderberg et al. (2017), section 4.1.1, arXiv:1711.09846; Czarnecki
  et al. (2018), supplement, section 2, arXiv:1806.01780.
  """

  window: int = 30  # last returns compared
  p_value: float = 0.05  # two-sided; copies below it

  def __post_init__(self):
    checks.check_fields(self)
    _check_window(self.window, 2)
    checks.check_fraction('p_value', self.p_value)
    if not self.p_value > 0:
      raise checks.UserError(
          f'p_value is {self.p_value}; expected more than 0, below which no'
          ' difference is. Raise it.')


@dataclasses.dataclass(frozen=True)
class Margin:
  """Copies a random other member if its score is higher by a fixed amount.

  Source: Espeholt et al. (2018), appendix F, arXiv:1802.01561.
  """

  window: int = 30  # last returns, whose mean is the score
  points: float = 5.0  # in the unit `of`
  of: str = 'score'  # of MARGINS_OF: the capped score, or raw returns

  def __post_init__(self):
    checks.check_fields(self)
    checks.check_name('unit of a margin', self.of, MARGINS_OF)
    _check_window(self.window, 1)
    if not (math.isfinite(self.points) and self.points >= 0):
      raise checks.UserError(
          f'points is {self.points}; expected a finite number, 0 or more. Pass'
          ' 0 to copy whoever is better at all.')


@dataclasses.dataclass(frozen=True)
class Truncation:
  """A member among the worst copies a random one among the best.

  Source: Jaderberg et al. (2017), section 4.1.1, arXiv:1711.09846.
  """

  window: int = 10  # last returns, whose mean is the score
  share: float = 0.2  # of the population, at either end

  def __post_init__(self):
    checks.check_fields(self)
    _check_window(self.window, 1)
    if not 0 < self.share <= 0.5:
      raise checks.UserError(
          f'share is {self.share}; expected more than 0 and at most 0.5: nobody'
          ' is among the best and the worst at once. Lower it.')


Exploit: TypeAlias = TTest | Margin | Truncation


@dataclasses.dataclass(frozen=True)
class Evolution:
  """How one hyper-parameter, or each entry of a vector of them, evolves.

  A change multiplies the value by one of `changes` (space 'log'), adds one to
  it ('linear'), or multiplies one minus the value by one ('one_minus', for
  discounts near 1), each as likely; or it draws anew from the prior. Whatever
  comes out is clipped to the bounds.
  """

  prior: priors.Prior
  probability: float = 0.33  # of a change, whenever the member explores
  space: str = 'log'  # of SPACES
  changes: tuple[float, ...] = MULTIPLY_OR_DIVIDE
  resample: float = 0.0  # share of changes that draw anew from the prior
  low: float = 0.0  # bounds of what changes lead to
  high: float = math.inf

  def __post_init__(self):
    checks.check_fields(self)
    checks.check_type('prior', self.prior, priors.Prior, 'a prior of pbt')
    checks.check_fraction('probability', self.probability)
    checks.check_fraction('resample', self.resample)
    checks.check_name('space', self.space, SPACES)
    for change in self.changes:
      checks.check_type('one of changes', change, numbers.Real, 'a number')
    if not self.changes or not all(map(math.isfinite, self.changes)):
      raise checks.UserError(
          f'changes is {self.changes}; expected at least one finite number.'
          ' Pass probability=0 for a value that never moves.')
    if self.space != 'linear' and min(self.changes) <= 0:
      raise checks.UserError(
          f'changes is {self.changes} in space {self.space!r}; expected factors'
          ' above 0. Use space=\'linear\' to add and subtract.')
    if not self.low <= self.high:
      raise checks.UserError(
          f'low is {self.low} and high is {self.high}; expected numbers, low at'
          ' most high. Exchange or correct them.')
    least, most = priors.support(self.prior)
    if not self.low <= least <= most <= self.high:
      raise checks.UserError(
          f'the prior {self.prior} leaves the bounds [{self.low}, {self.high}];'
          ' expected it to lie within. Widen the bounds or narrow the prior.')
    if self.probability:
      self._check_that_it_moves(least, most)

  def _check_that_it_moves(self, least: float, most: float) -> None:
    """Raises UserError where values stay, or can be stuck, by construction.

    Args:
      least: of what the prior draws.
      most: likewise.
    """
    cure = 'Pass probability=0 for a value that never moves.'
    if self.low == self.high:
      raise checks.UserError(
          f'low is {self.low} and high is {self.high}; expected room between'
          f' them for a value that moves. {cure}')
    if self.resample == 1 and least == most:
      raise checks.UserError(
          f'resample is 1 and the prior {self.prior} has one value; expected'
          f' several to draw from. {cure}')
    still = 0.0 if self.space == 'linear' else 1.0
    moved = lambda change: np.float32(change) != still  # as it is computed
    if self.resample < 1 and not any(map(moved, self.changes)):
      raise checks.UserError(
          f'changes is {self.changes} in space {self.space!r}; expected one'
          f' other than {still:.0f}, which changes nothing. {cure}')
    # A product does not leave 0, and a share of what is missing to 1 not 1.
    if self.resample == 0 and (
        (self.space == 'log' and np.float32(least) <= 0)
        or (self.space == 'one_minus' and np.float32(most) >= 1)):
      edge, which = (
          ('above', 0) if self.space == 'log' else ('below', 1))
      raise checks.UserError(
          f'the prior {self.prior} reaches {least if which == 0 else most} in'
          f' space {self.space!r}, whose factors move no value from {which};'
          f' expected values {edge} {which}. Narrow the prior, or use'
          ' space=\'linear\', or resample.')


@dataclasses.dataclass(frozen=True)
class Rules:
  """How a population evolves."""

  ready: Ready
  exploit: Exploit
  evolutions: Mapping[str, Evolution]  # hyper-parameter -> how it evolves
  explore_when: str = 'always'  # of EXPLORE_WHEN

  def __post_init__(self):
    checks.check_type('ready', self.ready, Ready, 'a pbt.Ready')
    checks.check_type(
        'exploit', self.exploit, Exploit,
        'a pbt.TTest, pbt.Margin or pbt.Truncation')
    for name, evolution in self.evolutions.items():
      checks.check_type(
          f'the rule of {name}', evolution, Evolution, 'a pbt.Evolution')
    checks.check_name('explore_when', self.explore_when, EXPLORE_WHEN)


def _check_window(window: int, least: int) -> None:
  if window < least:
    raise checks.UserError(
        f'window is {window}; expected at least {least} returns. Raise it.')
