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
"""The main job over several seeds, with pure distillation beside it.

  python -m experiments.study --workdir=results/study

Runs `experiments.kickstart` once per seed (from scratch and kickstarted) and
once more per seed with --method=on_policy_distill, skips what is done, and
prints a table of means and ranges, a picture and JSON. Frames are the
student's; a second column adds the frames that the teachers were trained for,
where these are known.
Not here: training.
"""

import json
import pathlib
from typing import Any

from absl import flags
import numpy as np

from experiments import ablation
from experiments import study_flags
from kickstarting import figures
from kickstarting import files
from kickstarting.commands import cli
from kickstarting.commands import comparison
from kickstarting.commands import run_files

flags.adopt_module_key_flags(study_flags)

_KICKSTART = ablation.Setting('kickstart', 'experiments.kickstart', ())
_DISTILL = ablation.Setting(
    'distill', 'experiments.kickstart',
    ('--method=on_policy_distill', '--nobaseline'))


def _print(table: dict[str, dict[str, Any]]) -> None:
  def cell(values, scale=1.0, digits=1, nothing='not reached'):
    if any(v is None for v in values):
      return f'{nothing} ({sum(v is None for v in values)} seeds)'
    values = np.array(values) / scale
    return (f'{values.mean():.{digits}f} ({values.min():.{digits}f} to'
            f' {values.max():.{digits}f})')

  print('| method | final score | M frames to the scratch score | the same,'
        ' with the teachers\' frames | speed-up |')
  print('| --- | --- | --- | --- | --- |')
  for method, row in table.items():
    is_reached = None not in row['frames_to_scratch_score']
    both = cell(
        row['frames_with_experts'], 1e6, 2,
        'unknown' if is_reached else 'not reached')
    print(f'| {method} | {cell(row["final_scores"], nothing="none")} |'
          f' {cell(row["frames_to_scratch_score"], 1e6, 2)} |'
          f' {both} |'
          f' {cell(row["speedup"])} |', flush=True)


def main(argv):
  del argv
  folder = study_flags.folder()
  runs: dict[str, list[pathlib.Path]] = {
      name: [] for name in ('scratch', 'kickstarted', 'distilled')}
  for seed in study_flags.seeds():
    extra = study_flags.extra()
    both = ablation.run(folder, _KICKSTART, seed, extra)
    alone = ablation.run(folder, _DISTILL, seed, extra)
    runs['scratch'].append(both / 'scratch')
    runs['kickstarted'].append(both / 'kickstarted')
    runs['distilled'].append(alone / 'distilled')
  first = runs['scratch'][0].parent
  result = run_files.ended(first, suite=str, teacher_frames=(int, type(None)))
  table = comparison.tabulate(runs, result['teacher_frames'])
  _print(table)
  figure = figures.draw_curves(
      folder / 'score_against_frames', runs,
      title=(
          f'{result["suite"]}, {len(study_flags.seeds())} seeds (mean and'
          ' range)'))
  result = {'workdir': str(folder), 'figure': str(figure), 'table': table}
  files.write_json(folder / 'study.json', result, indent=2)
  print(json.dumps(result), flush=True)


if __name__ == '__main__':
  cli.run(main)
