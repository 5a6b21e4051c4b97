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
"""The front door of populations: `train_population`, and what came of it.

  run = population_run.train_population(
      'minigrid8', teachers='zoo', members=8, frames=3e6)
  run.score, run.schedule, run.plot('population.png')

Not here: what a population is made of (`evolution.py`), training
(`populations/`), members in processes of their own (`commands/pbt.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import functools
import os
import pathlib
from typing import Any

import numpy as np

from kickstarting import checks
from kickstarting import description as description_lib
from kickstarting import evolution
from kickstarting import files
from kickstarting import recorder as recorder_lib
from kickstarting import run_folder
from kickstarting import runs
from kickstarting import training
from kickstarting.environments import suites
from kickstarting.networks import own
from kickstarting.populations import scoring
from kickstarting.populations import training as population_training
from kickstarting.runtime import interrupts
from kickstarting.runtime import logger as logger_lib
from kickstarting.runtime import processor
from kickstarting.teachers import policy_file


@dataclasses.dataclass(frozen=True)
class PopulationRun:
  """What came of a population.

  Attributes:
    population: what it followed from.
    ended: 'finished', or 'interrupted' if the user stopped it.
    frames: of the environments, of each member.
    seconds: of training.
    scores: of the members over the last window; NaN: failed, or none.
    best: number of the best member.
    records: of the curves, oldest first.
    lineage: who copied whom, and with what hyper-parameters.
    schedule: name of a hyper-parameter -> 'frames' and 'values' over the life
      of the best member's weights.
    policy: of the best member.
    workdir: where all that is on disk, if anywhere.
  """

  population: evolution.Population = dataclasses.field(repr=False)
  ended: str
  frames: int
  seconds: float
  scores: np.ndarray
  best: int
  records: Sequence[Mapping[str, Any]] = dataclasses.field(repr=False)
  lineage: Sequence[Mapping[str, Any]] = dataclasses.field(repr=False)
  schedule: Mapping[str, Any] = dataclasses.field(repr=False)
  policy: policy_file.Policy = dataclasses.field(repr=False)
  workdir: pathlib.Path | None

  @property
  def score(self) -> float:
    """The score of the best member."""
    return float(self.scores[self.best])

  def evaluate(
      self, episodes: int = 100, *, greedy: bool = False, seed: int = 1
  ) -> dict[str, Any]:
    """Lets the policy play on its own; see `training.evaluate`."""
    return training.evaluate(
        self.policy, self.population.student.suite, episodes=episodes,
        greedy=greedy, seed=seed)

  def plot(
      self, path: str | os.PathLike[str] = 'population.png'
  ) -> pathlib.Path:
    """Draws the scores of all members against frames, as PNG and PDF.

    Args:
      path: of the picture; its suffix is put right.

    Returns:
      Path of the PNG.

    Raises:
      ValueError: the picture cannot be written.
    """
    from kickstarting import population_figures  # matplotlib takes its time

    return population_figures.draw_scores(
        files.user_path('path', os.fspath(path)).with_suffix(''), self.records)


def train_population(
    env: suites.Env,
    *,
    frames: float,
    members: int = 8,
    preset: str = evolution.PRESET,
    weighting: str | None = None,
    separate_evaluation: bool = False,
    ready_frames: int | None = None,
    burn_in_frames: int | None = None,
    returns: int | None = None,
    margin: float | None = None,
    workdir: str | os.PathLike[str] | None = None,
    resume: bool = False,
    on_record: Callable[[Mapping[str, Any]], None] | None = None,
    progress: bool = True,
    **options: Any,
) -> PopulationRun:
  """Trains a population as one program; evolution moves its hyper-parameters.

  Ctrl-C, or the stop button of a notebook, ends it cleanly; what there is then
  is returned.

  Args:
    env: see `training.train`.
    frames: budget of each member, in frames of the environments.
    members: how many.
    preset: see `evolution.describe`, as for what follows.
    weighting: None for 'shared' with teachers, and 'none' without.
    separate_evaluation: whether members play to be compared.
    ready_frames: between two decisions.
    burn_in_frames: before the first one.
    returns: that are compared.
    margin: of a member that is copied.
    workdir: empty or new folder for checkpoints, records, lineage, schedule,
      pictures and the policy; None: nothing is written.
    resume: whether to go on with the population in `workdir`.
    on_record: called with every record of the curves.
    progress: whether to print a line now and then.
    **options: of the student, see `description.describe`; its weights evolve.

  Raises:
    ValueError: something is unknown, or does not fit; before anything starts.
    loop.TrainingError: no member has a finite loss.
  """
  processor.share()
  for name in ('weights', 'learner_schedule'):
    if name in options:
      raise checks.UserError(
          f'{name} is {checks.short(options[name])}, which has no effect on a'
          ' population, whose rules move it. Leave it out, or see weighting.')
  is_taught = bool(options.get('teachers'))
  if is_taught:
    options['weights'] = evolution.WEIGHTS
  options.setdefault('record_frames', min(
      evolution.RECORD_FRAMES, ready_frames or evolution.RECORD_FRAMES))
  population = evolution.describe(
      description_lib.describe(env, frames=frames, **options),
      members=members, preset=preset,
      weighting=weighting or ('shared' if is_taught else 'none'),
      separate_evaluation=separate_evaluation, ready_frames=ready_frames,
      burn_in_frames=burn_in_frames, returns=returns, margin=margin)
  problem = population.problem()
  population.check(problem, processes=False)
  student = population.student
  folder = run_folder.named(workdir, resume=resume)
  train = functools.partial(
      population_training.train, population=population.config,
      judge=population.judge(problem))
  recorder = recorder_lib.Recorder(
      student.config.frames, on_record, has_lines=progress and folder is None,
      has_advice=False)
  with interrupts.requested() as should_stop, run_folder.owned(
      folder, 'train_population', population.to_json(), resume=resume
  ) as finish:
    if folder is None:
      outcome = train(
          problem, student.config, on_record=recorder, should_stop=should_stop)
    else:
      outcome = runs.run(
          problem, student.config, folder, resume=resume,
          should_stop=should_stop, on_record=recorder, has_lines=progress,
          train=train)
      recorder.records = logger_lib.read_records(folder)
    best, *_ = scoring.best_three(outcome.scores)
    policy = student.policy(
        population_training.member(outcome.params, best), outcome.frames)
    if folder is not None:
      if own.is_found(student.network):
        policy.save(folder / 'policy.npz')
      finish({
          'ended': outcome.ended, 'seconds': outcome.seconds,
          'scores': outcome.scores.tolist(),
          **evolution.report(
              folder, problem.teacher_names, outcome.records,
              outcome.scores.tolist(), outcome.frames)})
  _, schedule = evolution.life_of(best, outcome.records, outcome.frames)
  return PopulationRun(
      population, outcome.ended, outcome.frames, outcome.seconds,
      outcome.scores, int(best), recorder.records, outcome.records, schedule,
      policy, folder)
