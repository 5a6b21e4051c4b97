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
"""Where rollouts come from: a lockstep loop, or threads and a queue.

Both make their actors with fresh environment seeds and random keys at every
start, so that a run which starts its actors again at every checkpoint can be
resumed exactly. Not here: what is done with a rollout (`loop.py`).
"""

from collections.abc import Callable, Sequence
import functools

import jax
import numpy as np

from kickstarting import types
from kickstarting.environments import base
from kickstarting.environments import seeds
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import devices
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import parameter_store
from kickstarting.runtime import processor
from kickstarting.runtime import replay as replay_lib
from kickstarting.runtime import threads
from kickstarting.teachers import labelling

MakeEnvironment = Callable[[int], base.BatchedEnvironment]
MakeLabeller = Callable[[np.ndarray], labelling.Labeller | None]


class ActorFactory:
  """Makes the actors of one start of a run.

  make_environment(i) builds the batch of streams that plays the i-th block of
  seeds of the run; make_labeller(task [B]) its teachers.
  """

  def __init__(
      self,
      functions: actor_lib.ActorFunctions,
      make_environment: MakeEnvironment,
      make_labeller: MakeLabeller,
      batches_per_actor: int,
      layout: layout_lib.Layout,
      placement: devices.Placement,
      replay: replay_lib.Replay,
  ):
    self.layout = layout
    self._placement = placement
    self._replay = replay
    self._functions = functions
    self._make_environment = make_environment
    self._make_labeller = make_labeller
    self._batches = batches_per_actor

  def for_learner(self, rollout: actor_lib.Rollout) -> actor_lib.Rollout:
    """Adds older unrolls, and puts all where the learner wants it."""
    return rollout._replace(trajectory=self._placement.spread(
        self._replay(rollout.trajectory)))

  def __call__(
      self, actor_id: int, num_actors: int, start: int, rng_key: types.Array
  ) -> list[actor_lib.StreamActor]:
    """Makes the batches that one thread serves.

    Args:
      actor_id: of `num_actors`.
      num_actors: in the run.
      start: how often the run's actors were started before; shifts the seeds.
      rng_key: of this start; folded with the identity of each batch.
    """
    actors = []
    for i in range(self._batches):
      batch = actor_id * self._batches + i
      block = start * num_actors * self._batches + batch
      environment = self._make_environment(block % seeds.MAX_ACTORS)
      actors.append(actor_lib.StreamActor(
          self._functions, environment, self._make_labeller(environment.task),
          jax.random.fold_in(rng_key, batch), self.layout))
    return actors


class LockstepSource:
  """Acts and learns in turn, in one thread: the same every time."""

  def __init__(
      self,
      factory: ActorFactory,
      store: parameter_store.ParameterStore,
      unroll_steps: int,
      start: int,
      rng_key: types.Array,
  ):
    self._for_learner = factory.for_learner
    self._actors = factory(0, 1, start, rng_key)
    self._rollouts = actor_lib.rollouts(
        self._actors, store, unroll_steps, factory.layout)

  def get(self, give_up: Callable[[], bool]) -> actor_lib.Rollout:
    """Returns the next rollout; nothing is waited for."""
    del give_up
    return self._for_learner(next(self._rollouts))

  def statistics(self) -> dict[str, float]:
    """Nothing waits in lockstep."""
    return {}

  def close(self) -> list[str]:
    """Closes the environments."""
    _close(self._actors)
    return []


class ThreadedSource:
  """Actor threads that fill a bounded queue."""

  def __init__(
      self,
      factory: ActorFactory,
      store: parameter_store.ParameterStore,
      unroll_steps: int,
      start: int,
      rng_key: types.Array,
      *,
      num_actors: int,
      queue_size: int,
      leave_a_core: bool = False,
  ):
    self._group = threads.ThreadGroup()
    self._queue = threads.TimedQueue(queue_size, self._group.stop)

    def run(actor_id: int) -> None:
      if leave_a_core:
        processor.leave_a_core()
      actors = factory(actor_id, num_actors, start, rng_key)
      try:
        for rollout in actor_lib.rollouts(
            actors, store, unroll_steps, factory.layout):
          self._queue.put(factory.for_learner(rollout))
      finally:
        _close(actors)

    for i in range(num_actors):
      self._group.start(f'actor {i}', functools.partial(run, i))

  def get(self, give_up: Callable[[], bool]) -> actor_lib.Rollout:
    """Waits for a rollout.

    Args:
      give_up: polled while waiting; True ends the wait.

    Raises:
      threads.ThreadError: an actor failed.
      threads.Stopped: `give_up` said so.
    """
    try:
      return self._queue.get(give_up)
    except threads.Stopped:
      self._group.check()
      raise

  def statistics(self) -> dict[str, float]:
    """Returns queue depth and total waiting times, in seconds."""
    return {
        'queue_depth': float(len(self._queue)),
        'actor_wait_s': self._queue.put_wait_s,
        'learner_wait_s': self._queue.get_wait_s,
    }

  def close(self) -> list[str]:
    """Stops the actors; returns the names of those that did not end."""
    return self._group.join()


def _close(actors: Sequence[actor_lib.StreamActor]) -> None:
  for actor in actors:
    actor.close()
