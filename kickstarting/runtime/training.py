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
"""The learner loop: thin, on the host, around a pure jitted update.

Here: `Problem`, `train`. Shutdown order: the loop ends (frame
budget, stop request or error), the source stops its actors (stop event, queue
calls give up, threads are joined with a deadline), the last update is awaited,
a checkpoint is written. Not here: threads (`sources.py`), what an update does
(`update.py`), where records go (`logger.py`).
"""

from collections.abc import Callable, Mapping
import dataclasses
import functools
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import types
from kickstarting import update as update_lib
from kickstarting.environments import scores
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import checkpoint as checkpoint_lib
from kickstarting.runtime import parameter_store
from kickstarting.runtime import sources
from kickstarting.runtime import threads
from kickstarting.runtime import training_config
from kickstarting.weights import controllers


@dataclasses.dataclass(frozen=True)
class Problem:
  """What is trained, on what, with whose help."""

  agent: agent_lib.Agent
  network: Mapping[str, Any]  # JSON of the network, kept with checkpoints
  update: update_lib.UpdateConfig
  make_environment: sources.MakeEnvironment
  make_labeller: sources.MakeLabeller
  make_window: Callable[[int], scores.ScoreWindow]  # from its length in frames
  task_names: tuple[str, ...]
  teacher_names: tuple[str, ...]
  controller: controllers.WeightController


@dataclasses.dataclass
class Outcome:
  """What a run ended with."""

  ended: str  # 'finished' or 'interrupted'
  frames: int
  seconds: float  # of training, over all resumptions
  frames_per_second: float  # of this process
  score: float  # over the last window
  params: types.Params  # newest
  best_params: types.Params  # of the best window
  best_score: float
  best_frames: int
  stragglers: list[str]  # threads that did not stop in time


class TrainingError(RuntimeError):
  """Training cannot go on."""


