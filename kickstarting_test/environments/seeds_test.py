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
"""Tests of `environments/seeds.py`."""

import itertools

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting.environments import seeds


class SeedsTest(parameterized.TestCase):

  def test_blocks_are_disjoint(self):
    firsts = sorted(
        seeds.first_seed(seed, actor_id, group)
        for seed, actor_id, group in itertools.product(
            (0, 1, 2, 7, 2047), range(seeds.MAX_ACTORS), seeds.Group
        )
    )
    gaps = [b - a for a, b in itertools.pairwise(firsts)]
    self.assertGreaterEqual(min(gaps), seeds.MAX_STREAMS)
    self.assertEqual(firsts[0], 0)
    self.assertLessEqual(firsts[-1] + seeds.MAX_STREAMS, 2**31)

  def test_seed_beyond_the_bits_is_taken_modulo(self):
    self.assertEqual(seeds.first_seed(2048 + 5), seeds.first_seed(5))
    self.assertLess(seeds.first_seed(2**40 + 1), 2**31)

  @parameterized.parameters(
      ({'seed': -1}, 'seed is -1; expected 0 or more'),
      ({'seed': 0, 'actor_id': 64}, 'actor_id is 64; expected 0 to 63; use'),
      ({'seed': 0, 'actor_id': -1}, 'actor_id is -1; expected 0 to 63'),
  )
  def test_out_of_range(self, kwargs, message):
    with self.assertRaisesRegex(ValueError, message):
      seeds.first_seed(**kwargs)

  @parameterized.parameters(
      (0, 1, 'got 0 tasks with 1 streams each; expected at least one of both'),
      (2, 2049, 'make 4098 streams; one batch holds at most 4096; use more'),
  )
  def test_numbers_of_streams(self, num_tasks, streams_per_task, message):
    seeds.check_streams(2, 2048)
    with self.assertRaisesRegex(ValueError, message):
      seeds.check_streams(num_tasks, streams_per_task)


if __name__ == '__main__':
  absltest.main()
