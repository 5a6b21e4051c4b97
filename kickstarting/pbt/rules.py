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
"""The rules of Population Based Training, as data, with the papers' presets.

Here: when a member is looked at (`Ready`), whom it copies (`TTest`, `Margin`,
`Truncation`), how each hyper-parameter moves (`Evolution`), all together
(`Rules`). The papers compare returns of episodes; what a return is of, members
decide (with many tasks, a round of them: `populations/scoring.py`). Not here:
what carries rules out (`evolution.py`, read it next).
"""

from collections.abc import Collection, Mapping
import dataclasses
import functools
import math
import types as python_types
from typing import TypeAlias

from kickstarting import checks
from kickstarting.pbt import population as population_lib
from kickstarting.pbt import priors

SPACES = ('log', 'linear', 'one_minus')
UNITS = ('frames', 'episodes')
EXPLORE_WHEN = ('always', 'after_copy')
_MOST = population_lib.MOST_FRAMES

MULTIPLY_OR_DIVIDE = (1.2, 1 / 1.2)  # unbiased: the mean change of the log is 0
UP_OR_DOWN = (1.2, 0.8)  # drifts down: the mean change of the log is -0.0204


@dataclasses.dataclass(frozen=True)
class Ready:
  """When a member may copy and explore."""

  every: int  # units between two times, at multiples of them
  unit: str = 'frames'  # of UNITS: environment frames, or finished episodes
  burn_in: int = 0  # environment frames before the first time

  def __post_init__(self):
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
    _check_window(self.window, 2)
    checks.check_fraction('p_value', self.p_value)


@dataclasses.dataclass(frozen=True)
class Margin:
  """Copies a random other member if its score is higher by a fixed amount.

  Source: Espeholt et al. (2018), appendix F, arXiv:1802.01561.
  """

  window: int = 30  # last returns, whose mean is the score
  points: float = 5.0  # of the score

  def __post_init__(self):
    _check_window(self.window, 1)
    if not (math.isfinite(self.points) and self.points >= 0):
      raise checks.UserError(
          f'points is {self.points}; expected a finite number, 0 or more. Give'
          ' it in the unit of the returns.')


@dataclasses.dataclass(frozen=True)
class Truncation:
  """A member among the worst copies a random one among the best.

  Source: Jaderberg et al. (2017), section 4.1.1, arXiv:1711.09846.
  """

  window: int = 10  # last returns, whose mean is the score
  share: float = 0.2  # of the population, at either end

  def __post_init__(self):
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
    checks.check_fraction('probability', self.probability)
    checks.check_fraction('resample', self.resample)
    checks.check_name('space', self.space, SPACES)
    if not self.changes or not all(map(math.isfinite, self.changes)):
      raise checks.UserError(
          f'changes is {self.changes}; expected at least one finite number.'
          ' Pass probability=0 for a value that never moves.')
    if self.space != 'linear' and min(self.changes) <= 0:
      raise checks.UserError(
          f'changes is {self.changes} in space {self.space!r}; expected factors'
          ' above 0. Use space=\'linear\' to add and subtract.')
    least, most = priors.support(self.prior)
    if not self.low <= least <= most <= self.high:
      raise checks.UserError(
          f'the prior {self.prior} leaves the bounds [{self.low}, {self.high}];'
          ' expected it to lie within. Widen the bounds or narrow the prior.')


@dataclasses.dataclass(frozen=True)
class Rules:
  """How a population evolves."""

  ready: Ready
  exploit: Exploit
  evolutions: Mapping[str, Evolution]  # hyper-parameter -> how it evolves
  explore_when: str = 'always'  # of EXPLORE_WHEN

  def __post_init__(self):
    checks.check_name('explore_when', self.explore_when, EXPLORE_WHEN)


def _check_window(window: int, least: int) -> None:
  if window < least:
    raise checks.UserError(
        f'window is {window}; expected at least {least} returns. Raise it.')


def adapt(
    rules: Rules,
    *,
    every: int | None = None,
    burn_in: int | None = None,
    window: int | None = None,
) -> Rules:
  """Returns rules for runs of another length.

  Args:
    rules: to change.
    every: environment frames between two decisions of a member; None leaves
      what is counted, and how many, as it is.
    burn_in: environment frames before the first; None leaves it.
    window: last returns that are compared; None leaves it.
  """
  ready = rules.ready
  if every is not None:
    ready = dataclasses.replace(ready, every=every, unit='frames')
  if burn_in is not None:
    ready = dataclasses.replace(ready, burn_in=burn_in)
  exploit = rules.exploit
  if window is not None:
    exploit = dataclasses.replace(exploit, window=window)
  return dataclasses.replace(rules, ready=ready, exploit=exploit)


def without(rules: Rules, names: Collection[str]) -> Rules:
  """Returns rules that leave some hyper-parameters as they are."""
  kept = {n: e for n, e in rules.evolutions.items() if n not in names}
  return dataclasses.replace(rules, evolutions=kept)


