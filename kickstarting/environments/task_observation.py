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
"""Tells agents which task a stream plays, as an entry of the observation.

Agents with parts of their own for each task need it. Not here: those parts
(`networks/branches.py`). Read `base.py` for what a batch promises.
"""

import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.environments import base

_SPEC = types.ArraySpec((), np.dtype(np.int32))


class TaskObservation(base.Wrapper):
  """A batch whose observation also has the row of the stream's task."""

  def __init__(self, environment: base.BatchedEnvironment, first_row: int = 0):
    """Wraps a batch, which this one then owns.

    Args:
      environment: the batch underneath.
      first_row: of its tasks, in the list of tasks that the agent knows.

    Raises:
      ValueError: its observation has an entry of that name.
    """
    if types.TASK in environment.spec.observation:
      raise checks.UserError(
          f'the observation has an entry {types.TASK!r} of its own; expected'
          ' none, for the row of the task goes there. Rename it.')
    super().__init__(environment)
    self._row = (environment.task + first_row).astype(np.int32)
    self.spec = environment.spec._replace(
        observation=environment.spec.observation | {types.TASK: _SPEC})

  def reset(self) -> types.Timestep:
    """Starts an episode in every stream; leaves of the result are [B, ...]."""
    return self._with_task(super().reset())

  def receive(self) -> types.Timestep:
    """Waits for the step that `send` started; leaves are [B, ...]."""
    return self._with_task(super().receive())

  def _with_task(self, timestep: types.Timestep) -> types.Timestep:
    return timestep._replace(
        observation=timestep.observation | {types.TASK: self._row.copy()})
