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
"""Small populations that the tests of this folder share."""

import jax.numpy as jnp
import numpy as np

from kickstarting import pbt

PRIOR = pbt.Uniform(0.1, 1.0)
MOVES = pbt.Evolution(PRIOR, probability=1.0)
NEVER = pbt.Evolution(PRIOR, probability=0.0)


def make_rules(**changes):
  """Returns rules by which everybody is ready and nothing moves."""
  defaults = {
      'ready': pbt.Ready(1),
      'exploit': pbt.Margin(window=1, points=0.0),
      'evolutions': {'x': NEVER},
  }
  return pbt.Rules(**(defaults | changes))


def make_population(returns, x=None, **changes):
  """Returns members with these last returns, ready by the default rules."""
  returns = np.asarray(returns, np.float32)
  size, window = returns.shape
  identity = np.arange(size, dtype=np.float32)
  population = pbt.make_population(
      params={'w': np.stack([identity, -identity], 1)},
      opt_state=(identity,),
      hypers={'x': identity if x is None else np.asarray(x, np.float32)},
      window=window,
  )
  return population | {
      'returns': jnp.asarray(returns),
      'num_episodes': jnp.full(size, window, jnp.int32),
      'frames': jnp.full(size, 100, jnp.int32),
  } | changes
