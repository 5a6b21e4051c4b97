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
"""Agents that play a suite to be looked at: an evaluation, a judge, a referee.

Not here: the batches (`environments/suites/batches.py`), playing itself
(`runtime/evaluation.py`).
"""

from collections.abc import Callable, Mapping
import time
from typing import Any, NamedTuple

import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import files
from kickstarting.environments import scores
from kickstarting.environments import seeds
from kickstarting.environments import suites
from kickstarting.environments.suites import batches
from kickstarting.populations import judging
from kickstarting.populations import scoring
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import evaluation
from kickstarting.runtime import logger
from kickstarting.runtime import parameter_store
from kickstarting.runtime import training
from kickstarting.teachers import policy_file
from kickstarting.teachers import teacher as teacher_lib

_EVALUATION_STREAMS = 40  # of a task, at most
_JUDGED_EPISODES = 10  # of a task, at every look of a referee
_REPORT_S = 10.0  # between two lines of how far playing is


class Manner(NamedTuple):
  """How episodes are played for a score."""

  max_steps: int = evaluation.MAX_STEPS  # after which an episode is cut
  should_stop: Callable[[], bool] = lambda: False  # polled; True ends all
  say: Callable[[str], None] = logger.say  # is told lines of progress
  training_streams: int = 128  # of a batch of training; see `side_by_side`

  def limits(self, label: str) -> evaluation.Limits:
    """Returns what ends playing, which says now and then how far it is."""
    last = time.monotonic()

    def report(done: int, wanted: int) -> None:
      nonlocal last
      if time.monotonic() - last > _REPORT_S:
        last = time.monotonic()
        self.say(f'{label}{done} of {wanted} episodes have ended')

    return evaluation.Limits(self.max_steps, self.should_stop, report)


USUAL = Manner()


def evaluate(
    agent: agent_lib.Agent,
    suite: suites.Suite,
    params: Any,
    episodes: int,
    seed: int,
    *,
    manner: Manner = USUAL,
    label: str = '',
    wrap: batches.Wrap = batches.unwrapped,
) -> dict[str, Any]:
  """Evaluates a policy on a suite, and says a line for each task.

  One task after the other: together, the longest episodes of all would set how
  long the streams of every other task play on.

  Args:
    agent: who plays.
    suite: the tasks.
    params: of the agent.
    episodes: of each task.
    seed: of environments and actions; no training episode is among them.
    manner: how they are played.
    label: starts each line.
    wrap: what stands between the environments and the agent.

  Returns:
    'score' of the suite, 'mean_normalised' and 'median_normalised' without a
    cap, 'frames' played, and 'tasks': per task 'return', 'standard_error',
    'score', 'normalised', 'episodes', and how many of those were 'cut'.

  Raises:
    threads.Stopped: the manner says so.
  """
  streams = batches.side_by_side(
      suite, episodes, _EVALUATION_STREAMS, manner.training_streams)
  environments = (
      wrap(batches.make_environment(
          suite._replace(tasks=(task,)), streams, seed,
          group=seeds.Group.EVALUATION), row)
      for row, task in enumerate(suite.tasks))
  played = evaluation.evaluate(
      agent, params, environments, episodes, jax.random.key(seed),
      manner.limits(label))
  frames = 0
  table: dict[str, dict[str, Any]] = {}
  for task, ([returns], [cut], more_frames) in zip(
      suite.tasks, played, strict=True):
    frames += more_frames
    mean = returns.mean()
    row = table[task.name] = {
        'return': float(mean),
        'standard_error': float(returns.std() / np.sqrt(len(returns))),
        'score': float(scores.capped_score(
            mean, task.random_return, task.reference_return,
            suite.score_cap)),
        'normalised': float(scores.normalised_score(
            mean, task.random_return, task.reference_return)),
        'episodes': len(returns),
        'cut': int(cut),
    }
    manner.say(
        f'{label}{task.name:24} return {row["return"]:7.3f} +- '
        f'{row["standard_error"]:.3f}  score {row["score"]:6.1f}'
        f'  episodes {row["episodes"]}'
        + (f', {cut} of them cut' if cut else ''))
  normalised = [row['normalised'] for row in table.values()]
  return {
      'score': float(np.mean([row['score'] for row in table.values()])),
      'mean_normalised': float(np.mean(normalised)),
      'median_normalised': float(np.median(normalised)),
      'frames': frames,
      'tasks': table,
  }


