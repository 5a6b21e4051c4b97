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
"""Tests of rewards.py: golden values."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting.losses import rewards

jax.config.update('jax_numpy_rank_promotion', 'raise')

_REWARDS = np.array([-10, -5, -1, 0, 1, 5, 10], np.float32)


class RewardsTest(parameterized.TestCase):

  def test_optimistic_asymmetric_clip(self):
    # 5 tanh(r / 5), times 0.3 for losses, to four places by a calculator.
    np.testing.assert_allclose(
        jax.jit(rewards.optimistic_asymmetric_clip)(_REWARDS),
        [-1.4460, -1.1424, -0.2961, 0.0, 0.9869, 3.8080, 4.8201],
        atol=5e-5,
    )

  def test_optimistic_asymmetric_clip_slopes(self):
    slope = jax.vmap(jax.grad(rewards.optimistic_asymmetric_clip))
    np.testing.assert_allclose(
        slope(np.array([-1e-3, 1e-3, 1e4], np.float32)), [0.3, 1.0, 0.0],
        atol=1e-5,
    )

  def test_clip_unit(self):
    np.testing.assert_array_equal(
        rewards.clip_unit(np.array([-3, -1, -0.5, 0.5, 2], np.float32)),
        [-1, -1, -0.5, 0.5, 1],
    )

  def test_identity(self):
    np.testing.assert_array_equal(rewards.identity(_REWARDS), _REWARDS)

  @parameterized.parameters(
      'clip_unit', 'identity', 'optimistic_asymmetric_clip'
  )
  def test_by_name_and_keeps_nan(self, name):
    transform = rewards.get_reward_transform(name)
    self.assertIs(transform, getattr(rewards, name))
    self.assertTrue(np.isnan(transform(np.float32(np.nan))))

  def test_unknown_name(self):
    with self.assertRaisesRegex(
        ValueError,
        "unknown reward transform 'clip'; expected one of clip_unit, identity, "
        "optimistic_asymmetric_clip. Did you mean 'clip_unit'",
    ):
      rewards.get_reward_transform('clip')


if __name__ == '__main__':
  absltest.main()
