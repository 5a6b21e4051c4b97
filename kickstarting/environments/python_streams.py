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

What an environment returns is checked here, but for observations: whether it
has the form that its kind promises, and whether a reward, a discount and the
end of an episode are what these can be. Whoever returns something else reads
what it was and what was expected.

Loads neither JAX nor the rest of the package. Not here: observations
(`observations.py`), batches of environments (`python_batch.py`).
"""

import functools
import reprlib
from typing import Any, NamedTuple, Protocol

import dm_env
from dm_env import specs
import numpy as np

from kickstarting import checks

_GYMNASIUM_STEP = '(observation, reward, terminated, truncated, info)'
_GYMNASIUM_RESET = '(observation, info)'


class Step(NamedTuple):
  """What one environment returns."""

  observation: Any
  reward: float
  discount: float
  is_last: bool


class Stream(Protocol):
  """One environment of either kind; what it returns is checked.

  Its methods raise UserError where the environment returns what it may not.
  """

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
  """A `dm_env.Environment`.

  The last step of an episode carries its reward. An environment that begins
  its next episode within the same step, and returns FIRST in the place of
  LAST, would lose that reward and the end: it is refused.
  """

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
    step = self._env.reset()
    step_type = self._step_type(step, 'reset')
    if step_type != dm_env.StepType.FIRST:
      raise checks.UserError(
          f'task {self.task_name!r} returned a step of type {step_type.name}'
          ' from reset; expected FIRST. Return dm_env.restart(observation).')
    if step.reward is not None:
      reward = _number(step.reward, 'reward', self.task_name)
      if reward:
        raise checks.UserError(
            f'task {self.task_name!r} returned reward {reward} with the first'
            ' step of an episode, where none can be learnt from; expected None'
            ' or 0. Return it with the last step of the episode before.')
    return Step(step.observation, 0.0, 1.0, False)

  def step(self, action: int) -> Step:
    """Takes an action inside an episode."""
    step = self._env.step(self._dtype.type(action))
    step_type = self._step_type(step, 'step')
    if step_type == dm_env.StepType.FIRST:
      raise checks.UserError(
          f'task {self.task_name!r} returned FIRST from step, with reward'
          f' {_shown(step.reward)}, inside an episode: the end of the episode'
          ' and its reward would be lost; expected MID or LAST. Return'
          ' dm_env.termination or dm_env.truncation where it ends; reset is'
          ' called after that.')
    discount = _number(step.discount, 'discount', self.task_name)
    if not 0 <= discount <= 1:
      raise checks.UserError(
          f'task {self.task_name!r} returned discount {discount}; expected a'
          ' number in [0, 1], 0 where the episode has ended. Repair the'
          ' environment; dm_env.transition and dm_env.termination set it.')
    return Step(
        step.observation, _number(step.reward, 'reward', self.task_name),
        discount, step_type == dm_env.StepType.LAST)

  def close(self) -> None:
    """Frees the environment."""
    self._env.close()

  @functools.cached_property
  def _dtype(self) -> np.dtype:
    """Of actions: environments may validate them, and a Python int has none."""
    return self._env.action_spec().dtype

  def _step_type(self, step: Any, method: str) -> dm_env.StepType:
    """Returns the type of what should be a TimeStep."""
    if not all(hasattr(step, name) for name in dm_env.TimeStep._fields):
      raise checks.UserError(
          f'task {self.task_name!r} returned a {type(step).__name__} from'
          f' {method}; expected a dm_env.TimeStep. Return what dm_env.restart,'
          ' transition, truncation or termination make.')
    try:
      return dm_env.StepType(step.step_type)
    except ValueError:
      raise checks.UserError(
          f'task {self.task_name!r} returned step type'
          f' {_shown(step.step_type)} from {method}; expected FIRST, MID or'
          ' LAST of dm_env.StepType. Repair the environment.') from None


class GymnasiumStream:
  """A Gymnasium `Env`.

  It must not begin the next episode within the step that ends one (Gymnasium
  calls that same-step autoreset): `reset` is called after every end.
  """

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
    count: Any = getattr(space, 'n', None)
    # MultiBinary has an n as well, and a shape.
    is_discrete = (
        isinstance(count, (int, np.integer))
        and getattr(space, 'shape', ()) == ()
        and getattr(space, 'start', 0) == 0
    )
    if not is_discrete:
      raise checks.UserError(_not_discrete(self.task_name, space))
    return int(count)

  def reset(self) -> Step:
    """Starts an episode."""
    observation, _ = self._parts(
        self._env.reset(seed=self._seed), 'reset', _GYMNASIUM_RESET, 2)
    self._seed = None  # a seed again would repeat the same episode
    return Step(observation, 0.0, 1.0, False)

  def step(self, action: int) -> Step:
    """Takes an action inside an episode."""
    observation, reward, terminated, truncated, _ = self._parts(
        self._env.step(action), 'step', _GYMNASIUM_STEP, 5)
    terminated = _flag(terminated, 'terminated', self.task_name)
    truncated = _flag(truncated, 'truncated', self.task_name)
    discount = 1.0
    if terminated:
      discount = 0.0
    elif truncated:
      discount = self._discount_at_timeout
    return Step(
        observation, _number(reward, 'reward', self.task_name), discount,
        terminated or truncated)

  def close(self) -> None:
    """Frees the environment."""
    self._env.close()

  def _parts(
      self, returned: Any, method: str, expected: str, count: int
  ) -> tuple[Any, ...]:
    """Returns what should be a tuple of so many parts."""
    if isinstance(returned, tuple) and len(returned) == count:
      return returned
    what = f'a {type(returned).__name__}'
    if isinstance(returned, tuple):
      types = ', '.join(type(part).__name__ for part in returned)
      what = f'{len(returned)} values ({types})'
    raise checks.UserError(
        f'task {self.task_name!r} returned {what} from {method}; expected'
        f' {count}: {expected}. Return these, as gymnasium.Env says; older'
        ' versions of Gym had others.')


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
  if hasattr(env, 'single_action_space'):
    raise checks.UserError(
        f'the builder of task {name!r} made a {type(env).__name__}, which steps'
        ' several environments at a time; expected a single one, since streams'
        ' are made here. Return one environment, such as gymnasium.make gives.')
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


def _number(value: Any, what: str, task_name: str) -> float:
  """Returns a reward or a discount; raises UserError if it is no number."""
  if type(value) is float:  # nearly always
    return value
  # A NumPy number, or an array of another library that holds a single one.
  array = value
  if not isinstance(value, (bool, np.generic)) and hasattr(value, '__array__'):
    array = np.asarray(value)
  is_number = (
      isinstance(array, (int, float, np.integer, np.floating))
      and not isinstance(array, bool)
      or isinstance(array, np.ndarray)
      and array.shape == () and array.dtype.kind in 'iuf')
  try:
    if is_number:
      return float(array)
  except OverflowError:
    pass
  raise checks.UserError(
      f'task {task_name!r} returned {what} {_shown(value)} of type'
      f' {type(value).__name__}; expected one number. Return a float.')


def _flag(value: Any, what: str, task_name: str) -> bool:
  """Returns a truth value; raises UserError if it is something else."""
  if isinstance(value, (bool, np.bool_)):
    return bool(value)
  if hasattr(value, '__array__'):
    array = np.asarray(value)
    if array.shape == () and array.dtype == bool:
      return bool(array)
  raise checks.UserError(
      f'task {task_name!r} returned {what} {_shown(value)} of type'
      f' {type(value).__name__}; expected True or False. Return a bool.')


def _shown(value: Any) -> str:
  """Returns a short text of anything, in one line."""
  return ' '.join(reprlib.repr(value).split())
