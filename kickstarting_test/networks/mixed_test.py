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
"""Tests of mixed.py: vectors are normalised, pictures convolved."""

from absl.testing import absltest
from absl.testing import parameterized
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting.networks import mixed
from kickstarting_test.networks import examples

jax.config.update('jax_numpy_rank_promotion', 'raise')

_TORSO = hk.without_apply_rng(hk.transform(
    lambda x: mixed.MixedTorso((4, 3))(x, (), np.zeros(2, np.int32))))


def _spec(shape, dtype):
  return jax.ShapeDtypeStruct(shape, dtype)


class IsPictureTest(parameterized.TestCase):

  @parameterized.parameters(
      ((84, 84, 4), 'uint8', True), ((10, 10, 4), 'bool', True),
      ((5, 5, 1), 'float32', True), ((10, 5), 'float32', False),
      ((4, 84, 84), 'uint8', False), ((7, 7, 3), 'int32', False),
      ((3, 3, 3), 'float32', False), ((), 'int32', False))
  def test_is(self, shape, dtype, expected):
    self.assertEqual(mixed.is_picture(_spec(shape, dtype)), expected)


class MixedTorsoTest(parameterized.TestCase):

  def test_vectors_equal_a_slow_torso(self):
    rng = np.random.default_rng(0)
    observation = {
        'z': rng.normal(size=(2, 3)).astype(np.float32),
        'cells': rng.integers(0, 9, (2, 2, 2)).astype(np.uint8),
        'angle': np.array([1, 3], np.int32),
    }
    params = examples.params(lambda key: _TORSO.init(key, observation), 1)
    x = np.concatenate([
        observation['angle'].reshape(2, 1),
        observation['cells'].reshape(2, 4),
        observation['z']], axis=1)  # by name
    moments = params['mixed_torso/normaliser'] = {
        'mean': x.mean(0), 'variance': x.var(0) + 1, 'count': np.float32(2)}
    x = (x - moments['mean']) / np.sqrt(moments['variance'])
    for layer in ('linear', 'linear_1'):
      layer = params[f'mixed_torso/{layer}']
      x = np.tanh(x @ layer['w'] + layer['b'])
    np.testing.assert_allclose(_TORSO.apply(params, observation), x, atol=1e-6)

  @parameterized.parameters(
      ((10, 10, 4), 'bool', 16 * 8 * 8), ((10, 10, 4), 'uint8', 16 * 8 * 8),
      ((84, 84, 4), 'uint8', 32 * 9 * 9), ((20, 20, 1), 'float32', 32))
  def test_pictures_and_vectors(self, shape, dtype, features):
    rng = np.random.default_rng(0)
    observation = {'eye': rng.integers(0, 2, (2, *shape)).astype(dtype),
                   'body': np.ones((2, 5), np.float32)}
    params = _TORSO.init(jax.random.key(0), observation)
    self.assertEqual(
        params['mixed_torso/linear']['w'].shape, (features + 5, 4))
    self.assertEqual(_TORSO.apply(params, observation).shape, (2, 3))

  def test_bytes_are_divided_and_floats_are_not(self):
    image = np.full((2, 10, 10, 1), 255, np.uint8)
    params = _TORSO.init(jax.random.key(0), {'eye': image})
    self.assertNotIn('mixed_torso/normaliser', params)
    np.testing.assert_allclose(
        _TORSO.apply(params, {'eye': image}),
        _TORSO.apply(params, {'eye': np.ones((2, 10, 10, 1), np.float32)}),
        rtol=1e-6)

  def test_instructions_are_not_read(self):
    features = hk.testing.transform_and_run(
        lambda: mixed.MixedTorso((4,)).instruction_features(np.ones((2, 64))))()
    self.assertEqual(features, ())


class AbsorbTest(absltest.TestCase):

  def test_moves_the_normaliser_alone(self):
    rng = np.random.default_rng(0)
    observation = {'b': rng.normal(3.0, 2.0, (5, 4, 2)).astype(np.float32),
                   'a': rng.normal(size=(5, 4)).astype(np.float32),
                   'eye': np.zeros((5, 4, 9, 9, 1), np.uint8)}
    params = {'torso/normaliser': {
        'mean': jnp.zeros(3), 'variance': jnp.ones(3), 'count': jnp.zeros(())},
              'torso/linear': {'w': jnp.ones(3)}}
    after = mixed.absorb(params, observation, np.ones((5, 4), bool))
    self.assertIs(after['torso/linear'], params['torso/linear'])
    rows = np.concatenate(
        [observation['a'][..., None], observation['b']], -1).reshape(20, 3)
    np.testing.assert_allclose(
        after['torso/normaliser']['mean'], rows.mean(0), rtol=1e-5)
    np.testing.assert_allclose(
        after['torso/normaliser']['variance'], rows.var(0), rtol=1e-5)

  def test_leaves_networks_without_one(self):
    params = {'torso': {'w': jnp.ones(3)}}
    self.assertIs(mixed.absorb(params, {}, np.ones((5, 4), bool)), params)


if __name__ == '__main__':
  absltest.main()
