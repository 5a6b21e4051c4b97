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

Runs that have finished are skipped, so the command can be repeated. The experts
are then copied into the library with their manifest. Not here: the plan
(`expert_plan.py`), training itself (`train.py`).
"""

import pathlib
import shlex
import sys

from absl import flags

from experiments import ablation
from experiments import expert_plan
from kickstarting.commands import cli
from kickstarting.commands import flag_values
from kickstarting.commands import folder_lock
from kickstarting.commands import run_files
from kickstarting.environments import suites
from kickstarting.teachers import zoo

_WORKDIR = flags.DEFINE_string(
    'workdir', 'results/experts', 'Folder for the runs.')
_ONLY = flags.DEFINE_list(
    'only', [], 'Names of runs to do; empty for the whole plan.')
_SHIP = flags.DEFINE_bool(
    'ship', True, 'Copy the experts of minigrid8 into the library.')


# Short unrolls in large batches: sparse rewards need many updates. The rate is
# that of the shipped experts.
_FLAGS = ('--unroll_steps=10', '--streams=64', '--learning_rate=2e-3')


def run_step(step: expert_plan.Step, folder: pathlib.Path) -> None:
  """Does one run unless it is done."""
  workdir = folder / step.name
  if run_files.result(workdir):
    print(f'{step.name}: done before', flush=True)
    return
  command = [
      sys.executable, '-m', 'experiments.train', '--suite=minigrid_all',
      f'--tasks={",".join(step.tasks)}', f'--frames={step.frames}',
      f'--workdir={workdir}', *_FLAGS,
  ]
  if step.teacher:
    command.append(f'--teachers=*={folder / step.teacher}')
  if (workdir / 'config.json').exists():
    command.append('--resume')
  print(shlex.join(command[1:]), flush=True)
  ablation.call(command)


def ship(folder: pathlib.Path, step: expert_plan.Step) -> None:
  """Copies a finished expert into the library."""
  task, = step.tasks
  result = run_files.ended(
      folder / task, frames=int, evaluation_score=float, tasks=dict)
  policy = folder / task / 'policy.npz'
  config = run_files.config(folder / task)
  level = suites.get_suite('minigrid_all', [task]).levels[0]
  zoo.add_expert(policy, task, {
      'level': level,
      'frames': result['frames'],
      'teacher': step.teacher,
      'teacher_frames': expert_plan.SCHOOL.frames,
      'seed': config['flags']['seed'],
      'score': result['evaluation_score'],
      'return': result['tasks'][task]['return'],
      'episodes': result['tasks'][task]['episodes'],
      'command': config['command'],
  })


def main(argv):
  del argv
  folder = flag_values.path('workdir', _WORKDIR.value)
  folder_lock.take(folder)
  for step in expert_plan.PLAN:
    if not _ONLY.value or step.name in _ONLY.value:
      run_step(step, folder)
  if _SHIP.value:
    for step in expert_plan.PLAN:
      if step is not expert_plan.SCHOOL:
        ship(folder, step)
        print(f'shipped {step.name}: {zoo.manifest()[step.name]["score"]:.1f}',
              flush=True)


if __name__ == '__main__':
  cli.run(main)
