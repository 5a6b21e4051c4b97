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
"""A curriculum of agents: what it is made of, and its training.

  curriculum = curriculum.describe(
      description.describe('minigrid8', frames=3e6), 'core')
  trained = curriculum.train('mix_and_match', problem, folder, ...)

Each agent of a case is a run of its own, with the same budget; the share of the
complex one in the mixture follows a schedule, or evolves in a population. What
counts at the end is the complex agent alone. Here: `describe`, `Curriculum`.
Not here: which agents a case has (`cases.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import functools
import json
import pathlib
from typing import Any, NamedTuple

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import description as description_lib
from kickstarting import files
from kickstarting import pbt
from kickstarting import playing
from kickstarting import runs
from kickstarting import teaching as teaching_lib
from kickstarting import types
from kickstarting.environments.suites import batches
from kickstarting.mixtures import cases
from kickstarting.networks import build as networks
from kickstarting.populations import scoring
from kickstarting.populations import training as population_training
from kickstarting.runtime import training
from kickstarting.weights import parsing
from kickstarting.weights import schedules

MIXING = 'piecewise:0=0,50%=1'
AGENTS = (cases.SIMPLE, cases.COMPLEX, cases.MIXTURE)


class Trained(NamedTuple):
  """What a run of one agent left."""

  ended: str
  score: float  # of who acted in training, over the last window
  frames: int
  frames_per_second: float
  seconds: float
  params: types.Params
  population: dict[str, int] | None = None  # what happened in it


@dataclasses.dataclass(frozen=True)
class Curriculum:
  """The agents of a case, each with its run."""

  case: cases.Case
  runs: Mapping[str, description_lib.Description]  # by name of the agent
  rules: pbt.Rules | None  # of mixtures whose share evolves; else None
  members: int  # of their populations

  def num_members(self, name: str) -> int:
    """Returns how many students learn side by side in the run of an agent."""
    is_evolving = self.rules is not None and _is_mixture(
        self.case.agents[name])
    return self.members if is_evolving else 1

  def problem(self, name: str) -> training.Problem:
    """Returns what an agent learns from; all that can be wrong is found now.

    Raises:
      ValueError: something does not fit.
    """
    described = self.runs[name]
    problem = described.problem(
        num_members=self.num_members(name), wrap=self.case.wrap)
    if self.num_members(name) > 1:
      evolving = self._population(name, problem)
      population_training.check(
          problem, described.config, evolving['population'], evolving['judge'])
    return problem

  def train(
      self,
      name: str,
      problem: training.Problem,
      folder: pathlib.Path,
      *,
      resume: bool,
      should_stop: Callable[[], bool],
  ) -> Trained:
    """Trains one agent, or a population of mixtures whose shares evolve.

    Args:
      name: of the agent.
      problem: of the agent.
      folder: of its run.
      resume: whether to go on with the run in it.
      should_stop: polled; see `runs.run`.
    """
    num_members = self.num_members(name)
    run = functools.partial(
        runs.run, problem, self.runs[name].config, folder, resume=resume,
        should_stop=should_stop, label=f'{name:14}')
    if num_members == 1:
      outcome = run()
      return Trained(
          outcome.ended, outcome.score, outcome.frames,
          outcome.frames_per_second, outcome.seconds, outcome.params)
    outcome = run(train=functools.partial(
        population_training.train, **self._population(name, problem)))
    best, *_ = scoring.best_three(outcome.scores)
    return Trained(
        outcome.ended, outcome.scores[best], outcome.frames * num_members,
        outcome.frames_per_second, outcome.seconds,
        population_training.member(outcome.params, best),
        _keep_lineage(outcome.records, folder))

  def judge(
      self,
      name: str,
      trained: Trained,
      episodes: int,
      path: pathlib.Path,
      info: Mapping[str, Any],
  ) -> float:
    """Returns the score of the final agent of a run, playing on its own.

    Its policy is written, with what it got in every task.

    Args:
      name: of the agent.
      trained: what its run left.
      episodes: per task.
      path: of the policy file.
      info: facts for it, beside the evaluation.

    Raises:
      threads.Stopped: the user asked to stop.
    """
    described, final = self.runs[name], self._final(name)
    evaluation = playing.evaluate(
        final, described.suite, trained.params, episodes,
        described.config.seed, manner=described.manner, label=f'{name:14}',
        wrap=self.case.wrap)
    alone = dataclasses.replace(
        described, network=networks.final_agent(self.case.agents[name]))
    alone.policy(
        trained.params, trained.frames, {'evaluation': evaluation, **info},
        self.case.wrap).save(path)
    return evaluation['score']

  def _population(
      self, name: str, problem: training.Problem
  ) -> dict[str, Any]:
    """Returns what `population_training.train` needs to know."""
    assert self.rules is not None
    described, num_members = self.runs[name], self.num_members(name)
    judge = None
    if self.case.is_final_judged:
      judge = playing.make_judge(
          problem, described.suite, described.config.seed,
          self.rules.exploit.window, num_members, self._final(name),
          manner=described.manner, wrap=self.case.wrap)
    return {
        'population': population_training.PopulationConfig(
            self.rules, num_members),
        'judge': judge}

  def _final(self, name: str) -> agent_lib.Agent:
    """Returns the final agent of a run; its parameters are the network's."""
    spec = batches.spec_of(self.runs[name].suite, self.case.wrap)
    return agent_lib.make_agent(
        networks.final_agent(self.case.agents[name]), spec.observation,
        spec.num_actions)


