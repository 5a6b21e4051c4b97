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
parameters change and patched when a new instruction appears. Members of a
population, who encode alike instructions differently, have slots of their own.
Not here: the table (`environments/instructions.py`), the encoder (`networks/`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from kickstarting import types
from kickstarting.environments import instructions as instructions_lib

_PATCH = 8  # instructions of each member encoded by one patch


class SlotFunctions(NamedTuple):
  """Jitted; context leaves have leading axis [slots]."""

  encode: Callable[..., Any]  # (params, tokens [S, L]) -> context
  patch: Callable[..., Any]  # (params, context, slots [N], tokens [N, L])


def make_slot_functions(encode: Callable[..., Any]) -> SlotFunctions:
  """Jits an agent's `encode` for whole tables and for patches."""

  def patch(params, context, slots, tokens):
    return jax.tree.map(
        # Else it is one row for all: it does not depend on the instruction.
        lambda old, new: old.at[slots].set(new, mode='drop')
        if new.shape[0] == tokens.shape[0] else old,
        context, encode(params, tokens))

  return SlotFunctions(jax.jit(encode), jax.jit(patch, donate_argnums=1))


class InstructionSlots:
  """The instruction context of one batch of streams."""

  def __init__(
      self,
      functions: SlotFunctions,
      table: instructions_lib.InstructionTable,
      members: np.ndarray,
  ):
    """Initialises empty slots.

    Args:
      functions: encode tokens [P * N, L], N for each of P members in turn.
      table: of the environment.
      members: whose each stream is, from 0 to P - 1; int [B].
    """
    self._functions = functions
    self._table = table
    self._members = members.tolist()
    counts = np.bincount(members)
    self._num_members = len(counts)
    # Twice the streams: instructions that were seen lately are kept.
    self._num_slots = 2 * int(counts.max())  # of each member
    size = self._num_members * self._num_slots
    self._row_of_slot = np.full(size, -1, np.int64)
    self._last_used = np.zeros(size, np.int64)
    self._slot_of_row: dict[tuple[int, int], int] = {}
    self._clock = 0
    self._releases = table.releases
    self._context: Any = None

  def refresh(self, params: types.Params, instruction: types.Array) -> None:
    """Encodes all slots with new parameters.

    Rows of the table may be released before it, and at no other time.
    """
    self._context = None
    if self._releases != self._table.releases:  # rows hold other texts now
      self._releases = self._table.releases
      self._row_of_slot[:] = -1
      self._slot_of_row.clear()
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
    while any(new):
      self._patch(params, [mine[:_PATCH] for mine in new])
      new = [mine[_PATCH:] for mine in new]
    return slots, self._context

  def _patch(self, params: types.Params, new: list[list[int]]) -> None:
    """Encodes new slots, at most `_PATCH` of each member."""
    # Slots out of range are dropped: the patch has one shape.
    by_member = np.full(
        (self._num_members, _PATCH), len(self._row_of_slot), np.int32)
    for member, mine in enumerate(new):
      by_member[member, :len(mine)] = mine
    where = by_member.reshape(-1)
    tokens = np.zeros((len(where), self._table.tokens.shape[1]), np.int32)
    used = where < len(self._row_of_slot)
    tokens[used] = self._table.tokens[self._row_of_slot[where[used]]]
    self._context = self._functions.patch(
        params, self._context, where, tokens)

  def _assign(
      self, instruction: types.Array
  ) -> tuple[np.ndarray, list[list[int]]]:
    """Gives every instruction a slot.

    Returns:
      The slot of each stream [B], and the new ones of each member.
    """
    self._clock += 1
    new: list[list[int]] = [[] for _ in range(self._num_members)]
    slots = np.empty(len(instruction), np.int32)
    wanted = list(zip(self._members, instruction.tolist(), strict=True))
    for key in wanted:
      if key in self._slot_of_row:
        self._last_used[self._slot_of_row[key]] = self._clock
    for i, key in enumerate(wanted):
      slot = self._slot_of_row.get(key)
      if slot is None:
        member, row = key
        first = member * self._num_slots
        slot = first + int(np.argmin(
            self._last_used[first:first + self._num_slots]))
        self._slot_of_row.pop((member, int(self._row_of_slot[slot])), None)
        self._row_of_slot[slot] = row
        self._slot_of_row[key] = slot
        self._last_used[slot] = self._clock
        new[member].append(slot)
      slots[i] = slot
    return slots, new
