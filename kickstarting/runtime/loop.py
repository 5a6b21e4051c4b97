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

Shutdown order: the loop ends (frame budget, stop request or error), the source
stops its actors (stop event, queue calls give up, threads are joined with a
deadline), the last update is awaited, a checkpoint is written. A run in
lockstep that is stopped writes none: its actors start afresh at every
checkpoint, so one at another place would change what follows. Not here: what
it runs (`program.py`, read it first), threads (`sources.py`), what an update
does (`update.py`), one student (`training.py`), many (`populations/`).
"""

from collections.abc import Callable, Mapping
import dataclasses
import functools
import time
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import checkpoint as checkpoint_lib
from kickstarting.runtime import devices
from kickstarting.runtime import parameter_store
from kickstarting.runtime import program as program_lib
from kickstarting.runtime import replay
from kickstarting.runtime import sources
from kickstarting.runtime import threads
from kickstarting.runtime import training_config


class Start(NamedTuple):
  """Where a run begins that has no checkpoint of its own."""

  frames: int  # of each member
  starts: int  # of its actors so far; gives them new seeds
  state: types.LearnerState


class Ending(NamedTuple):
  """What a run ended with."""

  ended: str  # 'finished' or 'interrupted'
  frames: int  # of each member
  seconds: float  # of training, over all resumptions
  frames_per_second: float  # of this process, all members together
  state: types.LearnerState  # newest
  stragglers: list[str]  # threads that did not stop in time


class TrainingError(checks.UserError):
  """Training cannot go on."""


def run(
    program: program_lib.Program,
    steering: program_lib.Steering,
    config: training_config.TrainingConfig,
    *,
    on_record: Callable[[dict[str, Any]], None],
    network: Mapping[str, Any],
    checkpointer: checkpoint_lib.Checkpointer | None = None,
    resume: bool = False,
    start: Start | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Ending:
  """Trains until the frame budget is spent.

  Args:
    program: what is run.
    steering: freshly made; its state is restored with the run's.
    config: how; its frames are those of each member.
    on_record: called every `record_frames` with a flat dict of numbers and
      dicts of numbers.
    network: JSON of the network, kept with checkpoints.
    checkpointer: where to save; None to save nothing.
    resume: continue from the checkpointer's newest checkpoint.
    start: where a new run begins, if not at its beginning.
    should_stop: polled at every update; True ends the run cleanly. It is saved
      then, or, in lockstep, goes back to its last checkpoint when resumed.

  Raises:
    TrainingError: the steering says so.
    threads.ThreadError: an actor failed.
    ValueError: the checkpoint does not fit, there is none to resume from, or
      there is one and `resume` is False: it is not overwritten.
  """
  if resume and checkpointer is None:
    raise checks.UserError(
        'resume is True without a checkpointer; pass the one of the run to'
        ' continue.')
  if not resume and checkpointer is not None:
    latest = checkpointer.latest()
    if latest is not None:
      raise checks.UserError(
          f'The checkpointer holds a run of {latest} frames; expected none for'
          ' a new run. Pass resume=True to continue it, or name another'
          ' folder.')
  loop = _Loop(
      program, steering, config, on_record, network, checkpointer, start)
  if resume:
    loop.restore()
  return loop.run(should_stop)


@functools.partial(
    jax.tree_util.register_dataclass,
    data_fields=['values'],
    meta_fields=['names'],
)
@dataclasses.dataclass(frozen=True)
class _Metrics:
  """Metrics of one update in one array, which is one copy to the host."""

  names: tuple[str, ...]
  values: types.Array  # float32 [names], or [names, P]


class _Loop:
  """State of the loop."""

  def __init__(
      self, program, steering, config, on_record, network, checkpointer, start
  ):
    self._program = program
    self._steering = steering
    self._config = config
    self._on_record = on_record
    self._network = network
    self._checkpointer = checkpointer

    self._placement = devices.make_placement(
        config.learner_devices, config.actor_device)

    def step(params, rest, hypers, trajectory, is_current):
      old = rest._replace(params=params)
      state, metrics = program.update(old, hypers, trajectory)
      values = jnp.stack(list(metrics.values()))
      if self._num_members > 1:
        # What is not a member's own may not even be finite.
        state = jax.tree.map(
            lambda new, old: jnp.where(jnp.reshape(
                is_current, (-1,) + (1,) * (new.ndim - 1)), new, old),
            state, old)
        values = jnp.where(is_current[None], values, 0.0)
      return state, _Metrics(tuple(metrics), values)

    # Actors still read the parameters; the rest is overwritten in place.
    self._update = jax.jit(
        step, donate_argnums=1, out_shardings=self._placement.replicated)
    rng_key, init_key = jax.random.split(jax.random.key(config.seed))
    if start is None:
      start = Start(0, 0, jax.jit(program.init)(init_key))
    self._frames, self._starts, state = start
    self._state = self._placement.for_learner(state)
    steering.begin(self._state)
    for _ in range(self._starts):  # as every start does; see `_start`
      rng_key, _ = jax.random.split(rng_key)
    self._rng_key = jax.random.key_data(rng_key)
    self._seconds = 0.0
    self._cuts = 0  # of streams, in this process
    # How often each member took another's weights, in this process.
    self._copies = np.zeros(self._num_members, np.int64)
    self._must_record = False  # before all else
    self._must_evolve = False  # before the next update

  def run(self, should_stop) -> Ending:
    """Runs the loop; see `run`."""
    config = self._config
    self._store = parameter_store.ParameterStore(
        int(np.max(self._state.updates)), self._for_actors(self._state.params),
        self._copies)
    # The update under way: its parameters, metrics, whose they are, and the
    # version of its rollout.
    self._pending: (
        tuple[types.Params, _Metrics, np.ndarray, int] | None) = None
    self._reset_totals()
    first_frame, began = self._frames, time.monotonic()
    seconds_before = self._seconds
    record = self._next(config.record_frames)
    checkpoint = self._next(config.checkpoint_frames)
    self._last_record = (self._frames, began)
    source = self._start()
    stragglers: list[str] = []
    ended = 'finished'
    try:
      while self._frames < config.frames or self._must_record:
        if should_stop():
          ended = 'interrupted'
          break
        try:
          if self._must_record:  # the run was stopped while it was judged
            self._record(source)
            continue
          if self._must_evolve:
            self._evolve()
          rollout = source.get(should_stop)
        except threads.Stopped:
          continue  # should_stop became True
        self._learn(rollout)
        if config.lockstep:
          self._settle()
        self._seconds = seconds_before + time.monotonic() - began
        if self._frames >= record or self._frames >= config.frames:
          self._settle()
          record = self._next(config.record_frames)
          self._must_record = True
          try:
            self._record(source)
          except threads.Stopped:
            continue
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
      stragglers += source.close()
    if ended == 'finished' or not config.lockstep:
      self._save()
    elapsed = time.monotonic() - began
    return Ending(
        ended=ended,
        frames=self._frames,
        seconds=self._seconds,
        frames_per_second=(
            self._num_members * (self._frames - first_frame)
            / max(elapsed, 1e-9)),
        state=jax.device_get(self._state),
        stragglers=stragglers,
    )

  @property
  def _num_members(self) -> int:
    return self._program.layout.num_members

  def _next(self, interval: int) -> int:
    """Returns the first multiple of `interval` after the frames so far."""
    return (self._frames // interval + 1) * interval

  def _start(self):
    """Starts the actors with new seeds and keys."""
    config, program = self._config, self._program
    rng_key, actor_key = jax.random.split(
        jax.random.wrap_key_data(self._rng_key))
    self._rng_key = jax.random.key_data(rng_key)
    start, self._starts = self._starts, self._starts + 1
    factory = sources.ActorFactory(
        program.act, program.make_environment, program.make_labeller,
        config.batches_per_actor, program.layout, self._placement,
        replay.Replay(
            config.replay_share, config.replay_unrolls,
            np.random.default_rng([config.seed, start])))
    args = (factory, self._store, config.unroll_steps, start, actor_key)
    if config.lockstep:
      return sources.LockstepSource(*args)
    return sources.ThreadedSource(
        *args, num_actors=config.num_actors, queue_size=config.queue_size,
        leave_a_core=(
            config.learner_core and jax.default_backend() == 'cpu'))

  def _learn(self, rollout: actor_lib.Rollout) -> None:
    """Starts an update; at most one more is under way.

    Members that have taken another's weights meanwhile learn nothing from it,
    and their episodes do not count.
    """
    member = self._program.layout.member
    self._steering.observe(self._frames, [
        episode for episode in rollout.episodes
        if episode.copies == self._copies[member(episode.stream)]])
    hypers = self._steering.hypers(self._frames)
    self._frames += rollout.frames // self._num_members
    self._cuts += rollout.cuts
    is_current = np.asarray(rollout.copies) == self._copies
    if not is_current.any():
      return
    state, metrics = self._update(
        self._state.params, self._state._replace(params=None), hypers,
        rollout.trajectory, is_current)
    self._state = state
    self._settle()
    self._pending = (state.params, metrics, is_current, rollout.version)
    if metrics.values.is_ready():  # computed in this thread
      self._settle()

  def _settle(self) -> None:
    """Awaits the update under way, publishes it and adds up its metrics."""
    if self._pending is None:
      return
    params, packed, is_current, version = self._pending
    self._pending = None
    metrics = dict(zip(packed.names, np.asarray(packed.values, np.float64)))
    self._steering.check(self._frames, metrics)
    self._lag += self._store.get().version - version
    self._publish(params)
    for name, value in metrics.items():
      self._totals[name] = self._totals.get(name, 0.0) + value
    self._num_totals += is_current
    self._num_updates += 1

  def _publish(self, params: types.Params) -> None:
    """Lets actors go on with these parameters, which are another policy."""
    self._store.publish(
        self._store.get().version + 1, self._for_actors(params), self._copies)

  def _for_actors(self, params: types.Params) -> types.Params:
    """Puts in what the next update will put in, too: both have one policy."""
    if self._program.adopt is not None:
      params = self._program.adopt(
          params, self._steering.preview(self._frames))
    return self._placement.for_actors(params)

  def _reset_totals(self) -> None:
    """Begins the means of a record."""
    self._totals: dict[str, np.ndarray] = {}
    self._num_totals = np.zeros(self._num_members, np.int64)  # by member
    self._num_updates = self._lag = 0

  def _record(self, source) -> None:
    """Reports means since the last record.

    Raises:
      threads.Stopped: the run is to end, and whoever judges it was at work.
    """
    judged = self._steering.record(self._frames, self._store.get().params)
    now = time.monotonic()
    frames, then = self._last_record
    self._last_record = (self._frames, now)
    number = np.maximum(self._num_totals, 1)
    has_any = self._num_totals > 0
    means: dict[str, Any] = {}
    for name, total in self._totals.items():
      each = total / number  # [P]
      means[name] = float(np.mean(each[has_any]))
      if np.ndim(total):
        means[f'member_{name}'] = {
            str(i): value for i, value in enumerate(each.tolist())}
    lag = self._lag / max(self._num_updates, 1)
    self._reset_totals()
    self._on_record({
        'frames': self._frames,
        'seconds': self._seconds,
        'frames_per_second': (
            self._num_members * (self._frames - frames)
            / max(now - then, 1e-9)),
        'policy_lag': lag,
        'cuts': self._cuts,
        **means,
        **source.statistics(),
        **judged,
    })
    self._must_record = False
    self._must_evolve = self._frames < self._config.frames

  def _evolve(self) -> None:
    """Lets the steering change the learner."""
    state, is_new = self._steering.evolve(self._frames, self._state)
    self._must_evolve = False
    if state is not self._state:
      self._copies = self._copies + is_new  # actors read the old array
      self._state = self._placement.for_learner(state)
      self._publish(self._state.params)

  def _snapshot(self) -> dict[str, types.PyTree]:
    return {
        'learner': self._state,
        'rng_key': self._rng_key,
        'progress': np.array(
            [self._frames, self._seconds, self._starts, self._must_record,
             self._must_evolve], np.float64),
        **self._steering.snapshot(),
    }

  def _save(self) -> None:
    checkpointer = self._checkpointer
    # A finished run that is resumed has nothing to add.
    if checkpointer is not None and checkpointer.latest() != self._frames:
      checkpointer.save(
          self._frames, self._snapshot(), {'network': dict(self._network)})

  def restore(self) -> None:
    """Continues from the newest checkpoint."""
    saved, _ = self._checkpointer.restore(
        self._snapshot(), dict(self._network))
    shape = lambda tree: jax.tree.map(np.shape, tree)
    if shape(saved['learner']) != shape(self._state):
      raise checks.UserError(
          'The checkpoint holds parameters of other shapes than this run\'s'
          ' network; resume with the same flags as the run was started.')
    self._state = self._placement.for_learner(saved['learner'])
    self._rng_key = saved['rng_key']
    self._frames, self._seconds, self._starts = (
        int(saved['progress'][0]), float(saved['progress'][1]),
        int(saved['progress'][2]))
    self._must_record, self._must_evolve = map(bool, saved['progress'][3:])
    self._steering.restore(saved)
