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
"""A convolution that is fast on a processor, also in a loop.

XLA's own convolution is much slower there once it stands in a loop, and
learning from a batch more than once is one. As a product of matrices, over
shifted pictures, it is not (`python -m benchmarks.convolution`). Not here:
networks.
"""

import haiku as hk
import jax
import jax.numpy as jnp

from kickstarting import types


class Conv2D(hk.Module):
  """A square kernel over every place where it fits; as `hk.Conv2D`, VALID."""

  def __init__(
      self, channels: int, size: int, stride: int = 1, name: str = 'conv2_d'
  ):
    super().__init__(name=name)
    self._channels = channels
    self._size = size
    self._stride = stride

  def __call__(self, x: types.Array) -> jax.Array:
    """Convolves.

    Args:
      x: [N, height, width, channels] float32.

    Returns:
      [N, rows, columns, channels of the kernel] float32.
    """
    shape = (self._size, self._size, x.shape[-1], self._channels)
    init = hk.initializers.VarianceScaling(1.0, 'fan_in', 'truncated_normal')
    w = hk.get_parameter('w', shape, x.dtype, init=init)
    b = hk.get_parameter('b', shape[-1:], x.dtype, init=jnp.zeros)
    y = jax.lax.platform_dependent(
        x, w, cpu=self._shifted, default=self._native)
    return y + jnp.reshape(b, (1, 1, 1, -1))

  def _native(self, x: jax.Array, w: jax.Array) -> jax.Array:
    return jax.lax.conv_general_dilated(
        x, w, (self._stride, self._stride), 'VALID',
        dimension_numbers=('NHWC', 'HWIO', 'NHWC'))

  def _shifted(self, x: jax.Array, w: jax.Array) -> jax.Array:
    size, stride = self._size, self._stride
    rows, columns = (
        1 + (length - size) // stride * stride for length in x.shape[1:3])
    patches = jnp.concatenate([
        x[:, i:i + rows:stride, j:j + columns:stride]
        for i in range(size) for j in range(size)], axis=-1)
    return patches @ jnp.reshape(w, (-1, self._channels))
