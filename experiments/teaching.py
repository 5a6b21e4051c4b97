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
"""Teachers, and what moves over time, from the flags that name them.

Not here: what a teacher is (`kickstarting/teachers/`), what a student learns
from it (`build.py`).
"""

from collections.abc import Iterator, Sequence
import contextlib
import dataclasses
import json
import pathlib

import numpy as np

from experiments import shared_flags
from kickstarting import checks
from kickstarting.environments import suites
from kickstarting.runtime import training
from kickstarting.teachers import policy_file
from kickstarting.teachers import teacher as teacher_lib
from kickstarting.teachers import zoo
from kickstarting.weights import controllers
from kickstarting.weights import parsing
from kickstarting.weights import schedules


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
    specs: Sequence[str],
    suite: suites.Suite,
    weights: str,
    frames: int,
    gives_features: bool = False,
) -> Teaching:
  """Loads teachers and routes them.

  A teacher is called after the task that it is named for, or after its file.

  Args:
    specs: of --teachers.
    suite: the student's tasks.
    weights: of --weights.
    frames: of the whole run, for shares in `weights`.
    gives_features: whether teachers give what their cores compute.

  Raises:
    ValueError: a file is missing or damaged, a teacher fits no task.
  """
  teachers: list[teacher_lib.Teacher] = []
  costs: dict[str, int | None] = {}  # of a file that is named twice once
  assignments: dict[str, int] = {}
  named = {spec.rpartition('=')[0] for spec in specs}
  for spec in specs:
    if spec == 'zoo':
      tasks = [task for task in suite.task_names if task not in named]
      teachers += zoo.load_experts(tasks, gives_features=gives_features)
      costs[spec] = zoo.training_frames(tasks)
      continue
    task, _, path = spec.rpartition('=')
    if task:
      assignments[task] = len(teachers)
    policy = policy_file.load_policy(path)
    teachers.append(teacher_lib.from_policy(
        task.strip(teacher_lib.EVERY_TASK) or path, policy,
        gives_features=gives_features))
    costs[path] = _frames(policy)
  routing = teacher_lib.route(teachers, suite.task_names, assignments)
  controller = _controller(weights, frames)
  controller.init(len(teachers))  # raises now if the numbers do not match
  known = [cost for cost in costs.values() if cost is not None]
  return Teaching(
      tuple(teachers), routing, controller,
      sum(known) if len(known) == len(costs) else None)


def _frames(policy: policy_file.Policy) -> int | None:
  """Returns how many frames a policy was trained for, if its file says so.

  Those of its own teachers count, where it had any.
  """
  own = policy.info.get('frames')
  others = policy.info.get('teacher_frames', 0)
  if isinstance(own, int) and isinstance(others, int):
    return own + others
  return None


def _controller(weights: str, frames: int) -> controllers.WeightController:
  """Returns what --weights names."""
  name, _, path = weights.partition(':')
  if name != 'replay':
    return parsing.from_string(weights, total_frames=frames)
  with _reading(f'--weights={weights}', path):
    return controllers.replay(json.loads(pathlib.Path(path).read_text()))


def learner_schedules() -> dict[str, schedules.Schedule]:
  """Returns the hyper-parameters over time that --learner_schedule names."""
  path = shared_flags.LEARNER_SCHEDULE.value
  if not path:
    return {}
  with _reading(f'--learner_schedule={path}', path):
    points = json.loads(pathlib.Path(path).read_text())
    return {
        name: schedules.piecewise(
            points[name]['frames'], points[name]['values'],
            interpolation='step')
        for name in training.LEARNER_HYPERS}


@contextlib.contextmanager
def _reading(flag: str, path: str) -> Iterator[None]:
  """Names the flag in errors of a file that it names."""
  try:
    yield
  except OSError as error:
    raise checks.UserError(
        f'{flag}: {path!r} cannot be read ({error.strerror}); name the'
        ' schedule.json of a run of experiments.pbt.') from error
  except (KeyError, TypeError) as error:
    raise checks.UserError(
        f'{flag}: {error} is missing or has no points; name the schedule.json'
        ' of a run of experiments.pbt.') from error
  except ValueError as error:
    raise checks.UserError(f'{flag}: {error}') from error
