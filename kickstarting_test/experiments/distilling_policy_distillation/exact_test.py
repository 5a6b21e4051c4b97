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
"""Tests of exact.py against hand-made numbers and sums over episodes."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib


def _always(action, num_states):
  return np.tile(np.eye(2, dtype=np.float32)[action], (num_states, 1))


class ChainTest(absltest.TestCase):

  def test_the_optimum_of_five_cells(self):
    # Five moves, each of which goes on with probability 0.99: 0.99^5.
    mdp, dynamics = mdp_lib.chain(5), mdp_lib.Dynamics(2, 0.0, 0.01)
    for action, sign in ((mdp_lib.RIGHT, 1), (mdp_lib.LEFT, -1)):
      policy = _always(action, 12)
      self.assertAlmostEqual(
          float(exact.episode_return(mdp, dynamics, policy)),
          sign * 0.99**5, places=5)
      value = exact.value(
          mdp, dynamics, policy, exact.rewards(mdp, dynamics), 0.9)
      self.assertAlmostEqual(
          float(value[5]), sign * 0.99**5 * 0.9**4, places=5)

  def test_visits(self):
    mdp, dynamics = mdp_lib.chain(3), mdp_lib.Dynamics(2, 0.0, 0.0)
    visits = exact.visits(mdp, dynamics, _always(mdp_lib.RIGHT, 8))
    np.testing.assert_allclose(visits, [0, 0, 0, 1, 1, 1, 0, 0], atol=1e-6)

  def test_who_looks_at_the_next_reward_alone(self):
    # Corridor: -1, four cells, +1. Only beside an end is there a better action.
    mdp, dynamics = mdp_lib.chain(2), mdp_lib.Dynamics(num_actions=2)
    policy = exact.next_reward_policy(mdp, dynamics)
    np.testing.assert_allclose(
        policy[1:4], [[0, 1], [0.5, 0.5], [0, 1]], atol=1e-6)

  def test_the_oscillations_returns(self):
    # J(p, q) = -1 - q + p - 2 p q, by hand.
    mdp, dynamics = mdp_lib.oscillation(), mdp_lib.Dynamics(2, 0.0, 0.0)
    for p, q in ((0.2, 0.7), (0.9, 0.1)):
      right = np.array([p, q, q, *[0.5] * 5], np.float32)
      policy = np.stack([1 - right, right], axis=1)
      self.assertAlmostEqual(
          float(exact.episode_return(mdp, dynamics, policy)),
          -1 - q + p - 2 * p * q, places=5)


class GridTest(parameterized.TestCase):

  @parameterized.parameters(4, 7)
  def test_against_powers_of_the_matrix(self, num_actions):
    dynamics = mdp_lib.Dynamics(num_actions, 0.2, 0.1)
    rng = np.random.default_rng(0)
    mdp = mdp_lib.grid_world(mdp_lib.GridConfig(4), rng)
    num = len(mdp.reward)
    policy = rng.dirichlet(np.ones(num_actions), num).astype(np.float32)
    # One transition at a time, from the definition of the dynamics.
    matrix, mean = np.zeros((num, num)), np.zeros(num)
    for s in np.flatnonzero(~mdp.is_terminal):
      for a in range(num_actions):
        outcomes = [(mdp.successor[s, a] if a < 4 else s, 1.0)]
        if a < 4:
          outcomes = [(outcomes[0][0], 0.8)] + [
              (there, 0.05) for there in mdp.successor[s]]
        for there, p in outcomes:
          matrix[s, there] += policy[s, a] * 0.9 * p
          mean[s] += policy[s, a] * 0.9 * p * mdp.reward[there]
    np.testing.assert_allclose(
        exact.transitions(mdp, dynamics, policy), matrix, atol=1e-6)
    here, visits, total = np.eye(num)[mdp.start], np.zeros(num), 0.0
    for _ in range(400):
      visits += here
      total += here @ mean
      here = here @ matrix
    np.testing.assert_allclose(
        exact.visits(mdp, dynamics, policy),
        np.where(mdp.is_terminal, 0, visits), atol=1e-4)
    self.assertAlmostEqual(
        float(exact.episode_return(mdp, dynamics, policy)), total, places=4)
    value = exact.value(mdp, dynamics, policy, exact.rewards(mdp, dynamics))
    self.assertAlmostEqual(float(value[mdp.start]), total, places=4)
    q = exact.action_value(
        mdp, dynamics, value, exact.rewards(mdp, dynamics))
    np.testing.assert_allclose(
        jnp.sum(policy * q, axis=1), value, atol=1e-4)

  def test_the_uniform_policy_on_the_papers_worlds(self):
    # facts: -6.7 with 40 actions, of 300 worlds of these densities; the added
    # actions stay, and a stay pays the cell's reward again.
    mdps = mdp_lib.grid_worlds(40, mdp_lib.GridConfig(), 0)
    policy = np.full((401, 40), 1 / 40, np.float32)
    found = jax.lax.map(lambda mdp: exact.episode_return(
        mdp, mdp_lib.Dynamics(40), policy), jax.tree.map(jnp.asarray, mdps))
    error = float(found.std()) / np.sqrt(40)
    self.assertBetween(float(found.mean()), -6.7 - 3 * error, -6.7 + 3 * error)


class ControlTest(absltest.TestCase):

  def test_policies(self):
    student, teacher = np.array([[0.9, 0.1]]), np.array([[0.5, 0.5]])
    for control, expected in (
        ('student', [0.9, 0.1]), ('teacher', [0.5, 0.5]),
        ('uniform', [0.5, 0.5]), ('mixture', [0.7, 0.3])):
      np.testing.assert_allclose(
          exact.control_policy(control, student, teacher)[0], expected,
          rtol=1e-6)

  def test_unknown(self):
    with self.assertRaisesRegex(ValueError, "control is 'both'; expected one"):
      exact.control_policy('both', np.zeros((1, 2)), np.zeros((1, 2)))


if __name__ == '__main__':
  absltest.main()
