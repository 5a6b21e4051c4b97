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
"""Tests of minibatches.py: every stream is in one part, whole."""

from absl.testing import absltest
import jax
import numpy as np

from kickstarting import checks
from kickstarting import minibatches
from kickstarting_test import update_cases as cases


class MostTest(absltest.TestCase):

  def test_is_the_largest_divisor(self):
    for streams, parts, expected in (
        (16, 4, 4), (6, 4, 3), (2, 4, 2), (7, 4, 1), (5, 1, 1), (6, 10**12, 6)):
      self.assertEqual(minibatches.most(streams, parts), expected)


class DealStreamsTest(absltest.TestCase):

  def test_parts_are_the_streams_of_a_slice(self):
    dealt = minibatches.deal_streams(cases.TRAJECTORY, 3)
    for part in range(3):
      jax.tree.map(
          np.testing.assert_array_equal,
          jax.tree.map(lambda x, part=part: x[part], dealt),
          cases.streams(slice(part, None, 3)))

  def test_without_teachers(self):
    dealt = minibatches.deal_streams(
        cases.TRAJECTORY._replace(teacher=None), 1)
    self.assertIsNone(dealt.teacher)
    np.testing.assert_array_equal(dealt.actions[0], cases.TRAJECTORY.actions)

  def test_what_cannot_be(self):
    for parts, text in ((2, '3 streams, which 2 minibatches do not divide'),
                        (0, 'parts is 0'), (1.0, 'parts is 1.0')):
      with self.assertRaisesRegex(checks.UserError, text):
        minibatches.deal_streams(cases.TRAJECTORY, parts)


if __name__ == '__main__':
  absltest.main()
