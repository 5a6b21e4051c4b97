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
"""Tabular teachers: Q-learning, temperature, flipped actions, their values.

Czarnecki et al. (2019), section 3.2 and 4, arXiv:1902.02186. Not here: students
(`sampling.py`).
"""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import banded
from experiments.distilling_policy_distillation import chance
from experiments.distilling_policy_distillation import mdp as mdp_lib
from kickstarting import checks
from kickstarting import types


@dataclasses.dataclass(frozen=True)
class TeacherConfig:
  """How a teacher learns.

  What the paper does not print was fitted to the returns of its teachers.
  """

  teacher_steps: int = 60_000  # of the environment
  teacher_rate: float = 0.02  # of Q-learning; Q starts at 0
  epsilon: float = 0.1  # of random actions while it learns
  teacher_discount: float = 0.99
  value_episodes: int = 0  # its value is their mean; 0: exact

  def __post_init__(self):
    for name in ('teacher_rate', 'epsilon', 'teacher_discount'):
      checks.check_fraction(name, getattr(self, name))
    for name in ('teacher_steps', 'value_episodes'):
      if getattr(self, name) < 0:
        raise checks.UserError(
            f'{name} is {getattr(self, name)}; expected at least 0.')


def q_learning(
    config: TeacherConfig,
    mdps: mdp_lib.MDP,
    dynamics: mdp_lib.Dynamics,
    rng_key: jax.Array,
) -> jax.Array:
  """Returns Q after epsilon-greedy Q-learning; [N, S, A]."""
  num, num_states = mdps.is_terminal.shape
  rows = jnp.arange(num)

  def body(t, carry):
    state, q = carry
    uniform = jax.random.uniform(jax.random.fold_in(rng_key, t), (3, num))
    own = q[rows, state]
    greedy = jnp.argmax(own, axis=1)
    random = (uniform[1] * dynamics.num_actions).astype(jnp.int32)
    action = jnp.where(uniform[0] < config.epsilon, random, greedy)
    following = chance.move(
        mdps, dynamics, rows, state, action, uniform[2])
    is_over = mdps.is_terminal[rows, following]
    later = jnp.where(is_over, 0.0, jnp.max(q[rows, following], axis=1))
    target = mdps.reward[rows, following] + config.teacher_discount * later
    before = jnp.take_along_axis(own, action[:, jnp.newaxis], axis=1)[:, 0]
    q = q.at[rows, state, action].add(
        config.teacher_rate * (target - before))
    return jnp.where(is_over, mdps.start, following), q

  q = jnp.zeros((num, num_states, dynamics.num_actions))
  return jax.lax.fori_loop(
      0, config.teacher_steps, body, (jnp.asarray(mdps.start), q))[1]


def check_temperature(temperature: float) -> None:
  """Raises ValueError unless a temperature is at least 0."""
  if not temperature >= 0:
    raise checks.UserError(
        f'temperature is {temperature}; expected a number of at least 0.')


def policy_logits(q: types.Array, temperature: float) -> jax.Array:
  """Returns Q / temperature, or at 0 the logits of the greedy policy.

  Args:
    q: [..., A].
    temperature: at least 0.

  Raises:
    ValueError: the temperature is negative, or Q is not finite.
  """
  check_temperature(temperature)
  if not np.isfinite(q).all():
    raise checks.UserError(
        'the teacher\'s Q is not finite everywhere; expected numbers. Lower'
        ' --teacher_rate, or look for extreme rewards.')
  if temperature == 0:
    best = jax.nn.one_hot(jnp.argmax(q, axis=-1), q.shape[-1])
    return jnp.where(best > 0, 0.0, -jnp.inf)
  return jnp.asarray(q) / temperature


def flip(
    logits: types.Array, share: float, rng: np.random.Generator
) -> np.ndarray:
  """Gives the most probable action's logit to another one, in some states.

  Args:
    logits: [N, S, A], A > 1 unless the share is 0.
    share: probability of each state.
    rng: draws the states and the other actions.

  Raises:
    ValueError: the share is no probability, or there is one action only.
  """
  checks.check_fraction('share', share)
  flipped = np.array(logits)
  if share == 0:
    return flipped
  num_actions = flipped.shape[-1]
  if num_actions < 2:
    raise checks.UserError(
        'there is one action; expected another one to flip to.')
  best = flipped.argmax(axis=-1)
  other = (best + rng.integers(1, num_actions, best.shape)) % num_actions
  is_flipped = rng.random(best.shape) < share
  index = (*np.nonzero(is_flipped),)
  one, two = (*index, best[index]), (*index, other[index])
  flipped[one], flipped[two] = flipped[two], flipped[one]
  return flipped


