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
"""Teachers play, and get the value of what they were seen to do.

For teachers whose value is that of another policy, such as those that err on
purpose (`teachers/flipped.py`). Not here: the fit (`teachers/linear_value.py`).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kickstarting import checks
from kickstarting import losses
from kickstarting.environments import base
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import instruction_slots
from kickstarting.runtime import parameter_store
from kickstarting.teachers import acting
from kickstarting.teachers import labelling
from kickstarting.teachers import linear_value
from kickstarting.teachers import teacher as teacher_lib

_UNROLL_STEPS = 20


class Measured(NamedTuple):
  """A teacher with a new value, and what there is to say of it."""

  teacher: teacher_lib.Teacher
  # Share of the variance of its returns that the new value explains in episodes
  # that it was not fitted to.
  explained: float
  # Means over the steps that it played.
  mean_return: float  # discounted
  mean_old_value: float


def measure(
    teachers: Sequence[teacher_lib.Teacher],
    environment: base.BatchedEnvironment,
    teacher_of_stream: np.ndarray,
    *,
    discount: float,
    reward_transform: str,
    steps: int,
    rng_key: Any,
    gives_features: bool = False,
) -> list[Measured]:
  """Lets teachers act, and fits their value to their discounted returns.

  Args:
    teachers: K of them, all of which give features.
    environment: freshly made, at least two streams for each teacher; closed in
      the end.
    teacher_of_stream: row of `teachers`; int [B].
    discount: gamma of the student.
    reward_transform: of the student; a key of `losses.REWARD_TRANSFORMS`.
    steps: of each stream. Episodes that go on after them are not looked at.
    rng_key: of the actions.
    gives_features: whether the new teachers give theirs.

  Raises:
    ValueError: a teacher gives no features, or too few of its episodes end.
  """
  teacher_lib.check_features(teachers)
  labeller = acting.let_act(
      labelling.make_labeller(teachers, teacher_of_stream),
      acting.Control(teacher_share=1.0))
  played = _play(environment, labeller, steps, rng_key)
  transform = losses.get_reward_transform(reward_transform)
  returns = linear_value.monte_carlo_returns(
      np.asarray(transform(played.reward)), discount * played.discount,
      played.step_type)
  measured = []
  for k, teacher in enumerate(teachers):
    mine = np.flatnonzero(teacher_of_stream == k)
    known = returns[:, mine].reshape(-1)
    fold = np.broadcast_to(
        np.arange(len(mine)) % 2, (len(returns), len(mine))).reshape(-1)
    try:
      fit = linear_value.fit(
          played.features[:, mine].reshape(len(known), -1), known, fold)
    except checks.UserError as error:
      raise checks.UserError(f'teacher {teacher.name!r}: {error}') from error
    measured.append(Measured(
        linear_value.with_value(
            teacher, fit.weights, gives_features=gives_features),
        fit.explained, float(np.nanmean(known)),
        float(played.value[:, mine].mean())))
  return measured


class _Played(NamedTuple):
  """What was seen; [steps + 1, B, ...]."""

  reward: np.ndarray
  discount: np.ndarray
  step_type: np.ndarray
  value: np.ndarray
  features: np.ndarray


def _play(environment, labeller, steps, rng_key) -> _Played:
  actor = actor_lib.StreamActor(
      _nobody(environment.spec.num_actions), environment, labeller, rng_key)
  store = parameter_store.ParameterStore(0, ())
  parts: list[_Played] = []
  try:
    for rollout in actor_lib.rollouts([actor], store, _UNROLL_STEPS):
      seen = rollout.trajectory.timesteps
      said: Any = rollout.trajectory.teacher
      part = (seen.reward, seen.discount, seen.step_type, said.value,
              said.features)
      # The last step is the first of the next part.
      is_over = (len(parts) + 1) * _UNROLL_STEPS >= steps
      parts.append(_Played(*(
          np.asarray(x)[:None if is_over else -1] for x in part)))
      if is_over:
        break
  finally:
    actor.close()
  return _Played(*map(np.concatenate, zip(*parts)))


def _nobody(num_actions: int) -> actor_lib.ActorFunctions:
  """Returns the functions of an agent in whose place teachers act."""

  def step(params, rng_key, counter, timestep, context, state):
    del params, rng_key, counter, context
    batch = timestep.step_type.shape
    return (
        np.zeros(batch, np.int32), np.zeros(batch, np.float32),
        np.zeros((*batch, num_actions), np.float32)), state

  return actor_lib.ActorFunctions(
      initial_state=lambda size: (), step=step,
      slots=instruction_slots.make_slot_functions(lambda params, tokens: ()),
      check=lambda spec: None)
