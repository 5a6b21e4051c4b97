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
"""Mix & Match against both ends of its curriculum, several seeds each.

  python -m experiments.curricula --case=action_space
  python -m experiments.curricula --case=core \
      --agents=simple,complex,mix_and_match,sum_of_cores,two_lstms
  python -m experiments.curricula --case=action_space --mixing=schedule,pbt

Runs `experiments.mix_and_match` once for each agent and seed, skips what is
done, and prints a table of final scores and of when each agent got half, and
all, of what the complex agent of the same seed has at the end; a table of what
the mixtures ended with; a picture; JSON. The paper's claim is a faster start
than the complex agent's and a final score at least as good. Not here: training,
what the cases are (`kickstarting/mixtures/cases.py`).
"""

from collections.abc import Mapping, Sequence
import json
import pathlib
from typing import Any

from absl import flags

from experiments import ablation
from experiments import mixture_figures
from experiments import study_flags
from kickstarting import checks
from kickstarting import files
from kickstarting.commands import cli
from kickstarting.commands import comparison
from kickstarting.commands import run_files
from kickstarting.mixtures import cases

flags.adopt_module_key_flags(study_flags)
flags.FLAGS.set_default('workdir', None)
_CASE = flags.DEFINE_string(
    'case', 'action_space', 'From what to what: see '
    'kickstarting/mixtures/cases.py.')
_AGENTS = flags.DEFINE_list(
    'agents', ['simple', 'complex', 'mix_and_match'], 'Which of the case; '
    'complex must be among them.')
_MIXING = flags.DEFINE_list(
    'mixing', ['schedule'], 'What moves the mixing of the agents that mix, a '
    'line for each: schedule (--mixing in --extra, or its default), pbt (a '
    'population).')

_MIXTURES = ('mix_and_match', 'shared_head')
_BY_PBT = 'pbt'  # of --mixing of experiments.mix_and_match


def _settings() -> list[ablation.Setting]:
  """Returns the lines of the table.

  Raises:
    ValueError: there is nothing to compare with, or nothing moves the mixing.
  """
  if cases.COMPLEX not in _AGENTS.value:
    raise checks.UserError(
        f'--agents={",".join(_AGENTS.value)} lacks {cases.COMPLEX!r},'
        ' with which the others are compared. Add it.')
  for how in _MIXING.value or ['']:
    checks.check_name('--mixing', how, ('schedule', _BY_PBT))
  settings: list[ablation.Setting] = []
  for name in _AGENTS.value:
    of_agent = (f'--case={_CASE.value}', f'--agents={name}')
    for how in _MIXING.value if name in _MIXTURES else ['schedule']:
      evolves = how == _BY_PBT
      label = f'{name} by pbt' if evolves else name
      more = (f'--mixing={how}',) if evolves else ()
      settings.append(ablation.Setting(
          label, 'experiments.mix_and_match', of_agent + more, name))
  return settings


def _mixtures(
    runs: Mapping[str, Sequence[pathlib.Path]]
) -> dict[str, dict[str, Any]]:
  """Returns what the mixtures among some runs ended with, seed by seed."""
  table = {}
  for label, folders in runs.items():
    curves = [mixture_figures.mixing_curve(folder)[1] for folder in folders]
    if not any(map(len, curves)):
      continue
    results = [run_files.ended(folder.parent, evaluation_scores=dict)
               for folder in folders]
    table[label] = {
        'complex_agent_alone': [
            result['evaluation_scores'][folder.name]
            for result, folder in zip(results, folders)],
        'mixing': [float(curve[-1]) for curve in curves],
    } | {name: [result['population'][name] for result in results]
         for name in results[0].get('population') or ()}
  return table


def _print_mixtures(table: Mapping[str, Mapping[str, Any]]) -> None:
  """Prints the table as Markdown."""
  columns = ('complex_agent_alone', 'mixing', 'copies', 'rescues',
             'decisions_at_0', 'copied_at_0')
  lines = [['setting', *(name.replace('_', ' ') for name in columns)],
           ['---'] * (1 + len(columns))]
  for label, row in table.items():
    lines.append([label, *(
        ', '.join(f'{value:.4g}' for value in row.get(name, ()))
        for name in columns)])
  for line in lines:
    print('| ' + ' | '.join(line) + ' |', flush=True)


def main(argv):
  del argv
  settings = _settings()
  folder = study_flags.folder(f'results/curricula_{_CASE.value}')
  seeds = study_flags.seeds()
  runs = ablation.run_all(
      folder, settings, seeds, study_flags.extra())
  ends = [comparison.last_score(run) for run in runs[cases.COMPLEX]]
  table = ablation.tabulate(runs, {
      'half of the complex agent\'s score': [
          None if end is None else end / 2 for end in ends],
      'all of it': ends})
  ablation.print_table(table)
  mixtures = _mixtures(runs)
  _print_mixtures(mixtures)
  figure = mixture_figures.draw(
      folder / _CASE.value, runs,
      title=f'{_CASE.value}, {len(seeds)} seeds (mean and range)')
  result: dict[str, Any] = {
      'workdir': str(folder), 'figure': str(figure), 'table': table,
      'mixtures': mixtures}
  files.write_json(folder / 'curricula.json', result, indent=2)
  print(json.dumps(result), flush=True)


if __name__ == '__main__':
  cli.run(main)