def _impala_hypers() -> dict[str, Evolution]:
  return {
      'learning_rate': Evolution(priors.LogUniform(5e-6, 5e-3)),
      'entropy_cost': Evolution(priors.LogUniform(5e-5, 1e-2)),
  }


def _kickstarting() -> Rules:
  """Schmitt et al. (2018), section 2.3, arXiv:1803.03835.

  The paper prints no constants: they are IMPALA's, to which it refers. Its
  hand-made schedules start at 1 or 2, so alpha starts between 0.5 and 2.
  """
  return dataclasses.replace(_impala(), evolutions={
      **_impala_hypers(),
      'alpha': Evolution(priors.LogUniform(0.5, 2.0)),
      'rho': Evolution(priors.Categorical((1.0,))),
  })


def _kickstarting_short() -> Rules:
  """Those of `kickstarting` for runs of a few million frames.

  Few decisions fit into those: the common weight moves at each, and further, so
  that it can still fall by orders of magnitude. The teachers' own factors are
  many, and copies are few: they start apart and move seldom but far, so that
  one is kept or lost for what it does and not by the walk of the others. What
  is compared spans several decisions, for few episodes end between two. Few
  members can spare none: they start near the learner's defaults.
  """
  near_default = Evolution(priors.LogUniform(3e-4, 3e-3))
  return Rules(
      ready=Ready(every=25_000, burn_in=200_000),
      exploit=Margin(window=20),
      evolutions={
          'learning_rate': near_default,
          'entropy_cost': near_default,
          'alpha': Evolution(
              priors.LogUniform(0.5, 2.0), probability=1.0,
              changes=(3.0, 1 / 3), high=2.0),
          'rho': Evolution(
              priors.LogUniform(0.1, 1.0), probability=0.1,
              changes=(10.0, 1 / 10), high=2.0),
      },
  )


def _impala() -> Rules:
  """Espeholt et al. (2018), appendix F and Table D.1, arXiv:1802.01561.

  Without the epsilon of RMSProp, which is not one of `types.Hypers`.
  """
  return Rules(
      ready=Ready(every=5000, unit='episodes', burn_in=20_000_000),
      exploit=Margin(),
      evolutions=_impala_hypers(),
  )


def _mix_and_match() -> Rules:
  """Czarnecki et al. (2018), supplement, section 2, arXiv:1806.01780.

  `mixing` is alpha there, the final agent's share in two.
  """
  scaled = functools.partial(
      Evolution, probability=0.25, changes=UP_OR_DOWN)
  return Rules(
      ready=Ready(every=300, unit='episodes'),
      exploit=TTest(window=30, p_value=0.05),
      evolutions={
          'learning_rate': scaled(priors.LogUniform(1e-5, 1e-3)),
          'entropy_cost': scaled(priors.LogUniform(1e-4, 1e-2)),
          'mixing': Evolution(
              priors.LogUniform(1e-3, 1e-2), probability=0.25, space='linear',
              changes=(0.05, -0.05), low=0.0, high=1.0),
      },
  )


def _mix_and_match_short() -> Rules:
  """Those of `mix_and_match` for runs of a few million frames.

  Few decisions fit into those, so that each may go further; the learner's own
  numbers stay at their defaults, for few members can spare none.
  """
  return Rules(
      ready=Ready(every=50_000, burn_in=100_000),
      exploit=TTest(window=20, p_value=0.05),
      evolutions={
          'mixing': Evolution(
              priors.LogUniform(1e-2, 1e-1), probability=0.5, space='linear',
              changes=(0.15, -0.15), low=0.0, high=1.0),
      },
  )


def _pbt(exploit: Exploit) -> Rules:
  """Jaderberg et al. (2017), section 4.1.1, arXiv:1711.09846.

  Without the length of unrolls, which shapes the program. How often a value is
  drawn anew instead of perturbed is not printed; the first is left out.
  """
  always = functools.partial(
      Evolution, probability=1.0, changes=UP_OR_DOWN)
  return Rules(
      ready=Ready(every=1_000_000),
      exploit=exploit,
      evolutions={
          'learning_rate': always(priors.LogUniform(1e-5, 5e-3)),
          'entropy_cost': always(priors.LogUniform(5e-4, 1e-2)),
      },
      explore_when='after_copy',
  )


PRESETS = python_types.MappingProxyType({
    'kickstarting': _kickstarting(),
    'kickstarting_short': _kickstarting_short(),
    'impala': _impala(),
    'mix_and_match': _mix_and_match(),
    'mix_and_match_short': _mix_and_match_short(),
    'pbt_t_test': _pbt(TTest(window=10)),
    'pbt_truncation': _pbt(Truncation(window=10)),
})


def get_preset(name: str) -> Rules:
  """Returns the rules of a paper.

  Raises:
    ValueError: unknown name, with a close one.
  """
  checks.check_name('preset', name, PRESETS)
  return PRESETS[name]
