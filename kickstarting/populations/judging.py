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
"""Episodes that are played only to compare members.

In training, members are compared by the episodes that they learn from. Where
what is to become good is another policy than the one that acts, as the final
agent of a mixture is, or where training episodes flatter, a judge lets that
policy play on its own before each decision: Czarnecki et al. (2018),
supplement, section 2, arXiv:1806.01780, do so with many tasks. Not here: who
compares (`pbt/`), the score of a finished run (`runtime/evaluation.py`).
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import pbt
from kickstarting import types
from kickstarting.environments import base
from kickstarting.environments import scores
from kickstarting.populations import scoring
from kickstarting.populations import vectorised
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import evaluation
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import parameter_store


class Judge(NamedTuple):
  """Who plays, and where.

  agent: acts with a member's parameters; often the one that is trained.
  make_environment: number of the decision -> streams of every task, a multiple
    of P of each; every stream plays one episode.
  limits: of an episode, which counts with its return so far if it is cut.
  """

  agent: agent_lib.Agent
  make_environment: Callable[[int], base.BatchedEnvironment]
  limits: evaluation.Limits = evaluation.DEFAULT


def check_rules(judge: Judge | None, rules: pbt.Rules) -> None:
  """Raises ValueError if rules count what a judge does not let happen."""
  if judge is not None and rules.ready.unit != 'frames':
    raise checks.UserError(
        f'the rules count {rules.ready.unit}, which a judge does not wait for;'
        ' expected frames. Give them an interval in frames.')


class Play(Protocol):
  """What `make_play` returns."""

  def __call__(
      self, decision: int, params: types.Params, rng_key: types.Array
  ) -> np.ndarray:
    """Plays as many rounds of the suite as each task has streams for a member.

    Args:
      decision: its number.
      params: leaves [P, ...].
      rng_key: consumed.

    Returns:
      Scores of the rounds, float32 [P, rounds].

    Raises:
      ValueError: the tasks differ in their number of streams.
      threads.Stopped: the limits of the judge said so.
    """


def make_play(
    judge: Judge,
    make_window: Callable[[int], scores.ScoreWindow],
    num_members: int,
) -> Play:
  """Returns what lets members play; what acts is compiled once.

  Args:
    judge: who plays, and where.
    make_window: of the problem; scores a round.
    num_members: P.
  """
  layout = layout_lib.Layout(1, num_members)
  functions = vectorised.make_actor_functions(judge.agent, layout)

  def play(decision, params, rng_key):
    environment = judge.make_environment(decision)
    tasks = environment.task
    members = layout.members(environment.num_streams)
    actor = actor_lib.StreamActor(
        functions, environment, None, rng_key, layout,
        max_steps=judge.limits.max_steps)
    returns, *_ = evaluation.play(
        actor, parameter_store.ParameterStore(0, params), np.ones_like(tasks),
        judge.limits)
    by_stream = np.array(returns)[:, 0]
    rounds = (
        zip(*(by_stream[(members == member) & (tasks == task)]
              for task in range(tasks.max() + 1)), strict=True)
        for member in range(num_members))
    return np.array([
        [scoring.round_score(make_window, episodes) for episodes in each]
        for each in rounds], np.float32)

  return play
