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
"""The interface between an actor and its environments: B streams at once.

A stream is one environment that restarts itself. All adapters agree on this:

* `reset` starts an episode in every stream: FIRST, reward 0, discount 1.
* LAST carries the final reward, and discount 0 where the episode ended. An
  environment that begins the next episode within that step, and would return
  the reward with FIRST, is refused: nothing learns from a reward there.
* The step after LAST ignores its action and returns FIRST, again with reward 0
  and discount 1. That dead transition is a step of the stream and no frame of
  any episode; `types.Timestep.step_type` tells the losses to skip it.
* A stream whose environment broke goes on with FIRST, reward 0 and discount 1,
  and had no LAST: it is cut there, and no loss reads that transition.
* A time-out counts as the environment means it; with `bootstrap_on_timeout`
  its LAST keeps discount 1, so that a learner bootstraps from the value.
* `previous_action` is the action just sent, and 0 at FIRST.
* Numbers are checked (`check_timestep`): rewards and observations are finite,
  discounts lie in [0, 1].
* Every array returned is owned by the caller and never written again.

Not here: any particular environment. Read `envpool_batch.py` (compiled
environments, the fast path), `python_batch.py` (yours) or `process_batch.py`
(yours, in processes of their own) next.
"""

import abc
from collections.abc import Sequence
from typing import NamedTuple

import dm_env
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.environments import instructions as instructions_lib
from kickstarting.environments import observations

FIRST = int(dm_env.StepType.FIRST)
MID = int(dm_env.StepType.MID)
LAST = int(dm_env.StepType.LAST)


class EnvironmentSpec(NamedTuple):
  """What a network has to fit."""

  num_actions: int  # discrete actions, 0 to num_actions - 1
  observation: dict[str, types.ArraySpec]
  max_words: int  # length of a row of the table of instructions


class BatchedEnvironment(abc.ABC):
  """B streams stepped side by side, ordered by task.

  One thread owns an instance. Every `send` is followed by one `receive`.

  Attributes:
    num_streams: B.
    task: row of the task list that each stream plays; int32 [B], ascending.
    spec: action count, observation arrays and instruction length.
    instructions: the table that `Timestep.instruction` points into.
    frames_per_step: environment frames of a stream's step.
  """

  num_streams: int
  task: np.ndarray
  spec: EnvironmentSpec
  instructions: instructions_lib.InstructionTable
  frames_per_step: int = 1

  @abc.abstractmethod
  def reset(self) -> types.Timestep:
    """Starts an episode in every stream; leaves of the result are [B, ...]."""

  @abc.abstractmethod
  def send(self, actions: np.ndarray) -> None:
    """Starts a step; `actions` is int32 [B]. Returns at once where it can."""

  @abc.abstractmethod
  def receive(self) -> types.Timestep:
    """Waits for the step that `send` started; leaves are [B, ...]."""

  @abc.abstractmethod
  def close(self) -> None:
    """Frees threads and environments; the instance is unusable afterwards."""


class Described(BatchedEnvironment):
  """A batch that cannot be played: what it would be is known beforehand."""

  def __init__(
      self, spec: EnvironmentSpec, num_tasks: int, frames_per_step: int = 1
  ):
    """Describes a batch with one stream of each task."""
    self.num_streams = num_tasks
    self.task = np.arange(num_tasks, dtype=np.int32)
    self.spec = spec
    self.instructions = instructions_lib.InstructionTable(spec.max_words)
    self.frames_per_step = frames_per_step

  def reset(self) -> types.Timestep:
    """Raises RuntimeError."""
    raise RuntimeError('this batch is described only; make one to play in.')

  def send(self, actions: np.ndarray) -> None:
    """Raises RuntimeError."""
    del actions
    self.reset()

  def receive(self) -> types.Timestep:
    """Raises RuntimeError."""
    return self.reset()

  def close(self) -> None:
    """Has nothing to free."""


class Wrapper(BatchedEnvironment):
  """A batch around another one, which it owns and leaves as it is."""

  def __init__(self, environment: BatchedEnvironment):
    self._environment = environment
    self.num_streams = environment.num_streams
    self.task = environment.task
    self.spec = environment.spec
    self.instructions = environment.instructions
    self.frames_per_step = environment.frames_per_step

  def reset(self) -> types.Timestep:
    """Starts an episode in every stream."""
    return self._environment.reset()

  def send(self, actions: np.ndarray) -> None:
    """Starts a step."""
    self._environment.send(actions)

  def receive(self) -> types.Timestep:
    """Waits for the step."""
    return self._environment.receive()

  def close(self) -> None:
    """Frees the batch underneath."""
    self._environment.close()


