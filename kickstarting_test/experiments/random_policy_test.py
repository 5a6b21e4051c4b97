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
"""Tests the random player."""

from absl.testing import absltest
import numpy as np

from experiments import random_policy
from kickstarting.environments import python_batch
from kickstarting_test.environments import fakes


class RandomPolicyTest(absltest.TestCase):

  def test_streams_play_equally_many_episodes(self):
    # Long episodes pay more; counted as they end, short ones would win.
    batch = python_batch.task_batch({
        'short': lambda seed: fakes.Scripted(length=2, rewards=(1.0,)),
        'long': lambda seed: fakes.Scripted(
            length=9, rewards=(1.0,), ends=(False, True)),
    }, 3, seed=0, bootstrap_on_timeout=True)
    short, long = random_policy.play(batch, 4, seed=0)
    np.testing.assert_array_equal(short.returns, [2.0] * 12)
    np.testing.assert_array_equal(long.returns, [9.0] * 12)
    self.assertEqual((short.longest, long.longest), (0, 9))
    self.assertEqual((short.cut, long.cut), (0, 0))

  def test_an_episode_that_never_ends_is_cut(self):
    batch = python_batch.task_batch({
        'endless': lambda seed: fakes.Scripted(length=10**9, rewards=(1.0,)),
        'short': lambda seed: fakes.Scripted(length=2, rewards=(1.0,)),
    }, 2, seed=0)
    endless, short = random_policy.play(batch, 4, seed=0, max_steps=30)
    np.testing.assert_array_equal(endless.returns, [30.0] * 2)
    self.assertEqual((endless.cut, short.cut), (2, 0))
    self.assertLen(short.returns, 8)


if __name__ == '__main__':
  absltest.main()
