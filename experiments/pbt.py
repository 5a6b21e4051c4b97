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
"""Kickstarts a population whose teacher weights evolve.

  python -m experiments.pbt                      # minigrid8, shipped experts
  python -m experiments.pbt --preset=kickstarting --frames=1e9
  python -m experiments.pbt --weighting=per_teacher
  python -m experiments.pbt --processes          # one process for each member

Population Based Training moves the learning rate, the entropy cost and the
weights of the teachers; all members learn as one program on one device.
`--frames` are those of each member. With `--processes` each member has a
process of its own. Any of those may be killed, it is started again; if the
first one is killed, `--resume` goes on. Beside curves, checkpoints and policies
the folder gets the lineage (`lineage.jsonl`) and the hyper-parameters over the
life of the best member's weights (`schedule.json`). Not here: the rules of the
presets (`kickstarting/pbt/rules.py`), who watches processes
(`pbt_processes.py`).
"""

from collections.abc import Callable, Sequence
import functools
import json
import pathlib
from typing import Any

from absl import flags
import numpy as np

from experiments import cli
from experiments import pbt_processes
from experiments import population_figures
from experiments import problem_flags
from experiments import rules_flags
from experiments import run_flags
from experiments import shared_flags
from experiments import workdir as workdir_lib
from kickstarting import checks
from kickstarting import files
from kickstarting import pbt
from kickstarting import playing
from kickstarting import runs
from kickstarting.environments.suites import batches
from kickstarting.populations import evolving
from kickstarting.populations import generations
from kickstarting.populations import judging
from kickstarting.populations import scoring
from kickstarting.populations import training as population_training
from kickstarting.runtime import training
from kickstarting.runtime import training_config

flags.adopt_module_key_flags(shared_flags)
flags.adopt_module_key_flags(rules_flags)
_POPULATION = flags.DEFINE_integer(
    'population', 8, 'Members.', lower_bound=1)
_PRESET = flags.DEFINE_enum(
    'preset', 'kickstarting_short', list(pbt.PRESETS), 'Rules; all but this '
    'one are a paper\'s, for hundreds of millions of frames.')
_WEIGHTING = flags.DEFINE_enum(
    'weighting', 'shared', ['shared', 'per_teacher', 'none'],
    'shared: one weight for all teachers (alpha); per_teacher: one of its own '
    'for each (rho); none: the weight stays 1.')

_EVOLVES: dict[str, set[str]] = {
    'shared': {'alpha'}, 'per_teacher': {'rho'}, 'none': set()}
_SEPARATE = flags.DEFINE_bool(
    'separate_evaluation', False, 'Compare members by episodes that they play '
    'for that alone, not by those that they learn from.')
_PROCESSES = flags.DEFINE_bool(
    'processes', False, 'Each member in a process of its own, for members that '
    'do not fit into one program.')
_MEMBER = flags.DEFINE_integer(
    'member', -1, 'For the processes that this program starts.')

flags.FLAGS.set_default('teachers', ['zoo'])
flags.FLAGS.set_default('record_frames', 25_000)  # decisions are taken there


def _rules(frames: int) -> pbt.Rules:
  rules = rules_flags.rules(_PRESET.value)
  if rules.ready.unit == 'steps':
    _, frames_per_step = batches.look_at(problem_flags.suite_from_flags())
    rules = pbt.in_frames(rules, frames_per_step)
  if rules.ready.burn_in >= frames:
    raise checks.UserError(
        f'--preset={_PRESET.value} evolves after {rules.ready.burn_in} frames,'
        f' but a member has {frames}; expected more. Add --burn_in_frames, and'
        ' --ready_frames for the interval, or take --frames as the paper does.')
  missing = _EVOLVES[_WEIGHTING.value] - set(rules.evolutions)
  if missing:
    able = [name for name, preset in pbt.PRESETS.items()
            if _EVOLVES[_WEIGHTING.value] <= set(preset.evolutions)]
    raise checks.UserError(
        f'--preset={_PRESET.value} has no rule for {" and ".join(missing)},'
        f' which --weighting={_WEIGHTING.value} evolves; expected one of'
        f' {", ".join(able)}. Or add --weighting=none.')
  return pbt.without(rules, {'alpha', 'rho'} - _EVOLVES[_WEIGHTING.value])


def _make_problem(config: training_config.TrainingConfig, num_members: int):
  suite = problem_flags.suite_from_flags()
  return problem_flags.make_problem(
      suite, problem_flags.network_from_flags(suite),
      shared_flags.update_from_flags(), config,
      problem_flags.teaching_from_flags(
          suite, config.frames, weights='constant:1'),
      num_members=num_members,
      members_per_batch=1 if _PROCESSES.value else None)


def _make_judge(
    problem: training.Problem, rules: pbt.Rules, seed: int, num_members: int
) -> judging.Judge | None:
  if not _SEPARATE.value:
    return None
  return playing.make_judge(
      problem, problem_flags.suite_from_flags(), seed, rules.exploit.window,
      num_members, manner=problem_flags.manner())


