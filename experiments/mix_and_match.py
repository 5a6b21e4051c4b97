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
"""Mix & Match: an agent that starts simple and ends complex.

  python -m experiments.mix_and_match --case=action_space
  python -m experiments.mix_and_match --case=core --agents=mix_and_match
  python -m experiments.mix_and_match --case=multitask --mixing=pbt

Trains the simple agent, the complex one and the mixture of both, one after the
other, with the same budget. `--mixing` is the share of the complex agent over
time: a schedule, or `pbt` for a population whose members evolve it. What counts
at the end is the complex agent of the mixture, alone; it is what is evaluated
and written as `policy.npz`. Not here: what the agents share
(`mixture_cases.py`), several seeds (`curricula.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import contextlib
import dataclasses
import functools
import json
import pathlib
from typing import Any, NamedTuple

from absl import flags

from experiments import mixture_cases
from experiments import mixture_figures
from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import description as description_lib
from kickstarting import files as files_lib
from kickstarting import pbt
from kickstarting import playing
from kickstarting import runs
from kickstarting import teaching as teaching_lib
from kickstarting import types
from kickstarting.commands import cli
from kickstarting.commands import flag_values
from kickstarting.commands import problem_flags
from kickstarting.commands import rules_flags
from kickstarting.commands import run_flags
from kickstarting.commands import shared_flags
from kickstarting.commands import workdir as workdir_lib
from kickstarting.environments.suites import batches
from kickstarting.networks import build as networks
from kickstarting.populations import scoring
from kickstarting.populations import training as population_training
from kickstarting.runtime import threads
from kickstarting.runtime import training
from kickstarting.weights import parsing
from kickstarting.weights import schedules

flags.adopt_module_key_flags(shared_flags)
flags.adopt_module_key_flags(rules_flags)
_CASE = flags.DEFINE_enum(
    'case', 'action_space', list(mixture_cases.CASES), 'From what to what: see '
    'experiments/mixture_cases.py.')
_AGENTS = flags.DEFINE_list(
    'agents', ['simple', 'complex', 'mix_and_match'], 'Which of the case.')
_FACTORISED = flags.DEFINE_bool(
    'factorised', True, 'Whether the large policy of action_space is a product'
    ' of one for each step of a macro-action.')
_MIXING = flags.DEFINE_string(
    'mixing', 'piecewise:0=0,50%=1', 'Share of the complex agent over time, as '
    '--weights, or pbt.')
_TRANSFER_COST = flags.DEFINE_float(
    'transfer_cost', 0.01, 'Multiplier of the loss between the agents; the '
    'paper has 1 for action spaces and else 100, with other losses and another '
    'optimiser.', lower_bound=0.0)
_POPULATION = flags.DEFINE_integer(
    'population', 4, 'Members, with --mixing=pbt.', lower_bound=1)
_PRESET = flags.DEFINE_enum(
    'preset', 'mix_and_match_short', ['mix_and_match', 'mix_and_match_short'],
    'Rules, with --mixing=pbt: the paper\'s, or for a few million frames.')
_EPISODES = flags.DEFINE_integer(
    'evaluation_episodes', 100, 'Episodes per task that judge each agent at '
    'the end.', lower_bound=1)

_BY_PBT = 'pbt'


def _has_transfer(network: networks.NetworkConfig) -> bool:
  return len(network.branches) > 1


def _is_mixture(network: networks.NetworkConfig) -> bool:
  return _has_transfer(network) and network.combination == 'mixture'


def _make_case(
    described: description_lib.Description
) -> mixture_cases.Case:
  """Returns the case with the agents that are asked for.

  Raises:
    ValueError: an agent is unknown, or the tasks lack what the case needs.
  """
  network = described.network
  if not isinstance(network, networks.NetworkConfig):
    raise checks.UserError(
        f'--network={shared_flags.NETWORK.value} is one of your own, of which'
        ' no mixture can be made; expected one that is shipped. Choose one of'
        f' {", ".join(networks.NETWORKS)}.')
  case = mixture_cases.CASES[_CASE.value](network, described.suite)
  case = case._replace(agents={
      name: _whole(case.agents[name])
      for name in flag_values.names('agents', _AGENTS.value, case.agents)})
  for name, mine in case.agents.items():
    if _has_transfer(mine) and not _is_mixture(mine) and (
        not _TRANSFER_COST.value):
      raise checks.UserError(
          f'--transfer_cost=0 with {name!r}, whose policies it ties together;'
          ' expected a number above 0. Raise it, or train the agent simple.')
  return case


def _whole(network: networks.NetworkConfig) -> networks.NetworkConfig:
  """Returns a network whose policy is as --factorised says.

  Raises:
    ValueError: it is no product.
  """
  if _FACTORISED.value:
    return network
  if not network.action_factors:
    raise checks.UserError(
        f'--nofactorised in the case {_CASE.value}, whose actions are no'
        ' product; expected the case action_space. Drop the flag.')
  return dataclasses.replace(network, action_factors=())


def _mixing(frames: int) -> Mapping[str, schedules.Schedule]:
  """Returns the schedule of --mixing; none if it evolves."""
  if _MIXING.value == _BY_PBT:
    return {}
  with teaching_lib.naming(f'--mixing={_MIXING.value}'):
    schedule = parsing.schedule_from_string(_MIXING.value, total_frames=frames)
  for place in range(101):
    share = schedule(place * frames / 100)
    if share > 1:
      raise checks.UserError(
          f'--mixing={_MIXING.value} is {share} after {place} % of the run;'
          ' expected a share of the complex agent, 0 to 1. Lower it.')
  return {'mixing': schedule}


def _describe(
    described: description_lib.Description, network: networks.NetworkConfig
) -> description_lib.Description:
  """Returns the run of one of the agents."""
  cost = _TRANSFER_COST.value if _has_transfer(network) else 0.0
  return dataclasses.replace(
      described, network=network,
      config=dataclasses.replace(
          described.config, mixing=1.0, transfer_cost=cost),
      schedules={
          **described.schedules,
          **(_mixing(described.config.frames) if _is_mixture(network) else {})})


def _num_members(network: networks.NetworkConfig) -> int:
  """Returns how many students learn side by side."""
  is_evolving = _MIXING.value == _BY_PBT and _is_mixture(network)
  return _POPULATION.value if is_evolving else 1


class _Trained(NamedTuple):
  """What a run of one agent left."""

  score: float  # of who acted in training, over the last window
  frames: int
  frames_per_second: float
  seconds: float
  params: types.Params
  population: dict[str, int] | None = None  # what happened in it


def _population(
    case: mixture_cases.Case,
    name: str,
    described: description_lib.Description,
    problem: training.Problem,
) -> dict[str, Any]:
  """Returns what `population_training.train` needs to know; checked.

  Raises:
    ValueError: the flags fit no population.
  """
  num_members = _num_members(case.agents[name])
  rules = rules_flags.rules(_PRESET.value)
  judge = None
  if case.is_final_judged:
    judge = playing.make_judge(
        problem, described.suite, described.config.seed, rules.exploit.window,
        num_members, _final(case, name, described), manner=described.manner,
        wrap=case.wrap)
  population = population_training.PopulationConfig(rules, num_members)
  population_training.check(problem, described.config, population, judge)
  return {'population': population, 'judge': judge}


def _train(
    case: mixture_cases.Case,
    name: str,
    described: description_lib.Description,
    problem: training.Problem,
    folder: pathlib.Path,
    stop: Callable[[], bool],
) -> _Trained:
  """Trains one agent, or a population of mixtures whose shares evolve."""
  num_members = _num_members(case.agents[name])
  run = functools.partial(
      runs.run, problem, described.config, folder / name,
      resume=run_flags.RESUME.value, should_stop=stop, label=f'{name:14}')
  if num_members == 1:
    outcome = run()
    return _Trained(
        outcome.score, outcome.frames, outcome.frames_per_second,
        outcome.seconds, outcome.params)
  outcome = run(train=functools.partial(
      population_training.train, **_population(case, name, described, problem)))
  best, *_ = scoring.best_three(outcome.scores)
  return _Trained(
      outcome.scores[best], outcome.frames * num_members,
      outcome.frames_per_second, outcome.seconds,
      population_training.member(outcome.params, best),
      _keep_lineage(outcome.records, folder / name))


def _keep_lineage(
    records: Sequence[pbt.Record], folder: pathlib.Path
) -> dict[str, int]:
  """Writes who copied whom; returns what happened, in numbers."""
  files_lib.write_text(
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


def _final(
    case: mixture_cases.Case, name: str, described: description_lib.Description
) -> agent_lib.Agent:
  """Returns the final agent of a run; its parameters are the network's."""
  spec = batches.spec_of(described.suite, case.wrap)
  return agent_lib.make_agent(
      networks.final_agent(case.agents[name]), spec.observation,
      spec.num_actions)


