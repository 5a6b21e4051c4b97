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
"""The contract of a teacher, and who teaches which task.

A teacher sees the student's stream of timesteps through its own network, its
own preprocessing (which is part of that network) and its own core state. Here:
`Teacher`, `from_policy`, the checks against the student's environment, and
`route`. Not here: evaluation (`labelling.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import losses
from kickstarting import types
from kickstarting.networks import branches
from kickstarting.networks import own
from kickstarting.teachers import policy_file

EVERY_TASK = '*'


@dataclasses.dataclass(frozen=True)
class Teacher:
  """A fixed agent: pure functions and their parameters.

  `unroll(params, timesteps [T, B], context, core state)` returns an AgentOutput
  [T, B] and the core state after the last step; `encode(params, tokens [U, L])`
  gives the context; `initial_state(B)` the core state before the first step.
  """

  name: str
  params: types.Params
  encode: Callable[..., Any]
  unroll: Callable[..., tuple[types.AgentOutput, types.CoreState]]
  initial_state: Callable[[int], types.CoreState]
  architecture: Any  # teachers with equal ones are evaluated in one call
  num_actions: int
  observation: Mapping[str, types.ArraySpec]
  tasks: tuple[str, ...] = ()  # what it was trained on
  has_value: bool = True  # of the rewards; False: nobody may read its value
  has_q: bool = False  # True: its logits are action values, Q(s, a)
  feature_size: int = 0  # of the features in its output; 0 for none


def from_policy(
    name: str, policy: policy_file.Policy, *, gives_features: bool = False
) -> Teacher:
  """Makes a teacher of a trained agent.

  It has a value function where it learnt one of the environment's rewards: its
  `info` says so with 'has_value', or else with the method it was trained by.
  With 'has_q' it says that the logits are action values.

  Args:
    name: of the teacher.
    policy: the agent.
    gives_features: whether its output has what its core gives.

  Raises:
    ValueError: the parameters do not belong to the network, or are not finite.
  """
  method = losses.METHODS.get(policy.info.get('method', losses.KICKSTARTING))
  network = own.adapt(
      policy.network, 'a teacher that gives features' if gives_features else '',
      features=branches.Features(are_given=gives_features))
  agent = agent_lib.make_agent(
      network, dict(policy.observation), policy.num_actions)
  check_params(name, agent, policy.params)
  return Teacher(
      name=name,
      params=policy.params,
      encode=agent.encode,
      unroll=agent.unroll,
      initial_state=agent.initial_state,
      architecture=(
          network, policy.num_actions,
          tuple(sorted(
              (name, spec.shape, str(spec.dtype))
              for name, spec in policy.observation.items()))),
      num_actions=policy.num_actions,
      observation=policy.observation,
      tasks=policy.tasks,
      has_value=bool(policy.info.get(
          'has_value', method is None or method.value_is_of_rewards)),
      feature_size=(
          network.core_size
          if gives_features and not isinstance(network, own.OwnNetwork) else 0),
      has_q=bool(policy.info.get('has_q', False)),
  )


def from_function(
    name: str,
    function: Callable[[Any], types.Array],
    observation: Mapping[str, Any],
    num_actions: int,
) -> Teacher:
  """Makes a teacher of a function of JAX.

  Args:
    name: of the teacher.
    function: from observations, an array or a dict of arrays with an axis [N]
      in front, to logits [N, A]. It has no value.
    observation: name -> anything with `shape` and `dtype`, of the student.
    num_actions: A.

  Raises:
    ValueError: it returns something of another shape.
  """
  network = own.agent_of(
      lambda rng_key, observation: (),
      lambda params, observation: _without_value(function(observation)))
  agent = agent_lib.make_agent(network, dict(observation), num_actions)
  return Teacher(
      name=name, params={}, encode=agent.encode,
      # Nothing is learnt of it, so that there is nothing to be found by name.
      unroll=lambda params, *args: agent.unroll({'own': {}}, *args),
      initial_state=agent.initial_state, architecture=(function,),
      num_actions=num_actions,
      observation=policy_file.observation_of(observation), has_value=False)


def _without_value(logits: types.Array) -> Any:
  """Returns logits and zeros; what is no array is left for others to refuse."""
  shape = getattr(logits, 'shape', ())
  return (logits, jnp.zeros(shape[:1])) if shape else logits


def check_params(
    name: str, agent: agent_lib.Agent, params: types.Params
) -> None:
  """Compares parameters with what an agent's network expects.

  Raises:
    ValueError: arrays are missing, left over, of another shape or not finite.
  """
  expected = {
      key: tuple(value.shape) for key, value in policy_file.flatten(
          jax.eval_shape(agent.init, jax.random.key(0))).items()
  }
  got = {
      key: tuple(np.shape(value))
      for key, value in policy_file.flatten(params).items()
  }
  try:
    policy_file.check_shapes(expected, got)
  except checks.UserError as error:
    raise checks.UserError(f'{name!r} holds {error}') from error
  bad = [
      key for key, value in policy_file.flatten(params).items()
      if not np.isfinite(np.asarray(value)).all()
  ]
  if bad:
    raise checks.UserError(
        f'{name!r} has NaN or infinite parameters in {bad[0]!r}; take an'
        ' earlier checkpoint of it.')


def check_fits(
    teacher: Teacher,
    num_actions: int,
    observation: Mapping[str, Any],
) -> None:
  """Compares a teacher with the student's environment.

  Args:
    teacher: what was loaded.
    num_actions: of the environment.
    observation: name -> anything with `shape` and `dtype`.

  Raises:
    ValueError: actions or observations differ; the text names both sides.
  """
  if teacher.num_actions != num_actions:
    raise checks.UserError(
        f'Teacher {teacher.name!r} has {teacher.num_actions} actions, but the'
        f' student has {num_actions}; choose tasks with the same actions or'
        ' retrain the teacher.')
  here = policy_file.observation_of(observation)
  for name, spec in teacher.observation.items():
    if here.get(name) != spec:
      side = f'{here[name]}' if name in here else f'only {sorted(here)}'
      raise checks.UserError(
          f'Teacher {teacher.name!r} reads the observation {name!r} as {spec},'
          f' but the student\'s environment gives {side}; choose an environment'
          ' with the same observation or retrain the teacher.')


def check_value(teachers: Sequence[Teacher], method: str) -> None:
  """Raises ValueError if one has no value function, which a method needs."""
  for teacher in teachers:
    if not teacher.has_value:
      raise checks.UserError(
          f'method {method!r} reads the teacher\'s value function, but teacher'
          f' {teacher.name!r} has none; expected one with a value head. Take'
          ' another teacher, or a method that needs its policy alone, such as'
          ' on_policy_distill_plus_r.')


def check_features(teachers: Sequence[Teacher]) -> int:
  """Returns the size of the features that all teachers give.

  Raises:
    ValueError: there is none, one gives none, or they differ in size.
  """
  if not teachers:
    raise checks.UserError(
        'feature_cost is not 0, but there are no teachers; expected at least'
        ' one that gives features. Name teachers, or set it to 0.')
  sizes = {teacher.name: teacher.feature_size for teacher in teachers}
  for name, size in sizes.items():
    if not size:
      raise checks.UserError(
          f'teacher {name!r} gives no features, which are to be regressed on;'
          ' expected what its core computes in AgentOutput.features, and'
          ' feature_size. Take another teacher, or feature_cost 0.')
  if len(set(sizes.values())) > 1:
    raise checks.UserError(
        f'teachers give features of different sizes, {sizes}; expected one'
        ' size. Take teachers of one architecture, or feature_cost 0.')
  return teachers[0].feature_size


def check_q(teachers: Sequence[Teacher], divergence: Any) -> None:
  """Raises ValueError if one has no action values, which a divergence needs."""
  for teacher in teachers:
    if divergence == 'squared_error' and not teacher.has_q:
      raise checks.UserError(
          f'divergence {divergence!r} compares action values, but teacher'
          f' {teacher.name!r} has a policy and none of these; expected one'
          ' whose logits are Q-values (has_q). Take another teacher, or'
          ' forward_kl with a teacher_temperature below 1.')


def route(
    teachers: Sequence[Teacher],
    tasks: Sequence[str],
    assignments: Mapping[str, int] | None = None,
) -> np.ndarray:
  """Decides which teacher speaks on which task.

  Without an assignment a teacher speaks on the tasks it was trained on.

  Args:
    teachers: K of them.
    tasks: names of the student's tasks.
    assignments: task name (or '*', every task not named) -> row of `teachers`;
      overrides.

  Returns:
    Row of `teachers` per task, -1 where a task has none; int32 [tasks].

  Raises:
    ValueError: an assignment names an unknown task, or a teacher has no task.
  """
  assignments = dict(assignments or {})
  unknown = set(assignments) - set(tasks) - {EVERY_TASK}
  if unknown:
    raise checks.UserError(
        f'Teachers are assigned to {sorted(unknown)}, which are not tasks of'
        f' the student; its tasks are {list(tasks)}.')
  rows = np.full(len(tasks), assignments.get(EVERY_TASK, -1), np.int32)
  for i, task in enumerate(tasks):
    for k, teacher in enumerate(teachers):
      if k not in assignments.values() and task in teacher.tasks:
        rows[i] = k
    rows[i] = assignments.get(task, rows[i])
  for k, teacher in enumerate(teachers):
    if k not in rows:
      raise checks.UserError(
          f'Teacher {teacher.name!r} speaks on none of the student\'s tasks'
          f' {list(tasks)}: it was trained on {list(teacher.tasks)}. Name its'
          ' task as TASK=PATH, or every task as *=PATH.')
  return rows