def _one_program(
    problem: training.Problem,
    judge: judging.Judge | None,
    config: training_config.TrainingConfig,
    rules: pbt.Rules,
    folder: pathlib.Path,
    stop: Callable[[], bool],
) -> dict[str, Any]:
  """Trains all members in this process."""
  population = population_training.PopulationConfig(rules, _POPULATION.value)
  outcome = runs.run(
      problem, config, folder,
      resume=run_flags.RESUME.value, should_stop=stop,
      train=functools.partial(
          population_training.train, population=population, judge=judge))
  best, *_ = scoring.best_three(outcome.scores)
  suite = problem_flags.suite_from_flags()
  problem_flags.export(
      folder / 'policy.npz', problem_flags.network_from_flags(suite), suite,
      population_training.member(outcome.params, best), problem.update,
      {'frames': outcome.frames})
  return {
      'ended': outcome.ended,
      'scores': [s if np.isfinite(s) else None for s in outcome.scores],
      'frames_per_member': outcome.frames,
      'frames_per_second': outcome.frames_per_second,
      'seconds': outcome.seconds,
      'records': outcome.records,
  }


def main(argv):
  del argv
  folder = workdir_lib.choose('pbt', owns=_MEMBER.value < 0)
  config = run_flags.config_from_flags(training_config.TrainingConfig)
  rules = _rules(config.frames)
  if _MEMBER.value >= 0:
    pbt_processes.run_member(
        _MEMBER.value, config, rules, folder, _make_problem, _make_judge)
    return
  for flag in (shared_flags.WEIGHTS, shared_flags.LEARNER_SCHEDULE):
    if flag.present:
      raise checks.UserError(
          f'--{flag.name}={flag.value} has no effect on a population, whose'
          ' rules move the weights. Leave it out, or see --weighting.')
  problem = _make_problem(config, _POPULATION.value)
  judge = _make_judge(problem, rules, config.seed, _POPULATION.value)
  if not problem.teacher_names and _WEIGHTING.value != 'none':
    raise checks.UserError(
        f'--weighting={_WEIGHTING.value} without teachers: there is no weight'
        ' to evolve. Name --teachers, or add --weighting=none.')
  if _PROCESSES.value:
    evolving.fit_rules(problem, config, rules, _POPULATION.value)
    judging.check_rules(judge, rules)
    generations.check_rules(rules, config, _POPULATION.value)
  else:
    population_training.check(
        problem, config,
        population_training.PopulationConfig(rules, _POPULATION.value), judge)
  stop = workdir_lib.begin(folder, 'pbt')
  print(f'{len(problem.task_names)} tasks, {len(problem.teacher_names)}'
        f' teachers, {_POPULATION.value} members of'
        f' {config.frames / 1e6:.2f} M frames; results in {folder}', flush=True)
  if _PROCESSES.value:
    result = pbt_processes.run(
        problem, config, rules, _POPULATION.value, folder,
        workdir_lib.program(), stop)
  else:
    result = _one_program(problem, judge, config, rules, folder, stop)
  workdir_lib.finish(folder, _summarise(folder, problem.teacher_names, result))


def _summarise(
    folder: pathlib.Path, teachers: Sequence[str], result: dict[str, Any]
) -> dict[str, Any]:
  """Writes lineage, schedule and pictures; returns the result to print."""
  records = result.pop('records')
  scores = np.array(result['scores'], np.float64)  # NaN for None
  frames = result['frames_per_member']
  best, *_ = best_three = scoring.best_three(scores)
  segments = pbt.ancestry(records, best, frames)
  schedule = {
      name: dict(zip(('frames', 'values'), pbt.schedule(segments, name)))
      for name in segments[-1].hypers
  }
  files.write_json(folder / 'schedule.json', schedule, indent=2)
  files.write_text(folder / 'lineage.jsonl', ''.join(
      json.dumps(record) + '\n' for record in records))
  pictures = {
      'score': population_figures.draw_scores(folder / 'score', folder),
      'lambda': population_figures.draw_lambdas(
          folder / 'lambda', segments, teachers),
      'lineage': population_figures.draw_lineage(
          folder / 'lineage', records, frames, best),
  }
  weight = lambda segment: float(
      segment.hypers['alpha'] * np.mean(segment.hypers['rho'] or [0.0]))
  return result | {
      'score': result['scores'][best],
      'score_top3': float(scores[best_three].mean()),
      'best_member': best,
      'lambda_start': weight(segments[0]),
      'lambda_end': weight(segments[-1]),
      'copies': sum(r['parent'] != r['member'] for r in records),
      'frames': frames * len(scores),
      'workdir': str(folder),
      'figure': str(pictures['score']),
      'figures': {name: str(path) for name, path in pictures.items()},
  }


if __name__ == '__main__':
  cli.run(main)