def _judge(
    case: mixture_cases.Case,
    name: str,
    described: description_lib.Description,
    trained: _Trained,
    folder: pathlib.Path,
) -> dict[str, Any]:
  """Evaluates and writes the final agent; returns what it gets."""
  evaluation = playing.evaluate(
      _final(case, name, described), described.suite, trained.params,
      _EPISODES.value, described.config.seed, manner=described.manner,
      label=f'{name:14}', wrap=case.wrap)
  final = dataclasses.replace(
      described, network=networks.final_agent(case.agents[name]))
  problem_flags.export(
      folder / name / 'policy.npz', final, trained.params, trained.frames,
      {'evaluation': evaluation}, case.wrap)
  return evaluation


def main(argv):
  del argv
  folder = workdir_lib.choose('mix_and_match')
  base = problem_flags.describe()
  case = _make_case(base)
  runs_of = {name: _describe(base, case.agents[name]) for name in case.agents}
  problems = {
      name: described.problem(
          num_members=_num_members(case.agents[name]), wrap=case.wrap)
      for name, described in runs_of.items()}
  for name, problem in problems.items():
    if _num_members(case.agents[name]) > 1:
      _population(case, name, runs_of[name], problem)
  stop = workdir_lib.begin(folder, 'mix_and_match', base)
  print(f'{_CASE.value} on {base.suite.name}: {len(base.suite.tasks)} tasks,'
        f' {base.config.frames:,} frames an agent; results in'
        f' {folder}', flush=True)
  trained: dict[str, _Trained] = {}
  evaluations: dict[str, dict[str, Any]] = {}
  for name, described in runs_of.items():
    if not (trained and stop()):
      trained[name] = _train(
          case, name, described, problems[name], folder, stop)
    if not stop():
      with contextlib.suppress(threads.Stopped):
        evaluations[name] = _judge(case, name, described, trained[name], folder)
  last = trained[list(trained)[-1]]
  figure = mixture_figures.draw(
      folder / 'mix_and_match', {name: [folder / name] for name in trained},
      title=f'{_CASE.value}, seed {base.config.seed}')
  workdir_lib.finish(folder, {
      'ended': 'interrupted' if stop() else 'finished',
      'score': last.score,
      'frames': sum(run.frames for run in trained.values()),
      'frames_per_second': last.frames_per_second,
      'seconds': sum(run.seconds for run in trained.values()),
      'scores_of_training': {
          name: run.score for name, run in trained.items()},
      'evaluation_scores': {
          name: found['score'] for name, found in evaluations.items()},
      **({'population': last.population} if last.population else {}),
      'workdir': str(folder),
      'figure': str(figure),
  })


if __name__ == '__main__':
  cli.run(main)
