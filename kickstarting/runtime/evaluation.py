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
"""How good a policy is on its own: episodes, no learning.

Playing ends, whatever the environments do: an episode has a limit of steps, and
a request to stop is looked at after every unroll. Here: `evaluate`, and `play`,
which it repeats. Not here: scores over training episodes
(`environments/scores.py`), members of populations (`populations/judging.py`).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import types
from kickstarting.environments import base
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import parameter_store
from kickstarting.runtime import threads

_UNROLL_STEPS = 20
MAX_STEPS = 30_000  # of an episode; those of Atari have 27,000 at most


class Limits(NamedTuple):
  """What ends playing, and who is told how far it is."""

  max_steps: int = MAX_STEPS  # after which an episode is cut
  should_stop: Callable[[], bool] = lambda: False  # polled; True ends all
  # Is told how many episodes have ended, and of how many.
  on_progress: Callable[[int, int], None] = lambda done, wanted: None


DEFAULT = Limits()


class Played(NamedTuple):
  """Episodes of the tasks of one environment."""

  returns: list[np.ndarray]  # undiscounted, of each task; of cut ones so far
  cuts: np.ndarray  # int [tasks], episodes that were cut
  frames: int  # of the environment


def evaluate(
    agent: agent_lib.Agent,
    params: types.Params,
    environments: Iterable[base.BatchedEnvironment],
    episodes: int,
    rng_key: types.Array,
    limits: Limits = DEFAULT,
) -> Iterator[Played]:
  """Plays episodes with sampled actions, as the policy does in training.

  Every stream plays the same number of episodes: counting those that end first
  would favour short ones. A stream whose episode was cut plays no further one,
  so that a task may end with fewer than `episodes`.

  Args:
    agent: whose policy.
    params: its parameters.
    environments: freshly made; each is played once and closed before the next
      is asked for. Those of equal shapes share what was compiled.
    episodes: at least so many per task, unless one is cut.
    rng_key: consumed.
    limits: what ends playing.

  Yields:
    For each environment, what was played.

  Raises:
    ValueError: `episodes` is below 1.
    threads.Stopped: `limits.should_stop` said so.
  """
  if episodes < 1:
    raise checks.UserError(f'episodes is {episodes}; expected at least 1.')
  functions = actor_lib.make_actor_functions(agent)
  store = parameter_store.ParameterStore(0, jax.device_put(params))
  for i, environment in enumerate(environments):
    actor = actor_lib.StreamActor(
        functions, environment, None, jax.random.fold_in(rng_key, i),
        max_steps=limits.max_steps)
    num_tasks = int(environment.task.max()) + 1
    streams = np.bincount(environment.task, minlength=num_tasks)
    quota = -(-episodes // streams)[environment.task]
    returns, is_cut, frames = play(actor, store, quota, limits)
    of_task = [
        np.flatnonzero(environment.task == task) for task in range(num_tasks)]
    yield Played(
        [np.array(sum((returns[s] for s in mine), start=[]))
         for mine in of_task],
        np.array([is_cut[mine].sum() for mine in of_task]), frames)


def play(
    actor: actor_lib.StreamActor,
    store: parameter_store.ParameterStore,
    quota: np.ndarray,
    limits: Limits,
) -> tuple[list[list[float]], np.ndarray, int]:
  """Acts until every stream has ended its share of episodes, or was cut.

  Args:
    actor: freshly made, with the `max_steps` of the limits; closed at the end.
    store: of the parameters.
    quota: int [streams], episodes of each.
    limits: what ends playing.

  Returns:
    Undiscounted returns of each stream's first episodes; whether the last of
    them was cut, bool [streams]; and frames played.

  Raises:
    threads.Stopped: `limits.should_stop` said so.
  """
  returns: list[list[float]] = [[] for _ in quota]
  left = np.array(quota)
  is_cut = np.zeros(len(left), bool)
  frames = 0
  try:
    for rollout in actor_lib.rollouts([actor], store, _UNROLL_STEPS):
      frames += rollout.frames
      for episode in rollout.episodes:
        stream = episode.stream
        if left[stream]:
          returns[stream].append(episode.episode_return)
          is_cut[stream] = episode.is_cut
          left[stream] = 0 if episode.is_cut else left[stream] - 1
      if not left.any():
        break
      if limits.should_stop():
        raise threads.Stopped()
      limits.on_progress(sum(map(len, returns)), int(np.sum(quota)))
  finally:
    actor.close()
  return returns, is_cut, frames