def train(
    problem: Problem,
    config: training_config.TrainingConfig,
    *,
    on_record: Callable[[dict[str, Any]], None],
    checkpointer: checkpoint_lib.Checkpointer | None = None,
    resume: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> Outcome:
  """Trains until the frame budget is spent.

  Args:
    problem: what is trained.
    config: how.
    on_record: called every `record_frames` with a flat dict of numbers and
      per-task dicts.
    checkpointer: where to save; None to save nothing.
    resume: continue from the checkpointer's newest checkpoint.
    should_stop: polled at every update; True ends the run cleanly.

  Raises:
    TrainingError: the loss is not finite.
    threads.ThreadError: an actor failed.
    ValueError: the checkpoint does not fit, there is none to resume from, or
      there is one and `resume` is False: it is not overwritten.
  """
  if resume and checkpointer is None:
    raise ValueError(
        'resume is True without a checkpointer; pass the one of the run to'
        ' continue.')
  if not resume and checkpointer is not None:
    latest = checkpointer.latest()
    if latest is not None:
      raise ValueError(
          f'The checkpointer holds a run of {latest} frames; expected none for'
          ' a new run. Pass resume=True to continue it, or name another'
          ' folder.')
  return _Run(problem, config, on_record, checkpointer, resume).run(should_stop)


@functools.partial(
    jax.tree_util.register_dataclass,
    data_fields=['values'],
    meta_fields=['names'],
)
@dataclasses.dataclass(frozen=True)
class _Metrics:
  """Metrics of one update in one array, which is one copy to the host."""

  names: tuple[str, ...]
  values: types.Array  # float32 [names]


class _Run:
  """State of the loop."""

  def __init__(self, problem, config, on_record, checkpointer, resume):
    self._problem = problem
    self._config = config
    self._on_record = on_record
    self._checkpointer = checkpointer
    update = update_lib.make_update(problem.update, problem.agent)

    def step(params, rest, hypers, trajectory):
      state, metrics = update.update(
          rest._replace(params=params), hypers, trajectory)
      return state, _Metrics(
          tuple(metrics), jnp.stack(list(metrics.values())))

    # Actors still read the parameters; the rest is overwritten in place.
    self._update = jax.jit(step, donate_argnums=1)
    self._functions = actor_lib.make_actor_functions(problem.agent)
    self._window = problem.make_window(config.window_frames)
    rng_key, init_key = jax.random.split(jax.random.key(config.seed))
    params = jax.jit(problem.agent.init)(init_key)
    self._state = update.init(params)
    self._rng_key = jax.random.key_data(rng_key)
    self._control = problem.controller.init(len(problem.teacher_names))
    self._frames = 0
    self._seconds = 0.0
    self._starts = 0
    self._best = (-np.inf, 0, jax.device_get(params))
    if resume:
      self._restore()

  def run(self, should_stop) -> Outcome:
    """Runs the loop; see `train`."""
    config = self._config
    self._store = parameter_store.ParameterStore(
        int(self._state.updates), self._state.params)
    # The update under way: its parameters, metrics and rollout's version.
    self._pending: tuple[types.Params, _Metrics, int] | None = None
    self._totals: dict[str, float] = {}
    self._num_totals = 0
    self._lag = 0
    first_frame, began = self._frames, time.monotonic()
    seconds_before = self._seconds
    record = self._next(config.record_frames)
    checkpoint = self._next(config.checkpoint_frames)
    self._last_record = (self._frames, began)
    source = self._start()
    stragglers: list[str] = []
    ended = 'finished'
    try:
      while self._frames < config.frames:
        if should_stop():
          ended = 'interrupted'
          break
        try:
          rollout = source.get(should_stop)
        except threads.Stopped:
          continue  # should_stop became True
        self._learn(rollout)
        if config.lockstep:
          self._settle()
        self._seconds = seconds_before + time.monotonic() - began
        if self._frames >= record or self._frames >= config.frames:
          self._settle()
          self._record(source)
          record = self._next(config.record_frames)
        if checkpoint <= self._frames < config.frames:
          self._settle()
          checkpoint = self._next(config.checkpoint_frames)
          if config.lockstep:  # a resumed run starts its actors here, too
            source.close()
            self._save()
            source = self._start()
          else:
            self._save()
      self._settle()
    finally:
      stragglers = source.close()
    self._save()
    best_score, best_frames, best_params = self._best
    elapsed = time.monotonic() - began
    return Outcome(
        ended=ended,
        frames=self._frames,
        seconds=self._seconds,
        frames_per_second=(self._frames - first_frame) / max(elapsed, 1e-9),
        score=self._window.score(),
        params=jax.device_get(self._state.params),
        best_params=best_params,
        best_score=float(best_score),
        best_frames=best_frames,
        stragglers=stragglers,
    )

  def _next(self, interval: int) -> int:
    """Returns the first multiple of `interval` after the frames so far."""
    return (self._frames // interval + 1) * interval

  def _start(self):
    """Starts the actors with new seeds and keys."""
    config = self._config
    rng_key, actor_key = jax.random.split(
        jax.random.wrap_key_data(self._rng_key))
    self._rng_key = jax.random.key_data(rng_key)
    start, self._starts = self._starts, self._starts + 1
    factory = sources.ActorFactory(
        self._functions, self._problem.make_environment,
        self._problem.make_labeller, config.batches_per_actor)
    args = (factory, self._store, config.unroll_steps, config.splits, start,
            actor_key)
    if config.lockstep:
      return sources.LockstepSource(*args)
    return sources.ThreadedSource(
        *args, num_actors=config.num_actors, queue_size=config.queue_size,
        leave_a_core=(
            config.learner_core and jax.default_backend() == 'cpu'))

  def _learn(self, rollout: actor_lib.Rollout) -> None:
    """Starts an update; at most one more is under way."""
    for episode in rollout.episodes:
      self._window.add(self._frames, episode.task, episode.episode_return)
    hypers = self._hypers()
    self._frames += rollout.trajectory.actions.size
    state, metrics = self._update(
        self._state.params, self._state._replace(params=None), hypers,
        rollout.trajectory)
    self._state = state
    self._settle()
    self._pending = (state.params, metrics, rollout.version)
    if metrics.values.is_ready():  # computed in this thread
      self._settle()

  def _hypers(self) -> types.Hypers:
    config = self._config
    self._control, weights = self._problem.controller.update(
        self._control, controllers.Progress(frames=self._frames))
    self._weights = weights
    left = max(0.0, 1.0 - self._frames / config.frames)
    return types.Hypers(
        learning_rate=np.asarray(config.learning_rate * left, np.float32),
        entropy_cost=np.asarray(config.entropy_cost, np.float32),
        baseline_cost=np.asarray(config.baseline_cost, np.float32),
        alpha=weights.alpha,
        rho=weights.rho,
    )

  def _settle(self) -> None:
    """Awaits the update under way, publishes it and adds up its metrics."""
    if self._pending is None:
      return
    params, packed, version = self._pending
    self._pending = None
    metrics = dict(zip(packed.names, np.asarray(packed.values).tolist()))
    for name in ('loss', 'grad_norm'):
      value = metrics[name]
      if not np.isfinite(value):
        raise TrainingError(
            f'{name} is {value} near frame {self._frames}; expected a finite'
            ' number. Lower learning_rate or max_grad_norm, or look for extreme'
            ' rewards. Checkpoints written before are intact.')
    newest = self._store.get().version + 1
    self._store.publish(newest, params)
    self._lag += newest - 1 - version
    for name, value in metrics.items():
      self._totals[name] = self._totals.get(name, 0.0) + value
    self._num_totals += 1

  def _record(self, source) -> None:
    """Reports means since the last record."""
    now = time.monotonic()
    frames, then = self._last_record
    self._last_record = (self._frames, now)
    self._window.advance(self._frames)
    score = self._window.score()
    if self._window.num_episodes.min() > 0 and score > self._best[0]:
      params = jax.device_get(self._store.get().params)
      self._best = (score, self._frames, params)
    names = self._problem.task_names
    number = max(self._num_totals, 1)
    record = {
        'frames': self._frames,
        'seconds': self._seconds,
        'frames_per_second': (self._frames - frames) / max(now - then, 1e-9),
        'score': score,
        'policy_lag': self._lag / number,
        **{name: value / number for name, value in self._totals.items()},
        **source.statistics(),
        # Without those of tasks that have not finished an episode yet.
        'return': {
            name: float(value)
            for name, value in zip(names, self._window.returns())
            if np.isfinite(value)
        },
        'task_score': dict(zip(names, map(float, self._window.task_scores()))),
        'episodes': dict(zip(names, map(int, self._window.num_episodes))),
        'lambda': dict(zip(
            self._problem.teacher_names,
            map(float, self._weights.alpha * self._weights.rho))),
    }
    self._totals, self._num_totals, self._lag = {}, 0, 0
    self._on_record(record)

  def _snapshot(self):
    score, frames, params = self._best
    return {
        'learner': self._state,
        'rng_key': self._rng_key,
        'best_params': params,
        'best': np.array([score, frames], np.float64),
        'control': self._control,
        'window': self._window.state(),
        'progress': np.array(
            [self._frames, self._seconds, self._starts], np.float64),
    }

  def _save(self) -> None:
    checkpointer = self._checkpointer
    # A finished run that is resumed has nothing to add.
    if checkpointer is not None and checkpointer.latest() != self._frames:
      checkpointer.save(
          self._frames, self._snapshot(),
          {'network': dict(self._problem.network)})

  def _restore(self) -> None:
    saved, _ = self._checkpointer.restore(
        self._snapshot(), dict(self._problem.network))
    shape = lambda tree: jax.tree.map(np.shape, tree)
    if shape(saved['learner']) != shape(self._state):
      raise ValueError(
          'The checkpoint holds parameters of other shapes than this run\'s'
          ' network; resume with the same flags as the run was started.')
    self._state = jax.tree.map(jnp.asarray, saved['learner'])
    self._rng_key = saved['rng_key']
    self._best = (
        float(saved['best'][0]), int(saved['best'][1]), saved['best_params'])
    self._control = saved['control']
    self._window.restore(saved['window'])
    self._frames, self._seconds, self._starts = (
        int(saved['progress'][0]), float(saved['progress'][1]),
        int(saved['progress'][2]))