def better(
    agent: agent_lib.Agent,
    suite: suites.Suite,
    candidates: Mapping[str, Any],
    episodes: int,
    seed: int,
    *,
    manner: Manner = USUAL,
) -> tuple[str, dict[str, Any]]:
  """Evaluates several parameters; returns the name of the best, and its scores.

  Args:
    agent: who plays.
    suite: the tasks.
    candidates: name -> parameters.
    episodes: of each task.
    seed: of environments and actions.
    manner: how they are played.

  Raises:
    threads.Stopped: the manner says so.
  """
  evaluations = {
      name: evaluate(
          agent, suite, params, episodes, seed, manner=manner,
          label=f'{name} parameters: ')
      for name, params in candidates.items()}
  best = max(evaluations, key=lambda name: evaluations[name]['score'])
  return best, evaluations[best]


def agent_for(
    policy: policy_file.Policy, suite: suites.Suite, name: str = 'policy'
) -> agent_lib.Agent:
  """Returns the agent of a policy that is to play a suite.

  Args:
    policy: that plays.
    suite: the tasks.
    name: of the policy, for messages.

  Raises:
    ValueError: actions, observations or parameters do not fit.
  """
  spec = batches.spec_of(suite)
  teacher = teacher_lib.from_policy(name, policy)
  try:
    teacher_lib.check_fits(teacher, spec.num_actions, spec.observation)
  except checks.UserError as error:
    there = [f'{x}: {policy.observation[x]}' for x in policy.observation]
    here = [f'{x}: {spec.observation[x]}' for x in spec.observation]
    raise checks.UserError(
        f'{files.shown(name, 80)[1:-1]} has {policy.num_actions}'
        f' actions and reads {files.shown(there, 120)}, but the tasks of'
        f' {suite.name} have {spec.num_actions} actions and'
        f' {files.shown(here, 120)}; it was trained on'
        f' {files.shown(list(policy.tasks), 60)}. Name the suite and tasks, or'
        ' the environment, that it was trained on.') from error
  return agent_lib.make_agent(
      policy.network, dict(policy.observation), policy.num_actions)


def make_judge(
    problem: training.Problem,
    suite: suites.Suite,
    seed: int,
    rounds: int,
    num_members: int,
    agent: agent_lib.Agent | None = None,
    *,
    manner: Manner = USUAL,
    wrap: batches.Wrap = batches.unwrapped,
) -> judging.Judge:
  """Returns a judge.

  Args:
    problem: whose parameters play.
    suite: of which a decision takes `rounds` episodes of each task.
    seed: of the run; decisions see other episodes than training does, and
      those of MAX_ACTORS decisions before again.
    rounds: of the suite.
    num_members: that play together.
    agent: who plays with them; None for the problem's own.
    manner: how they play.
    wrap: what stands between the environments and the agent.

  Raises:
    ValueError: there are more streams than seeds.
  """
  streams = rounds * len(suite.tasks) * num_members
  if streams > seeds.MAX_STREAMS:
    raise checks.UserError(
        f'{rounds} rounds of {len(suite.tasks)} tasks for {num_members} members'
        f' are {streams} episodes side by side; expected at most'
        f' {seeds.MAX_STREAMS}. Lower the returns that are compared, or the'
        ' number of members.')

  def make(decision):
    return wrap(batches.make_environment(
        suite, rounds * len(suite.tasks), seed, decision % seeds.MAX_ACTORS,
        seeds.Group.SELECTION, splits=num_members), 0)

  return judging.Judge(
      agent or problem.agent, make, manner.limits('a decision: '))


def make_referee(
    agent: agent_lib.Agent,
    suite: suites.Suite,
    seed: int,
    make_window: Callable[[int], scores.ScoreWindow],
    *,
    episodes: int = _JUDGED_EPISODES,
    manner: Manner = USUAL,
    wrap: batches.Wrap = batches.unwrapped,
) -> Callable[[Any, int], scores.ScoreWindow]:
  """Returns what lets the student play alone, the same episodes every time.

  It raises threads.Stopped if the manner says so while it plays.
  """
  functions = actor_lib.make_actor_functions(agent)

  def referee(params, frames):
    environment = wrap(batches.make_environment(
        suite, episodes * len(suite.tasks), seed,
        group=seeds.Group.SELECTION), 0)
    limits = manner.limits(f'judged after {frames} frames: ')
    actor = actor_lib.StreamActor(
        functions, environment, None, jax.random.key(frames),
        max_steps=limits.max_steps)
    returns, *_ = evaluation.play(
        actor, parameter_store.ParameterStore(0, params),
        np.ones_like(environment.task), limits)
    window = make_window(scoring.FOREVER)
    for task, [episode_return] in zip(environment.task, returns, strict=True):
      window.add(frames, int(task), episode_return)
    return window

  return referee
