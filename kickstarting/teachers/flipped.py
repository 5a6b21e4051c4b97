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
"""Teachers that err: in a share of all states the best action is another one.

Czarnecki et al. (2019), section 4, arXiv:1902.02186, flip the most probable
action of tabular teachers. Here whether a state is flipped, and to which
action, follows from a hash of the observation: the same view gives the same
error, in every episode. Not here: tabular teachers
(`experiments/distilling_policy_distillation/`).
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.teachers import teacher as teacher_lib


def flip(
    teacher: teacher_lib.Teacher, share: float, seed: int = 0
) -> teacher_lib.Teacher:
  """Returns a teacher that errs.

  It has no value: the one it had is that of the policy without errors. What it
  gets itself is measured by playing it (`runtime/measured_value.py`).

  Args:
    teacher: with at least two actions, unless the share is 0.
    share: of the observations, about; in [0, 1].
    seed: of the hash.

  Raises:
    ValueError: the share is none, or there is no other action.
  """
  checks.check_fraction('share', share)
  if share == 0:
    return teacher
  if teacher.num_actions < 2:
    raise checks.UserError(
        f'Teacher {teacher.name!r} has {teacher.num_actions} action; expected'
        ' another one to flip to.')

  def unroll(params, timesteps, context, state):
    output, state = teacher.unroll(params, timesteps, context, state)
    is_flipped = _uniform(timesteps.observation, seed) < share
    shift = 1 + jnp.floor(
        _uniform(timesteps.observation, seed + 1) * (teacher.num_actions - 1))
    return output._replace(policy=jnp.where(
        is_flipped[..., jnp.newaxis],
        swap_best(output.policy, shift.astype(jnp.int32)),
        output.policy)), state

  return dataclasses.replace(
      teacher, unroll=unroll, has_value=False,
      architecture=(teacher.architecture, 'flipped', share, seed))


def swap_best(logits: types.Array, shift: types.Array) -> jax.Array:
  """Swaps the largest logit with that of the action `shift` places further.

  Args:
    logits: [..., A].
    shift: [...] int32.
  """
  num_actions = logits.shape[-1]
  best = jnp.argmax(logits, axis=-1)[..., jnp.newaxis]
  other = (best + shift[..., jnp.newaxis]) % num_actions
  actions = jnp.broadcast_to(jnp.arange(num_actions), logits.shape)
  take = lambda index: jnp.take_along_axis(logits, index, axis=-1)
  return jnp.where(
      actions == best, take(other),
      jnp.where(actions == other, take(best), logits))


def _uniform(observation: types.PyTree, seed: int) -> jax.Array:
  """Returns a number in [0, 1) for each observation [T, B, ...]; [T, B]."""
  total = jnp.zeros((), jnp.uint32)
  rng = np.random.default_rng(seed)
  for leaf in jax.tree.leaves(observation):
    leaf = jnp.asarray(leaf)
    if jnp.issubdtype(leaf.dtype, jnp.floating):
      leaf = jax.lax.bitcast_convert_type(leaf.astype(jnp.float32), jnp.uint32)
    flat = leaf.reshape((*leaf.shape[:2], -1)).astype(jnp.uint32)
    salt = rng.integers(0, 2**32, flat.shape[-1], np.uint32)
    flat = _mix(flat + jnp.broadcast_to(salt, flat.shape))
    total = total + jnp.sum(flat, axis=-1, dtype=jnp.uint32)
  return (_mix(total) >> 8).astype(jnp.float32) / 2**24


def _mix(x: jax.Array) -> jax.Array:
  """Lets every bit move every bit, as the finish of MurmurHash3 does."""
  for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
    x = (x ^ (x >> shift)) * np.uint32(factor)
  return x ^ (x >> 16)
