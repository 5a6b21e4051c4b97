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
"""The papers' settings of Population Based Training, by name.

Not here: what the rules mean (`rules.py`), fitting them to a run
(`fitting.py`).
"""

import dataclasses
import functools
import types as python_types

from kickstarting import checks
from kickstarting.pbt import priors
from kickstarting.pbt import rules as rules_lib


def _impala_hypers() -> dict[str, rules_lib.Evolution]:
  return {
      'learning_rate': rules_lib.Evolution(priors.LogUniform(5e-6, 5e-3)),
      'entropy_cost': rules_lib.Evolution(priors.LogUniform(5e-5, 1e-2)),
  }


def _kickstarting() -> rules_lib.Rules:
  """Schmitt et al. (2018), section 2.3, arXiv:1803.03835.

  The paper prints no constants: they are IMPALA's, to which it refers. Its
  hand-made schedules start at 1 or 2, so alpha starts between 0.5 and 2.
  """
  return dataclasses.replace(_impala(), evolutions={
      **_impala_hypers(),
      'alpha': rules_lib.Evolution(priors.LogUniform(0.5, 2.0)),
      'rho': rules_lib.Evolution(priors.Categorical((1.0,))),
  })


def _kickstarting_short() -> rules_lib.Rules:
  """Those of `kickstarting` for runs of a few million frames.

  Few decisions fit into those: the common weight moves at each, and further, so
  that it can still fall by orders of magnitude. The teachers' own factors are
  many, and copies are few: they start apart and move seldom but far, so that
  one is kept or lost for what it does and not by the walk of the others. What
  is compared spans several decisions, for few episodes end between two. Few
  members can spare none: they start near the learner's defaults.
  """
  near_default = rules_lib.Evolution(priors.LogUniform(3e-4, 3e-3))
  return rules_lib.Rules(
      ready=rules_lib.Ready(every=25_000, burn_in=200_000),
      exploit=rules_lib.Margin(window=20),
      evolutions={
          'learning_rate': near_default,
          'entropy_cost': near_default,
          'alpha': rules_lib.Evolution(
              priors.LogUniform(0.5, 2.0), probability=1.0,
              changes=(3.0, 1 / 3), high=2.0),
          'rho': rules_lib.Evolution(
              priors.LogUniform(0.1, 1.0), probability=0.1,
              changes=(10.0, 1 / 10), high=2.0),
      },
  )


def _impala() -> rules_lib.Rules:
  """Espeholt et al. (2018), appendix F and Table D.1, arXiv:1802.01561.

  Without the epsilon of RMSProp, which is not one of `types.Hypers`.
  """
  return rules_lib.Rules(
      ready=rules_lib.Ready(every=5000, unit='episodes', burn_in=20_000_000),
      exploit=rules_lib.Margin(),
      evolutions=_impala_hypers(),
  )


def _mix_and_match() -> rules_lib.Rules:
  """Czarnecki et al. (2018), supplement, section 2, arXiv:1806.01780.

  `mixing` is alpha there, the final agent's share in two.
  """
  scaled = functools.partial(
      rules_lib.Evolution, probability=0.25, changes=rules_lib.UP_OR_DOWN)
  return rules_lib.Rules(
      ready=rules_lib.Ready(every=300, unit='episodes'),
      exploit=rules_lib.TTest(window=30, p_value=0.05),
      evolutions={
          'learning_rate': scaled(priors.LogUniform(1e-5, 1e-3)),
          'entropy_cost': scaled(priors.LogUniform(1e-4, 1e-2)),
          'mixing': rules_lib.Evolution(
              priors.LogUniform(1e-3, 1e-2), probability=0.25, space='linear',
              changes=(0.05, -0.05), low=0.0, high=1.0),
      },
  )


def _mix_and_match_short() -> rules_lib.Rules:
  """Those of `mix_and_match` for runs of a few million frames.

  Few decisions fit into those, so that each may go further; the learner's own
  numbers stay at their defaults, for few members can spare none.
  """
  return rules_lib.Rules(
      ready=rules_lib.Ready(every=50_000, burn_in=100_000),
      exploit=rules_lib.TTest(window=20, p_value=0.05),
      evolutions={
          'mixing': rules_lib.Evolution(
              priors.LogUniform(1e-2, 1e-1), probability=0.5, space='linear',
              changes=(0.15, -0.15), low=0.0, high=1.0),
      },
  )


def _pbt(exploit: rules_lib.Exploit) -> rules_lib.Rules:
  """Jaderberg et al. (2017), section 4.1.1, arXiv:1711.09846.

  Members are ready every 1e6 to 1e7 steps of the agent there, of 4 frames each.
  Without the length of unrolls, which shapes the program. How often a value is
  drawn anew instead of perturbed is not printed; the first is left out.
  """
  always = functools.partial(
      rules_lib.Evolution, probability=1.0, changes=rules_lib.UP_OR_DOWN)
  return rules_lib.Rules(
      ready=rules_lib.Ready(every=1_000_000, unit='steps'),
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
    'pbt_t_test': _pbt(rules_lib.TTest(window=10)),
    'pbt_truncation': _pbt(rules_lib.Truncation(window=10)),
})


def get_preset(name: str) -> rules_lib.Rules:
  """Returns the rules of a paper.

  Raises:
    ValueError: unknown name, with a close one.
  """
  checks.check_name('preset', name, PRESETS)
  return PRESETS[name]
