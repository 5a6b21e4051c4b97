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
"""Tests of `environments/instructions.py`."""

import warnings

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.environments import instructions


class WordBucketTest(absltest.TestCase):

  def test_golden(self):
    # 1 + crc32(word) % 999, computed with Python's zlib: checkpoints depend
    # on these never changing.
    self.assertEqual(instructions.word_bucket(b'the'), 274)
    self.assertEqual(instructions.word_bucket(b'key'), 2)

  def test_never_padding_and_below_num_buckets(self):
    buckets = {instructions.word_bucket(b'%d' % i, 4) for i in range(100)}
    self.assertEqual(buckets, {1, 2, 3})

  def test_words_of_minigrid_have_buckets_of_their_own(self):
    words = (
        b'a after and at avoid ball behind blue box door end fetch find from'
        b' front get go goal green grey hallway in key lava left matching must'
        b' near next object of on open opening pick purple put reach red right'
        b' room, square the then to unlock up use yellow you your'
    ).split()
    buckets = {instructions.word_bucket(word) for word in words}
    self.assertLen(buckets, len(words))


class InstructionTableTest(parameterized.TestCase):

  def test_starts_with_the_empty_instruction(self):
    table = instructions.InstructionTable(max_words=3)
    self.assertLen(table, 1)
    self.assertEqual(table.intern(b''), 0)
    self.assertEqual(table.intern(b'\0\0\0'), 0)
    self.assertEqual(table.intern(b'  '), 0)
    np.testing.assert_array_equal(table.tokens, [[0, 0, 0]])

  def test_rows_by_appearance(self):
    table = instructions.InstructionTable(max_words=3)
    self.assertEqual(table.intern(b'go left'), 1)
    self.assertEqual(table.intern(b'go right'), 2)
    self.assertEqual(table.intern(b'go left'), 1)
    np.testing.assert_array_equal(
        table.intern_many([b'go right', b'', b'go left']), [2, 0, 1]
    )
    go, left, right = map(instructions.word_bucket, (b'go', b'left', b'right'))
    np.testing.assert_array_equal(
        table.tokens, [[0, 0, 0], [go, left, 0], [go, right, 0]]
    )
    self.assertEqual(table.tokens.dtype, np.int32)

  def test_buffers_of_other_widths_are_the_same_instruction(self):
    table = instructions.InstructionTable(max_words=3)
    row = table.intern(b'go left')
    self.assertEqual(table.intern(b'go left\0\0\0'), row)
    self.assertEqual(table.intern(b'go left\0old rest'), row)
    self.assertEqual(table.intern(b' go  left\n'), row)
    self.assertLen(table, 2)

  def test_grows_and_keeps_rows(self):
    table = instructions.InstructionTable(max_words=2)
    early = table.tokens
    rows = [table.intern(b'word%d' % i) for i in range(100)]
    self.assertEqual(rows, list(range(1, 101)))
    self.assertEqual(table.tokens.shape, (101, 2))
    self.assertEqual(early.shape, (1, 2))
    np.testing.assert_array_equal(
        table.tokens[1:, 0],
        [instructions.word_bucket(b'word%d' % i) for i in range(100)],
    )

  def test_it_stays_small_where_every_text_is_new(self):
    table = instructions.InstructionTable(max_words=2)
    last = [0, 0]
    for i in range(100_000):
      last = [last[1], table.intern(b'step %d' % i)]
      table.release(np.array(last))
      if i % 1000 == 0:
        np.testing.assert_array_equal(
            table.tokens[last[1]],
            [instructions.word_bucket(b'step'),
             instructions.word_bucket(b'%d' % i)])
    self.assertLess(len(table), instructions.MAX_KEPT + 3)
    self.assertLess(len(table._rows), instructions.MAX_KEPT + 3)
    self.assertGreater(table.releases, 10)

  def test_it_stays_small_where_texts_differ_in_what_is_ignored(self):
    table = instructions.InstructionTable(max_words=2)
    for i in range(20_000):
      self.assertEqual(table.intern(b'go\0%d' % i), 1)
      table.release(np.array([1]))
    self.assertLen(table, 2)
    self.assertLess(len(table._rows), instructions.MAX_KEPT + 3)

  def test_rows_in_use_stay(self):
    table = instructions.InstructionTable(max_words=1)
    rows = [table.intern(b'%d' % i) for i in range(instructions.MAX_KEPT + 5)]
    used = np.array([[rows[7]], [rows[-1]]])
    before = table.tokens[used].copy()
    size = len(table)
    table.release(used)
    new = [table.intern(b'new%d' % i) for i in range(size - 3)]
    self.assertLen({0, *new, *used.flatten().tolist()}, size)
    np.testing.assert_array_equal(table.tokens[used], before)
    self.assertEqual(table.intern(b'7'), rows[7])
    self.assertEqual(table.intern(b''), 0)
    np.testing.assert_array_equal(table.tokens[0], 0)
    self.assertEqual(table.intern(b'more'), size)

  def test_few_texts_are_never_forgotten(self):
    table = instructions.InstructionTable(max_words=1)
    row = table.intern(b'go')
    table.release(np.array([0]))
    self.assertEqual((table.intern(b'go'), table.releases), (row, 0))

  def test_tokens_are_read_only(self):
    table = instructions.InstructionTable(max_words=2)
    with self.assertRaisesRegex(ValueError, 'read-only'):
      table.tokens[0, 0] = 1
    table.intern(b'still writable')

  def test_long_instruction_is_cut_with_one_warning(self):
    table = instructions.InstructionTable(max_words=2)
    with self.assertWarnsRegex(
        UserWarning, "'go far left' has 3 words; .*those beyond 2 are cut off"
    ):
      row = table.intern(b'go far left')
    short = table.intern(b'go far')
    np.testing.assert_array_equal(table.tokens[row], table.tokens[short])
    with warnings.catch_warnings():
      warnings.simplefilter('error')
      table.intern(b'go far right')

  @parameterized.parameters(
      ({'max_words': 0}, 'max_words is 0; expected at least 1'),
      ({'max_words': 1, 'num_buckets': 1}, 'num_buckets is 1; expected'),
  )
  def test_wrong_sizes(self, kwargs, message):
    with self.assertRaisesRegex(ValueError, message):
      instructions.InstructionTable(**kwargs)


if __name__ == '__main__':
  absltest.main()
