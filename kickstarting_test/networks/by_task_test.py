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
"""Tests of by_task.py: each stream gets what the part of its task makes."""

from absl.testing import absltest
from absl.testing import parameterized
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting.networks import by_task

jax.config.update('jax_numpy_rank_promotion', 'raise')
_T, _D, _H = 3, 4, 2
_RNG = np.random.default_rng(0)


def _function(num_parts):
  """Returns init and apply of as many different parts."""

  def run(inputs, task):
    layers = [hk.Linear(_H, name=f'part_{i}') for i in range(num_parts)]
    return by_task.apply([
        lambda xs, layer=layer: {'y': layer(xs['x']), 'x': 2 * xs['x']}
        for layer in layers], {'x': inputs}, task)

  return hk.without_apply_rng(hk.transform(run))


def _oracle(params, inputs, task):
  """Stream by stream."""
  layers = [jax.tree.map(np.asarray, params[f'part_{i}']) for i in task]
  return np.stack([
      inputs[:, b] @ layer['w'] + layer['b']
      for b, layer in enumerate(layers)], axis=1)


class ByTaskTest(parameterized.TestCase):

  @parameterized.parameters(
      ([0, 0, 1, 1, 2, 2],),
      ([0, 1, 2, 0, 1, 2],),
      ([2, 2, 1, 1, 0, 0],),
      ([0, 0, 0, 1, 2, 2],),
      ([1, 1, 1, 1, 1, 1],),
      ([0, 1, 2, 2],),  # cannot be equal shares
      ([0, 1, 2],),
      ([2],),
  )
  def test_each_stream_has_the_part_of_its_task(self, task):
    inputs = _RNG.normal(size=(_T, len(task), _D)).astype(np.float32)
    function = _function(3)
    params = function.init(jax.random.key(0), inputs, jnp.array(task))
    found = jax.jit(function.apply)(params, inputs, jnp.array(task))
    np.testing.assert_allclose(
        found['y'], _oracle(params, inputs, task), atol=1e-6)
    np.testing.assert_array_equal(found['x'], 2 * inputs)

  @parameterized.parameters(([0, 0, 1, 1],), ([0, 1, 0, 1],))
  def test_gradients(self, task):
    inputs = _RNG.normal(size=(_T, 4, _D)).astype(np.float32)
    function = _function(2)
    task = np.array(task)
    params = function.init(jax.random.key(0), inputs, task)
    gradient = jax.jit(jax.grad(lambda params: jnp.sum(
        function.apply(params, inputs, task)['y'] ** 2)))(params)
    expected = jax.grad(lambda params: sum(
        jnp.sum((inputs[:, b] @ params[f'part_{i}']['w']
                 + params[f'part_{i}']['b'][None]) ** 2)
        for b, i in enumerate(task)))(params)
    jax.tree.map(
        lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-5),
        gradient, dict(expected))

  def test_several_members_side_by_side(self):
    inputs = _RNG.normal(size=(2, _T, 4, _D)).astype(np.float32)
    tasks = np.array([[0, 0, 1, 1], [1, 0, 1, 0]])
    function = _function(2)
    params = function.init(jax.random.key(0), inputs[0], tasks[0])
    found = jax.jit(jax.vmap(function.apply, (None, 0, 0)))(
        params, inputs, tasks)
    for i in range(2):
      np.testing.assert_allclose(
          found['y'][i], _oracle(params, inputs[i], tasks[i]), atol=1e-6)

  def test_one_part_reads_no_task(self):
    inputs = np.ones((_T, 2, _D), np.float32)
    function = _function(1)
    params = function.init(jax.random.key(0), inputs, None)
    np.testing.assert_allclose(
        function.apply(params, inputs, None)['y'],
        _oracle(params, inputs, [0, 0]), rtol=1e-6)


if __name__ == '__main__':
  absltest.main()