def describe(
    student: description_lib.Description,
    case: str,
    *,
    agents: Sequence[str] = AGENTS,
    factorised: bool = True,
    mixing: str | pbt.Rules = MIXING,
    transfer_cost: float = 0.01,
    members: int = 4,
) -> Curriculum:
  """Describes a curriculum.

  Args:
    student: the run of each agent; its network is what they are made of.
    case: a key of `cases.CASES`: from what to what.
    agents: of the case, by name.
    factorised: whether the large policy of action_space is a product of one for
      each step of a macro-action.
    mixing: share of the complex agent over time, a text of
      `weights/parsing.py`, or the rules of a population that move it.
    transfer_cost: multiplier of the loss between the agents; the paper has 1
      for action spaces and else 100, with other losses and another optimiser.
    members: of a population.

  Raises:
    ValueError: a case or an agent is unknown, the tasks lack what the case
      needs, or one of the numbers is impossible.
  """
  checks.check_name('case', case, cases.CASES)
  checks.check_count('members', members)
  if members < 2 and isinstance(mixing, pbt.Rules):
    raise checks.UserError(
        f'members is {members}, and mixing the rules of a population; expected'
        ' at least two members. Raise it, or pass a schedule.')
  checks.check_not_negative('transfer_cost', transfer_cost)
  network = student.network
  if not isinstance(network, networks.NetworkConfig):
    raise checks.UserError(
        'network is one of your own, of which no mixture can be made; expected'
        f' one that is shipped. Choose one of {", ".join(networks.NETWORKS)}.')
  made = cases.CASES[case](network, student.suite)
  _check_agents(agents, made.agents)
  made = made._replace(agents={
      name: _with_policy(made.agents[name], case, factorised)
      for name in agents})
  for name, mine in made.agents.items():
    if _has_transfer(mine) and not _is_mixture(mine) and not transfer_cost:
      raise checks.UserError(
          f'transfer_cost is 0 with {name!r}, whose policies it ties together;'
          ' expected a number above 0. Raise it, or train the agent simple.')
  rules = mixing if isinstance(mixing, pbt.Rules) else None
  schedule = {} if isinstance(mixing, pbt.Rules) else _schedule(
      mixing, student.config.frames)
  return Curriculum(
      made, {
          name: dataclasses.replace(
              student, network=mine,
              config=dataclasses.replace(
                  student.config, mixing=1.0,
                  transfer_cost=transfer_cost if _has_transfer(mine) else 0.0),
              schedules={
                  **student.schedules,
                  **(schedule if _is_mixture(mine) else {})})
          for name, mine in made.agents.items()},
      rules, members)


def _check_agents(agents: Sequence[str], known: Mapping[str, Any]) -> None:
  """Raises ValueError unless each name is known, and there once."""
  is_right = isinstance(agents, (list, tuple)) and agents and all(
      isinstance(name, str) and name in known for name in agents)
  if not is_right or len(set(agents)) < len(agents):
    raise checks.UserError(
        f'agents is {files.shown(agents, 160)}; expected one or more of'
        f' {", ".join(known)}, each once. Correct the names.')


def _has_transfer(network: networks.NetworkConfig) -> bool:
  return len(network.branches) > 1


def _is_mixture(network: networks.NetworkConfig) -> bool:
  return _has_transfer(network) and network.combination == 'mixture'


def _with_policy(
    network: networks.NetworkConfig, case: str, factorised: bool
) -> networks.NetworkConfig:
  """Returns a network whose policy is a product, or is not.

  Raises:
    ValueError: it is none.
  """
  if factorised:
    return network
  if not network.action_factors:
    raise checks.UserError(
        f'factorised is False in the case {case}, whose actions are no'
        ' product; expected the case action_space. Leave it out.')
  return dataclasses.replace(network, action_factors=())


def _schedule(
    mixing: str, frames: int
) -> Mapping[str, schedules.Schedule]:
  """Returns the schedule of the share."""
  with teaching_lib.naming(f'mixing={mixing}'):
    schedule = parsing.schedule_from_string(mixing, total_frames=frames)
  for place in range(101):
    share = schedule(place * frames / 100)
    if share > 1:
      raise checks.UserError(
          f'mixing={mixing} is {share} after {place} % of the run; expected a'
          ' share of the complex agent, 0 to 1. Lower it.')
  return {'mixing': schedule}


def _keep_lineage(
    records: Sequence[pbt.Record], folder: pathlib.Path
) -> dict[str, int]:
  """Writes who copied whom; returns what happened, in numbers."""
  files.write_text(
      folder / 'lineage.jsonl',
      ''.join(json.dumps(record) + '\n' for record in records))
  copies = [r for r in records if r['parent'] != r['member']]
  is_at_0 = lambda record: record['old_hypers']['mixing'] == 0.0
  old = {(r['step'], r['member']): r for r in records if r['step']}
  return {
      'copies': len(copies),
      'rescues': sum(r['rescued'] for r in records),  # members that failed
      'decisions_at_0': sum(map(is_at_0, old.values())),
      # The simple agent alone was chosen.
      'copied_at_0': sum(
          (r['step'], r['parent']) in old and is_at_0(
              old[r['step'], r['parent']]) for r in copies),
  }
