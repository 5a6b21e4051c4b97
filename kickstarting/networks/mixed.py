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
"""Torso for whatever an environment observes: vectors, pictures, or both.

Here: `MixedTorso`, and which array counts as a picture. Not here: symbolic
grids (`grid.py`), the pixel networks of IMPALA (`impala.py`), which network an
environment gets (`choice.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import types
from kickstarting.networks import convolution
from kickstarting.networks import impala
from kickstarting.networks import normaliser

_LEAST = 5  # pixels of a side of a picture
_MOST_CHANNELS = 32  # frames that are stacked, or kinds of things in a cell
_STRIDED = impala.LEAST_SIZE['impala_small']  # from so many pixels on


def is_picture(spec: Any) -> bool:
  """Returns whether an array is read as a picture.

  Args:
    spec: anything with `shape` and `dtype`, without leading axes.
  """
  if len(spec.shape) != 3:
    return False
  height, width, channels = spec.shape
  dtype = np.dtype(spec.dtype)
  return min(height, width) >= _LEAST and 1 <= channels <= _MOST_CHANNELS and (
      dtype in (np.dtype(np.uint8), np.dtype(bool)) or dtype.kind == 'f')


def vectors(observation: Mapping[str, types.Array], axes: int = 1) -> jax.Array:
  """Returns all that is no picture, flattened and joined by name.

  Args:
    observation: arrays with leading axes.
    axes: how many those are.

  Returns:
    float32, with the leading axes and one more, which may be empty.
  """
  parts = [
      jnp.reshape(x, (*x.shape[:axes], -1)).astype(jnp.float32)
      for _, x in sorted(observation.items())
      if not is_picture(jax.ShapeDtypeStruct(x.shape[axes:], x.dtype))]
  if not parts:
    shape = next(iter(observation.values())).shape[:axes]
    return jnp.zeros((*shape, 0))
  return jnp.concatenate(parts, axis=-1)


class MixedTorso(hk.Module):
  """Convolutions of each picture, normalised vectors, and layers on both."""

  def __init__(self, hidden_sizes: Sequence[int], name: str | None = None):
    super().__init__(name=name)
    self._hidden_sizes = tuple(hidden_sizes)

  def instruction_features(self, encoding: types.Array | None) -> tuple[()]:
    """The observation is read without the instruction."""
    del encoding
    return ()

  def __call__(
      self,
      observation: dict[str, types.Array],
      features: tuple[()],
      instruction: types.Array,
  ) -> jax.Array:
    """Reads observations.

    Args:
      observation: any numeric arrays [N, ...]. Pictures (see `is_picture`) of
        bytes are divided by 255, others taken as they are.
      features: unused.
      instruction: unused.

    Returns:
      [N, last hidden size] float32.
    """
    del features, instruction
    parts = [
        _convolve(x) for _, x in sorted(observation.items())
        if is_picture(jax.ShapeDtypeStruct(x.shape[1:], x.dtype))]
    rest = vectors(observation)
    if rest.shape[-1]:
      parts.append(normaliser.Normaliser()(rest))
    x = jnp.concatenate(parts, axis=-1)
    for size in self._hidden_sizes:
      x = jnp.tanh(hk.Linear(size, w_init=_orthogonal)(x))
    return x


def _orthogonal(shape: Sequence[int], dtype: Any) -> jax.Array:
  """Returns weights that leave the length of an input about as it is."""
  # Haiku's own does not pass with jax_numpy_rank_promotion='raise'.
  return jax.nn.initializers.orthogonal(np.sqrt(2))(
      hk.next_rng_key(), tuple(shape), dtype)


def _convolve(picture: types.Array) -> jax.Array:
  """Returns features of pictures [N, height, width, channels], flattened."""
  x = jnp.asarray(picture, jnp.float32)
  if picture.dtype == jnp.uint8:
    x = x / 255
  if min(picture.shape[1:3]) < _STRIDED:
    x = convolution.Conv2D(16, 3)(x)
  else:
    x = convolution.Conv2D(16, 8, stride=4)(x)
    x = convolution.Conv2D(32, 4, stride=2)(jax.nn.relu(x))
  return jax.nn.relu(x).reshape(x.shape[0], -1)


def absorb(
    params: types.Params, observation: Mapping[str, types.Array],
    is_new: types.Array
) -> types.Params:
  """Returns parameters whose normaliser has seen more observations.

  Args:
    params: of a network; any without a normaliser is returned as it is.
    observation: what its torso reads, [T, B, ...].
    is_new: those that are to be seen; bool [T, B].
  """
  found = [name for name in params
           if name.rpartition('/')[2] == normaliser.NAME]
  if not found:
    return params
  [name] = found
  rows = vectors(observation, axes=2)
  return {**params, name: normaliser.absorb(
      params[name], rows.reshape(-1, rows.shape[-1]), is_new.reshape(-1))}
