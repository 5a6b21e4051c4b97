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
"""Tests of `runtime/instruction_slots.py`."""

import dataclasses
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import types
from kickstarting.environments import instructions as instructions_lib
from kickstarting.networks import build
from kickstarting.runtime import instruction_slots

jax.config.update('jax_numpy_rank_promotion', 'raise')


def _table(count: int) -> instructions_lib.InstructionTable:
  """Returns a table of instructions of different lengths."""
  table = instructions_lib.InstructionTable(max_words=6)
  for i in range(count):
    words = [b'%d' % i, b'go', b'to', b'the', b'key']
    table.intern(b' '.join(words[:1 + i % 5]))
  return table


def _sums() -> tuple[instruction_slots.SlotFunctions, list[int]]:
  """Returns an encoder that tells tables apart, and how much it encoded."""
  encoded = []

  def encode(params, tokens):
    encoded.append(len(tokens))
    tokens = np.asarray(tokens, np.float64)
    return params * (tokens * 3.0 ** np.arange(tokens.shape[1])[None]).sum(1)

  def patch(params, context, slots, tokens):
    context = context.copy()
    new = encode(params, tokens)
    is_inside = slots < len(context)
    context[slots[is_inside]] = new[is_inside]
    return context

  return instruction_slots.SlotFunctions(encode, patch), encoded


