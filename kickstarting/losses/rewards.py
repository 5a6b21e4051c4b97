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
"""Element-wise transforms of rewards, applied before the losses.

A reward of NaN stays NaN: hiding it would hide a broken environment.

Not here: returns and targets; read `transitions.py` next, which applies them.
"""

from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import inputs
from kickstarting import types

RewardTransform: TypeAlias = Callable[[types.Array], types.Array]


def identity(reward: types.Array) -> jax.Array:
  """Returns the reward as it came; float32."""
  reward, = inputs.arrays(reward=(reward, float, '...'))
  return reward


def clip_unit(reward: types.Array) -> jax.Array:
  """Clips the reward to [-1, 1]; float32."""
  reward, = inputs.arrays(reward=(reward, float, '...'))
  return jnp.clip(reward, -1.0, 1.0)


def optimistic_asymmetric_clip(reward: types.Array) -> jax.Array:
  """Squashes the reward to (-1.5, 5), so that gains weigh more than losses.

  5 tanh(r / 5) for r >= 0 and 0.3 * 5 tanh(r / 5) for r < 0.
  Source: Espeholt et al. (2018), IMPALA, Fig. D.1, arXiv:1802.01561, in the
  form of its published code, which fits the figure. Differs from it in: the
  caption prints 0.3 min(tanh r, 0) + 5 max(tanh r, 0), which does not.

  Args:
    reward: any shape; float32.

  Returns:
    The squashed reward; same shape.
  """
  reward, = inputs.arrays(reward=(reward, float, '...'))
  squashed = 5.0 * jnp.tanh(reward / 5.0)
  return jnp.where(reward < 0, 0.3 * squashed, squashed)


REWARD_TRANSFORMS = {
    'clip_unit': clip_unit,
    'identity': identity,
    'optimistic_asymmetric_clip': optimistic_asymmetric_clip,
}


def get_reward_transform(name: str) -> RewardTransform:
  """Returns the reward transform called `name`, or raises a ValueError."""
  checks.check_name('reward transform', name, REWARD_TRANSFORMS)
  return REWARD_TRANSFORMS[name]