def estimate_value(
    config: TeacherConfig,
    mdps: mdp_lib.MDP,
    dynamics: mdp_lib.Dynamics,
    logits: types.Array,
    rng_key: jax.Array,
    max_steps: int,
    restart: bool = False,
) -> jax.Array:
  """Estimates V of a policy; [N, S].

  It is the mean discounted return after each visit in `value_episodes`
  episodes, and 0 in states that they do not visit; or exact.

  Args:
    config: how.
    mdps: [N].
    dynamics: their chance.
    logits: [N, S, A].
    rng_key: consumed.
    max_steps: of an episode.
    restart: whether episodes go on at the start after a terminal cell.

  Raises:
    ValueError: it is to be estimated from episodes that do so.
  """
  if restart and config.value_episodes:
    raise checks.UserError(
        f'value_episodes is {config.value_episodes} where episodes restart;'
        ' expected 0, the exact value. Leave --value_episodes or --restart'
        ' out.')
  mdps, logits = jax.tree.map(jnp.asarray, (mdps, logits))
  if not config.value_episodes:
    steps = jax.jit(jax.vmap(
        functools.partial(banded.steps, dynamics=dynamics)))(logits, mdps)
    if restart:
      mdps = jax.vmap(mdp_lib.restarting)(mdps)
    return jnp.asarray(banded.values(
        jax.tree.map(np.asarray, mdps), steps, config.teacher_discount),
                       jnp.float32)
  sample = functools.partial(
      _mean_of_episodes, config, dynamics, max_steps=max_steps)
  return jax.jit(sample)(mdps, logits, rng_key)


def _mean_of_episodes(
    config: TeacherConfig,
    dynamics: mdp_lib.Dynamics,
    mdps: mdp_lib.MDP,
    logits: jax.Array,
    rng_key: jax.Array,
    max_steps: int,
) -> jax.Array:
  """Returns V as `value_episodes` episodes estimate it; [N, S]."""
  num = len(mdps.start)
  rows = jnp.arange(num)
  probs = jax.nn.softmax(logits)

  def forward(carry):
    key, t, state, states, num_steps = carry
    uniform = jax.random.uniform(jax.random.fold_in(key, t), (2, num))
    action = chance.choose(probs[rows, state], uniform[0])
    is_going = ~mdps.is_terminal[rows, state]
    state = jnp.where(is_going, chance.move(
        mdps, dynamics, rows, state, action, uniform[1]), state)
    return key, t + 1, state, states.at[t + 1].set(state), num_steps + is_going

  def one(i, sums):
    start = jnp.asarray(mdps.start)
    _, longest, _, states, num_steps = jax.lax.while_loop(
        lambda x: (x[1] < max_steps) & ~mdps.is_terminal[rows, x[2]].all(),
        forward, (
            jax.random.fold_in(rng_key, i), 0, start,
            jnp.zeros((max_steps + 1, num), jnp.int32).at[0].set(start),
            jnp.zeros(num, jnp.int32)))

    def backward(carry):
      t, later, total, count = carry
      t -= 1
      is_step = t < num_steps
      later = jnp.where(
          is_step, mdps.reward[rows, states[t + 1]]
          + config.teacher_discount * later, 0.0)
      return (t, later, total.at[rows, states[t]].add(later),
              count.at[rows, states[t]].add(is_step.astype(jnp.float32)))

    _, _, *sums = jax.lax.while_loop(
        lambda x: x[0] > 0, backward, (longest, jnp.zeros(num), *sums))
    return tuple(sums)

  zeros = jnp.zeros(mdps.is_terminal.shape)
  total, count = jax.lax.fori_loop(
      0, config.value_episodes, one, (zeros, zeros))
  return total / jnp.maximum(count, 1.0)
