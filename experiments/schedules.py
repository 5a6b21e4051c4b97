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
"""How the teacher's weight should fall: constant, linear, or evolved.

  python -m experiments.schedules --workdir=results/ablations

After Table 2 and Figure 3 of Schmitt et al. (2018), arXiv:1803.03835: one
teacher that was trained from scratch on all tasks, with the budget of its
students, who can pass it therefore. Its weight is constant (1 or 2), falls
linearly from there to 0 (the paper's horizons of 1, 2 and 4 of 10 B frames are
10, 20 and 40 % of the budget here), or is moved by Population Based Training. A
population costs as many frames as it has members; its score is the mean of the
three best. Not here: training (`train.py`, `kickstart.py`, `pbt.py`).
"""

import pathlib

from absl import flags

from experiments import ablation
from experiments import study_flags
from kickstarting.commands import cli

flags.adopt_module_key_flags(study_flags)
flags.FLAGS.set_default('workdir', 'results/ablations')


def settings(teacher: pathlib.Path) -> list[ablation.Setting]:
  """Returns the lines of the table, for the teacher in a folder."""
  weights = [(f'constant {start}', f'constant:{start}') for start in (1, 2)]
  weights += [
      (f'linear {start} to 0 at {share} %', f'linear:{start}:{share}%')
      for start in (1, 2) for share in (10, 20, 40)]
  taught = f'--teachers={teacher}'
  return [
      ablation.Setting(
          'scratch', 'experiments.train', ('--evaluation_episodes=8',)),
      *(ablation.student(name, taught, f'--weights={value}')
        for name, value in weights),
      ablation.Setting('PBT', 'experiments.pbt', (taught,)),
  ]


def main(argv):
  del argv
  ablation.study(
      study_flags.folder(), settings,
      study_flags.seeds(), study_flags.extra(),
      name='schedules', title='Weight of the teacher over time')


if __name__ == '__main__':
  cli.run(main)
