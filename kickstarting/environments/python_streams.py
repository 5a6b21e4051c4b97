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
"""One environment of a user's: dm_env and Gymnasium behind one small face.

Not here: batches of them (`python_batch.py`).
"""

from typing import Any, NamedTuple, Protocol

import dm_env
from dm_env import specs
import numpy as np

from kickstarting import checks


class Step(NamedTuple):
  """What one environment returns."""

  observation: Any
  reward: float
  discount: float
  is_last: bool


class Stream(Protocol):
  """One environment of either kind."""

  task_name: str

  def num_actions(self) -> int:
    """Returns how many discrete actions there are."""

  def reset(self) -> Step:
    """Starts an episode."""

  def step(self, action: int) -> Step:
    """Takes an action inside an episode."""

  def close(self) -> None:
    """Frees the environment."""


class DmEnvStream:
  """A `dm_env.Environment`."""

  def __init__(self, task_name: str, env: dm_env.Environment):
    self.task_name = task_name
    self._env = env

  def num_actions(self) -> int:
    """Returns how many discrete actions there are."""
    spec = self._env.action_spec()
    is_discrete = (
        isinstance(spec, specs.BoundedArray)
        and spec.shape == ()
        and np.issubdtype(spec.dtype, np.integer)
        and spec.minimum == 0
    )
    if not is_discrete:
      raise checks.UserError(_not_discrete(self.task_name, spec))
    return int(spec.maximum) + 1

  def reset(self) -> Step:
    """Starts an episode."""
    return Step(self._env.reset().observation, 0.0, 1.0, False)

  def step(self, action: int) -> Step:
    """Takes an action inside an episode."""
    step = self._env.step(action)
    return Step(step.observation, step.reward, step.discount, step.last())

  def close(self) -> None:
    """Frees the environment."""
    self._env.close()


class GymnasiumStream:
  """A Gymnasium `Env`."""

  def __init__(
      self, task_name: str, env: Any, seed: int, bootstrap_on_timeout: bool
  ):
    self.task_name = task_name
    self._env = env
    self._seed: int | None = seed
    self._discount_at_timeout = float(bootstrap_on_timeout)

  def num_actions(self) -> int:
    """Returns how many discrete actions there are."""
    space = self._env.action_space
    if not hasattr(space, 'n') or getattr(space, 'start', 0) != 0:
      raise checks.UserError(_not_discrete(self.task_name, space))
    return int(space.n)

  def reset(self) -> Step:
    """Starts an episode."""
    observation, _ = self._env.reset(seed=self._seed)
    self._seed = None  # a seed again would repeat the same episode
    return Step(observation, 0.0, 1.0, False)

  def step(self, action: int) -> Step:
    """Takes an action inside an episode."""
    observation, reward, terminated, truncated, _ = self._env.step(action)
    discount = 1.0
    if terminated:
      discount = 0.0
    elif truncated:
      discount = self._discount_at_timeout
    return Step(
        observation, float(reward), discount, bool(terminated or truncated)
    )

  def close(self) -> None:
    """Frees the environment."""
    self._env.close()


def make_stream(
    name: str, env: Any, seed: int, bootstrap_on_timeout: bool
) -> Stream:
  """Wraps an environment of either kind.

  Args:
    name: of the task, for messages.
    env: a `dm_env.Environment` or a Gymnasium `Env`.
    seed: for the first reset of a Gymnasium environment.
    bootstrap_on_timeout: discount 1 where Gymnasium truncates.

  Raises:
    ValueError: it is neither.
  """
  if isinstance(env, dm_env.Environment):
    return DmEnvStream(name, env)
  if hasattr(env, 'action_space') and hasattr(env, 'observation_space'):
    return GymnasiumStream(name, env, seed, bootstrap_on_timeout)
  raise checks.UserError(
      f'the builder of task {name!r} made a {type(env).__name__}; expected a'
      ' dm_env.Environment or a gymnasium.Env.'
  )


def _not_discrete(task_name: str, spec: Any) -> str:
  return (
      f'task {task_name!r} has actions {spec}; expected one discrete action'
      ' that starts at 0; wrap the environment.'
  )
