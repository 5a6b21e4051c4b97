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
"""Encodes an instruction once per set of parameters, however often it is seen.

A row of an environment's table of instructions is given a slot; the agent's
instruction context holds one entry per slot. It is encoded whole when the
parameters change and patched when a new instruction appears. Not here: the
table (`environments/instructions.py`), the encoder (`networks/`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from kickstarting import types
from kickstarting.environments import instructions as instructions_lib

_PATCH = 8  # instructions encoded by one patch


class SlotFunctions(NamedTuple):
  """Jitted; context leaves have leading axis [slots]."""

  encode: Callable[..., Any]  # (params, tokens [S, L]) -> context
  patch: Callable[..., Any]  # (params, context, slots [P], tokens [P, L])


def make_slot_functions(encode: Callable[..., Any]) -> SlotFunctions:
  """Jits an agent's `encode` for whole tables and for patches."""

  def patch(params, context, slots, tokens):
    return jax.tree.map(
        # One row for all: the torso does not depend on the instruction.
        lambda old, new: old if old.shape[0] == 1
        else old.at[slots].set(new, mode='drop'),
        context, encode(params, tokens))

  return SlotFunctions(jax.jit(encode), jax.jit(patch, donate_argnums=1))


class InstructionSlots:
  """The instruction context of one batch of streams."""

  def __init__(
      self,
      functions: SlotFunctions,
      table: instructions_lib.InstructionTable,
      num_streams: int,
  ):
    self._functions = functions
    self._table = table
    # Twice the streams: instructions that were seen lately are kept.
    size = 2 * num_streams
    self._row_of_slot = np.full(size, -1, np.int64)
    self._last_used = np.zeros(size, np.int64)
    self._slot_of_row: dict[int, int] = {}
    self._clock = 0
    self._context: Any = None

  def refresh(self, params: types.Params, instruction: types.Array) -> None:
    """Encodes all slots with new parameters."""
    self._context = None
    self._assign(instruction)
    tokens = np.zeros(
        (len(self._row_of_slot), self._table.tokens.shape[1]), np.int32)
    used = self._row_of_slot >= 0
    tokens[used] = self._table.tokens[self._row_of_slot[used]]
    self._context = self._functions.encode(params, tokens)

  def look_up(
      self, params: types.Params, instruction: types.Array
  ) -> tuple[np.ndarray, Any]:
    """Returns the slot of each stream's instruction [B], and the context."""
    slots, new = self._assign(instruction)
    for start in range(0, len(new), _PATCH):
      chunk = new[start:start + _PATCH]
      # Slots out of range are dropped: the patch has one shape.
      where = np.full(_PATCH, len(self._row_of_slot), np.int32)
      where[:len(chunk)] = chunk
      tokens = np.zeros((_PATCH, self._table.tokens.shape[1]), np.int32)
      tokens[:len(chunk)] = self._table.tokens[self._row_of_slot[chunk]]
      self._context = self._functions.patch(
          params, self._context, where, tokens)
    return slots, self._context

  def _assign(self, instruction: types.Array) -> tuple[np.ndarray, list[int]]:
    """Gives every instruction a slot; returns slots [B] and the new ones."""
    self._clock += 1
    new = []
    slots = np.empty(len(instruction), np.int32)
    rows = instruction.tolist()
    for row in rows:
      if row in self._slot_of_row:
        self._last_used[self._slot_of_row[row]] = self._clock
    for i, row in enumerate(rows):
      slot = self._slot_of_row.get(row)
      if slot is None:
        slot = int(np.argmin(self._last_used))
        self._slot_of_row.pop(int(self._row_of_slot[slot]), None)
        self._row_of_slot[slot] = row
        self._slot_of_row[row] = slot
        self._last_used[slot] = self._clock
        new.append(slot)
      slots[i] = slot
    return slots, new
