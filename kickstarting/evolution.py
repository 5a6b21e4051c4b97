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
"""A population that evolves: what it is made of, and what came of it.

Here: `describe`, which adds members and rules to the description of a student,
and `report`, the lineage, schedule and pictures of a population in a folder.
Not here: the rules (`pbt/rules.py`), training (`populations/`).
"""

from collections.abc import Sequence
import dataclasses
import json
import pathlib
from typing import Any

import numpy as np

from kickstarting import checks
from kickstarting import description as description_lib
from kickstarting import files
from kickstarting import pbt
from kickstarting import playing
from kickstarting import population_figures
from kickstarting.environments.suites import batches
from kickstarting.populations import evolving
from kickstarting.populations import generations
from kickstarting.populations import judging
from kickstarting.populations import scoring
from kickstarting.populations import training as population_training
from kickstarting.runtime import logger as logger_lib
from kickstarting.runtime import training

PRESET = 'kickstarting_short'
# Name of a weighting -> what evolves of the weights.
WEIGHTINGS: dict[str, set[str]] = {
    'shared': {'alpha'}, 'per_teacher': {'rho'}, 'none': set()}
WEIGHTS = 'constant:1'  # of the student, before they evolve
RECORD_FRAMES = 25_000  # decisions are taken there


@dataclasses.dataclass(frozen=True)
class Population:
  """Members, the student that each of them is, and what moves them."""

  student: description_lib.Description
  rules: pbt.Rules
  num_members: int
  has_judge: bool  # members are compared by episodes played for that alone

  def to_json(self) -> dict[str, Any]:
    """Returns what the population was described with; see `Description`."""
    return {
        **self.student.to_json(), 'members': self.num_members,
        'separate_evaluation': self.has_judge,
        'rules': {
            'ready': str(self.rules.ready), 'exploit': str(self.rules.exploit),
            'evolutions': sorted(self.rules.evolutions)}}

  @property
  def config(self) -> population_training.PopulationConfig:
    """As the members of one program have it."""
    return population_training.PopulationConfig(self.rules, self.num_members)

  def problem(self, **more: Any) -> training.Problem:
    """Returns what all members learn from; see `Description.problem`."""
    return self.student.problem(**{'num_members': self.num_members, **more})

  def judge(
      self, problem: training.Problem, num_members: int | None = None
  ) -> judging.Judge | None:
    """Returns who compares members; None: the episodes that they learn from."""
    if not self.has_judge:
      return None
    return playing.make_judge(
        problem, self.student.suite, self.student.config.seed,
        self.rules.exploit.window, num_members or self.num_members,
        manner=self.student.manner)

  def check(self, problem: training.Problem, *, processes: bool) -> None:
    """Raises ValueError if the population cannot be trained.

    Args:
      problem: of the population.
      processes: whether each member has a process of its own.
    """
    judge = self.judge(problem)
    if processes:
      evolving.fit_rules(
          problem, self.student.config, self.rules, self.num_members)
      judging.check_rules(judge, self.rules)
      generations.check_rules(
          self.rules, self.student.config, self.num_members)
    else:
      population_training.check(
          problem, self.student.config, self.config, judge)


