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
"""Instruction encoder: hashed words to one vector per instruction.

Here: the language part of the IMPALA agent. Not here: hashing of words
(`environments/instructions.py`). Read `build.py` for where its output goes.
"""

import haiku as hk
import jax
import jax.numpy as jnp

from kickstarting import types


class InstructionEncoder(hk.Module):
  """Embeds hashed words and returns an LSTM's output at the last word.

  Source: Espeholt et al. (2018), IMPALA, Figure 3, arXiv:1802.01561: 1,000
  buckets, embedding 20, LSTM 64. An instruction without words runs one step on
  a zero embedding, so it still has an output.
  """

  def __init__(
      self,
      num_buckets: int = 1000,
      embedding_size: int = 20,
      hidden_size: int = 64,
      name: str | None = None,
  ):
    super().__init__(name=name)
    self._embed = hk.Embed(num_buckets, embedding_size, name='words')
    self._lstm = hk.LSTM(hidden_size, name='lstm')

  def __call__(self, tokens: types.Array) -> jax.Array:
    """Encodes instructions.

    Args:
      tokens: hashed words; [U, L] int32, 0 = padding, padding last.

    Returns:
      One vector per instruction; [U, hidden_size] float32.
    """
    tokens = jnp.asarray(tokens)
    is_word = tokens > 0  # [U, L]
    words = self._embed(tokens) * is_word[..., None]  # [U, L, E]
    outputs, _ = hk.dynamic_unroll(
        self._lstm, jnp.swapaxes(words, 0, 1),
        self._lstm.initial_state(tokens.shape[0]))  # [L, U, H]
    last = jnp.maximum(is_word.sum(axis=1) - 1, 0)  # [U]
    return jnp.take_along_axis(outputs, last[None, :, None], axis=0)[0]
