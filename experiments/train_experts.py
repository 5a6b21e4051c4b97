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

Each line of `PLAN` is one run of `experiments.train`: first one agent learns
easier levels together, then it kickstarts one expert per level, trained on that
level alone. Runs that have finished are skipped, so the command can be
repeated. The experts are then copied into the library with their manifest. Not
here: training itself (`train.py`).
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
    'only', [], 'Names of runs to do; empty for the whole plan.')
_SHIP = flags.DEFINE_bool(
    'ship', True, 'Copy the experts of minigrid8 into the library.')


# Short unrolls in large batches: sparse rewards need many updates.
_FLAGS = ('--unroll_steps=10', '--streams=64')


class Step(NamedTuple):
  """One run."""

  name: str
  tasks: tuple[str, ...]
  frames: int  # of its own
  teacher: str | None = None  # name of the run whose policy kickstarts it


# Easier levels whose skills the experts need; one agent learns them together.
SCHOOL = Step('school', (
    'DoorKey-5x5', 'DoorKey-6x6', 'Unlock', 'KeyCorridorS3R1', 'LavaGapS5',
    'LavaGapS7', 'SimpleCrossingS9N1', 'RedBlueDoors-6x6', 'Empty-Random-6x6',
    'Fetch-5x5-N2', 'GoToObj', 'GoToLocalS8N7', 'GoToRedBallGrey', 'OneRoomS8',
    'PickupDist', 'OpenDoor'), 6_000_000)

PLAN = (
    SCHOOL,
    Step('FourRooms', ('FourRooms',), 2_000_000, 'school'),
    Step('LavaCrossingS9N1', ('LavaCrossingS9N1',), 1_000_000, 'school'),
    Step('DoorKey-8x8', ('DoorKey-8x8',), 1_000_000, 'school'),
    Step('UnlockPickup', ('UnlockPickup',), 2_000_000, 'school'),
    Step('KeyCorridorS3R2', ('KeyCorridorS3R2',), 1_500_000, 'school'),
    Step('MemoryS7', ('MemoryS7',), 2_000_000, 'school'),
    Step('PickupLoc', ('PickupLoc',), 2_000_000, 'school'),
    Step('PutNextLocalS5N3', ('PutNextLocalS5N3',), 3_000_000, 'school'),
)


def run_step(step: Step, folder: pathlib.Path) -> None:
  """Does one run unless it is done."""
  workdir = folder / step.name
  if (workdir / 'result.json').is_file():
    print(f'{step.name}: done before', flush=True)
    return
  command = [
      sys.executable, '-m', 'experiments.train', '--suite=minigrid_all',
      f'--tasks={",".join(step.tasks)}', f'--frames={step.frames}',
      f'--workdir={workdir}', *_FLAGS,
  ]
  if step.teacher:
    command.append(f'--teachers=*={folder / step.teacher}')
  if workdir.exists():
    command.append('--resume')
  print(' '.join(command[1:]), flush=True)
  subprocess.run(command, check=True)


def ship(folder: pathlib.Path, step: Step) -> None:
  """Copies a finished expert into the library."""
  task, = step.tasks
  result = json.loads((folder / task / 'result.json').read_text())
  policy = folder / task / 'policy.npz'
  config = json.loads((folder / task / 'config.json').read_text())
  level = suites.get_suite('minigrid_all', [task]).levels[0]
  zoo.add_expert(policy, task, {
      'level': level,
      'frames': result['frames'],
      'teacher': step.teacher,
      'teacher_frames': SCHOOL.frames,
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
    if not _ONLY.value or step.name in _ONLY.value:
      run_step(step, folder)
  if _SHIP.value:
    for step in PLAN:
      if step is not SCHOOL:
        ship(folder, step)
        print(f'shipped {step.name}: {zoo.manifest()[step.name]["score"]:.1f}',
              flush=True)


if __name__ == '__main__':
  app.run(main)
