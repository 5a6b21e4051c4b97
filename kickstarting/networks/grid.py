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
"""Torsos for MiniGrid's symbolic 7 x 7 x 3 view.

Here: `GridTorso`, small and large. A cell is a triple (object, colour, state)
out of 11 * 6 * 4 = 264, so what a cell means under an instruction is a table
with 264 rows, computed once per distinct instruction; looking cells up in it
gives the same result as embedding every cell of every frame and costs a small
part of it. Not here: pixels (`impala.py`), language (`instruction.py`).
"""

from collections.abc import Sequence

import haiku as hk
import jax
import jax.numpy as jnp

from kickstarting import types

NUM_OBJECTS = 11
NUM_COLOURS = 6
NUM_STATES = 4
NUM_CODES = NUM_OBJECTS * NUM_COLOURS * NUM_STATES
NUM_DIRECTIONS = 4


def _first_row_zero(shape: Sequence[int], dtype: jnp.dtype) -> jax.Array:
  """Initialises a table of embeddings whose row 0 says nothing.

  An unseen cell has code 0 in all three tables, and most cells of a view are
  unseen: at first they must not drown what the view shows.
  """
  return hk.initializers.TruncatedNormal()(shape, dtype).at[0].set(0.0)


class GridTorso(hk.Module):
  """Embeds object, colour and state, modulated by the instruction.

  The cell embedding (the sum of three) is scaled and shifted per channel by
  the instruction, as feature-wise linear modulation does (Perez et al. 2018,
  FiLM, arXiv:1709.07871), so that "is this cell what I was told to find" is a
  question about one cell. The view is then read by residual convolutions
  (`num_blocks` > 0) and a linear layer.
  """

  def __init__(
      self,
      embedding_size: int,
      cell_size: int,
      hidden_size: int,
      num_blocks: int = 0,
      name: str | None = None,
  ):
    super().__init__(name=name)
    self._embedding_size = embedding_size
    self._cell_size = cell_size
    self._hidden_size = hidden_size
    self._num_blocks = num_blocks

  def instruction_features(self, encoding: jax.Array | None) -> jax.Array:
    """Returns the meaning of every cell code under every instruction.

    Args:
      encoding: one vector per distinct instruction [U, E]; None if the agent
        does not read instructions.

    Returns:
      [U, NUM_CODES, cell_size] float32; U = 1 without instructions.
    """
    size = self._embedding_size
    embed = lambda n, name: hk.get_parameter(
        name, [n, size], init=_first_row_zero)
    cells = (
        embed(NUM_OBJECTS, 'object')[:, None, None]
        + embed(NUM_COLOURS, 'colour')[None, :, None]
        + embed(NUM_STATES, 'state')[None, None, :]
    ).reshape(1, NUM_CODES, size)  # [1, C, E]
    if encoding is not None:
      scale, shift = jnp.split(
          hk.Linear(2 * size, name='modulation')(encoding), 2, axis=-1)
      cells = cells * (1 + scale[:, None]) + shift[:, None]  # [U, C, E]
    cells = jax.nn.relu(cells)
    return jax.nn.relu(hk.Linear(self._cell_size, name='cell')(cells))

  def __call__(
      self,
      observation: dict[str, types.Array],
      features: jax.Array,
      instruction: types.Array,
  ) -> jax.Array:
    """Reads views.

    Args:
      observation: 'image' [N, 7, 7, 3] uint8 (object, colour, state) and
        'direction' [N] int32. A part of a cell beyond its vocabulary is read
        as the last of it.
      features: from `instruction_features`; [U, NUM_CODES, cell_size].
      instruction: row of `features` of each view; [N] int32.

    Returns:
      [N, hidden_size + 4] float32.
    """
    image = jnp.asarray(observation['image'], jnp.int32)
    # A larger value would run into the cells of the next instruction.
    part = lambda i, size: jnp.minimum(image[..., i], size - 1)  # [N, 7, 7]
    code = part(0, NUM_OBJECTS) * NUM_COLOURS + part(1, NUM_COLOURS)
    code = code * NUM_STATES + part(2, NUM_STATES)
    row = instruction[:, None, None] * NUM_CODES + code
    x = jnp.take(
        features.reshape(-1, self._cell_size), row, axis=0,
        mode='clip')  # [N, 7, 7, cell]
    for _ in range(self._num_blocks):
      y = hk.Conv2D(self._cell_size, 3)(jax.nn.relu(x))
      x = x + hk.Conv2D(self._cell_size, 3)(jax.nn.relu(y))
    x = jax.nn.relu(x) if self._num_blocks else x
    x = jax.nn.relu(
        hk.Linear(self._hidden_size, name='view')(x.reshape(x.shape[0], -1)))
    direction = jax.nn.one_hot(observation['direction'], NUM_DIRECTIONS)
    return jnp.concatenate([x, direction], axis=-1)
