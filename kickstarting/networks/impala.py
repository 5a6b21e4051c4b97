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
"""Torsos for pixels: IMPALA's small (2 layers) and large (15 layers) ones.

Source: Espeholt et al. (2018), IMPALA, Figure 3, arXiv:1802.01561. Paddings
are the ones that give the printed parameter counts: VALID in the small torso,
SAME in the large one. Not here: everything behind the linear layer
(`build.py`).
"""

import abc
from collections.abc import Iterator, Mapping, Sequence
import contextlib
import types as python_types

import haiku as hk
import jax
import jax.numpy as jnp

from kickstarting import types

# Pixels of a side, below which the convolutions leave nothing: 4 of the second
# one need 8 + (4 - 1) * 4.
LEAST_SIZE: Mapping[str, int] = python_types.MappingProxyType(
    {'impala_small': 20, 'impala_large': 1})


class _PixelTorso(hk.Module):
  """Shared frame: pixels to [0, 1], a trunk, a linear layer of 256.

  Bytes are divided by 255. Floats are taken as they are.

  With another dtype than float32 it is computed in that; its parameters and
  what it returns stay float32.
  """

  def __init__(
      self,
      name: str | None = None,
      *,
      dtype: jax.typing.DTypeLike = jnp.float32,
  ):
    super().__init__(name=name)
    self._dtype = jnp.dtype(dtype)

  def instruction_features(self, encoding: types.Array | None) -> tuple[()]:
    """Pixels are read without the instruction."""
    del encoding
    return ()

  def __call__(
      self,
      observation: dict[str, types.Array],
      features: tuple[()],
      instruction: types.Array,
  ) -> jax.Array:
    """Reads images.

    Args:
      observation: 'image' [N, height, width, channels], uint8 or floats in
        [0, 1].
      features: unused.
      instruction: unused.

    Returns:
      [N, 256] float32.
    """
    del features, instruction
    image = observation['image']
    largest = 255 if image.dtype == jnp.uint8 else 1
    with _wide_parameters():
      x = self._trunk(jnp.asarray(image, self._dtype) / largest)
      x = jax.nn.relu(x).reshape(x.shape[0], -1)
      return jnp.asarray(jax.nn.relu(hk.Linear(256)(x)), jnp.float32)

  @abc.abstractmethod
  def _trunk(self, x: jax.Array) -> jax.Array:
    """Maps images in [0, 1] to features; [N, height, width, channels]."""


class SmallPixelTorso(_PixelTorso):
  """Two convolutions."""

  def _trunk(self, x: jax.Array) -> jax.Array:
    x = hk.Conv2D(16, 8, stride=4, padding='VALID')(x)
    return hk.Conv2D(32, 4, stride=2, padding='VALID')(jax.nn.relu(x))


class LargePixelTorso(_PixelTorso):
  """Three sections of one convolution, a pooling and two residual blocks."""

  def __init__(
      self,
      channels: Sequence[int] = (16, 32, 32),
      name: str | None = None,
      *,
      dtype: jax.typing.DTypeLike = jnp.float32,
  ):
    super().__init__(name, dtype=dtype)
    self._channels = tuple(channels)

  def _trunk(self, x: jax.Array) -> jax.Array:
    for channels in self._channels:
      x = hk.Conv2D(channels, 3)(x)
      x = hk.max_pool(x, (1, 3, 3, 1), (1, 2, 2, 1), 'SAME')
      for _ in range(2):
        y = hk.Conv2D(channels, 3)(jax.nn.relu(x))
        x = x + hk.Conv2D(channels, 3)(jax.nn.relu(y))
    return x


@contextlib.contextmanager
def _wide_parameters() -> Iterator[None]:
  """Creates parameters in float32, and hands them out as they are asked for."""

  def create(following, shape, dtype, init, context):
    del dtype, context
    return following(shape, jnp.float32, init)

  def get(following, value, context):
    return jnp.asarray(following(value), context.original_dtype)

  with hk.custom_creator(create), hk.custom_getter(get):
    yield