class InstructionSlotsTest(parameterized.TestCase):

  @parameterized.parameters('grid_small', 'flat')
  def test_slots_hold_what_encoding_directly_gives(self, name):
    config = dataclasses.replace(build.NETWORKS[name], core_size=4)
    network = build.make_network(config, 3)
    observation = {
        'image': np.zeros((1, 1, 7, 7, 3), np.uint8),
        'direction': np.zeros((1, 1), np.int32),
    }
    zeros = np.zeros((1, 1), np.int32)
    timesteps = types.Timestep(
        observation, zeros, zeros, zeros.astype(np.float32),
        zeros.astype(np.float32), zeros)
    params = jax.jit(network.init)(jax.random.key(0), timesteps, zeros)
    functions = instruction_slots.make_slot_functions(network.encode)
    table = _table(6)
    slots = instruction_slots.InstructionSlots(
        functions, table, np.zeros(3, int))
    slots.refresh(params, np.array([1, 1, 2], np.int32))
    rows = np.array([5, 1, 3], np.int32)  # two of them are patched in
    where, context = slots.look_up(params, rows)
    direct = functions.encode(params, table.tokens)
    for got, expected in zip(
        jax.tree.leaves(context), jax.tree.leaves(direct), strict=True):
      if expected.shape[0] == 1:  # the torso does not read instructions
        np.testing.assert_array_equal(got, expected)
      else:
        np.testing.assert_allclose(
            got[where], expected[rows], rtol=1e-5, atol=1e-6)

  @parameterized.parameters(True, False)
  def test_random_walk_agrees_with_encoding_directly(self, jitted):
    if jitted:  # 8 slots, all of them in use, and patches of 8
      functions = instruction_slots.make_slot_functions(
          lambda params, tokens: params * tokens.sum(axis=1))
    else:
      functions, _ = _sums()
    rng = np.random.default_rng(0)
    table = _table(40)
    slots = instruction_slots.InstructionSlots(
        functions, table, np.zeros(4, int))
    params = 1.0
    rows = np.zeros(4, np.int32)
    slots.refresh(params, rows)
    for step in range(200):
      if step % 10 == 9:
        params += 1.0
        slots.refresh(params, rows)
      rows = rng.integers(len(table), size=4).astype(np.int32)
      where, context = slots.look_up(params, rows)
      np.testing.assert_array_equal(
          context[where], functions.encode(params, table.tokens)[rows])

  def test_every_stream_may_change_its_instruction_at_once(self):
    # As many distinct instructions as streams, none seen before, again and
    # again: a slot given to one stream must not be taken for the next.
    functions, _ = _sums()
    table = _table(100)
    slots = instruction_slots.InstructionSlots(
        functions, table, np.zeros(10, int))
    slots.refresh(1.0, np.zeros(10, np.int32))
    for start in range(1, 90, 10):
      rows = np.arange(start, start + 10, dtype=np.int32)
      where, context = slots.look_up(1.0, rows)
      self.assertLen(set(where.tolist()), 10)
      np.testing.assert_array_equal(
          context[where], functions.encode(1.0, table.tokens)[rows])

  def test_a_known_instruction_is_not_given_away_to_an_earlier_stream(self):
    # Row 1 is the oldest when stream 0 brings a new one, but stream 3 has it.
    functions, _ = _sums()
    table = _table(20)
    slots = instruction_slots.InstructionSlots(
        functions, table, np.zeros(4, int))
    slots.refresh(1.0, np.array([1, 2, 3, 4], np.int32))
    slots.look_up(1.0, np.array([5, 6, 7, 8], np.int32))  # all 8 are taken
    rows = np.array([9, 10, 11, 1], np.int32)
    where, context = slots.look_up(1.0, rows)
    np.testing.assert_array_equal(
        context[where], functions.encode(1.0, table.tokens)[rows])

  def test_least_recently_used_goes_first(self):
    functions, encoded = _sums()
    table = _table(20)
    slots = instruction_slots.InstructionSlots(
        functions, table, np.zeros(2, int))  # 4 slots
    slots.refresh(1.0, np.array([1, 2], np.int32))
    slots.look_up(1.0, np.array([3, 4], np.int32))
    slots.look_up(1.0, np.array([1, 4], np.int32))  # 2 is now the oldest
    slots.look_up(1.0, np.array([5, 5], np.int32))  # takes the place of 2
    encoded.clear()
    slots.look_up(1.0, np.array([1, 3], np.int32))
    self.assertEmpty(encoded)  # both were kept
    slots.look_up(1.0, np.array([2, 2], np.int32))
    self.assertLen(encoded, 1)

  def test_nothing_is_encoded_twice_for_the_same_parameters(self):
    functions, encoded = _sums()
    table = _table(20)
    slots = instruction_slots.InstructionSlots(
        functions, table, np.zeros(4, int))
    slots.refresh(1.0, np.array([1, 2, 1, 2], np.int32))
    self.assertEqual(encoded, [8])
    slots.look_up(1.0, np.array([1, 2, 2, 2], np.int32))
    self.assertEqual(encoded, [8])
    slots.look_up(1.0, np.array([3, 4, 3, 5], np.int32))
    self.assertLen(encoded, 2)  # one patch for three new ones

  def test_members_have_slots_of_their_own(self):
    # One instruction for all streams, which every member encodes differently.
    table = _table(30)
    params = np.array([1.0, 10.0, 100.0])

    def encode(params, tokens):
      sums = tokens.reshape(len(params), -1, tokens.shape[1]).sum(axis=2)
      return (params[:, None] * sums).reshape(-1)

    members = np.arange(12) // 2 % 3
    slots = instruction_slots.InstructionSlots(
        instruction_slots.make_slot_functions(encode), table, members)
    rng = np.random.default_rng(0)
    rows = np.zeros(12, np.int32)
    slots.refresh(params, rows)
    for step in range(60):
      if step % 10 == 9:
        params = params + 1.0
        slots.refresh(params, rows)
      rows = rng.integers(len(table), size=12).astype(np.int32)
      where, context = slots.look_up(params, rows)
      np.testing.assert_allclose(
          context[where], params[members] * table.tokens[rows].sum(axis=1),
          rtol=1e-6)

  def test_patching_is_compiled_once(self):
    traces = []

    def encode(params, tokens):
      traces.append(tokens.shape)
      return params * tokens.sum(axis=1)

    table = _table(60)
    slots = instruction_slots.InstructionSlots(
        instruction_slots.make_slot_functions(encode), table,
        np.zeros(10, int))
    slots.refresh(1.0, np.zeros(10, np.int32))
    for start in range(1, 40, 3):
      slots.look_up(1.0, np.arange(start, start + 10, dtype=np.int32))
    slots.refresh(2.0, np.zeros(10, np.int32))
    self.assertLen(traces, 2)  # one for the whole, one for a patch

  def test_rows_that_hold_other_texts_are_encoded_anew(self):
    table = _table(20)
    functions, _ = _sums()
    slots = instruction_slots.InstructionSlots(
        functions, table, np.zeros(3, np.int64))
    with mock.patch.object(instructions_lib, 'MAX_KEPT', 0):
      for i in range(40):
        rows = table.intern_many(b'text %d %d' % (i, j) for j in range(3))
        slots.refresh(2.0, rows)
        rows = table.intern_many(b'text %d %d' % (i, j) for j in range(2, 5))
        found, context = slots.look_up(2.0, rows)
        np.testing.assert_array_equal(
            context[found], functions.encode(2.0, table.tokens[rows]))
        table.release(rows)
    self.assertLess(len(table), 40)


if __name__ == '__main__':
  absltest.main()
