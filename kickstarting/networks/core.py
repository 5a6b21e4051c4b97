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
"""Cores: what stands between the torso and the heads.

Here: an LSTM that forgets at episode starts, a layer without memory, both side
by side, and nothing at all; each makes one unroll over [T, B]. Not here: torsos
(`build.py`), heads (`agents.py`).
"""

from collections.abc import Callable, Mapping
import types as python_types
from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import types


class ResettableLSTM(hk.Module):
  """LSTM whose state is zeroed *before* each step marked `should_reset`."""

  def __init__(self, hidden_size: int, name: str | None = None):
    super().__init__(name=name)
    self._lstm = hk.LSTM(hidden_size, name='lstm')

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


class Feedforward(hk.Module):
  """A layer without memory; its arguments are those of `ResettableLSTM`."""

  def __init__(self, hidden_size: int, name: str | None = None):
    super().__init__(name=name)
    self._hidden_size = hidden_size

  def __call__(
      self, inputs: types.Array, should_reset: types.Array, state: tuple[()]
  ) -> tuple[jax.Array, tuple[()]]:
    """Returns relu(W x + b) [T, B, hidden_size], and the empty state."""
    del should_reset
    layer = hk.Linear(self._hidden_size)
    return jax.nn.relu(layer(jnp.asarray(inputs))), state


class NoCore(hk.Module):
  """Nothing: heads read the torso; its arguments are `ResettableLSTM`'s."""

  def __init__(self, hidden_size: int, name: str | None = None):
    super().__init__(name=name)
    self._hidden_size = hidden_size

  def __call__(
      self, inputs: types.Array, should_reset: types.Array, state: tuple[()]
  ) -> tuple[types.Array, tuple[()]]:
    """Returns the inputs [T, B, hidden_size], and the empty state."""
    del should_reset
    if inputs.shape[-1] != self._hidden_size:
      raise checks.UserError(
          f'core_size is {self._hidden_size} where there is no core; expected'
          f' {inputs.shape[-1]}, what heads read from the torso.')
    return inputs, state


class FeedforwardAndLSTM(hk.Module):
  """The sum of both, so that memory is skipped where it is of no use.

  Source: Czarnecki et al. (2018), Figure 6, "FF+LSTM", arXiv:1806.01780.
  """

  def __init__(self, hidden_size: int, name: str | None = None):
    super().__init__(name=name)
    self._lstm = ResettableLSTM(hidden_size, name='recurrent')
    self._layer = Feedforward(hidden_size, name='feedforward')

  def __call__(
      self,
      inputs: types.Array,
      should_reset: types.Array,
      state: hk.LSTMState,
  ) -> tuple[jax.Array, hk.LSTMState]:
    """Unrolls over time; see `ResettableLSTM`."""
    recurrent, state = self._lstm(inputs, should_reset, state)
    direct, _ = self._layer(inputs, should_reset, ())
    return recurrent + direct, state


CORES: Mapping[str, Callable[..., Any]] = python_types.MappingProxyType({
    'feedforward': Feedforward,
    'feedforward_and_lstm': FeedforwardAndLSTM,
    'lstm': ResettableLSTM,
    'none': NoCore,
})


def initial_state(
    kind: str, hidden_size: int, batch_size: int
) -> types.CoreState:
  """Returns zeros [B, hidden_size] float32; () for a core without memory."""
  if kind in ('feedforward', 'none'):
    return ()
  zeros = jnp.zeros((batch_size, hidden_size))
  return hk.LSTMState(zeros, zeros)
