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
"""Environments written in Python, dm_env or Gymnasium, as one batch.

The streams are stepped in a loop, in the calling thread: right for trying an
environment of your own, slower than `envpool_batch.py` by far.

Observations: a dict of arrays, or a single array, which is then called
'observation'. The entry `instruction_key` is text and becomes the instruction;
all others must be numeric and keep their shape. 64-bit numbers become 32-bit
ones, which is what JAX computes with; one that does not fit is an error, as is
a float that is NaN or infinite.

The end: the last step of an episode brings its reward. An environment must not
begin the next episode within it; `reset` is called then. A reward that comes
with the first step of an episode is an error.

Time-outs: Gymnasium's `terminated` is discount 0. Its `truncated` alone is a
time-out: discount 0 as well, or 1 with `bootstrap_on_timeout`. A dm_env
environment states its own discount, which is never changed.

Not here: wrappers that turn continuous actions or nested observations into
these. Read `base.py` for what a batch promises.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.environments import base
from kickstarting.environments import instructions as instructions_lib
from kickstarting.environments import observations
from kickstarting.environments import python_streams
from kickstarting.environments import seeds
from kickstarting.environments import targets


def task_batch(
    builders: Mapping[str, Callable[[int], Any]],
    streams_per_task: int,
    *,
    seed: int,
    actor_id: int = 0,
    group: seeds.Group = seeds.Group.TRAINING,
    max_words: int = instructions_lib.MAX_WORDS,
    instruction_key: str = 'mission',
    instruction_every_step: bool = False,
    bootstrap_on_timeout: bool = False,
) -> 'PythonBatch':
  """Makes a batch of `streams_per_task` streams of every task.

  Args:
    builders: makes a `dm_env.Environment` or a Gymnasium `Env` from a seed,
      by name of the task; row i of the task list is the i-th of them. A
      Gymnasium environment also gets the seed at its first reset.
    streams_per_task: streams of each task, beside each other in the batch.
    seed: of the run.
    actor_id: which actor of the run will own the batch.
    group: what the episodes are for; see `seeds.first_seed`.
    max_words: words of an instruction that are kept.
    instruction_key: entry of the observation that is the instruction, text or
      bytes; an observation without it has the empty instruction.
    instruction_every_step: whether the instruction may change inside an
      episode; if not, it is read only where an episode starts.
    bootstrap_on_timeout: see the module's docstring.

  Raises:
    ValueError: an object that is neither kind of environment, actions that
      are not discrete, or tasks that do not fit each other.
  """
  seeds.check_streams(len(builders), streams_per_task)
  first_seed = seeds.first_seed(seed, actor_id, group)
  streams: list[python_streams.Stream] = []
  for name, build in builders.items():
    for _ in range(streams_per_task):
      stream_seed = first_seed + len(streams)
      targets.check_signature(build, name, stream_seed, {})
      streams.append(
          python_streams.make_stream(
              name, _built(name, build, stream_seed), stream_seed,
              bootstrap_on_timeout
          )
      )
  return PythonBatch(
      streams,
      tuple(builders),
      max_words,
      instruction_key,
      instruction_every_step,
  )


def _built(name: str, build: Callable[[int], Any], seed: int) -> Any:
  """Returns an environment; names its task in what its builder raises."""
  try:
    return build(seed)
  except checks.UserError:
    raise
  except Exception as error:  # of a user's own code
    raise checks.UserError(
        f'an environment of task {name!r} cannot be made:'
        f' {targets.in_a_line(error)}; expected a function of a seed that makes'
        f' one, called with {seed} here. Correct it.') from error


class PythonBatch(base.BatchedEnvironment):
  """See `task_batch`, which makes it, and `base.BatchedEnvironment`."""

  def __init__(
      self,
      streams: list[python_streams.Stream],
      task_names: tuple[str, ...],
      max_words: int,
      instruction_key: str,
      instruction_every_step: bool,
  ):
    """Initialises the batch and starts every stream once, for its shapes."""
    self.num_streams = len(streams)
    self.task = np.repeat(
        np.arange(len(task_names), dtype=np.int32),
        len(streams) // len(task_names),
    )
    self.instructions = instructions_lib.InstructionTable(max_words)
    self._streams = streams
    self._task_names = task_names
    self._instruction_key = instruction_key
    self._every_step = instruction_every_step
    self._turn = base.TurnTaking()
    self._actions = np.zeros(self.num_streams, np.int32)
    self._is_over = np.zeros(self.num_streams, bool)
    self._instruction = np.zeros(self.num_streams, np.int32)
    self.spec = base.EnvironmentSpec(
        base.common_num_actions(
            [stream.task_name for stream in streams],
            [stream.num_actions() for stream in streams],
        ),
        self._common_observation(),
        max_words,
    )

  def reset(self) -> types.Timestep:
    """Starts an episode in every stream."""
    self._turn.begin('reset')
    is_first = np.ones(self.num_streams, bool)
    return self._timestep([s.reset() for s in self._streams], is_first)

  def send(self, actions: np.ndarray) -> None:
    """Notes the actions that `receive` will take."""
    base.check_actions(actions, self.num_streams)
    self._turn.begin('send')
    self._actions = np.array(actions, np.int32)

  def receive(self) -> types.Timestep:
    """Steps every stream, or restarts it after LAST."""
    self._turn.end()
    is_first = self._is_over
    steps = [
        stream.reset() if restart else stream.step(action)
        for stream, restart, action in zip(
            self._streams,
            is_first.tolist(),
            self._actions.tolist(),
            strict=True,
        )
    ]
    return self._timestep(steps, is_first)

  def close(self) -> None:
    """Closes every environment."""
    for stream in self._streams:
      stream.close()

  def _timestep(
      self, steps: list[python_streams.Step], is_first: np.ndarray
  ) -> types.Timestep:
    """Joins what the streams returned; `is_first` is bool [B]."""
    is_last = np.array([step.is_last for step in steps])
    step_type = np.where(is_first, base.FIRST, base.MID)
    step_type = np.where(is_last, base.LAST, step_type).astype(np.int32)
    with np.errstate(over='ignore'):  # infinite rewards are found below
      reward = np.array([step.reward for step in steps], np.float32)
    self._is_over = is_last
    self._read_instructions(steps, is_first)
    timestep = types.Timestep(
        observation=self._join(steps),
        instruction=self._instruction.copy(),
        previous_action=base.previous_action(self._actions, step_type),
        reward=reward,
        discount=np.array([step.discount for step in steps], np.float32),
        step_type=step_type,
    )
    base.check_timestep(timestep, self.task, self._task_names)
    return timestep

  def _join(self, steps: list[python_streams.Step]) -> dict[str, np.ndarray]:
    """Stacks the observations, after checking them against the spec."""
    arrays = [self._arrays(i, step) for i, step in enumerate(steps)]
    for i, array in enumerate(arrays):
      self._check(i, array, self.spec.observation)
    return {
        name: np.stack([array[name] for array in arrays])
        for name in self.spec.observation
    }

  def _arrays(
      self, stream: int, step: python_streams.Step
  ) -> dict[str, np.ndarray]:
    """Returns the numeric entries of an observation."""
    return observations.numbers(
        step.observation, self._instruction_key,
        self._streams[stream].task_name, stream)

  def _read_instructions(
      self, steps: list[python_streams.Step], is_first: np.ndarray
  ) -> None:
    """Updates the row of each stream's instruction, where it may change."""
    for i, step in enumerate(steps):
      if self._every_step or is_first[i]:
        self._instruction[i] = self.instructions.intern(
            observations.instruction(
                step.observation, self._instruction_key,
                self._streams[i].task_name))

  def _common_observation(self) -> dict[str, types.ArraySpec]:
    """Returns the shapes that every stream's first observation has."""
    common: dict[str, types.ArraySpec] = {}
    for i, stream in enumerate(self._streams):
      arrays = self._arrays(i, stream.reset())
      common = common or {
          name: types.ArraySpec(array.shape, array.dtype)
          for name, array in arrays.items()
      }
      self._check(i, arrays, common)
    return common

  def _check(self, stream, arrays, expected) -> None:
    observations.check(
        arrays, expected, self._streams[stream].task_name, stream)
