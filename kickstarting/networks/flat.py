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
"""Torso for small numeric observations: one linear layer.

Here: `FlatTorso`, every observation array flattened and concatenated. Not
here: symbolic grids (`grid.py`) and pixels (`impala.py`).
"""

import haiku as hk
import jax
import jax.numpy as jnp

from kickstarting import types


class FlatTorso(hk.Module):
  """Flattens, divides by `scale` and applies one linear layer and a ReLU."""

  def __init__(
      self, hidden_size: int, scale: float = 1.0, name: str | None = None):
    super().__init__(name=name)
    self._hidden_size = hidden_size
    self._scale = scale

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
      observation: any numeric arrays [N, ...]; concatenated by sorted name.
      features: unused.
      instruction: unused.

    Returns:
      [N, hidden_size] float32.
    """
    del features, instruction
    parts = [
        value.reshape(value.shape[0], -1).astype(jnp.float32)
        for _, value in sorted(observation.items())
    ]
    x = jnp.concatenate(parts, axis=-1) / self._scale
    return jax.nn.relu(hk.Linear(self._hidden_size)(x))
