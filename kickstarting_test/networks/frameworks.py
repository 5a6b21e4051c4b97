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
"""Networks of Haiku, Flax NNX and Equinox, as their users write them.

Here: one of each for any environment with one vector, and those for CartPole by
name. Not here: tests.
"""

import equinox
from flax import nnx
import haiku as hk
import jax
import jax.numpy as jnp

from kickstarting.networks import own


def haiku_features(observation):
  return jnp.tanh(hk.Linear(8)(observation))


class _Nnx(nnx.Module):
  """Two layers."""

  def __init__(self, size, num_actions, rngs):
    self.hidden = nnx.Linear(size, 8, rngs=rngs)
    self.policy = nnx.Linear(8, num_actions, rngs=rngs)
    self.baseline = nnx.Linear(8, 1, rngs=rngs)

  def __call__(self, x):
    x = jnp.tanh(self.hidden(x))
    return self.policy(x), self.baseline(x)


def of_nnx(size, num_actions):
  make = lambda key: _Nnx(size, num_actions, nnx.Rngs(key))
  graph, _, rest = nnx.split(make(0), nnx.Param, ...)
  return own.agent_of(
      init=lambda key, x: nnx.split(make(key), nnx.Param, ...)[1],
      apply=lambda params, x: nnx.merge(graph, params, rest)(x))


def of_equinox(size, num_actions):
  make = lambda key: equinox.nn.MLP(size, num_actions + 1, 8, 1, key=key)
  is_learnt = equinox.is_inexact_array
  _, static = equinox.partition(make(jax.random.key(0)), is_learnt)

  def apply(params, x):
    output = jax.vmap(equinox.combine(params, static))(x)
    return output[:, :-1], output[:, -1]

  return own.agent_of(
      init=lambda key, x: equinox.filter(make(key), is_learnt), apply=apply)


CARTPOLE_NNX = of_nnx(4, 2)
CARTPOLE_EQUINOX = of_equinox(4, 2)
