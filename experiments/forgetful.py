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
"""Agents that forget everything in mid-episode.

Not here: what they get (`forgetting.py`).
"""

import jax
import jax.numpy as jnp

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting.environments import base


def forgetful(agent: agent_lib.Agent, at: int) -> agent_lib.Agent:
  """Returns an agent that forgets all before step `at` of every episode.

  Args:
    agent: another one; what it does is left as it is.
    at: steps since the start of the episode, 1 or more.

  Raises:
    ValueError: the number is none.
  """
  checks.check_count('at', at)

  def initial_state(batch_size):
    return agent.initial_state(batch_size), jnp.zeros(batch_size, jnp.int32)

  def step(params, rng_key, timestep, context, state):
    inner, count = state
    count = jnp.where(timestep.step_type == base.FIRST, 0, count + 1)
    fresh = agent.initial_state(count.shape[0])
    inner = jax.tree.map(
        lambda new, old: jnp.where(
            jnp.reshape(count == at, (-1,) + (1,) * (jnp.ndim(old) - 1)),
            new, old), fresh, inner)
    output, inner = agent.step(params, rng_key, timestep, context, inner)
    return output, (inner, count)

  return agent._replace(initial_state=initial_state, step=step)
