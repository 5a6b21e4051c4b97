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
"""Tests of the pixel torsos: feature maps and the arithmetic of a trunk."""

from absl.testing import absltest
from absl.testing import parameterized
import haiku as hk
import jax
import numpy as np

from kickstarting.networks import impala
from kickstarting_test.networks import examples

jax.config.update('jax_numpy_rank_promotion', 'raise')


def _transform(make_torso):
  return hk.without_apply_rng(hk.transform(
      lambda image: make_torso(name='torso')(
          {'image': image}, (), np.zeros(len(image), np.int32))))


def _conv(params, index, x, stride=1, padding='SAME'):
  name = f'torso/~_trunk/conv2_d{f"_{index}" if index else ""}'
  return jax.lax.conv_general_dilated(
      x, params[name]['w'], (stride, stride), padding,
      dimension_numbers=('NHWC', 'HWIO', 'NHWC'),
  ) + params[name]['b'].reshape(1, 1, 1, -1)


def _relu(x):
  return np.maximum(x, 0)


def _max_pool(x):
  """Largest of 3 x 3, every second place; the border does not count."""
  _, height, width, _ = x.shape
  rows = [[i for i in range(2 * r + o, 2 * r + o + 3) if 0 <= i < height]
          for o in [-(height % 2)] for r in range(-(-height // 2))]
  columns = [[i for i in range(2 * c + o, 2 * c + o + 3) if 0 <= i < width]
             for o in [-(width % 2)] for c in range(-(-width // 2))]
  return np.stack([
      np.stack([x[:, r][:, :, c].max(axis=(1, 2)) for c in columns], axis=1)
      for r in rows
  ], axis=1)


def _slow_small(params, x):
  x = _relu(_conv(params, 0, x, 4, 'VALID'))
  return _conv(params, 1, x, 2, 'VALID')


def _slow_large(params, x, sections):
  for section in range(sections):
    first = 5 * section
    x = _max_pool(np.asarray(_conv(params, first, x)))
    for block in range(2):
      y = _relu(_conv(params, first + 2 * block + 1, _relu(x)))
      x = x + _conv(params, first + 2 * block + 2, y)
  return x


class ImpalaTest(parameterized.TestCase):

  @parameterized.parameters(
      (impala.SmallPixelTorso, 7 * 10 * 32, 2),
      (impala.LargePixelTorso, 9 * 12 * 32, 15),
  )
  def test_layers_of_the_paper(self, make_torso, map_size, num_convolutions):
    torso = _transform(make_torso)
    image = np.zeros((2, 72, 96, 3), np.uint8)
    params = jax.eval_shape(torso.init, jax.random.key(0), image)
    self.assertEqual(params['torso/linear']['w'].shape, (map_size, 256))
    self.assertEqual(
        sum('conv' in name for name in params), num_convolutions)
    output = jax.eval_shape(torso.apply, params, image)
    self.assertEqual((output.shape, output.dtype), ((2, 256), np.float32))

  @parameterized.parameters(
      (impala.SmallPixelTorso, (20, 22), _slow_small),
      (lambda name: impala.LargePixelTorso((2, 3), name=name), (7, 10),
       lambda params, x: _slow_large(params, x, sections=2)),
  )
  def test_equals_a_slow_torso(self, make_torso, size, slow_trunk):
    torso = _transform(make_torso)
    image = np.random.default_rng(0).integers(
        0, 256, (2, *size, 3)).astype(np.uint8)
    params = examples.params(lambda key: torso.init(key, image), 1)
    x = slow_trunk(params, image.astype(np.float32) / 255)
    x = _relu(np.asarray(x)).reshape(2, -1)
    linear = params['torso/linear']
    expected = _relu(x @ linear['w'] + linear['b'])
    self.assertGreater(np.count_nonzero(expected), 100)
    np.testing.assert_allclose(
        jax.jit(torso.apply)(params, image), expected, rtol=1e-4, atol=1e-4)

  @parameterized.parameters(impala.SmallPixelTorso, impala.LargePixelTorso)
  def test_floats_are_taken_as_they_are(self, torso):
    image = np.random.default_rng(0).integers(
        0, 256, (2, 24, 24, 3)).astype(np.uint8)
    torso = _transform(torso)
    params = torso.init(jax.random.key(0), image)
    np.testing.assert_allclose(
        torso.apply(params, image),
        torso.apply(params, image.astype(np.float32) / 255), atol=1e-6)

  @parameterized.parameters(impala.SmallPixelTorso, impala.LargePixelTorso)
  def test_half_precision(self, torso):
    image = np.random.default_rng(0).integers(
        0, 256, (4, 72, 96, 3)).astype(np.uint8)
    wide = _transform(lambda name: torso(name=name))
    narrow = _transform(lambda name: torso(name=name, dtype='bfloat16'))
    params = narrow.init(jax.random.key(0), image)
    for leaf in jax.tree.leaves(params):
      self.assertEqual(leaf.dtype, np.float32)
    expected = wide.apply(params, image)
    found = narrow.apply(params, image)
    self.assertEqual(found.dtype, np.float32)
    error = np.abs(found - expected).max() / np.abs(expected).max()
    self.assertBetween(error, 1e-5, 0.05)  # eight bits, several layers
    grads = jax.grad(lambda p: narrow.apply(p, image).sum())(params)
    for leaf in jax.tree.leaves(grads):
      self.assertEqual(leaf.dtype, np.float32)

  def test_instructions_are_not_read(self):
    features = hk.testing.transform_and_run(
        lambda: impala.SmallPixelTorso().instruction_features(
            np.ones((2, 64))))()
    self.assertEqual(features, ())


if __name__ == '__main__':
  absltest.main()
