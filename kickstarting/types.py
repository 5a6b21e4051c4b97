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
"""Records that cross module borders, with the legend of axes and time.

Axes: T unroll steps, B streams (environments stepped side by side), A actions,
K teachers or agents of a mixture, U distinct instructions, L words of an
instruction. Everything is time-major, [T, B, ...]; only `Agent.step` and
environments see [B, ...].

Time: a trajectory holds T+1 timesteps and the T transitions between them. The
suffix `_tm1` marks the source of a transition, `_t` its destination; reward
and discount arrive *with* the destination, as in dm_env. The slicing happens
in one place, `losses.split_transitions`, whose docstring draws the table.

Not here: configuration (each module owns its `Config`) and what computes. Read
`losses/` next.
"""

from collections.abc import Callable
import functools
from typing import Any, NamedTuple, TypeAlias

import jax
import numpy as np

from kickstarting import checks

Array: TypeAlias = jax.Array | np.ndarray
Scalar: TypeAlias = Array | np.floating  # shape []
PyTree: TypeAlias = Any
Params: TypeAlias = Any  # a pytree of arrays
CoreState: TypeAlias = Any  # a pytree of arrays, leading axis [B]

TASK = 'task'  # entry of an observation: int32, the row of the stream's task


class ArraySpec(NamedTuple):
  """One array of a stream, without the axes of time and streams."""

  shape: tuple[int, ...]
  dtype: np.dtype


class Timestep(NamedTuple):
  """What an agent sees at one time; leading axes [B] or [T+1, B]."""

  observation: PyTree  # dict of arrays, e.g. {'image': uint8 [..., 7, 7, 3]}
  instruction: Array  # int32, a row of the table of instructions
  previous_action: Array  # int32, led here; 0 at the start of an episode
  reward: Array  # float32, raw; arrived with this observation
  discount: Array  # float32, the environment's own: 0 where it terminated
  step_type: Array  # int32, dm_env.StepType: 0 FIRST, 1 MID, 2 LAST


class AgentOutput(NamedTuple):
  """What an agent computes from a timestep; leading axes as the timestep's."""

  # Parameters of a distribution over actions (`distributions/`): of A choices
  # their logits, and P is A.
  policy: Array  # float32 [..., P]
  value: Array  # float32 [...]
  policies: Array | None = None  # float32 [..., K, A], logits of those mixed
  distilled: Array | None = None  # float32 [..., A], of the shared column
  features: Array | None = None  # float32 [..., D], to be compared
  taught_value: Array | None = None  # float32 [...], of what teachers pay


class TeacherOutput(NamedTuple):
  """What the teachers say of a trajectory, each on its own streams."""

  policy: Array  # float32 [T+1, B, P], as the student's
  value: Array  # float32 [T+1, B]; 0 where a teacher has none
  # The teacher of each stream, -1 where it has none; shadows tuple.index.
  index: Array  # type: ignore[assignment]  # int32 [B]
  features: Array | None = None  # float32 [T+1, B, D], if they give any


class Trajectory(NamedTuple):
  """One unroll of the behaviour policy over B streams."""

  timesteps: Timestep  # [T+1, B, ...]
  actions: Array  # int32 [T, B], taken at timesteps[:-1]
  behaviour_log_prob: Array  # float32 [T, B], log mu(a) of who chose them
  initial_core_state: CoreState  # [B, ...], before timesteps[0]
  instructions: Array  # int32 [U, L], hashed words, 0 = padding
  task: Array  # int32 [B], row of the suite's task list
  teacher: TeacherOutput | None  # None when there are no teachers


def map_streams(
    function: Callable[..., Any], *trajectories: Trajectory
) -> Trajectory:
  """Maps all that streams have of one or more trajectories.

  This is where it is written which axis of what is the stream's.

  Args:
    function: (axis of the streams, an array of each trajectory) -> what stands
      in its place.
    *trajectories: with the same fields.

  Returns:
    A trajectory with the table of instructions of the first.
  """
  of_steps, of_streams = (
      functools.partial(jax.tree.map, functools.partial(function, axis))
      for axis in (1, 0))
  first, *_ = trajectories
  teacher = first.teacher
  if teacher is not None:
    all_of_them = [x.teacher for x in trajectories if x.teacher is not None]
    teacher = TeacherOutput(
        policy=of_steps(*(x.policy for x in all_of_them)),
        value=of_steps(*(x.value for x in all_of_them)),
        index=of_streams(*(x.index for x in all_of_them)),
        features=of_steps(*(x.features for x in all_of_them)))
  return Trajectory(
      timesteps=of_steps(*(x.timesteps for x in trajectories)),
      actions=of_steps(*(x.actions for x in trajectories)),
      behaviour_log_prob=of_steps(
          *(x.behaviour_log_prob for x in trajectories)),
      initial_core_state=of_streams(
          *(x.initial_core_state for x in trajectories)),
      instructions=first.instructions,
      task=of_streams(*(x.task for x in trajectories)),
      teacher=teacher)


class _Hypers(NamedTuple):
  """The fields of `Hypers`."""

  learning_rate: Scalar  # float32
  entropy_cost: Scalar  # float32
  baseline_cost: Scalar  # float32
  alpha: Scalar  # float32, common factor of the teachers' weights
  rho: Array  # float32 [K], one factor per teacher
  # Of agents that share parts: how far the curriculum of a mixture has come,
  # and the multiplier of what they learn from each other (c_KL in Distral). The
  # members of a population need one each, like all others.
  mixing: Scalar = np.float32(1.0)  # float32 in [0, 1]
  transfer_cost: Scalar = np.float32(0.0)  # float32


class Hypers(_Hypers):
  """Numbers that may change at every update without recompiling.

  The weight of teacher i is lambda[i] = alpha * rho[i] (Schmitt et al. 2018,
  section 4.2).

  Raises:
    ValueError: one of them is a text.
  """

  __slots__ = ()

  def __new__(cls, *args: Any, **kwargs: Any) -> 'Hypers':
    """Checks the fields, and makes the record."""
    new = super().__new__(cls, *args, **kwargs)
    for name, value in zip(cls._fields, new):
      if isinstance(value, (str, bytes)):
        raise checks.UserError(
            f'{name} is the text {value!r}; expected a number, or an array of'
            ' them. A schedule is called with the frames before it goes into an'
            ' update.')
    return new


class LearnerState(NamedTuple):
  """All that an update reads and writes."""

  params: Params
  opt_state: PyTree
  updates: Array  # int32 []
