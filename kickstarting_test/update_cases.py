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
"""A student small enough for oracles, and what it learns from.

Here: what the tests of the update share.
"""

import copy
import functools

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import types
from kickstarting import update as update_lib
from kickstarting import update_config
from kickstarting.environments import base
from kickstarting_test.networks import examples

jax.config.update('jax_numpy_rank_promotion', 'raise')

T, B, A, D = 4, 3, 5, 3
DEAD = (1, 2)  # the transition out of the LAST timestep
HYPERS = types.Hypers(
    learning_rate=np.float32(0.1),
    entropy_cost=np.float32(0.3),
    baseline_cost=np.float32(0.5),
    alpha=np.float32(2.0),
    rho=np.array([1.0, 0.25], np.float32),
)


def normal(seed, *shape):
  return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def linear_agent():
  """Logits and value linear in the observation; the core state scales it."""

  def unroll(params, timesteps, context, state):
    x = timesteps.observation['x']  # [T, B, D]
    logits = x @ params['w'] * state[None, :, None]
    return types.AgentOutput(
        logits, (x @ params['v'])[..., 0] + context[timesteps.instruction]
    ), state

  return agent_lib.Agent(
      init=lambda key: PARAMS,
      initial_state=jnp.zeros,
      encode=lambda params, tokens: tokens @ params['u'],
      step=lambda *args: None,
      unroll=unroll,
  )


PARAMS = {'w': normal(0, D, A), 'v': normal(1, D, 1),
           'u': normal(2, examples.TOKENS.shape[1]) / 1000}


def _trajectory():
  step_type = np.full((T + 1, B), base.MID, np.int32)
  step_type[DEAD] = base.LAST
  step_type[DEAD[0] + 1, DEAD[1]] = base.FIRST
  timesteps = examples.timesteps(
      3, examples.FLAT_SPEC, (T + 1, B), A)
  rng = np.random.default_rng(4)
  return types.Trajectory(
      timesteps=timesteps._replace(
          step_type=step_type,
          reward=3 * timesteps.reward,
          discount=(step_type != base.LAST).astype(np.float32)),
      actions=rng.integers(0, A, (T, B)).astype(np.int32),
      behaviour_log_prob=-np.abs(normal(5, T, B)),
      initial_core_state=normal(6, B),
      instructions=examples.TOKENS,
      task=np.array([0, 1, 1], np.int32),
      teacher=types.TeacherOutput(
          policy=normal(7, T + 1, B, A),
          value=np.zeros((T + 1, B), np.float32),
          index=np.array([1, -1, 0], np.int32)),
  )


TRAJECTORY = _trajectory()


def streams(kept):
  """Returns the trajectory of some of the streams."""
  of_steps = lambda tree: jax.tree.map(lambda x: x[:, kept], tree)
  teacher = TRAJECTORY.teacher
  return TRAJECTORY._replace(
      timesteps=of_steps(TRAJECTORY.timesteps),
      actions=TRAJECTORY.actions[:, kept],
      behaviour_log_prob=TRAJECTORY.behaviour_log_prob[:, kept],
      initial_core_state=TRAJECTORY.initial_core_state[kept],
      task=TRAJECTORY.task[kept],
      teacher=types.TeacherOutput(
          teacher.policy[:, kept], teacher.value[:, kept],
          teacher.index[kept]))


@functools.cache
def make_update(**fields):
  """Returns an initial state, the jitted update and a list of its traces."""
  update = update_lib.make_update(
      update_config.UpdateConfig(**fields), linear_agent())
  traces = []

  def traced(*args):
    traces.append(args)
    return update.update(*args)

  return update.init(PARAMS), jax.jit(traced), traces


def run(hypers=HYPERS, trajectory=TRAJECTORY, **fields):
  state, update, _ = make_update(**fields)
  state, metrics = update(state, hypers, trajectory)
  return state.params, metrics


def assert_same(x, y):
  jax.tree.map(np.testing.assert_array_equal, x, y)


def differs(x, y):
  return jax.tree.reduce(
      lambda a, b: a or b,
      jax.tree.map(lambda a, b: bool(np.any(a != b)), x, y))


def with_rubbish(part, where):
  """Returns the trajectory with other numbers at `where` of one array."""
  trajectory = copy.deepcopy(TRAJECTORY)
  array = {
      'reward': trajectory.timesteps.reward,
      'discount': trajectory.timesteps.discount,
      'actions': trajectory.actions,
      'behaviour_log_prob': trajectory.behaviour_log_prob,
      'teacher': trajectory.teacher.policy,
      'initial_core_state': trajectory.initial_core_state,
      'instructions': trajectory.instructions,
  }[part]
  array[where] = (array[where] + 1) % A
  return trajectory
