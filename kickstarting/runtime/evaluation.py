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
"""How good a policy is on its own: whole episodes, no learning.

Here: `evaluate`, and `play`, which it repeats. Not here: scores over training
episodes (`environments/scores.py`), members of populations
(`populations/judging.py`).
"""

from collections.abc import Iterable, Iterator

import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import types
from kickstarting.environments import base
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import parameter_store

_UNROLL_STEPS = 20


def evaluate(
    agent: agent_lib.Agent,
    params: types.Params,
    environments: Iterable[base.BatchedEnvironment],
    episodes: int,
    rng_key: types.Array,
) -> Iterator[tuple[list[np.ndarray], int]]:
  """Plays episodes with sampled actions, as the policy does in training.

  Every stream plays the same number of episodes: counting those that end first
  would favour short ones.

  Args:
    agent: whose policy.
    params: its parameters.
    environments: freshly made; each is played once and closed before the next
      is asked for. Those of equal shapes share what was compiled.
    episodes: at least so many per task.
    rng_key: consumed.

  Yields:
    For each environment, undiscounted returns of each task's episodes, one
    array per task, and the environment frames played.

  Raises:
    ValueError: `episodes` is below 1.
  """
  if episodes < 1:
    raise checks.UserError(f'episodes is {episodes}; expected at least 1.')
  functions = actor_lib.make_actor_functions(agent)
  store = parameter_store.ParameterStore(0, jax.device_put(params))
  for i, environment in enumerate(environments):
    actor = actor_lib.StreamActor(
        functions, environment, None, jax.random.fold_in(rng_key, i))
    num_tasks = int(environment.task.max()) + 1
    streams = np.bincount(environment.task, minlength=num_tasks)
    quota = -(-episodes // streams)[environment.task]
    returns, frames = play(actor, store, quota)
    by_task = [
        np.array(sum((returns[s] for s in np.flatnonzero(
            environment.task == task)), start=[]))
        for task in range(num_tasks)]
    yield by_task, frames


def play(
    actor: actor_lib.StreamActor,
    store: parameter_store.ParameterStore,
    quota: np.ndarray,
) -> tuple[list[list[float]], int]:
  """Acts until every stream has ended its share of episodes.

  Args:
    actor: freshly made; closed at the end.
    store: of the parameters.
    quota: int [streams], episodes of each.

  Returns:
    Undiscounted returns of each stream's first episodes, and frames played.
  """
  returns: list[list[float]] = [[] for _ in quota]
  frames = 0
  try:
    for rollout in actor_lib.rollouts([actor], store, _UNROLL_STEPS):
      frames += rollout.frames
      for episode in rollout.episodes:
        if len(returns[episode.stream]) < quota[episode.stream]:
          returns[episode.stream].append(episode.episode_return)
      if all(len(r) == n for r, n in zip(returns, quota, strict=True)):
        break
  finally:
    actor.close()
  return returns, frames
