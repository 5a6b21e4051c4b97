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
"""Tests of the grid torso, against cells that are embedded one by one."""

from absl.testing import absltest
from absl.testing import parameterized
import haiku as hk
import jax
import numpy as np

from kickstarting.networks import grid
from kickstarting_test.networks import examples

jax.config.update('jax_numpy_rank_promotion', 'raise')

_N, _CELL, _HIDDEN = 5, 2, 6
_ENCODINGS = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
_ROWS = np.array([2, 0, 1, 2, 0], np.int32)


def _transform(num_blocks):
  def read(observation, encodings, rows):
    torso = grid.GridTorso(3, _CELL, _HIDDEN, num_blocks, name='torso')
    return torso(observation, torso.instruction_features(encodings), rows)

  return hk.without_apply_rng(hk.transform(read))


def _observation(seed=1):
  return examples.timesteps(seed, examples.GRID_SPEC, (_N,), 7).observation


def _relu(x):
  return np.maximum(x, 0)


def _linear(params, name, x):
  return x @ params[f'torso/{name}']['w'] + params[f'torso/{name}']['b']


def _conv(params, name, x):
  """A 3 x 3 convolution whose border is padded with zeros."""
  w, b = params[f'torso/{name}']['w'], params[f'torso/{name}']['b']
  padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
  return b + sum(
      padded[:, i:i + 7, j:j + 7] @ w[i, j] for i in range(3) for j in range(3))


def _slow_read(params, observation, encodings, rows, num_blocks):
  """Embeds every cell of every view under the view's own instruction."""
  embeddings = params['torso']
  x = np.zeros((_N, 7, 7, _CELL))
  for n, i, j in np.ndindex(_N, 7, 7):
    parts = observation['image'][n, i, j]
    cell = sum(
        embeddings[name][part]
        for name, part in zip(('object', 'colour', 'state'), parts))
    if encodings is not None:
      encoding = encodings[rows[n]]
      scale, shift = np.split(
          _linear(params, '~instruction_features/modulation', encoding), 2)
      cell = cell * (1 + scale) + shift
    x[n, i, j] = _relu(
        _linear(params, '~instruction_features/cell', _relu(cell)))
  names = [f'conv2_d{f"_{i}" if i else ""}' for i in range(2 * num_blocks)]
  for first, second in zip(names[::2], names[1::2]):
    x = x + _conv(params, second, _relu(_conv(params, first, _relu(x))))
  view = _relu(_linear(params, 'view', _relu(x).reshape(_N, -1)))
  return np.concatenate([view, np.eye(4)[observation['direction']]], axis=1)


class GridTorsoTest(parameterized.TestCase):

  @parameterized.product(num_blocks=(0, 2), is_told=(True, False))
  def test_equals_embedding_every_cell(self, num_blocks, is_told):
    torso = _transform(num_blocks)
    args = _observation(), _ENCODINGS if is_told else None, (
        _ROWS if is_told else np.zeros_like(_ROWS))
    params = examples.params(lambda key: torso.init(key, *args), 2)
    expected = _slow_read(params, *args, num_blocks)
    self.assertGreater(np.count_nonzero(expected[:, :_HIDDEN]), _N)
    np.testing.assert_allclose(
        jax.jit(torso.apply)(params, *args), expected, rtol=1e-5, atol=1e-5)

  def test_parts_beyond_the_vocabulary_are_read_as_the_last(self):
    torso = _transform(0)
    observation = _observation()
    params = examples.params(
        lambda key: torso.init(key, observation, _ENCODINGS, _ROWS), 2)
    apply = jax.jit(torso.apply)
    for part, last in enumerate((10, 5, 3)):
      image = observation['image'].copy()
      image[:, 3, 3, part] = 200
      beyond = apply(
          params, observation | {'image': image}, _ENCODINGS, _ROWS)
      image = image.copy()
      image[:, 3, 3, part] = last
      expected = apply(
          params, observation | {'image': image}, _ENCODINGS, _ROWS)
      np.testing.assert_array_equal(beyond, expected)

  def test_one_table_per_instruction(self):
    torso = hk.transform(lambda encodings: grid.GridTorso(
        3, _CELL, _HIDDEN).instruction_features(encodings))
    for encodings, rows in ((_ENCODINGS, 3), (None, 1)):
      params = jax.eval_shape(torso.init, jax.random.key(0), encodings)
      features = jax.eval_shape(torso.apply, params, None, encodings)
      self.assertEqual(features.shape, (rows, 11 * 6 * 4, _CELL))

  @parameterized.parameters(range(5))
  def test_unseen_cells_are_silent_at_first(self, seed):
    torso = hk.without_apply_rng(hk.transform(
        lambda: grid.GridTorso(32, 8, 128).instruction_features(None)))
    features, = torso.apply(torso.init(jax.random.key(seed)))
    size = np.linalg.norm(features, axis=-1)
    self.assertEqual(size[0], 0.0)
    self.assertGreater(np.mean(size[1:] > 0.1), 0.9)


if __name__ == '__main__':
  absltest.main()
