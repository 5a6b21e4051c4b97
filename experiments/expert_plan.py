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

Here: `PLAN`, runs of `experiments.train` in order: first one agent learns
easier levels together, then it kickstarts one expert per level. Not here: who
carries it out (`train_experts.py`).
"""

from typing import NamedTuple


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
    Step('LavaGapS7', ('LavaGapS7',), 1_000_000, 'school'),
    Step('DoorKey-8x8', ('DoorKey-8x8',), 1_000_000, 'school'),
    Step('UnlockPickup', ('UnlockPickup',), 2_000_000, 'school'),
    Step('MemoryS7', ('MemoryS7',), 2_000_000, 'school'),
    Step('PickupLoc', ('PickupLoc',), 2_000_000, 'school'),
    Step('GoToLocalS8N7', ('GoToLocalS8N7',), 1_000_000, 'school'),
    Step('PutNextLocalS5N3', ('PutNextLocalS5N3',), 3_000_000, 'school'),
)
