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
"""Tests of choice.py: the network of an environment that names none."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting.networks import choice
from kickstarting_test.networks import examples


def _spec(**entries):
  return {name: jax.ShapeDtypeStruct(shape, dtype)
          for name, (shape, dtype) in entries.items()}


class ChooseTest(parameterized.TestCase):

  @parameterized.parameters(
      (examples.GRID_SPEC, 'grid_small'), (examples.FLAT_SPEC, 'mlp_small'),
      (examples.PIXEL_SPEC, 'mlp_small'),
      (_spec(image=((10, 10, 4), bool)), 'mlp_small'),
      (_spec(image=((84, 84, 3), 'uint8'), direction=((), 'int32')),
       'mlp_small'),
      (_spec(image=((7, 7, 3), 'uint8'), direction=((2,), 'int32')),
       'mlp_small'),
      (_spec(position=((3,), 'float32'), eye=((64, 64, 3), 'uint8')),
       'mlp_small'))
  def test_reads_all_of_it(self, observation, torso):
    config = choice.choose(observation)
    self.assertEqual(config.torso, torso)
    agent = agent_lib.make_agent(config, observation, 3)
    self.assertEqual(set(agent.reads), set(observation))
    params = jax.eval_shape(agent.init, jax.random.key(0))
    (actions, output), _ = jax.eval_shape(
        agent.step, params, jax.random.key(0),
        agent_lib.example_timestep(observation, (2,)),
        jax.eval_shape(agent.encode, params, np.zeros((1, 1), np.int32)),
        agent.initial_state(2))
    self.assertEqual((actions.shape, output.policy.shape), ((2,), (2, 3)))

  def test_nothing(self):
    with self.assertRaisesRegex(checks.UserError, 'no array of numbers'):
      choice.choose({})


if __name__ == '__main__':
  absltest.main()
