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
"""Sampled updates of tabular students, one episode each, many MDPs at once.

All functions take a leading axis [N] of MDPs. Not here: expectations
(`exact.py`), how long it goes on (`laboratory.py`).
"""

from collections.abc import Callable
import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib
from kickstarting import checks
from kickstarting import types
from kickstarting.losses import distillation

CONTROLS = ('student', 'teacher', 'uniform', 'mixture')
RETURNS = ('monte_carlo', 'one_step')


class Table(NamedTuple):
  """Tabular policies and their values."""

  logits: types.Array  # float32 [N, S, A]
  value: types.Array  # float32 [N, S]


@dataclasses.dataclass(frozen=True)
class UpdateConfig:
  """How a student learns.

  The paper prints neither rates nor the critic. `learning_rate` was fitted to
  its Figure 3; `value_rate` is of TD(0), whose value closes the gate of
  `v_gated` and is the target of `one_step` returns.
  """

  method: str = 'on_policy_distill'  # a key of `distillation.METHODS`
  control: str = ''  # one of CONTROLS in the place of the method's own
  returns: str = 'monte_carlo'  # one of RETURNS
  learning_rate: float = 0.0018  # of plain gradient descent, loss summed
  value_rate: float = 0.1
  discount: float = 0.99
  floor: float = distillation.TEACHER_FLOOR
  max_steps: int = 400  # of an episode; what comes later is not learnt from

  def __post_init__(self):
    distillation.get_method(self.method)
    if self.control:
      checks.check_name('control', self.control, CONTROLS)
    checks.check_name('returns', self.returns, RETURNS)
    for name in ('discount', 'floor', 'value_rate'):
      checks.check_fraction(name, getattr(self, name))
    checks.check_positive_finite('learning_rate', self.learning_rate)
    if self.max_steps < 1:
      raise ValueError(f'max_steps is {self.max_steps}; expected at least 1.')


class Episode(NamedTuple):
  """An episode of each MDP; time first."""

  states: jax.Array  # int32 [max_steps + 1, N]
  actions: jax.Array  # int32 [max_steps, N]
  num_steps: jax.Array  # int32 [N]
  longest: jax.Array  # int32 []


def choose(probs: jax.Array, uniform: jax.Array) -> jax.Array:
  """Returns the action of each row [N, A] that a number in [0, 1) falls on."""
  below = jnp.cumsum(probs, axis=-1) <= uniform[:, None] * jnp.sum(
      probs, axis=-1, keepdims=True)
  return jnp.minimum(jnp.sum(below, axis=-1), probs.shape[-1] - 1)


def move(
    mdps: mdp_lib.MDP,
    dynamics: mdp_lib.Dynamics,
    states: jax.Array,
    actions: jax.Array,
    uniform: jax.Array,
) -> jax.Array:
  """Returns the next states; all arrays [N]."""
  rows = jnp.arange(len(states))
  num_states, num_moves = mdps.successor.shape[1:]
  end = dynamics.end_probability
  rest = (uniform - end) / max(1 - end, 1e-12)
  is_noise = (rest < dynamics.noise) & (actions < num_moves)
  other = (rest / max(dynamics.noise, 1e-12) * num_moves).astype(jnp.int32)
  chosen = jnp.where(is_noise, jnp.clip(other, 0, num_moves - 1), actions)
  there = mdps.successor[rows, states, jnp.minimum(chosen, num_moves - 1)]
  there = jnp.where(chosen < num_moves, there, states)
  return jnp.where(uniform < end, num_states - 1, there)


