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
"""Trains the experts that come with the library, easier levels first.

  python -m experiments.train_experts --workdir=results/experts
  python -m experiments.train_experts --experts=results/mine --only=school

Runs that have finished, and those whose expert is in the folder of experts, are
skipped, so the command can be repeated; another folder trains all anew. Of each
level the best run, by 200 episodes, becomes the expert. Not here: the plan
(`expert_plan.py`), what becomes of a run (`expert_shelf.py`), training itself
(`train.py`).
"""

import pathlib
import shlex
import sys

from absl import flags

from experiments import ablation
from experiments import expert_plan
from experiments import expert_shelf
from kickstarting import checks
from kickstarting.commands import cli
from kickstarting.commands import flag_values
from kickstarting.commands import folder_lock
from kickstarting.teachers import zoo

_WORKDIR = flags.DEFINE_string(
    'workdir', 'results/experts', 'Folder for the runs.')
_ONLY = flags.DEFINE_list(
    'only', [], 'Names of runs to do; empty for the whole plan.')
_EXPERTS = flags.DEFINE_string(
    'experts', '', 'Folder of the experts; empty for that of the library.')

# Short unrolls in large batches: sparse rewards need many updates. The rate is
# that of the shipped experts.
_FLAGS = ('--unroll_steps=10', '--streams=64', '--learning_rate=2e-3')


def run_step(
    step: expert_plan.Step, folder: pathlib.Path, experts: pathlib.Path
) -> None:
  """Does one run unless it is done."""
  workdir = folder / step.name
  if ablation.is_finished(workdir) or expert_shelf.shipped(
      step.name, experts):
    print(f'{step.name}: done before', flush=True)
    return
  command = [
      sys.executable, '-m', 'experiments.train', '--suite=minigrid_all',
      f'--tasks={",".join(step.tasks)}', f'--frames={step.frames}',
      f'--workdir={workdir}', *_FLAGS, *step.flags,
  ]
  policy = lambda name: expert_shelf.shipped(name, experts) or folder / name
  if step.teachers:
    command.append('--teachers=' + ','.join(
        f'{task}={policy(name)}' for task, name in step.teachers.items()))
  if step.start:
    command.append(f'--init={policy(step.start)}')
  if (workdir / 'config.json').exists():
    command.append('--resume')
  print(shlex.join(command[1:]), flush=True)
  ablation.call(command)


def main(argv):
  del argv
  folder = flag_values.path('workdir', _WORKDIR.value)
  experts = (flag_values.path('experts', _EXPERTS.value) if _EXPERTS.value
             else zoo.default_folder())
  for name in _ONLY.value:
    checks.check_name('run', name, [step.name for step in expert_plan.PLAN])
  folder_lock.take(folder)
  for step in expert_plan.PLAN:
    if not _ONLY.value or step.name in _ONLY.value:
      run_step(step, folder, experts)
      if len(step.tasks) == 1:
        expert_shelf.ship(folder, step, experts)


if __name__ == '__main__':
  cli.run(main)
