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
"""One student: what it is trained on, and what steers and judges its run.

Here: `Problem`, `train`. Not here: the loop itself (`loop.py`), many students
at once (`populations/`), where records go (`logger.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
from typing import Any

import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import losses
from kickstarting import types
from kickstarting import update as update_lib
from kickstarting import update_config
from kickstarting.environments import scores
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import checkpoint as checkpoint_lib
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import loop
from kickstarting.runtime import program as program_lib
from kickstarting.runtime import sources
from kickstarting.runtime import training_config
from kickstarting.weights import controllers
from kickstarting.weights import schedules as schedules_lib

LEARNER_HYPERS = (
    'learning_rate', 'entropy_cost', 'baseline_cost', 'mixing', 'transfer_cost')


@dataclasses.dataclass(frozen=True)
class Problem:
  """What is trained, on what, with whose help.

  Raises:
    ValueError: a schedule is of no hyper-parameter of LEARNER_HYPERS.
  """

  agent: agent_lib.Agent
  network: Mapping[str, Any]  # JSON of the network, kept with checkpoints
  update: update_config.UpdateConfig
  make_environment: sources.MakeEnvironment
  make_labeller: sources.MakeLabeller
  make_window: Callable[[int], scores.ScoreWindow]  # from its length in frames
  task_names: tuple[str, ...]
  teacher_names: tuple[str, ...]
  controller: controllers.WeightController
  frames_per_step: int = 1  # environment frames of a step of the agent
  # Of parameters and frames; plays the student alone, where others act in
  # training. None: the episodes of training are the student's.
  referee: Callable[[types.Params, int], scores.ScoreWindow] | None = None
  # Of LEARNER_HYPERS; in place of what the configuration says.
  schedules: Mapping[str, schedules_lib.Schedule] = dataclasses.field(
      default_factory=dict)

  def __post_init__(self):
    for name in self.schedules:
      checks.check_name('hyper-parameter', name, LEARNER_HYPERS)


@dataclasses.dataclass
class Outcome:
  """What a run ended with."""

  ended: str  # 'finished' or 'interrupted'
  frames: int
  seconds: float  # of training, over all resumptions
  frames_per_second: float  # of this process
  score: float  # over the last window; NaN: a task never ended an episode
  params: types.Params  # newest
  best_params: types.Params  # of the best window
  best_score: float  # NaN: there is none
  best_frames: int
  stragglers: list[str]  # threads that did not stop in time


def train(
    problem: Problem,
    config: training_config.TrainingConfig,
    *,
    on_record: Callable[[dict[str, Any]], None],
    checkpointer: checkpoint_lib.Checkpointer | None = None,
    resume: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    on_params: Callable[[int, types.Params], None] | None = None,
) -> Outcome:
  """Trains one student until the frame budget is spent.

  Args:
    problem: what is trained.
    config: how.
    on_record: called every `record_frames` with a flat dict of numbers and
      per-task dicts.
    checkpointer: where to save; None to save nothing.
    resume: continue from the checkpointer's newest checkpoint.
    should_stop: polled at every update; True ends the run cleanly; see
      `loop.run`.
    on_params: called before every record with the frames so far and the newest
      parameters.

  Raises:
    loop.TrainingError: the loss is not finite.
    threads.ThreadError: an actor failed.
    ValueError: the checkpoint does not fit, there is none to resume from, or
      there is one and `resume` is False: it is not overwritten; or the update
      is of the policy that acts, and an older one may.
  """
  check_who_acts(problem.update, config)
  program = make_program(problem, config.splits)
  steering = _Student(problem, config, on_params)
  ending = loop.run(
      program, steering, config, on_record=on_record, network=problem.network,
      checkpointer=checkpointer, resume=resume, should_stop=should_stop)
  best_score, best_frames, best_params = steering.best
  return Outcome(
      ended=ending.ended,
      frames=ending.frames,
      seconds=ending.seconds,
      frames_per_second=ending.frames_per_second,
      score=steering.window.score(),
      params=ending.state.params,
      best_params=best_params,
      best_score=float(best_score) if best_score > -np.inf else float('nan'),
      best_frames=best_frames,
      stragglers=ending.stragglers,
  )


def check_who_acts(
    update: update_config.UpdateConfig, config: training_config.TrainingConfig
) -> None:
  """Raises ValueError if A2C would learn from actions of another policy."""
  if update.algorithm != 'a2c':
    return
  if config.replay_share:
    raise checks.UserError(
        'algorithm a2c learns from the policy that acts now, but replay_share'
        f' is {config.replay_share}; expected 0. Change it, or take vtrace,'
        ' which corrects for it.')
  method = losses.get_method(update.method)
  control = method.control
  if control != 'student' or config.teacher_share or config.epsilon:
    raise checks.UserError(
        'algorithm a2c learns from the policy that acts, but with method'
        f' {method.name!r} (control {control!r}), teacher_share'
        f' {config.teacher_share} and epsilon {config.epsilon} it is not the'
        ' student; expected a method whose control is the student, 0 and 0.'
        ' Change these, or take vtrace, which corrects for it.')
  is_synchronous = (
      config.lockstep and config.splits == 1 and config.batches_per_actor == 1)
  if not is_synchronous:
    raise checks.UserError(
        'algorithm a2c learns from the policy that acts now, but with lockstep'
        f' {config.lockstep}, splits {config.splits} and batches_per_actor'
        f' {config.batches_per_actor} an older one may have acted; expected'
        ' True, 1 and 1. Add --lockstep --splits=1 --batches_per_actor=1, or'
        ' take vtrace, which corrects for it.')


def make_program(problem: Problem, splits: int) -> program_lib.Program:
  """Returns the functions of a run of one student."""
  update = update_lib.make_update(problem.update, problem.agent)
  return program_lib.Program(
      init=lambda rng_key: update.init(problem.agent.init(rng_key)),
      update=update.update,
      act=actor_lib.make_actor_functions(problem.agent),
      make_environment=problem.make_environment,
      make_labeller=problem.make_labeller,
      layout=layout_lib.Layout(splits),
      adopt=problem.agent.adopt,
  )


def check_teachers(
    frames: int, metrics: Mapping[str, np.ndarray], teacher_names: Sequence[str]
) -> None:
  """Names the teachers where it is they who made a loss infinite.

  Args:
    frames: so far.
    metrics: of an update, or of those of all members.
    teacher_names: of all.

  Raises:
    loop.TrainingError: what teachers say is not finite.
  """
  for what, name in (('entropy', 'policy'), ('value', 'value')):
    if not np.isfinite(metrics.get(f'teacher_{what}', 0.0)).all():
      raise loop.TrainingError(
          f'the loss is not finite near frame {frames}, and neither is the'
          f' {name} of a teacher; expected numbers, or logits of minus infinity'
          ' for actions that it never takes. Look at the teachers'
          f' {list(teacher_names)}. Checkpoints written before are intact.')


class _Student:
  """Steers one student: a controller of teacher weights, a window of scores."""

  def __init__(
      self, problem: Problem, config: training_config.TrainingConfig,
      on_params: Callable[[int, types.Params], None] | None,
  ):
    self._problem = problem
    self._on_params = on_params
    self._config = config
    self._control = problem.controller.init(len(problem.teacher_names))
    self.window = problem.make_window(config.window_frames)
    self._used: dict[str, types.Array] = {  # by the last update
        'lambda': np.zeros(len(problem.teacher_names), np.float32),
        **{name: np.zeros((), np.float32) for name in LEARNER_HYPERS}}

  def begin(self, state: types.LearnerState) -> None:
    self.best = (-np.inf, 0, jax.device_get(state.params))

  def hypers(self, frames: int) -> types.Hypers:
    self._control, hypers = self._now(frames)
    self._used = {
        'lambda': hypers.alpha * hypers.rho,
        **{name: getattr(hypers, name) for name in LEARNER_HYPERS}}
    return hypers

  def preview(self, frames: int) -> types.Hypers:
    _, hypers = self._now(frames)
    return hypers

  def _now(self, frames: int) -> tuple[types.PyTree, types.Hypers]:
    """Returns the next state of the controller, and the hyper-parameters."""
    config = self._config
    control, weights = self._problem.controller.update(
        self._control, controllers.Progress(frames=frames))
    left = max(0.0, 1.0 - frames / config.frames)
    values = {
        **{name: getattr(config, name) for name in LEARNER_HYPERS},
        'learning_rate': config.learning_rate * left,
    } | {
        name: schedule(frames)
        for name, schedule in self._problem.schedules.items()
    }
    return control, types.Hypers(
        alpha=weights.alpha, rho=weights.rho, **{
            name: np.asarray(value, np.float32)
            for name, value in values.items()})

  def observe(self, frames: int, episodes: Sequence[actor_lib.Episode]) -> None:
    for episode in () if self._problem.referee else episodes:
      self.window.add(frames, episode.task, episode.episode_return)

  def check(self, frames: int, metrics: Mapping[str, np.ndarray]) -> None:
    for name in ('loss', 'grad_norm'):
      value = metrics[name]
      if not np.isfinite(value):
        check_teachers(frames, metrics, self._problem.teacher_names)
        if not np.isfinite(metrics.get('entropy', 0.0)):
          raise loop.TrainingError(
              f'{name} is {value} near frame {frames}, and the policy itself is'
              ' no number; expected finite logits. If this is at the start,'
              ' look for log, sqrt or a division in the network, else lower'
              ' learning_rate or max_grad_norm. Checkpoints written before are'
              ' intact.')
        raise loop.TrainingError(
            f'{name} is {value} near frame {frames}; expected a finite'
            ' number. Lower learning_rate or max_grad_norm, look for extreme'
            ' rewards, or into a divergence of your own. Checkpoints written'
            ' before are intact.')

  def record(self, frames: int, params: types.Params) -> dict[str, Any]:
    if self._on_params is not None:
      self._on_params(frames, params)
    if self._problem.referee:
      self.window = self._problem.referee(params, frames)
    window = self.window
    window.advance(frames)
    score = window.score()
    if window.num_episodes.min() > 0 and score > self.best[0]:
      self.best = (score, frames, jax.device_get(params))
    names = self._problem.task_names
    return {
        'score': score,
        'score_cap': window.cap,
        # Without those of tasks that have not finished an episode yet.
        'return': {
            name: float(value)
            for name, value in zip(names, window.returns())
            if np.isfinite(value)
        },
        'task_score': dict(zip(names, map(float, window.task_scores()))),
        'episodes': dict(zip(names, map(int, window.num_episodes))),
        'lambda': dict(zip(
            self._problem.teacher_names, map(float, self._used['lambda']))),
        **{name: float(self._used[name])
           for name in ('learning_rate', 'entropy_cost', 'mixing')},
    }

  def evolve(
      self, frames: int, state: types.LearnerState
  ) -> tuple[types.LearnerState, np.ndarray]:
    del frames
    return state, np.array([False])

  def snapshot(self) -> dict[str, types.PyTree]:
    score, frames, params = self.best
    return {
        'best_params': params,
        'best': np.array([score, frames], np.float64),
        'control': self._control,
        'window': self.window.state(),
        'used': self._used,
    }

  def restore(self, saved: Mapping[str, types.PyTree]) -> None:
    self._used = saved['used']
    self.best = (
        float(saved['best'][0]), int(saved['best'][1]), saved['best_params'])
    self._control = saved['control']
    self.window.restore(saved['window'])
