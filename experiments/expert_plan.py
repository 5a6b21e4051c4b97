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
"""Which experts come with the library, and how each is come by.

Here: `PLAN`, runs of `experiments.train` in order, easier levels first: agents
that learn many levels together (`school`, and what follows it), then agents of
one level each, which start from such an agent or are taught by it. A level may
have several runs; the best of them becomes its expert. Not here: who carries it
out (`train_experts.py`).
"""

from collections.abc import Mapping
from typing import NamedTuple

from kickstarting.teachers import teacher as teacher_lib

_EVERY = teacher_lib.EVERY_TASK


class Step(NamedTuple):
  """One run."""

  name: str
  tasks: tuple[str, ...]
  frames: int  # of its own
  teachers: Mapping[str, str] = {}  # by task, or for every one: earlier runs
  start: str = ''  # an earlier run whose parameters it starts from
  flags: tuple[str, ...] = ()

  @property
  def parents(self) -> tuple[str, ...]:
    """Names of the runs that it needs."""
    starts = (self.start,) if self.start else ()
    return tuple(dict.fromkeys((*self.teachers.values(), *starts)))


# Easier levels whose skills the experts need; one agent learns them together.
_SCHOOL = Step('school', (
    'DoorKey-5x5', 'DoorKey-6x6', 'Unlock', 'KeyCorridorS3R1', 'LavaGapS5',
    'LavaGapS7', 'SimpleCrossingS9N1', 'RedBlueDoors-6x6', 'Empty-Random-6x6',
    'Fetch-5x5-N2', 'GoToObj', 'GoToLocalS8N7', 'GoToRedBallGrey', 'OneRoomS8',
    'PickupDist', 'OpenDoor'), 6_000_000)


def _taught(task: str, frames: int) -> Step:
  return Step(task, (task,), frames, {_EVERY: _SCHOOL.name})


PLAN = (
    _SCHOOL,
    _taught('FourRooms', 2_000_000),
    _taught('LavaGapS7', 1_000_000),
    _taught('DoorKey-8x8', 1_000_000),
    _taught('UnlockPickup', 2_000_000),
    _taught('MemoryS7', 2_000_000),
    _taught('PickupLoc', 2_000_000),
    _taught('GoToLocalS8N7', 1_000_000),
    _taught('PutNextLocalS5N3', 3_000_000),
)


def lineage(name: str) -> tuple[str, ...]:
  """Returns the names of all runs that went into one, its own included."""
  steps = {step.name: step for step in PLAN}
  found: dict[str, None] = {}
  waiting = [name]
  while waiting:
    found[waiting[0]] = None
    waiting = waiting[1:] + [
        parent for parent in steps[waiting[0]].parents if parent not in found]
  return tuple(found)
