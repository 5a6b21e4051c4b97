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
"""Tests of the torso for small numeric observations."""

from absl.testing import absltest
import haiku as hk
import jax
import numpy as np

from kickstarting.networks import flat
from kickstarting_test.networks import examples

jax.config.update('jax_numpy_rank_promotion', 'raise')

_TORSO = hk.without_apply_rng(hk.transform(
    lambda x: flat.FlatTorso(4, scale=10.0)(x, (), np.zeros(2, np.int32))))


class FlatTorsoTest(absltest.TestCase):

  def test_equals_a_slow_torso(self):
    rng = np.random.default_rng(0)
    observation = {
        'z': rng.normal(size=(2, 3)).astype(np.float32),
        'grid': rng.integers(0, 9, (2, 2, 2)).astype(np.uint8),
        'angle': np.array([1, 3], np.int32),
    }
    params = examples.params(lambda key: _TORSO.init(key, observation), 1)
    (linear,) = params.values()
    inputs = np.concatenate([
        observation['angle'].reshape(2, 1),
        observation['grid'].reshape(2, 4),
        observation['z'],
    ], axis=1) / 10  # by name
    expected = np.maximum(inputs @ linear['w'] + linear['b'], 0)
    self.assertGreater(np.count_nonzero(expected), 1)
    np.testing.assert_allclose(
        _TORSO.apply(params, observation), expected, atol=1e-6)

  def test_instructions_are_not_read(self):
    features = hk.testing.transform_and_run(
        lambda: flat.FlatTorso(4).instruction_features(np.ones((2, 64))))()
    self.assertEqual(features, ())


if __name__ == '__main__':
  absltest.main()
