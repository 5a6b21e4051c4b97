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
"""Seeds of environments that never overlap.

Environment i of an EnvPool takes seed + i, so neighbouring seeds share nearly
all their streams. Here every (run, group, actor) owns a block of its own, and
stream j of its batch plays seed `first_seed(...) + j`. A seed is 31 bits:

  run 11 | group 2 | actor 6 | stream 12

Not here: keys of the agents' random numbers (jax.random, `runtime/`).
"""

import enum

from kickstarting import checks

MAX_STREAMS = 1 << 12  # of one actor
MAX_ACTORS = 1 << 6  # of one group
NUM_RUNS = 1 << 11


class Group(enum.IntEnum):
  """What the episodes are for: no two groups see the same ones."""

  TRAINING = 0
  EVALUATION = 1
  MEASUREMENT = 2  # random and reference scores
  SELECTION = 3  # which member of a population is better


def first_seed(
    seed: int, actor_id: int = 0, group: Group = Group.TRAINING
) -> int:
  """Returns the first of the MAX_STREAMS seeds of one actor; below 2**31.

  Args:
    seed: of the run, 0 or more. Blocks of one run never overlap; two runs
      share theirs only if their seeds are equal modulo 2,048.
    actor_id: 0 to MAX_ACTORS - 1.
    group: what the episodes are for.

  Raises:
    ValueError: if seed or actor_id is out of range.
  """
  if seed < 0:
    raise checks.UserError(f'seed is {seed}; expected 0 or more.')
  if not 0 <= actor_id < MAX_ACTORS:
    raise checks.UserError(
        f'actor_id is {actor_id}; expected 0 to {MAX_ACTORS - 1}; use fewer'
        ' actors with more streams each.'
    )
  block = (seed % NUM_RUNS) * 4 + int(group)
  return (block * MAX_ACTORS + actor_id) * MAX_STREAMS


def check_streams(num_tasks: int, streams_per_task: int) -> None:
  """Raises ValueError for a batch without streams, or of too many."""
  if num_tasks < 1 or streams_per_task < 1:
    raise checks.UserError(
        f'got {num_tasks} tasks with {streams_per_task} streams each; expected'
        ' at least one of both.'
    )
  num_streams = num_tasks * streams_per_task
  if num_streams > MAX_STREAMS:
    raise checks.UserError(
        f'{num_tasks} tasks with {streams_per_task} streams each make'
        f' {num_streams} streams; one batch holds at most {MAX_STREAMS}; use'
        ' more actors with fewer streams each.'
    )
