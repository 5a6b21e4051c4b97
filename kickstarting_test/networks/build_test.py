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
"""Tests of networks as a whole: sizes, names, and what reaches the core."""

import functools

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import types
from kickstarting.networks import build
from kickstarting_test.networks import examples

jax.config.update('jax_numpy_rank_promotion', 'raise')

_T, _B, _A = 2, 3, 5
_SPEC = examples.FLAT_SPEC | {'y': types.ArraySpec((), np.dtype(np.int32))}
_TIMESTEPS = examples.timesteps(0, _SPEC, (_T, _B), _A)._replace(
    step_type=np.ones((_T, _B), np.int32))


def _shapes(config, spec, num_actions):
  network = build.make_network(config, num_actions)
  return jax.eval_shape(
      network.init, jax.random.key(0),
      agent_lib.example_timestep(spec, (1, 1)), np.zeros((1, 1), np.int32))


@functools.cache
def _network(config):
  network = build.make_network(config, _A)
  init = lambda key: network.init(key, _TIMESTEPS, examples.TOKENS)
  params = examples.params(init, 1)

  @jax.jit
  def unroll(timesteps, tokens):
    state = network.initial_state(_B)
    context = network.encode(params, tokens)
    return network.unroll(params, timesteps, context, state)

  return unroll


def _output(config, timesteps=_TIMESTEPS, tokens=examples.TOKENS):
  output, _ = _network(config)(timesteps, tokens)
  return np.concatenate([output.policy, output.value[..., None]], axis=-1)


class ParameterCountTest(parameterized.TestCase):

  @parameterized.parameters(
      # Espeholt et al. (2018), Figure 3, prints 1.2 and 1.6 million.
      ('impala_small', True, 1_230_426),
      ('impala_large', True, 1_628_010),
      ('impala_small', False, 1_123_130),
      ('impala_large', False, 1_520_714),
  )
  def test_impala(self, torso, reads_instruction, expected):
    config = build.NetworkConfig(torso, reads_instruction=reads_instruction)
    if reads_instruction:
      self.assertEqual(config, build.get_network(torso))
    shapes = _shapes(config, examples.PIXEL_SPEC, 9)
    self.assertEqual(sum(x.size for x in jax.tree.leaves(shapes)), expected)

  def test_names_in_files_of_trained_agents(self):
    shapes = _shapes(build.get_network('grid_small'), examples.GRID_SPEC, 7)
    torso = 'torso/~instruction_features'
    self.assertEqual(
        jax.tree.map(np.shape, shapes),
        {
            'instruction/~/words': {'embeddings': (1000, 20)},
            'instruction/~/lstm/linear': {'w': (84, 256), 'b': (256,)},
            'torso': {'object': (11, 32), 'colour': (6, 32), 'state': (4, 32)},
            f'{torso}/modulation': {'w': (64, 64), 'b': (64,)},
            f'{torso}/cell': {'w': (32, 8), 'b': (8,)},
            'torso/view': {'w': (7 * 7 * 8, 128), 'b': (128,)},
            # 128 of the view, 4 directions, 64 of the instruction, 7 actions
            # and 1 reward; then the core's own 128.
            'core/~/lstm/linear': {'w': (204 + 128, 512), 'b': (512,)},
            'policy': {'w': (128, 7), 'b': (7,)},
            'baseline': {'w': (128, 1), 'b': (1,)},
        })

  def test_large_grid(self):
    shapes = _shapes(build.get_network('grid_large'), examples.GRID_SPEC, 7)
    self.assertEqual(shapes['torso/conv2_d_3']['w'].shape, (3, 3, 32, 32))
    self.assertNotIn('torso/conv2_d_4', shapes)
    self.assertEqual(shapes['torso/view']['w'].shape, (7 * 7 * 32, 256))
    self.assertEqual(shapes['policy']['w'].shape, (256, 7))


class InputsTest(parameterized.TestCase):

  def _assert_reads(self, config, does, **changes):
    changed = _output(config, _TIMESTEPS._replace(**changes))
    self.assertEqual(np.any(changed != _output(config)), does)

  @parameterized.parameters(True, False)
  def test_previous_action_and_reward(self, reads):
    config = build.NetworkConfig('flat', 4, reads_previous=reads)
    self._assert_reads(
        config, reads, previous_action=(_TIMESTEPS.previous_action + 1) % _A)
    self._assert_reads(config, reads, reward=_TIMESTEPS.reward / 2)

  def test_previous_reward_is_clipped(self):
    config = build.NetworkConfig('flat', 4)
    clipped = _TIMESTEPS._replace(reward=np.clip(10 * _TIMESTEPS.reward, -1, 1))
    np.testing.assert_array_equal(
        _output(config, _TIMESTEPS._replace(reward=10 * _TIMESTEPS.reward)),
        _output(config, clipped))

  @parameterized.parameters(True, False)
  def test_instruction(self, reads):
    config = build.NetworkConfig('flat', 4, reads_instruction=reads)
    self._assert_reads(
        config, reads, instruction=(_TIMESTEPS.instruction + 1) % 4)
    other_words = np.where(examples.TOKENS, examples.TOKENS + 1, 0) % 1000
    changed = _output(config, tokens=other_words)
    self.assertEqual(np.any(changed != _output(config)), reads)

  def test_observation_keys(self):
    observation = _TIMESTEPS.observation
    changes = [
        observation | {'x': observation['x'] + 1},
        observation | {'y': observation['y'] + 1},
    ]
    config = build.NetworkConfig('flat', 4, observation_keys=('x',))
    self._assert_reads(config, True, observation=changes[0])
    self._assert_reads(config, False, observation=changes[1])
    config = build.NetworkConfig('flat', 4)
    self._assert_reads(config, True, observation=changes[1])

  def test_gradients_reach_every_part(self):
    network = build.make_network(build.NetworkConfig('flat', 4), _A)
    init = lambda key: network.init(key, _TIMESTEPS, examples.TOKENS)

    @jax.jit
    @jax.grad
    def gradient(params):
      output, _ = network.unroll(
          params, _TIMESTEPS, network.encode(params, examples.TOKENS),
          network.initial_state(_B))
      return output.policy.sum() + output.value.sum()

    for name, arrays in gradient(examples.params(init, 1)).items():
      for array in arrays.values():
        self.assertTrue(np.any(array != 0), name)

  def test_shapes(self):
    output, state = _network(build.NetworkConfig('flat', 4))(
        _TIMESTEPS, examples.TOKENS)
    self.assertEqual(output.policy.shape, (_T, _B, _A))
    self.assertEqual(output.value.shape, (_T, _B))
    self.assertEqual(
        jax.tree.map(np.shape, tuple(state['core'])), ((_B, 4), (_B, 4)))


class ErrorsTest(parameterized.TestCase):

  def test_unknown_network(self):
    with self.assertRaisesRegex(
        ValueError,
        "unknown network 'grid_smal'; expected one of atari_large, atari_small,"
        " flat, grid_large, grid_small, impala_large, impala_small, mlp_large,"
        " mlp_small, mlp_tiny. Did you mean 'grid_small'"):
      build.get_network('grid_smal')

  @parameterized.parameters(
      ({'torso': 'mlp'}, "unknown torso 'mlp'; expected one of flat, .*"),
      ({'torso': 'flat', 'core_size': 0},
       'core_size is 0; expected at least 1'),
  )
  def test_config(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      build.NetworkConfig(**fields)


if __name__ == '__main__':
  absltest.main()
