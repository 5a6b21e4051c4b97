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
"""Distral on tables: soft Q-learning of many tasks around one policy.

Each task has Q_i and acts with pi_i, which prefers what the distilled policy
pi_0 does; pi_0 is the maximum-likelihood policy of what all of them did:

  V_i(s) = 1/beta log sum_a pi_0(a|s)^alpha exp(beta Q_i(s, a))
  pi_i(a|s) = pi_0(a|s)^alpha exp(beta Q_i(s, a) - beta V_i(s))
  Q_i(s, a) <- R_i + gamma V_i(s')

With alpha 0 the tasks have nothing in common. Teh et al. (2017), section 2.2,
arXiv:1707.04175. Not here: networks (`kickstarting/losses/distral.py`), the
picture (`distral.py`).
"""

from collections.abc import Callable
import dataclasses
import functools
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib
from kickstarting import checks
from kickstarting import types

_ATTEMPTS = 100  # to draw a grid whose start is not shut in


@dataclasses.dataclass(frozen=True)
class SoftQConfig:
  """How tasks learn; the paper prints neither the rate nor the prior.

  With a small beta the bonus for entropy, log(A) / beta a step at most, is
  worth more than a goal, and tasks learn to stay away from it.
  """

  alpha: float = 0.5  # c_KL / (c_KL + c_Ent)
  beta: float = 100.0  # 1 / (c_KL + c_Ent)
  discount: float = 0.95
  learning_rate: float = 0.2
  rollout_steps: int = 10  # between two updates of the distilled policy
  prior: float = 1.0  # times that each action was seen before the start

  def __post_init__(self):
    for name in ('alpha', 'discount', 'learning_rate'):
      checks.check_fraction(name, getattr(self, name))
    for name in ('beta', 'prior'):
      checks.check_positive_finite(name, getattr(self, name))
    if self.rollout_steps < 1:
      raise checks.UserError(
          f'rollout_steps is {self.rollout_steps}; expected at least 1.')


class State(NamedTuple):
  """What N tasks know; they share the counts."""

  q: types.Array  # float32 [N, S, A]
  counts: types.Array  # float32 [S, A], discounted, of all tasks
  place: types.Array  # int32 [N]
  age: types.Array  # int32 [N], steps since the episode began


def soft_value(
    q: types.Array,
    log_distilled: types.Array,
    alpha: chex.Numeric,
    beta: chex.Numeric,
) -> jax.Array:
  """Returns V [...] of Q and log pi_0, both [..., A]."""
  return jax.nn.logsumexp(alpha * log_distilled + beta * q, axis=-1) / beta


def task_log_probs(
    q: types.Array,
    log_distilled: types.Array,
    alpha: chex.Numeric,
    beta: chex.Numeric,
) -> jax.Array:
  """Returns log pi_i [..., A] of Q and log pi_0, both [..., A]."""
  return jax.nn.log_softmax(alpha * log_distilled + beta * q)


def distil(counts: types.Array) -> jax.Array:
  """Returns log pi_0 [..., A], the most likely one for such counts."""
  return jnp.log(counts) - jnp.log(jnp.sum(counts, axis=-1, keepdims=True))


def goal_tasks(
    config: mdp_lib.GridConfig, num_tasks: int, rng: np.random.Generator
) -> mdp_lib.MDP:
  """Draws one grid and tasks in it, each with a goal of its own; [N, ...].

  A goal pays 1 and ends the episode; there is nothing else. It can be reached
  from the start.

  Raises:
    ValueError: no grid has as many cells that can be reached.
  """
  for _ in range(_ATTEMPTS):
    grid = mdp_lib.grid_world(config, rng)
    cells = _reached(grid)
    if len(cells) >= num_tasks:
      break
  else:
    raise checks.UserError(
        f'the last of {_ATTEMPTS} grids has {len(cells)} cells that can be'
        f' reached; expected at least {num_tasks}, one for each task. Take'
        ' larger grids, or fewer walls.')
  states = np.arange(len(grid.reward))
  tasks = []
  for goal in rng.choice(cells, num_tasks, replace=False):
    is_goal = states == goal
    is_end = states == states[-1]
    tasks.append(grid._replace(
        reward=is_goal.astype(np.float32), is_terminal=is_goal | is_end))
  return mdp_lib.stack(tasks)


