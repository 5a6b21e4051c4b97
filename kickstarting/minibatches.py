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
"""Cuts a batch into smaller ones, from each of which a step is learnt.

Not here: the steps (`update.py`), batches that are cut before they are sent to
the learner (`runtime/layout.py`).
"""

import jax.numpy as jnp

from kickstarting import checks
from kickstarting import types


def most(num_streams: int, parts: int) -> int:
  """Returns the largest divisor of a number of streams, up to some parts."""
  return max(part for part in range(1, min(parts, num_streams) + 1)
             if num_streams % part == 0)


def deal_streams(
    trajectory: types.Trajectory, parts: int
) -> types.Trajectory:
  """Deals the streams of a trajectory out to several smaller ones.

  Part i gets streams i, i + parts, i + 2 parts, ...: where streams are sorted
  by task, every part has every task.

  Args:
    trajectory: of B streams.
    parts: M, a divisor of B.

  Returns:
    The parts, with a leading axis [M] in front of all axes; the table of
    instructions, which all of them read, is repeated.

  Raises:
    ValueError: the streams cannot be dealt out evenly.
  """
  checks.check_count('parts', parts)
  num_streams = trajectory.task.shape[-1]
  if num_streams % parts:
    raise checks.UserError(
        f'a batch has {num_streams} streams, which {parts} minibatches do not'
        ' divide; expected a multiple. Change streams or minibatches.')

  def deal(axis, x):
    shape = (*x.shape[:axis], num_streams // parts, parts, *x.shape[axis + 1:])
    return jnp.moveaxis(jnp.reshape(x, shape), axis + 1, 0)

  return types.map_streams(deal, trajectory)._replace(
      instructions=jnp.repeat(
          jnp.asarray(trajectory.instructions)[jnp.newaxis], parts, axis=0))