def describe(
    student: description_lib.Description,
    *,
    members: int = 8,
    preset: str = PRESET,
    weighting: str = 'shared',
    separate_evaluation: bool = False,
    ready_frames: int | None = None,
    burn_in_frames: int | None = None,
    returns: int | None = None,
    margin: float | None = None,
) -> Population:
  """Describes a population.

  Args:
    student: that each member is; its budget is that of each.
    members: how many.
    preset: rules; a key of `pbt.PRESETS`. All but the default are a paper's,
      for hundreds of millions of frames.
    weighting: shared: one weight for all teachers (alpha); per_teacher: one of
      its own for each (rho); none: the weight stays 1.
    separate_evaluation: whether members are compared by episodes that they play
      for that alone, not by those that they learn from.
    ready_frames: of a member between two decisions; None: the preset's, as for
      the rest.
    burn_in_frames: of a member before its first decision.
    returns: rounds of the suite that are compared, the last ones.
    margin: by how much a member is better than the one that copies it, in the
      unit of the scores.

  Raises:
    ValueError: the rules fit neither the budget nor the weighting, or there is
      nothing to weight.
  """
  for name, value in (('members', members), ('returns', returns)):
    if value is not None:
      checks.check_count(name, value)
  for name, number in (('ready_frames', ready_frames),
                       ('burn_in_frames', burn_in_frames), ('margin', margin)):
    if number is not None:
      checks.check_not_negative(name, number)
  checks.check_name('weighting', weighting, WEIGHTINGS)
  evolves, frames = WEIGHTINGS[weighting], student.config.frames
  if evolves and not student.teaching.teachers:
    raise checks.UserError(
        f'weighting is {weighting!r} without teachers: there is no weight to'
        " evolve. Name teachers, or take 'none'.")
  rules = pbt.adapt(
      pbt.get_preset(preset), every=ready_frames, burn_in=burn_in_frames,
      window=returns, margin=margin)
  if rules.ready.unit == 'steps':
    _, frames_per_step = batches.look_at(student.suite)
    rules = pbt.in_frames(rules, frames_per_step)
  if rules.ready.burn_in >= frames:
    raise checks.UserError(
        f'preset {preset} evolves after {rules.ready.burn_in} frames, but a'
        f' member has {frames}; expected more. Set burn_in_frames, and'
        ' ready_frames for the interval, or take as many frames as the paper.')
  missing = evolves - set(rules.evolutions)
  if missing:
    able = [name for name, known in pbt.PRESETS.items()
            if evolves <= set(known.evolutions)]
    raise checks.UserError(
        f'preset {preset} has no rule for {" and ".join(missing)}, which'
        f' weighting {weighting!r} evolves; expected one of {", ".join(able)}.'
        " Or take weighting 'none'.")
  return Population(
      student, pbt.without(rules, {'alpha', 'rho'} - evolves), members,
      separate_evaluation)


def life_of(
    member: int, records: Sequence[pbt.Record], frames: int
) -> tuple[Sequence[pbt.Segment], dict[str, Any]]:
  """Returns the life of a member's weights: segments, and a schedule.

  Args:
    member: whose.
    records: of the lineage.
    frames: that it lived.

  Returns:
    The segments, and name of a hyper-parameter -> 'frames' and 'values'.
  """
  segments = pbt.ancestry(records, member, frames)
  return segments, {
      name: dict(zip(('frames', 'values'), pbt.schedule(segments, name)))
      for name in segments[-1].hypers
  }


def report(
    folder: pathlib.Path,
    teachers: Sequence[str],
    records: Sequence[pbt.Record],
    scores: Sequence[float | None],
    frames: int,
) -> dict[str, Any]:
  """Writes lineage, schedule and pictures of a population.

  Args:
    folder: of the run, where its records are.
    teachers: their names.
    records: of the lineage.
    scores: of the members.
    frames: of each.

  Returns:
    What a result says of it.

  Raises:
    files.OutputError: something cannot be written.
  """
  values = np.array(scores, np.float64)  # NaN for None
  best, *_ = best_three = scoring.best_three(values)
  segments, schedule = life_of(best, records, frames)
  files.write_json(folder / 'schedule.json', schedule, indent=2)
  files.write_text(folder / 'lineage.jsonl', ''.join(
      json.dumps(record) + '\n' for record in records))
  pictures = {
      'score': population_figures.draw_scores(
          folder / 'score', logger_lib.read_records(
              folder, ('member_score', 'score_top3'))),
      'lambda': population_figures.draw_lambdas(
          folder / 'lambda', segments, teachers),
      'lineage': population_figures.draw_lineage(
          folder / 'lineage', records, frames, best),
  }
  weight = lambda segment: float(
      segment.hypers['alpha'] * np.mean(segment.hypers['rho'] or [0.0]))
  return {
      'score': scores[best],
      'score_top3': float(values[best_three].mean()),
      'best_member': best,
      'lambda_start': weight(segments[0]),
      'lambda_end': weight(segments[-1]),
      'copies': sum(r['parent'] != r['member'] for r in records),
      'frames': frames * len(scores),
      'workdir': str(folder),
      'figure': str(pictures['score']),
      'figures': {name: str(path) for name, path in pictures.items()},
  }
