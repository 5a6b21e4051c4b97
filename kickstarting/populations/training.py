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
"""Trains a population on one device, as one program.

Here: `train`. Not here: what it is made of (`vectorised.py`, `evolving.py`),
one student (`runtime/training.py`).
"""

from collections.abc import Callable
import dataclasses
from typing import Any

import jax
import numpy as np

from kickstarting import checks
from kickstarting import pbt
from kickstarting import types
from kickstarting import update as update_lib
from kickstarting.populations import evolving
from kickstarting.populations import judging
from kickstarting.populations import vectorised
from kickstarting.runtime import checkpoint as checkpoint_lib
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import loop
from kickstarting.runtime import program as program_lib
from kickstarting.runtime import training
from kickstarting.runtime import training_config


@dataclasses.dataclass(frozen=True)
class PopulationConfig:
  """How many members there are, and what moves them."""

  rules: pbt.Rules
  num_members: int = 8  # P
  member_axis: str | None = None  # see `vectorised.make_update`

  def __post_init__(self):
    checks.check_fields(self)
    checks.check_type('rules', self.rules, pbt.Rules, 'pbt.Rules')
    if self.num_members < 1:
      raise checks.UserError(
          f'num_members is {self.num_members}; expected at least 1. Pass the'
          ' size of the population.')


@dataclasses.dataclass
class Outcome:
  """What a population ended with; leading axis [P] where members differ."""

  ended: str  # 'finished' or 'interrupted'
  frames: int  # of each member
  seconds: float  # of training, over all resumptions
  frames_per_second: float  # of this process, all members together
  scores: np.ndarray  # float64 [P], over the last window; NaN: failed, or none
  hypers: dict[str, np.ndarray]  # name -> float32 [P, ...], newest
  params: types.Params  # [P, ...], newest
  best_params: types.Params  # of the best window of any member
  best_score: float  # NaN: there is none
  best_frames: int
  best_member: int
  records: list[pbt.Record]  # of the lineage
  stragglers: list[str]  # threads that did not stop in time


def member(tree: types.PyTree, index: int) -> types.PyTree:
  """Returns one member of leaves [P, ...]."""
  return jax.tree.map(lambda x: x[index], tree)


def check(
    problem: training.Problem,
    config: training_config.TrainingConfig,
    population: PopulationConfig,
    judge: judging.Judge | None = None,
) -> None:
  """Raises ValueError unless `train` can be called so."""
  training.check_who_acts(problem.update, config)
  if config.learner_devices != 1:
    raise checks.UserError(
        f'learner_devices is {config.learner_devices} with a population of one'
        ' program; expected 1. Give each member a process of its own instead.')
  rules = evolving.fit_rules(
      problem, config, population.rules, population.num_members)
  judging.check_rules(judge, rules)
  evolving.first_population(problem, config, rules, population.num_members)


def train(
    problem: training.Problem,
    config: training_config.TrainingConfig,
    population: PopulationConfig,
    *,
    judge: judging.Judge | None = None,
    on_record: Callable[[dict[str, Any]], None],
    checkpointer: checkpoint_lib.Checkpointer | None = None,
    resume: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> Outcome:
  """Trains every member until each has spent the frame budget.

  Args:
    problem: what is trained; its batches hold the streams of all members, a
      multiple of splits * num_members. Its controller is not read.
    config: how; frames are those of each member.
    population: how many, and how they evolve.
    judge: plays what members are compared by; None for training episodes.
    on_record: called every `record_frames` with a flat dict of numbers and
      dicts of numbers, per member or task.
    checkpointer: where to save; None to save nothing.
    resume: continue from the checkpointer's newest checkpoint.
    should_stop: polled at every update; True ends the run cleanly.

  Raises:
    loop.TrainingError: no member has a finite loss.
    threads.ThreadError: an actor failed.
    ValueError: the rules or the checkpoint do not fit; see `loop.run`.
  """
  check(problem, config, population, judge)
  layout = layout_lib.Layout(config.splits, population.num_members)
  update = update_lib.make_update(problem.update, problem.agent)
  program = program_lib.Program(
      init=vectorised.make_init(problem.agent, update, population.num_members),
      update=vectorised.make_update(
          update, population.num_members, population.member_axis),
      act=vectorised.make_actor_functions(problem.agent, layout),
      make_environment=problem.make_environment,
      make_labeller=problem.make_labeller,
      layout=layout,
      adopt=vectorised.make_adopt(problem.agent),
  )
  steering = evolving.Evolving(
      problem, config, population.rules, layout, judge)
  ending = loop.run(
      program, steering, config, on_record=on_record, network=problem.network,
      checkpointer=checkpointer, resume=resume, should_stop=should_stop)
  best_score, best_frames, best_member, best_params = steering.best
  return Outcome(
      ended=ending.ended,
      frames=ending.frames,
      seconds=ending.seconds,
      frames_per_second=ending.frames_per_second,
      scores=steering.member_scores(),
      hypers=steering.hyper_parameters,
      params=jax.device_get(ending.state.params),
      best_params=best_params,
      best_score=float(best_score) if best_score > -np.inf else float('nan'),
      best_frames=best_frames,
      best_member=best_member,
      records=steering.records,
      stragglers=ending.stragglers,
  )
