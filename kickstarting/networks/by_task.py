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
"""Modules of which each task has its own, applied to streams of all tasks.

Not here: which modules these are (`agents.py`).
"""

from collections.abc import Callable, Sequence

import haiku as hk
import jax
import jax.numpy as jnp

from kickstarting import types


def apply(
    parts: Sequence[Callable[[types.PyTree], types.PyTree]],
    inputs: types.PyTree,
    task: types.Array | None,
) -> types.PyTree:
  """Returns what the part of its task makes of each stream.

  Streams in the order of their tasks, as many of each, are what actors and
  learners have. Then every part sees its own ones alone; in any other order
  each sees all, and what it makes of others' is dropped. Both are computed
  where several members are mapped over.

  Args:
    parts: row i is that of task i; maps leaves [T, B, ...] to such leaves.
    inputs: leaves [T, B, ...].
    task: of each stream; int32 [B]; not read if there is one part.
  """
  if len(parts) == 1:
    return parts[0](inputs)
  assert task is not None
  share, remainder = divmod(task.shape[0], len(parts))

  def in_order():
    outputs = [
        part(jax.tree.map(lambda x: x[:, i * share:(i + 1) * share], inputs))
        for i, part in enumerate(parts)]
    return jax.tree.map(lambda *x: jnp.concatenate(x, axis=1), *outputs)

  def in_any_order():
    outputs = [part(inputs) for part in parts]
    return jax.tree.map(lambda *x: _choose(x, task), *outputs)

  if remainder or hk.running_init():
    return in_any_order()
  is_in_order = jnp.all(task == jnp.repeat(jnp.arange(len(parts)), share))
  return hk.cond(is_in_order, in_order, in_any_order)


def _choose(outputs: Sequence[jax.Array], task: types.Array) -> jax.Array:
  """Takes row task[b] of the outputs for each stream b; [T, B, ...]."""
  chosen = jnp.zeros_like(outputs[0])
  for i, output in enumerate(outputs):
    is_mine = (task == i).reshape((1, -1) + (1,) * (output.ndim - 2))
    chosen = jnp.where(is_mine, output, chosen)
  return chosen