def play(
    mdps: mdp_lib.MDP,
    dynamics: mdp_lib.Dynamics,
    policy_of: Callable[[jax.Array, jax.Array], jax.Array],
    max_steps: int,
    rng_key: jax.Array,
) -> Episode:
  """Plays one episode of each MDP, all side by side until the last one ends.

  Args:
    mdps: [N].
    dynamics: their chance.
    policy_of: rows of MDPs [N], states [N] -> probabilities [N, A].
    max_steps: of an episode.
    rng_key: consumed.
  """
  num = len(mdps.start)
  rows = jnp.arange(num)

  def body(carry):
    t, state, num_steps, states, actions = carry
    uniform = jax.random.uniform(jax.random.fold_in(rng_key, t), (2, num))
    action = choose(policy_of(rows, state), uniform[0])
    is_going = ~mdps.is_terminal[rows, state]
    following = jnp.where(
        is_going, move(mdps, dynamics, state, action, uniform[1]), state)
    return (t + 1, following, num_steps + is_going,
            states.at[t + 1].set(following), actions.at[t].set(action))

  def is_any_going(carry):
    t, state, *_ = carry
    return (t < max_steps) & ~mdps.is_terminal[rows, state].all()

  state = jnp.asarray(mdps.start)
  longest, _, num_steps, states, actions = jax.lax.while_loop(
      is_any_going, body, (
          jnp.zeros((), jnp.int32), state, jnp.zeros(num, jnp.int32),
          jnp.zeros((max_steps + 1, num), jnp.int32).at[0].set(state),
          jnp.zeros((max_steps, num), jnp.int32)))
  return Episode(states, actions, num_steps, longest)


Update = Callable[[Table, mdp_lib.MDP, Table, jax.Array], Table]


def make_update(config: UpdateConfig, dynamics: mdp_lib.Dynamics) -> Update:
  """Builds the update of students by one episode each.

  Args:
    config: how.
    dynamics: of all MDPs.

  Returns:
    (student, mdps, teacher, rng_key) -> student; leaves [N, ...]. The teacher's
    value of terminal states must be 0.
  """
  method = distillation.get_method(config.method)
  control = config.control or method.control
  loss = method.loss

  def update(student, mdps, teacher, rng_key):
    def policy_of(rows, states):
      return exact.control_policy(
          control, student.logits[rows, states], teacher.logits[rows, states])

    episode = play(mdps, dynamics, policy_of, config.max_steps, rng_key)
    rows = jnp.arange(len(mdps.start))

    def step_of(logits, states, actions):
      return distillation.make_step(
          logits, teacher.logits[rows, states], actions,
          student.value[rows, states], teacher.value[rows, states],
          floor=config.floor)

    def body(carry):  # from the last step of the longest episode to the first
      t, new, later, following = carry
      t -= 1
      state, next_state = episode.states[t], episode.states[t + 1]
      action = episode.actions[t]
      logits = student.logits[rows, state]
      step = step_of(logits, state, action)
      is_step = t < episode.num_steps
      is_followed = t + 1 < episode.num_steps
      reward = mdps.reward[rows, next_state]
      steps = jax.tree.map(lambda x, y: jnp.stack([x, y]), step, following)
      discount = jnp.where(is_followed, config.discount, 0.0)
      [pseudo] = distillation.pseudo_rewards(
          method, steps, reward[None], discount[None])
      bootstrap = config.discount * new.value[rows, next_state]
      target = (pseudo if method.has_return else reward) + bootstrap
      if method.is_one_step:
        returns = pseudo
      elif config.returns == 'one_step':
        returns = pseudo + bootstrap
      else:
        returns = pseudo + config.discount * later
      descent = jnp.zeros_like(logits)
      if method.has_return:
        chosen = jax.nn.one_hot(action, logits.shape[-1])
        descent -= returns[:, None] * (chosen - jax.nn.softmax(logits))
      if loss is not None:
        descent += jax.grad(
            lambda x: jnp.sum(loss(step_of(x, state, action))))(logits)
      error = target - new.value[rows, state]
      new = Table(
          new.logits.at[rows, state].add(jnp.where(
              is_step[:, None], -config.learning_rate * descent, 0.0)),
          new.value.at[rows, state].add(
              jnp.where(is_step, config.value_rate * error, 0.0)))
      return t, new, jnp.where(is_step, returns, 0.0), step

    nothing = step_of(
        student.logits[rows, mdps.start], mdps.start, episode.actions[0])
    _, student, _, _ = jax.lax.while_loop(
        lambda carry: carry[0] > 0, body,
        (episode.longest, student, jnp.zeros(len(rows)), nothing))
    return student

  return update
