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
"""Random inputs and parameters that tests of agents share.

Here: observation specs, timesteps with episode starts inside, instructions, and
parameters that are nowhere zero, biases included. Not here: tests.
"""

import haiku as hk
import jax
import numpy as np

from kickstarting import types
from kickstarting.environments import base

FLAT_SPEC = {'x': types.ArraySpec((3,), np.dtype(np.float32))}
GRID_SPEC = {
    'direction': types.ArraySpec((), np.dtype(np.int32)),
    'image': types.ArraySpec((7, 7, 3), np.dtype(np.uint8)),
}
PIXEL_SPEC = {'image': types.ArraySpec((72, 96, 3), np.dtype(np.uint8))}

# Instructions of different lengths, one of them empty; [U, L].
TOKENS = np.array(
    [[7, 3, 999, 0, 0], [0, 0, 0, 0, 0], [7, 3, 0, 0, 0], [5, 1, 2, 4, 6]],
    np.int32)


def timesteps(
    seed: int,
    spec: dict[str, types.ArraySpec],
    shape: tuple[int, ...],
    num_actions: int,
) -> types.Timestep:
  """Returns random timesteps; about a third of them start an episode."""
  rng = np.random.default_rng(seed)
  observation = {}
  for name, array in spec.items():
    size = shape + array.shape
    if array == GRID_SPEC['image']:
      value = rng.integers(0, (11, 6, 4), size)
    elif array.dtype.kind == 'f':
      value = rng.normal(size=size)
    else:
      value = rng.integers(0, 4 if name == 'direction' else 256, size)
    observation[name] = value.astype(array.dtype)
  step_type = rng.integers(0, 3, shape).astype(np.int32)
  return types.Timestep(
      observation=observation,
      instruction=rng.integers(0, len(TOKENS), shape).astype(np.int32),
      previous_action=np.where(
          step_type == base.FIRST, 0, rng.integers(0, num_actions, shape)
      ).astype(np.int32),
      reward=rng.normal(size=shape).astype(np.float32),
      discount=(step_type != base.LAST).astype(np.float32),
      step_type=step_type,
  )


def params(init, seed: int) -> types.Params:
  """Returns random parameters of the shapes that `init(rng_key)` gives."""
  rng = np.random.default_rng(seed)
  return jax.tree.map(
      lambda x: rng.normal(scale=0.3, size=x.shape).astype(np.float32),
      jax.eval_shape(init, jax.random.key(0)))


def core_state(seed: int, batch_size: int, core_size: int) -> hk.LSTMState:
  """Returns a random core state, not the initial one."""
  rng = np.random.default_rng(seed)
  draw = lambda: rng.normal(size=(batch_size, core_size)).astype(np.float32)
  return hk.LSTMState(draw(), draw())