def previous_action(actions: np.ndarray, step_type: np.ndarray) -> np.ndarray:
  """Returns `actions`, with 0 where an episode starts; int32 [B]."""
  return np.where(step_type == FIRST, np.int32(0), actions)


def check_timestep(
    timestep: types.Timestep, task: np.ndarray, task_names: Sequence[str]
) -> None:
  """Raises if a number of a timestep is none that an agent can learn from.

  Every batch calls it with what it returns. Shapes and dtypes are checked where
  arrays are made.

  Args:
    timestep: leaves [B, ...].
    task: row of `task_names` of each stream; int32 [B].
    task_names: for the message.

  Raises:
    ValueError: a reward or an observation is NaN or infinite, a reward comes
      with FIRST, a discount is not in [0, 1], a step type is unknown; naming
      the first such stream, its task and the value.
  """
  reward, discount, step_type = map(
      np.asarray, (timestep.reward, timestep.discount, timestep.step_type))
  # All at once, for it is called at every step: x (b - x) is negative, or NaN,
  # where x is not in [0, b].
  is_right = np.isfinite(reward)
  is_right &= (reward == 0) | (step_type != FIRST)
  is_right &= discount * (1 - discount) >= 0
  is_right &= step_type * (LAST - step_type) >= 0
  if not is_right.all():
    _raise(timestep, int(np.argmin(is_right)), task, task_names)
  observations.check_finite(timestep.observation, task, task_names)


def _raise(
    timestep: types.Timestep,
    stream: int,
    task: np.ndarray,
    task_names: Sequence[str],
) -> None:
  """Says what is wrong with a stream that `check_timestep` has found."""
  reward, discount = timestep.reward[stream], timestep.discount[stream]
  step_type = timestep.step_type[stream]
  name, value, expected = 'reward', reward, 'rewards must be finite'
  if not FIRST <= step_type <= LAST:
    name, value = 'step type', step_type
    expected = f'expected {FIRST}, {MID} or {LAST} (FIRST, MID, LAST)'
  elif not 0 <= discount <= 1:
    name, value, expected = 'discount', discount, 'expected a number in [0, 1]'
  elif np.isfinite(reward):
    expected = (
        'that is the first step of an episode, where none can be learnt from,'
        ' and expected is 0. It belongs to the last step of the episode before')
  raise checks.UserError(
      f'task {task_names[task[stream]]!r} returned {name} {value} in stream'
      f' {stream}; {expected}; repair the environment.')


def check_actions(actions: np.ndarray, num_streams: int) -> None:
  """Raises ValueError unless there is one action per stream."""
  if actions.shape != (num_streams,):
    raise checks.UserError(
        f'actions have shape {actions.shape}; expected one per stream,'
        f' ({num_streams},).'
    )


def common_num_actions(
    task_names: Sequence[str], counts: Sequence[int]
) -> int:
  """Returns the number of actions that all tasks of a batch share.

  Raises:
    ValueError: naming the tasks and their counts, if they differ.
  """
  by_task = dict(zip(task_names, counts, strict=True))
  if len(set(counts)) > 1:
    text = ', '.join(f'{task}: {count}' for task, count in by_task.items())
    raise checks.UserError(
        'the tasks of one batch must share one set of actions; got'
        f' {text}; put tasks with other counts in a run of their own.'
    )
  return counts[0]


class TurnTaking:
  """Turns calls out of order, which could block for ever, into errors."""

  def __init__(self):
    self._is_waiting = False

  def begin(self, call: str) -> None:
    """Notes a `send`, or checks that a `reset` may happen now."""
    if self._is_waiting:
      raise RuntimeError(
          f'{call} was called while a step is under way; call receive first.'
      )
    self._is_waiting = call == 'send'

  def end(self) -> None:
    """Notes a `receive`."""
    if not self._is_waiting:
      raise RuntimeError('receive was called without a send before it.')
    self._is_waiting = False
