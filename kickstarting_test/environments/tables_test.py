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
"""Tests of narrowed tables of instructions."""

from absl.testing import absltest
import numpy as np

from kickstarting.environments import tables

# Rows of hashed words; row 3 is the longest, with five.
_TOKENS = np.array([
    [0, 0, 0, 0, 0, 0],
    [7, 8, 0, 0, 0, 0],
    [9, 0, 0, 0, 0, 0],
    [1, 2, 3, 4, 5, 0],
], np.int32)


class NarrowTest(absltest.TestCase):

  def test_every_reader_finds_its_own_instructions(self):
    instruction = np.array([[[1, 2], [2, 2]], [[3, 0], [0, 1]]], np.int32)
    rows, narrowed = tables.Narrow()(instruction, _TOKENS)
    self.assertEqual(rows.shape, instruction.shape)
    for g in range(2):
      words = narrowed[g][rows[g]]
      expected = _TOKENS[instruction[g]]
      width = words.shape[-1]
      np.testing.assert_array_equal(words, expected[..., :width])
      self.assertFalse(expected[..., width:].any())

  def test_sizes_are_powers_of_two(self):
    narrow = tables.Narrow()
    _, narrowed = narrow(np.array([[1, 2, 0]], np.int32), _TOKENS)
    self.assertEqual(narrowed.shape, (1, 4, 4))
    longer = np.pad(_TOKENS, [(0, 0), (0, 20)])
    _, narrowed = narrow(np.array([[3, 3]], np.int32), longer)
    self.assertEqual(narrowed.shape, (1, 4, 8))

  def test_size_never_shrinks(self):
    narrow = tables.Narrow()
    _, wide = narrow(np.array([[0, 1, 2, 3]], np.int32), _TOKENS)
    rows, narrowed = narrow(np.array([[2, 2, 2, 2]], np.int32), _TOKENS)
    self.assertEqual(wide.shape, (1, 4, 6))
    self.assertEqual(narrowed.shape, wide.shape)
    np.testing.assert_array_equal(narrowed[0][rows[0]], _TOKENS[[2] * 4])

  def test_a_single_empty_instruction(self):
    rows, narrowed = tables.Narrow()(np.zeros((1, 2), np.int32), _TOKENS)
    np.testing.assert_array_equal(rows, np.zeros((1, 2)))
    self.assertEqual(narrowed.shape, (1, 1, 4))


if __name__ == '__main__':
  absltest.main()
