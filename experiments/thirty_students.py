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
"""Who learns in the study of thirty tasks, as data, and their runs.

Here: `STUDENTS`, lines of the table by name, each with its command line, its
teachers and how many seeds it gets; `study`. Not here: the table
(`budget_table.py`), flags (`thirty.py`).
"""

from collections.abc import Sequence
import pathlib
from typing import NamedTuple

from experiments import ablation
from experiments import budget_table
from kickstarting import checks
from kickstarting.environments import suites
from kickstarting.teachers import zoo

_EPISODES = '--evaluation_episodes=20'
_EXPERTS = '--teachers=zoo'
_NO_REWARD = '--method=on_policy_distill'
_LARGE = '--network=grid_large'
TEACHER = '{teacher}'  # stands for the folder of the one teacher


class Student(NamedTuple):
  """One line of the table."""

  setting: ablation.Setting
  num_seeds: int
  teacher: ablation.Setting | None = None  # a run that teaches it, if it is one

  @property
  def has_experts(self) -> bool:
    """Whether the shipped experts teach it."""
    return _EXPERTS in self.setting.flags


def _student(
    name: str, num_seeds: int, *options: str,
    teacher: ablation.Setting | None = None,
) -> Student:
  named = _EXPERTS if teacher is None else f'--teachers=*={TEACHER}'
  run = 'distilled' if _NO_REWARD in options else 'kickstarted'
  setting = ablation.Setting(
      name, 'experiments.kickstart', ('--nobaseline', named, *options), run)
  return Student(setting, num_seeds, teacher)


def _population(name: str, *options: str) -> Student:
  return Student(
      ablation.Setting(
          name, 'experiments.pbt',
          (_EXPERTS, '--population=8', *options)), 2)


_ONE = ablation.Setting('one teacher', 'experiments.train', (_EPISODES,))
_ONE_LARGE = ablation.Setting(
    'one large teacher', 'experiments.train', (_EPISODES, _LARGE))

SCRATCH = 'from scratch'
STUDENTS = {student.setting.name: student for student in (
    Student(ablation.Setting(SCRATCH, 'experiments.train', (_EPISODES,)), 5),
    _student('many experts', 5),
    _student('one teacher of all tasks', 5, teacher=_ONE),
    _student('experts without reward', 5, _NO_REWARD),
    _population('experts and PBT'),
    _population('experts and PBT by teacher', '--weighting=per_teacher'),
    Student(ablation.Setting(
        'large from scratch', 'experiments.train', (_EPISODES, _LARGE)), 2),
    _student('large with one teacher', 2, _LARGE, teacher=_ONE_LARGE),
    _student('large with many experts', 2, _LARGE),
)}


def study(
    names: Sequence[str], folder: pathlib.Path, suite: str,
    seeds: Sequence[str], extra: Sequence[str],
) -> None:
  """Does the runs of some students, and reports; see `budget_table.report`.

  Args:
    names: of students.
    folder: of the study.
    suite: of the tasks.
    seeds: of the students, each of which takes the first ones.
    extra: further flags for every run.

  Raises:
    ValueError: there is no such student, or a run failed.
  """
  for name in names:
    checks.check_name('student', name, STUDENTS)
  extra = [f'--suite={suite}', *extra]
  done = {name: _runs(STUDENTS[name], folder, suite, seeds, extra)
          for name in names}
  runs = {name: found for name, (found, _) in done.items()}
  budget_table.report(
      folder / 'thirty', runs, {name: cost for name, (_, cost) in done.items()},
      SCRATCH, title=f'{suite}: mean, and range of seeds')


def _runs(
    student: Student, folder: pathlib.Path, suite: str, seeds: Sequence[str],
    extra: Sequence[str],
) -> tuple[list[pathlib.Path], int]:
  """Does the runs of a student; also returns what its teachers cost."""
  setting, frames = student.setting, 0
  if student.has_experts:
    frames = zoo.training_frames(suites.get_suite(suite).task_names)
  if student.teacher is not None:
    teacher = ablation.run(
        folder, student.teacher, ablation.TEACHER_SEED, extra)
    frames = budget_table.budget(teacher)
    setting = setting._replace(flags=tuple(
        flag.replace(TEACHER, str(teacher)) for flag in setting.flags))
  return [ablation.run(folder, setting, seed, extra)
          for seed in seeds[:student.num_seeds]], frames
