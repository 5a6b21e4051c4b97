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

Each line of `PLAN` is one run of `experiments.train`; a level that is hard from
scratch is taught by the expert of an easier one. Runs that have finished are
skipped, so the command can be repeated. Experts of `minigrid8` are then copied
into the library with their manifest. Not here: training itself (`train.py`).
"""

import json
import pathlib
import subprocess
import sys
from typing import NamedTuple

from absl import app
from absl import flags

from kickstarting.environments import suites
from kickstarting.teachers import zoo

_WORKDIR = flags.DEFINE_string(
    'workdir', 'results/experts', 'Folder for the runs.')
_ONLY = flags.DEFINE_list(
    'only', [], 'Names of tasks to train; empty for the whole plan.')
_SHIP = flags.DEFINE_bool(
    'ship', True, 'Copy the experts of minigrid8 into the library.')


class Step(NamedTuple):
  """One expert."""

  task: str
  frames: int  # of its own
  teacher: str | None = None  # task of the expert that kickstarts it
  flags: tuple[str, ...] = ()


PLAN = (
    Step('DoorKey-5x5', 600_000),
    Step('DoorKey-8x8', 2_000_000, 'DoorKey-5x5'),
    Step('Unlock', 600_000),
    Step('UnlockPickup', 3_000_000, 'Unlock'),
    Step('KeyCorridorS3R1', 1_000_000),
    Step('KeyCorridorS3R2', 3_000_000, 'KeyCorridorS3R1'),
    Step('LavaGapS5', 600_000),
    Step('LavaCrossingS9N1', 1_500_000, 'LavaGapS5'),
    Step('MemoryS7', 3_000_000),
    Step('PickupLoc', 4_000_000),
    Step('PutNextLocalS5N3', 4_000_000, 'PickupLoc'),
    Step('FourRooms', 3_000_000),
)


def run_step(step: Step, folder: pathlib.Path) -> None:
  """Trains one expert unless it is there."""
  workdir = folder / step.task
  if (workdir / 'result.json').is_file():
    print(f'{step.task}: done before', flush=True)
    return
  command = [
      sys.executable, '-m', 'experiments.train', '--suite=minigrid_all',
      f'--tasks={step.task}', f'--frames={step.frames}',
      f'--workdir={workdir}', *step.flags,
  ]
  if step.teacher:
    command.append(f'--teachers=*={folder / step.teacher}')
  if workdir.exists():
    command.append('--resume')
  print(' '.join(command[1:]), flush=True)
  subprocess.run(command, check=True)


def chain(task: str) -> list[Step]:
  """Returns the steps that end in the expert for `task`, first one first."""
  step = next(s for s in PLAN if s.task == task)
  return (chain(step.teacher) if step.teacher else []) + [step]


def ship(folder: pathlib.Path, task: str) -> None:
  """Copies a finished expert into the library."""
  result = json.loads((folder / task / 'result.json').read_text())
  policy = pathlib.Path(result['policy'])
  config = json.loads((folder / task / 'config.json').read_text())
  level = suites.get_suite('minigrid_all', [task]).levels[0]
  zoo.add_expert(policy, task, {
      'level': level,
      'frames': result['frames'],
      'frames_with_teachers': sum(step.frames for step in chain(task)),
      'seed': config['flags']['seed'],
      'score': result['evaluation_score'],
      'return': result['tasks'][task]['return'],
      'episodes': result['tasks'][task]['episodes'],
      'command': config['command'],
  })


def main(argv):
  del argv
  folder = pathlib.Path(_WORKDIR.value)
  for step in PLAN:
    if not _ONLY.value or step.task in _ONLY.value:
      run_step(step, folder)
  if _SHIP.value:
    for task in suites.get_suite('minigrid8').task_names:
      ship(folder, task)
      print(f'shipped {task}: {zoo.manifest()[task]["score"]:.1f}', flush=True)


if __name__ == '__main__':
  app.run(main)
