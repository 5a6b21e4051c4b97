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
"""Whether the teacher needs a weight of its own on each task.

  python -m experiments.weighting --workdir=results/ablations

After Figure 5 of Schmitt et al. (2018), arXiv:1803.03835: a weight per task
moved by Population Based Training, one for all moved so, a constant one, and
pure distillation. The teacher is that of `schedules.py`, which is good at some
tasks and bad at others; what that study has done in the same folder is not done
again. The score of a population is the mean of its three best. Not here:
training (`train.py`, `kickstart.py`, `pbt.py`).
"""

import pathlib

from absl import flags

from experiments import ablation
from experiments import study_flags
from kickstarting.commands import cli
from kickstarting.environments import suites

flags.adopt_module_key_flags(study_flags)
flags.FLAGS.set_default('workdir', 'results/ablations')


def settings(teacher: pathlib.Path) -> list[ablation.Setting]:
  """Returns the lines of the table, for the teacher in a folder."""
  taught = f'--teachers={teacher}'
  by_task = ','.join(
      f'{task}={teacher}' for task in suites.get_suite('minigrid8').task_names)
  return [
      ablation.Setting(
          'PBT per task', 'experiments.pbt',
          (f'--teachers={by_task}', '--weighting=per_teacher')),
      ablation.Setting('PBT', 'experiments.pbt', (taught,)),
      ablation.student('constant 1', taught, '--weights=constant:1'),
      ablation.Setting(
          'distillation', 'experiments.kickstart',
          ('--nobaseline', taught, '--method=on_policy_distill',
           '--weights=constant:1'),
          'distilled'),
  ]


def main(argv):
  del argv
  ablation.study(
      study_flags.folder(), settings,
      study_flags.seeds(), study_flags.extra(),
      name='weighting', title='One weight, or one for each task')


if __name__ == '__main__':
  cli.run(main)
