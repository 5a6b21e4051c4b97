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
"""Tests of chance.py: frequencies, and what rounding must not do."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import chance
from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib

_DYNAMICS = mdp_lib.Dynamics(num_actions=5, noise=0.2, end_probability=0.1)


class ChooseTest(parameterized.TestCase):

  def test_by_hand(self):
    probs = jnp.array([[0.2, 0.0, 0.8]] * 4)
    uniform = jnp.array([0.0, 0.19, 0.2, 0.999999])
    self.assertEqual(chance.choose(probs, uniform).tolist(), [0, 0, 2, 2])

  @parameterized.parameters(3, 40, 400)
  def test_frequencies(self, num_actions):
    probs = np.random.default_rng(0).dirichlet(
        np.full(num_actions, 0.5)).astype(np.float32)
    probs[num_actions // 2:] = 0.0
    probs /= probs.sum()
    num = 200_000
    uniform = (jnp.arange(num) + 0.5) / num
    found = chance.choose(
        jnp.broadcast_to(probs, (num, num_actions)), uniform)
    np.testing.assert_allclose(
        np.bincount(found, minlength=num_actions) / num, probs, atol=1e-4)

  def test_nothing_of_probability_zero_by_rounding(self):
    probs = jnp.array([[0.3, 0.7 - 1e-7, 0.0]] * 2)
    found = chance.choose(probs, jnp.array([1.0 - 2**-24, 1.0]))
    self.assertEqual(found.tolist(), [1, 1])


class MoveTest(absltest.TestCase):

  def test_frequencies(self):
    mdp = mdp_lib.grid_world(
        mdp_lib.GridConfig(3, wall=0.0, terminal=0.1, penalty=0.3),
        np.random.default_rng(1))
    num, action = 100_000, 1
    mdps = jax.tree.map(
        lambda x: jnp.broadcast_to(x, (num, *np.shape(x))), mdp)
    found = np.asarray(chance.move(
        mdps, _DYNAMICS, jnp.arange(num), jnp.full(num, mdp.start),
        jnp.full(num, action), jax.random.uniform(jax.random.key(0), (num,))))
    policy = np.eye(5)[np.full(len(mdp.reward), action)]
    expected = np.array(
        exact.transitions(mdp, _DYNAMICS, policy)[mdp.start])
    expected[-1] += 0.1
    np.testing.assert_allclose(
        np.bincount(found, minlength=len(expected)) / num, expected, atol=5e-3)

  def test_goes_on_at_the_start(self):
    mdps = mdp_lib.stack([mdp_lib.chain(2)] * 4)  # 5 cells and the last state
    mdps = jax.tree.map(jnp.asarray, mdps)
    found = chance.restart(mdps, jnp.arange(4), jnp.array([0, 4, 5, 3]))
    self.assertEqual(found.tolist(), [2, 2, 5, 3])


if __name__ == '__main__':
  absltest.main()
