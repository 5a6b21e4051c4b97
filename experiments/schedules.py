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
"""How the teachers' weight should fall: constant, linear, or evolved.

  python -m experiments.schedules --workdir=results/schedules

After Table 2 and Figure 3 of Schmitt et al. (2018), arXiv:1803.03835, whose
horizons of 1, 2 and 4 B of 10 B frames are 10, 20 and 40 % of the budget here:
constant weights 1 and 2, linear ones from 1 and 2 to 0, Population Based
Training, and from scratch; all with the shipped experts, whose own score is the
line of the teachers. A population costs as many frames as it has members; its
score is that of its best one. Not here: training (`kickstart.py`, `pbt.py`).
"""

import json
import pathlib

from absl import app
from absl import flags

from experiments import ablation

_WORKDIR = flags.DEFINE_string(
    'workdir', 'results/schedules', 'Folder of the study.')
_SEEDS = flags.DEFINE_list('seeds', ['1', '2', '3'], 'Seeds.')
_EXTRA = flags.DEFINE_string(
    'extra', '', 'Further flags for every run, space-separated.')
_PBT_EXTRA = flags.DEFINE_string(
    'pbt_extra', '', 'Further flags for populations, space-separated.')


def settings(pbt_extra: tuple[str, ...] = ()) -> list[ablation.Setting]:
  """Returns the lines of the table."""
  lines = [
      ablation.Setting('scratch', 'train', ('--evaluation_episodes=8',))]
  weights = [(f'constant {start}', f'constant:{start}') for start in (1, 2)]
  weights += [
      (f'linear {start} to 0 at {share} %', f'linear:{start}:{share}%')
      for start in (1, 2) for share in (10, 20, 40)]
  lines += [
      ablation.Setting(
          name, 'kickstart', ('--nobaseline', f'--weights={value}'),
          'kickstarted')
      for name, value in weights]
  lines.append(ablation.Setting('PBT', 'pbt', pbt_extra))
  return lines


def main(argv):
  del argv
  folder = pathlib.Path(_WORKDIR.value)
  extra = _EXTRA.value.split()
  runs = ablation.run_all(
      folder, settings(tuple(_PBT_EXTRA.value.split())), _SEEDS.value, extra)
  teachers = ablation.run(
      folder, ablation.Setting('teachers', 'evaluate', ('--policy=zoo',)), '1',
      [flag for flag in extra if flag.startswith(('--suite', '--tasks'))])
  score = json.loads((teachers / 'result.json').read_text())['score']
  ablation.report(
      folder, runs, name='schedules', title='Weights of the teachers over time',
      extra={'score_of_teachers': score})


if __name__ == '__main__':
  app.run(main)
