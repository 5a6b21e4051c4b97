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
"""Tests of `environments/scores.py`."""

import math

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.environments import scores


class ScoreTest(parameterized.TestCase):

  def test_golden(self):
    returns = np.array([0.25, 0.5, 0.0, 0.75])
    np.testing.assert_allclose(
        scores.normalised_score(returns, 0.25, 0.5), [0, 100, -100, 200]
    )
    np.testing.assert_allclose(
        scores.capped_score(returns, 0.25, 0.5), [0, 100, -100, 100]
    )

  def test_task_by_task(self):
    np.testing.assert_allclose(
        scores.capped_score([1.0, 1.0], [0.0, -1.0], [2.0, 3.0]), [50, 50]
    )

  @parameterized.parameters(0.5, 0.4, np.nan)
  def test_reference_not_above_random(self, reference):
    with self.assertRaisesRegex(
        ValueError, f'reference_return {reference} is not above random_return'
    ):
      scores.normalised_score(0.0, 0.5, reference)


class ScoreWindowTest(absltest.TestCase):

  def _window(self, window_frames=100):
    return scores.ScoreWindow([0.0, -1.0], [1.0, 1.0], window_frames)

  def test_scores_without_a_cap(self):
    for cap, expected in ((100.0, 100.0), (math.inf, 300.0)):
      window = scores.ScoreWindow([0.0], [1.0], 1000, cap)
      window.add(10, 0, 3.0)
      self.assertEqual(window.score(), expected)

  def test_no_score_before_an_episode_of_each_task(self):
    for cap in (100.0, math.inf):
      window = scores.ScoreWindow([0.0, -1.0], [1.0, 1.0], 100, cap)
      self.assertTrue(math.isnan(window.score()))
      np.testing.assert_array_equal(window.returns(), [np.nan, np.nan])
      np.testing.assert_array_equal(window.num_episodes, [0, 0])
      window.add(10, 0, 1.0)
      np.testing.assert_array_equal(window.task_scores(), [100, np.nan])
      self.assertTrue(math.isnan(window.score()))
      window.add(20, 1, 0.0)
      self.assertEqual(window.score(), 75.0)
      window.advance(1000)  # known once, it stays known
      self.assertEqual(window.score(), 75.0)

  def test_mean_of_episodes_then_cap_then_mean_of_tasks(self):
    window = self._window()
    for episode_return in (0.0, 3.0, 3.0):  # mean 2: above the reference
      window.add(10, 0, episode_return)
    window.add(20, 1, 0.0)
    np.testing.assert_allclose(window.returns(), [2, 0])
    np.testing.assert_allclose(window.task_scores(), [100, 50])
    self.assertAlmostEqual(window.score(), 75.0)

  def test_old_episodes_leave(self):
    window = self._window(window_frames=100)
    window.add(10, 0, 0.0)
    window.add(60, 0, 1.0)
    window.advance(109)
    np.testing.assert_allclose(window.returns()[0], 0.5)
    window.advance(110)  # the frames (10, 110] are 100 frames
    np.testing.assert_array_equal(window.num_episodes, [1, 0])
    np.testing.assert_allclose(window.returns()[0], 1.0)

  def test_slow_task_keeps_its_last_mean(self):
    window = self._window(window_frames=100)
    window.add(10, 0, 0.25)
    window.add(20, 0, 0.75)
    window.advance(1000)
    np.testing.assert_array_equal(window.num_episodes, [0, 0])
    np.testing.assert_allclose(window.returns()[0], 0.5)
    other = self._window()
    other.restore(window.state())
    np.testing.assert_array_equal(other.returns(), window.returns())
    window.add(1000, 0, 1.0)
    np.testing.assert_allclose(window.returns()[0], 1.0)

  def test_restore_continues_exactly(self):
    window, other = self._window(), self._window()
    rng = np.random.default_rng(0)
    for frame in range(0, 500, 7):
      window.add(frame, frame % 2, rng.normal())
    window.advance(500)
    other.add(1, 0, 99.0)
    other.restore(window.state())
    for both in (window, other):
      both.add(510, 1, 0.5)
      both.advance(540)
    np.testing.assert_array_equal(other.returns(), window.returns())
    np.testing.assert_array_equal(other.num_episodes, window.num_episodes)
    for name, array in window.state().items():
      self.assertIsInstance(array, np.ndarray)
      np.testing.assert_array_equal(other.state()[name], array)

  def test_state_of_an_empty_window(self):
    window = self._window()
    window.restore(self._window().state())
    self.assertTrue(math.isnan(window.score()))

  def test_restore_of_other_tasks(self):
    state = scores.ScoreWindow([0.0], [1.0]).state()
    with self.assertRaisesRegex(
        ValueError, 'saved window has 1 tasks but this one has 2; resume'
    ):
      self._window().restore(state)

  def test_wrong_arguments(self):
    with self.assertRaisesRegex(ValueError, 'window_frames is 0; expected'):
      self._window(window_frames=0)
    with self.assertRaisesRegex(ValueError, 'is not above random_return'):
      scores.ScoreWindow([0.5], [0.5])


if __name__ == '__main__':
  absltest.main()
