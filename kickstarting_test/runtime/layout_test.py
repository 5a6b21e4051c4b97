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
"""Tests of how streams are dealt out."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.runtime import layout


class LayoutTest(parameterized.TestCase):

  @parameterized.parameters(
      (1, 1, [0, 0, 0, 0]),
      (2, 1, [0, 0, 0, 0]),
      (1, 2, [0, 1, 0, 1]),
      (2, 2, [0, 0, 1, 1]))
  def test_members(self, splits, num_members, expected):
    members = layout.Layout(splits, num_members).members(4)
    self.assertEqual(members.tolist(), expected)

  @parameterized.product(splits=(1, 2, 4), num_members=(1, 2, 3))
  def test_every_learner_batch_holds_every_member_alike(
      self, splits, num_members):
    members = layout.Layout(splits, num_members).members(24)
    for i in range(splits):
      part = members[i::splits]
      np.testing.assert_array_equal(
          part, np.arange(len(part)) % num_members)

  def test_streams_that_do_not_share_out(self):
    with self.assertRaisesRegex(
        ValueError, 'a batch has 10 streams; expected a multiple of 4, 2 lear'):
      layout.Layout(2, 2).members(10)

  def test_whole(self):
    self.assertEqual(layout.WHOLE, layout.Layout(1, 1))


if __name__ == '__main__':
  absltest.main()
