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
"""Rules that fit a run: its length, its scores, what its frames are.

Here: `adapt`, `in_frames`, `without`, which change rules, and what refuses
rules that cannot do anything in a run. Not here: the rules (`rules.py`).
"""

from collections.abc import Collection
import dataclasses
import math

from kickstarting import checks
from kickstarting.pbt import rules as rules_lib


def adapt(
    rules: rules_lib.Rules,
    *,
    every: int | None = None,
    burn_in: int | None = None,
    window: int | None = None,
    margin: float | None = None,
) -> rules_lib.Rules:
  """Returns rules for runs of another length, and other scores.

  Args:
    rules: to change.
    every: environment frames between two decisions of a member; None leaves
      what is counted, and how many, as it is.
    burn_in: environment frames before the first; None leaves it.
    window: last returns that are compared; None leaves it.
    margin: by which a copied member is better, in the unit of the suite's
      scores, raw returns included; None leaves it.

  Raises:
    ValueError: a margin for rules without one.
  """
  ready = rules.ready
  if every is not None:
    ready = dataclasses.replace(ready, every=every, unit='frames')
  if burn_in is not None:
    ready = dataclasses.replace(ready, burn_in=burn_in)
  exploit = rules.exploit
  if window is not None:
    exploit = dataclasses.replace(exploit, window=window)
  if margin is not None:
    if not isinstance(exploit, rules_lib.Margin):
      raise checks.UserError(
          f'margin is {margin} with {exploit}, which has none; expected rules'
          ' that copy by a margin. Leave it out, or take other rules.')
    exploit = dataclasses.replace(exploit, points=margin, of='returns')
  return dataclasses.replace(rules, ready=ready, exploit=exploit)


def in_frames(rules: rules_lib.Rules, frames_per_step: int) -> rules_lib.Rules:
  """Returns rules that count frames where they counted steps of the agent.

  Args:
    rules: to change.
    frames_per_step: environment frames of a step, 4 where actions are repeated
      4 times.
  """
  ready = rules.ready
  if ready.unit != 'steps':
    return rules
  return dataclasses.replace(rules, ready=dataclasses.replace(
      ready, every=ready.every * frames_per_step, unit='frames'))


def check_scores(exploit: rules_lib.Exploit, cap: float) -> None:
  """Raises UserError if a margin cannot be one of these scores.

  Args:
    exploit: that compares them.
    cap: of the score of a task; infinite where scores are raw returns.
  """
  if not isinstance(exploit, rules_lib.Margin):
    return
  if exploit.of == 'score' and math.isinf(cap) and exploit.points:
    raise checks.UserError(
        f'the margin of {exploit.points:g} points is of normalised scores, but'
        ' the scores of these tasks are their raw returns, whose range nobody'
        ' knows; expected a margin in their unit. Pass'
        ' margin, such as a twentieth of what a good agent gets, or compare by'
        ' a t-test.')
  if exploit.points >= cap:
    raise checks.UserError(
        f'points is {exploit.points:g}, but scores of these tasks lie in 0 to'
        f' {cap:g}: nobody is better by so much. Lower margin.')


def check_run(
    rules: rules_lib.Rules, num_members: int, frames: int, record_frames: int,
    num_tasks: int = 1,
) -> None:
  """Raises UserError if rules cannot do anything within a run.

  Args:
    rules: that count frames or episodes.
    num_members: P.
    frames: of a member.
    record_frames: between two times at which members may be looked at.
    num_tasks: of which a round has an episode each.
  """
  ready = rules.ready
  # An episode has a frame at least.
  first = max(ready.every, ready.burn_in, record_frames)
  if first >= frames:
    name = ('ready_frames', 'burn_in_frames', 'record_frames')[
        [ready.every, ready.burn_in, record_frames].index(first)]
    raise checks.UserError(
        f'{name} is {first} (the rules count {ready.unit}), but a member has'
        f' {frames} frames: nobody would ever copy or explore. Lower'
        ' ready_frames, burn_in_frames or record_frames, or train for longer.')
  if rules.exploit.window * num_tasks > frames:
    raise checks.UserError(
        f'window is {rules.exploit.window} rounds of {num_tasks} tasks, more'
        f' than {frames} frames can hold: nobody would ever copy. Lower it'
        ' (--returns), or train for longer.')
  if num_members == 1 and rules.explore_when == 'after_copy':
    raise checks.UserError(
        'explore_when is \'after_copy\' with one member, who has nobody to'
        ' copy: nothing would ever move. Add members, or explore always.')


def without(rules: rules_lib.Rules, names: Collection[str]) -> rules_lib.Rules:
  """Returns rules that leave some hyper-parameters as they are."""
  kept = {n: e for n, e in rules.evolutions.items() if n not in names}
  return dataclasses.replace(rules, evolutions=kept)
