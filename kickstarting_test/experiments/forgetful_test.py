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
"""Tests of agents that forget everything in mid-episode."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from experiments import forgetful
from kickstarting import agent as agent_lib
from kickstarting.environments import base
from kickstarting_test.networks import examples


def _counting():
  """Returns an agent whose action is how many steps it remembers."""

  def step(params, rng_key, timestep, context, state):
    del params, rng_key, context
    state = jnp.where(timestep.step_type == base.FIRST, 0, state) + 1
    return (state, None), state

  return agent_lib.Agent(
      init=lambda key: (), encode=lambda params, tokens: (),
      initial_state=lambda size: jnp.zeros(size, jnp.int32), step=step,
      unroll=lambda *args: None)


class ForgetfulTest(parameterized.TestCase):

  @parameterized.parameters(
      (1, [1, 1, 2, 3, 4, 1, 1], [1, 1, 2, 1, 1, 2, 3]),
      (3, [1, 2, 3, 1, 2, 1, 2], [1, 2, 3, 1, 2, 3, 1]),
      (9, [1, 2, 3, 4, 5, 1, 2], [1, 2, 3, 1, 2, 3, 4]))
  def test_once_in_every_episode(self, at, *expected):
    # The second stream begins anew at other steps than the first.
    first, mid = base.FIRST, base.MID
    step_type = np.int32([
        [first, mid, mid, mid, mid, first, mid],
        [first, mid, mid, first, mid, mid, mid]])
    agent = forgetful.forgetful(_counting(), at)
    step = jax.jit(agent.step)
    state, found = agent.initial_state(2), []
    timestep = agent_lib.example_timestep(examples.FLAT_SPEC, (2,))
    for types_now in step_type.T:
      (actions, _), state = step(
          (), jax.random.key(0), timestep._replace(step_type=types_now), (),
          state)
      found.append(actions)
    np.testing.assert_array_equal(np.stack(found, axis=1), expected)

  @parameterized.parameters(0, -1, 1.5)
  def test_no_step(self, at):
    with self.assertRaisesRegex(ValueError, 'at is'):
      forgetful.forgetful(_counting(), at)


if __name__ == '__main__':
  absltest.main()
