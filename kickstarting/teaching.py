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
"""Teachers as a student's run has them: loaded, routed, with weights.

Here: `load_teachers`, `read_schedules`. Not here: what a teacher is
(`teachers/`), what a student learns from it (`problems.py`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
import contextlib
import dataclasses
from typing import Any, TypeAlias

import numpy as np

from kickstarting import checks
from kickstarting import files
from kickstarting.environments import suites
from kickstarting.environments.suites import batches
from kickstarting.networks import own
from kickstarting.teachers import policy_file
from kickstarting.teachers import teacher as teacher_lib
from kickstarting.teachers import zoo
from kickstarting.weights import controllers
from kickstarting.weights import parsing
from kickstarting.weights import schedules

ZOO = 'zoo'  # among teachers: the experts that come with the library

Source: TypeAlias = 'str | policy_file.Policy | Callable[..., Any]'
Weights: TypeAlias = (
    'str | float | schedules.Schedule | controllers.WeightController')
Teachers: TypeAlias = 'Source | Sequence[Source] | Mapping[str, Source]'


@dataclasses.dataclass(frozen=True)
class Teaching:
  """Teachers, who speaks where, and what moves their weights."""

  teachers: tuple[teacher_lib.Teacher, ...]
  teacher_of_task: np.ndarray  # int32 [tasks], -1 for none
  controller: controllers.WeightController
  # Of the environments, that all teachers together were trained for, and those
  # who taught them; None where a policy file does not say.
  frames: int | None = 0


NO_TEACHING = Teaching((), np.zeros(0, np.int32), controllers.scheduled(0.0))


def load_teachers(
    specs: Teachers,
    suite: suites.Suite,
    weights: Weights,
    frames: int,
    gives_features: bool = False,
    network: own.OwnNetwork | None = None,
) -> Teaching:
  """Loads teachers and routes them.

  A teacher is called after the task that it is named for, or after its file.

  Args:
    specs: one or more of: a PATH or a `Policy`, which speaks on the tasks that
      it was trained on, TASK=PATH, *=PATH for every task, or `ZOO`. Or by task,
      or '*' for all others: a path, a `Policy`, or a function of JAX from
      observations [N, ...] to logits [N, A].
    suite: the student's tasks.
    weights: see `make_controller`.
    frames: of the whole run, for shares in `weights`.
    gives_features: whether teachers give what their cores compute.
    network: of one's own, of those files that have such a policy.

  Raises:
    ValueError: a file is missing or damaged, a teacher fits no task.
  """
  teachers: list[teacher_lib.Teacher] = []
  costs: dict[str, int | None] = {}  # of a file that is named twice once
  is_read = network is None  # the network of one's own
  assignments: dict[str, int] = {}
  named = _by_task(specs, suite)
  _check_once([
      task or ZOO for task, source in named if task or source == ZOO])
  for task, source in named:
    if source == ZOO:
      taken = {task for task, _ in named}
      tasks = [task for task in suite.task_names if task not in taken]
      teachers += _shipped(tasks, suite, gives_features)
      costs[source] = zoo.training_frames(tasks)
      continue
    if task:
      assignments[task] = len(teachers)
    name = task.strip(teacher_lib.EVERY_TASK)
    if isinstance(source, str):
      path = str(files.user_path('teachers', source))
      policy = policy_file.load_policy(path, network, is_offered=True)
      is_read |= isinstance(policy.network, own.OwnNetwork)
      teacher, cost = _make(name or path, policy, suite, gives_features)
      costs[source] = cost
    else:
      teacher, cost = _make(name, source, suite, gives_features)
      costs[f'{id(source)}'] = cost
    teachers.append(teacher)
  if not is_read:
    raise checks.UserError(
        'teacher_network is given, but no teacher has a network of its own, or'
        ' comes from a file; expected one that does. Leave it out.')
  routing = teacher_lib.route(teachers, suite.task_names, assignments)
  controller = make_controller(weights, frames)
  controller.init(len(teachers))  # raises now if the numbers do not match
  known = [cost for cost in costs.values() if cost is not None]
  return Teaching(
      tuple(teachers), routing, controller,
      sum(known) if len(known) == len(costs) else None)


def _by_task(
    specs: Teachers, suite: suites.Suite
) -> list[tuple[str, Source]]:
  """Returns the task, or nothing, and the source of each teacher.

  Raises:
    ValueError: a task is unknown, or what is to teach is no teacher.
  """
  if isinstance(specs, Mapping):
    for task in specs:
      checks.check_name(
          f'task of {suite.name}', task,
          (*suite.task_names, teacher_lib.EVERY_TASK))
    named = [
        ('' if source == ZOO else task, source)
        for task, source in specs.items()]
  else:
    if isinstance(specs, str) or not isinstance(specs, Sequence):
      specs = [specs]
    named = [
        _task_and_path(source, suite)
        if isinstance(source, str) and source != ZOO else ('', source)
        for source in specs]
  for task, source in named:
    is_function = callable(source) and task  # else it speaks nowhere
    if not (is_function or isinstance(source, (str, policy_file.Policy))):
      raise checks.UserError(
          f'teachers has {checks.short(source)}; expected a path, a Policy,'
          f' {ZOO!r}, or, by task, a function from observations to logits:'
          " teachers={'*': function}. Pass one of these.")
  return named


def _make(
    name: str, source: policy_file.Policy | Callable[..., Any],
    suite: suites.Suite, gives_features: bool,
) -> tuple[teacher_lib.Teacher, int | None]:
  """Returns a teacher, and the frames that it was trained for."""
  if isinstance(source, policy_file.Policy):
    return teacher_lib.from_policy(
        name or 'policy', source,
        gives_features=gives_features), _frames(source)
  spec = batches.spec_of(suite)
  return teacher_lib.from_function(
      name or getattr(source, '__name__', 'function'), source,
      spec.observation, spec.num_actions), None


def _check_once(named: Sequence[str]) -> None:
  """Raises ValueError if a task, or all that are shipped, are named twice."""
  twice = sorted({name for name in named if named.count(name) > 1})
  if twice:
    raise checks.UserError(
        f'teachers names {files.shown(twice[0], 60)} more than once; expected'
        ' one teacher for each task. Remove all but one.')


def _frames(policy: policy_file.Policy) -> int | None:
  """Returns how many frames a policy was trained for, if its file says so.

  Those of its own teachers count, where it had any.
  """
  own = policy.info.get('frames')
  others = policy.info.get('teacher_frames', 0)
  if isinstance(own, int) and isinstance(others, int):
    return own + others
  return None


def _task_and_path(spec: str, suite: suites.Suite) -> tuple[str, str]:
  """Returns what stands before and behind the sign in TASK=PATH.

  What exists as a path is a path, whatever signs are in it.

  Raises:
    ValueError: there is no such path, nor such a task.
  """
  whole = files.user_path('teachers', spec)
  if whole.exists() or '=' not in spec:
    return '', str(whole)
  for task in sorted(
      (*suite.task_names, teacher_lib.EVERY_TASK), key=len, reverse=True):
    if spec.startswith(f'{task}='):
      path = files.user_path('teachers', spec.removeprefix(f'{task}='))
      return task, str(path)
  task = spec.partition('=')[0]
  raise checks.UserError(
      f'teachers holds {files.shown(spec, 120)}: there is no such file or'
      f' folder, and {files.shown(task, 60)} is not one of the tasks of the'
      f' student, {files.shown(list(suite.task_names), 160)}. Correct the path,'
      ' or the task before the first equals sign.')


def _shipped(
    tasks: Sequence[str], suite: suites.Suite, gives_features: bool
) -> list[teacher_lib.Teacher]:
  """Returns the experts that come with the library.

  Raises:
    ValueError: there is none of a task.
  """
  known = zoo.manifest()
  missing = [task for task in tasks if task not in known]
  if missing:
    raise checks.UserError(
        f'teachers={ZOO}: no expert for {missing[0]!r} of {suite.name} comes'
        ' with the library, which has those of'
        f' {files.shown(sorted(known), 160)}. Train a teacher on your task'
        ' first, and name its folder among the teachers.')
  return zoo.load_experts(tasks, gives_features=gives_features)


def make_controller(
    weights: Weights, frames: int
) -> controllers.WeightController:
  """Returns what moves the weights of teachers.

  Args:
    weights: a text of `weights/parsing.py`; replay:PATH, with the schedule.json
      of a population; a schedule, from frames to the weight of all teachers; a
      number; or a controller.
    frames: of the whole run, for shares in a text.

  Raises:
    ValueError: it is none of these, or a file is damaged.
  """
  if isinstance(weights, controllers.WeightController):
    return weights
  if not isinstance(weights, str):
    return controllers.scheduled(weights)
  name, _, path = weights.partition(':')
  if name != 'replay':
    return parsing.from_string(weights, total_frames=frames)
  with naming(f'weights={weights}'):
    return controllers.replay(_read_schedule('weights', path))


def read_schedules(
    argument: str, path: str, names: Sequence[str]
) -> dict[str, schedules.Schedule]:
  """Returns hyper-parameters over time.

  Args:
    argument: that named the file, for messages.
    path: of the schedule.json of a population.
    names: of the hyper-parameters.

  Raises:
    ValueError: the file is damaged, or lacks one of them.
  """
  with naming(f'{argument}={path}'):
    points = _read_schedule(argument, path)
    return {
        name: schedules.piecewise(
            *schedules.points_of(points, name), interpolation='step')
        for name in names}


def _read_schedule(argument: str, path: str) -> dict[str, Any]:
  return files.read_json(
      files.user_path(argument, path), 'the schedule.json of a population',
      kind=dict)


@contextlib.contextmanager
def naming(argument: str) -> Iterator[None]:
  """Names an argument in errors of what it names."""
  try:
    yield
  except checks.UserError as error:
    raise checks.UserError(
        f'{files.shown(argument)[1:-1]}: {error}') from error