def _reached(grid: mdp_lib.MDP) -> np.ndarray:
  """Returns the cells that can be reached from the start, without it."""
  reached = np.zeros(len(grid.reward), bool)
  reached[grid.start] = True
  for _ in range(len(reached)):
    reached[grid.successor[reached].ravel()] = True
  reached[grid.start] = False
  return np.flatnonzero(reached)


def init(mdps: mdp_lib.MDP, config: SoftQConfig, num_actions: int) -> State:
  """Returns tasks that know nothing."""
  num_tasks, num_states = np.shape(mdps.reward)
  return State(
      q=jnp.zeros((num_tasks, num_states, num_actions)),
      counts=jnp.full((num_states, num_actions), config.prior),
      place=jnp.asarray(mdps.start),
      age=jnp.zeros(num_tasks, jnp.int32))


def make_learn(
    config: SoftQConfig, dynamics: mdp_lib.Dynamics
) -> Callable[..., State]:
  """Returns the learning of all tasks side by side.

  Args:
    config: how.
    dynamics: the chance of all tasks.

  Returns:
    (State, mdps [N], rng_key) -> State after a rollout of each task.
  """

  def step(carry, rng_key):
    state, log_distilled, mdps = carry
    rows = jnp.arange(len(state.place))
    here = log_distilled[state.place]  # [N, A]
    action_key, move_key = jax.random.split(rng_key)
    actions = jax.random.categorical(action_key, task_log_probs(
        state.q[rows, state.place], here, config.alpha, config.beta))
    there = jax.vmap(functools.partial(_move, dynamics))(
        mdps, jax.random.split(move_key, len(rows)), state.place, actions)
    is_over = mdps.is_terminal[rows, there]
    value = jnp.where(is_over, 0.0, soft_value(
        state.q[rows, there], log_distilled[there], config.alpha, config.beta))
    target = mdps.reward[rows, there] + config.discount * value
    error = target - state.q[rows, state.place, actions]
    weight = config.discount ** state.age.astype(jnp.float32)
    after = State(
        q=state.q.at[rows, state.place, actions].add(
            config.learning_rate * error),
        counts=state.counts.at[state.place, actions].add(weight),
        place=jnp.where(is_over, mdps.start, there),
        age=jnp.where(is_over, 0, state.age + 1))
    return (after, log_distilled, mdps), None

  def learn(state, mdps, rng_key):
    carry = state, distil(state.counts), mdps
    (state, _, _), _ = jax.lax.scan(
        step, carry, jax.random.split(rng_key, config.rollout_steps))
    return state

  return learn


def _move(dynamics, mdp, rng_key, place, action):
  """Returns where a step of one task leads; []."""
  keys = jax.random.split(rng_key, 3)
  num_moves = mdp.successor.shape[1]
  is_random = jax.random.bernoulli(keys[0], dynamics.noise)
  move = jnp.where(
      is_random, jax.random.randint(keys[1], (), 0, num_moves), action)
  there = mdp.successor[place, move]
  ends = jax.random.bernoulli(keys[2], dynamics.end_probability)
  return jnp.where(ends, len(mdp.reward) - 1, there)


def returns(
    state: State,
    mdps: mdp_lib.MDP,
    config: SoftQConfig,
    dynamics: mdp_lib.Dynamics,
) -> jax.Array:
  """Returns the exact undiscounted return of each task's policy; [N]."""
  log_distilled = distil(state.counts)
  policy = jnp.exp(jax.vmap(lambda q: task_log_probs(
      q, log_distilled, config.alpha, config.beta))(state.q))
  return jax.vmap(
      lambda mdp, p: exact.episode_return(mdp, dynamics, p))(mdps, policy)
