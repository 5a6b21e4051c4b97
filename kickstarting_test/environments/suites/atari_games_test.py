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
"""Tests the suite of Atari games."""

import re

from absl.testing import absltest
import envpool
import numpy as np

from kickstarting.environments import scores
from kickstarting.environments import seeds
from kickstarting.environments import suites
from kickstarting_test.environments.suites import published


def _snake(name):
  """Returns a game's name as tables have it."""
  return re.sub('(?<!^)(?=[A-Z])', '_', name).lower()


class AtariGamesTest(absltest.TestCase):

  def test_envpool_has_every_game(self):
    suite = suites.get_suite('atari57')
    self.assertLen(suite.tasks, 57)
    self.assertContainsSubset(suite.levels, envpool.list_all_envs())

  def test_medians_of_impala(self):
    suite = suites.get_suite('atari57')
    returns = np.array([
        published.ATARI57[game] for game in map(_snake, suite.task_names)])
    normalised = [
        scores.normalised_score(
            column, suite.random_returns, suite.reference_returns)
        for column in returns.T]
    np.testing.assert_allclose(
        np.median(normalised, axis=1), [59.7, 93.2, 191.8], atol=0.05)

  def test_one_game_has_its_own_actions_several_have_all(self):
    for games, num_actions in ((['Pong'], 6), (['Pong', 'Breakout'], 18)):
      batch = suites.get_suite('atari57', games).make_batch(1, seed=0)
      self.assertEqual(batch.spec.num_actions, num_actions)
      self.assertEqual(batch.spec.observation['image'].shape, (84, 84, 4))
      self.assertEqual(batch.frames_per_step, 4)
      batch.close()

  def test_images_are_upright(self):
    batch = suites.get_suite('atari57', ['Pong']).make_batch(1, seed=0)
    self.addCleanup(batch.close)
    frame = batch.reset().observation['image'][0, :, :, -1]
    # Walls of one colour from side to side, above the field and below it.
    self.assertEqual((frame[[10, 11, 79, 80]] == 236).all(axis=1).sum(), 4)

  def test_the_newest_frame_is_the_last(self):
    batch = suites.get_suite('atari57', ['Pong']).make_batch(1, seed=0)
    self.addCleanup(batch.close)
    before, has_moved = batch.reset().observation['image'], False
    for _ in range(100):  # the ball comes after a while
      batch.send(np.zeros(1, np.int32))
      after = batch.receive().observation['image']
      np.testing.assert_array_equal(before[..., 1:], after[..., :-1])
      has_moved |= (before[..., -1] != after[..., -1]).any()
      before = after
    self.assertTrue(has_moved)

  def test_a_lost_life(self):
    suite = suites.get_suite('atari57', ['Breakout'])
    for group, has_cuts in (
        (seeds.Group.TRAINING, True), (seeds.Group.EVALUATION, False)):
      batch = suite.make_batch(1, seed=0, group=group)
      batch.reset()
      cuts = 0
      for _ in range(300):  # five lives last about 30 steps each
        batch.send(np.zeros(1, np.int32))
        step = batch.receive()
        cuts += step.discount[0] == 0 and step.step_type[0] == 1
      batch.close()
      self.assertEqual(cuts > 0, has_cuts)


if __name__ == '__main__':
  absltest.main()
