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
and written as `policy.npz`. Not here: what the agents share, and how they are
trained (`kickstarting/mixtures/`), several seeds (`curricula.py`).
"""

import contextlib

from absl import flags

from experiments import mixture_figures
from kickstarting.commands import cli
from kickstarting.commands import problem_flags
from kickstarting.commands import rules_flags
from kickstarting.commands import run_flags
from kickstarting.commands import shared_flags
from kickstarting.commands import workdir as workdir_lib
from kickstarting.mixtures import cases
from kickstarting.mixtures import curriculum as curriculum_lib
from kickstarting.runtime import threads

flags.adopt_module_key_flags(shared_flags)
flags.adopt_module_key_flags(rules_flags)
_CASE = flags.DEFINE_enum(
    'case', 'action_space', list(cases.CASES), 'From what to what: see '
    'kickstarting/mixtures/cases.py.')
_AGENTS = flags.DEFINE_list(
    'agents', list(curriculum_lib.AGENTS), 'Which of the case.')
_FACTORISED = flags.DEFINE_bool(
    'factorised', True, 'Whether the large policy of action_space is a product'
    ' of one for each step of a macro-action.')
_MIXING = flags.DEFINE_string(
    'mixing', curriculum_lib.MIXING, 'Share of the complex agent over time, as '
    '--weights, or pbt.')
_TRANSFER_COST = flags.DEFINE_float(
    'transfer_cost', 0.01, 'Multiplier of the loss between the agents; see '
    'docs/mix_and_match.md for the paper\'s.', lower_bound=0.0)
_POPULATION = flags.DEFINE_integer(
    'population', 4, 'Members, with --mixing=pbt.', lower_bound=1)
_PRESET = flags.DEFINE_enum(
    'preset', 'mix_and_match_short', ['mix_and_match', 'mix_and_match_short'],
    'Rules, with --mixing=pbt: the paper\'s, or for a few million frames.')
_EPISODES = flags.DEFINE_integer(
    'evaluation_episodes', 100, 'Episodes per task at the end.', lower_bound=1)


def main(argv):
  del argv
  folder = workdir_lib.choose('mix_and_match')
  base = problem_flags.describe()
  curriculum = curriculum_lib.describe(
      base, _CASE.value, agents=_AGENTS.value, factorised=_FACTORISED.value,
      mixing=(rules_flags.rules(_PRESET.value) if _MIXING.value == 'pbt'
              else _MIXING.value),
      transfer_cost=_TRANSFER_COST.value, members=_POPULATION.value)
  problems = {name: curriculum.problem(name) for name in curriculum.runs}
  stop = workdir_lib.begin(folder, 'mix_and_match', base)
  print(f'{_CASE.value} on {base.suite.name}: {len(problems)} agents of'
        f' {base.config.frames:,} frames; results in {folder}', flush=True)
  trained: dict[str, curriculum_lib.Trained] = {}
  scores: dict[str, float] = {}
  for name, problem in problems.items():
    if not (trained and stop()):
      trained[name] = curriculum.train(
          name, problem, folder / name, resume=run_flags.RESUME.value,
          should_stop=stop)
    if not stop():
      with contextlib.suppress(threads.Stopped):
        scores[name] = curriculum.judge(
            name, trained[name], _EPISODES.value,
            folder / name / 'policy.npz', workdir_lib.origin())
  figure = mixture_figures.draw(
      folder / 'mix_and_match', {name: [folder / name] for name in trained},
      title=f'{_CASE.value}, seed {base.config.seed}')
  workdir_lib.finish(folder, workdir_lib.summary(*trained.values()) | {
      'ended': 'interrupted' if stop() else 'finished',
      'scores_of_training': {n: run.score for n, run in trained.items()},
      'evaluation_scores': scores,
      'population': list(trained.values())[-1].population,
      'workdir': str(folder), 'figure': str(figure)})


if __name__ == '__main__':
  cli.run(main)
