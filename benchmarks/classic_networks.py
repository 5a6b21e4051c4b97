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
"""The network of a teacher, half as wide as the default one.

It stands alone, as a policy names its file. Not here: who learns
(`classic.py`).
"""

from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp


def half_size(observation: Any) -> jax.Array:
  """Returns features [N, 32] of an array [N, ...], or of several."""
  x = jnp.concatenate([
      jnp.reshape(array, (array.shape[0], -1))
      for array in jax.tree.leaves(observation)], axis=-1)
  return hk.nets.MLP([32, 32], activation=jnp.tanh, activate_final=True)(x)
