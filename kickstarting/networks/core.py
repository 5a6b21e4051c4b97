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
"""Recurrent core: an LSTM that forgets at episode starts.

Here: one unroll over [T, B]. Not here: torsos and heads (`build.py`).
"""

import haiku as hk
import jax
import jax.numpy as jnp

from kickstarting import types


class ResettableLSTM(hk.Module):
  """LSTM whose state is zeroed *before* each step marked `should_reset`."""

  def __init__(self, hidden_size: int, name: str | None = None):
    super().__init__(name=name)
    self._lstm = hk.LSTM(hidden_size, name='lstm')

  def initial_state(self, batch_size: int) -> hk.LSTMState:
    """Returns zeros; leaves [B, hidden_size] float32."""
    return self._lstm.initial_state(batch_size)

  def __call__(
      self,
      inputs: types.Array,
      should_reset: types.Array,
      state: hk.LSTMState,
  ) -> tuple[jax.Array, hk.LSTMState]:
    """Unrolls over time.

    Args:
      inputs: features; [T, B, D] float32.
      should_reset: True where an episode starts; [T, B] bool.
      state: before the first step; leaves [B, hidden_size].

    Returns:
      Outputs [T, B, hidden_size] and the state after the last step.
    """
    def step(state, xs):
      x, reset = xs
      keep = jnp.logical_not(reset)[:, None].astype(x.dtype)
      state = jax.tree.map(lambda s: s * keep, state)
      return self._lstm(x, state)

    if inputs.shape[0] == 1:  # acting: no loop around a single step
      output, state = step(state, (inputs[0], should_reset[0]))
      return output[None], state
    return hk.scan(
        lambda carry, xs: step(carry, xs)[::-1],
        state, (inputs, should_reset))[::-1]
