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
"""Tests of soft_q.py: identities, by hand, and against value iteration."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import soft_q

jax.config.update('jax_numpy_rank_promotion', 'raise')

_RNG = np.random.default_rng(0)
_Q = _RNG.normal(size=(6, 4)).astype(np.float32)
_LOG_DISTILLED = np.log(_RNG.dirichlet(np.ones(4), size=6)).astype(np.float32)
_QUIET = mdp_lib.Dynamics(num_actions=2, noise=0.0, end_probability=0.0)


class IdentitiesTest(parameterized.TestCase):

  @parameterized.parameters((0.0, 2.0), (0.5, 5.0), (1.0, 0.7))
  def test_value_is_the_regularised_mean(self, alpha, beta):
    log_policy = np.asarray(
        soft_q.task_log_probs(_Q, _LOG_DISTILLED, alpha, beta))
    policy = np.exp(log_policy)
    np.testing.assert_allclose(policy.sum(axis=1), 1.0, rtol=1e-5)
    expected = np.sum(policy * (
        _Q + alpha / beta * _LOG_DISTILLED - log_policy / beta), axis=1)
    np.testing.assert_allclose(
        soft_q.soft_value(_Q, _LOG_DISTILLED, alpha, beta), expected,
        rtol=1e-4, atol=1e-5)
    # pi_i = pi_0^alpha exp(beta (Q - V))
    np.testing.assert_allclose(
        policy, np.exp(alpha * _LOG_DISTILLED + beta * (
            _Q - expected[:, None])), rtol=1e-3)

  def test_cold_is_the_greedy_value(self):
    np.testing.assert_allclose(
        soft_q.soft_value(_Q, _LOG_DISTILLED, 0.0, 1e4), _Q.max(axis=1),
        atol=1e-3)

  def test_nothing_known_is_the_distilled_policy(self):
    # Golden tests of the specification: alpha 1 leaves nothing to regularise,
    # and Q = 0 gives pi_0 ** alpha, normalised.
    zeros = np.zeros_like(_Q)
    np.testing.assert_allclose(
        soft_q.soft_value(zeros, _LOG_DISTILLED, 1.0, 3.0), 0.0, atol=1e-6)
    power = np.exp(0.5 * _LOG_DISTILLED)
    np.testing.assert_allclose(
        np.exp(soft_q.task_log_probs(zeros, _LOG_DISTILLED, 0.5, 3.0)),
        power / power.sum(axis=1, keepdims=True), rtol=1e-5)

  def test_most_likely_policy(self):
    np.testing.assert_allclose(
        np.exp(soft_q.distil(np.float32([[1, 3], [2, 2]]))),
        [[0.25, 0.75], [0.5, 0.5]], rtol=1e-6)


class LearnTest(absltest.TestCase):

  def test_counts_are_discounted_within_an_episode(self):
    # Corridors of 5 cells; 3 steps in each of two tasks from the middle.
    config = soft_q.SoftQConfig(discount=0.5, rollout_steps=1, alpha=0.0)
    mdps = mdp_lib.stack([mdp_lib.chain(2)] * 2)
    learn = jax.jit(soft_q.make_learn(config, _QUIET))
    state = soft_q.init(mdps, config, 2)
    expected = float(state.counts.sum())
    for i in range(20):
      ages = np.asarray(state.age)
      expected += np.sum(0.5 ** ages)
      places = np.asarray(state.place)
      state = learn(state, mdps, jax.random.key(i))
      for task in range(2):
        if state.age[task] == 0:  # it came to an end
          self.assertEqual(state.place[task], 2)
          self.assertIn(places[task], (1, 3))
        else:
          self.assertEqual(state.age[task], ages[task] + 1)
          self.assertEqual(abs(int(state.place[task]) - places[task]), 1)
    self.assertAlmostEqual(float(state.counts.sum()), expected, places=3)

  def test_comes_to_the_soft_values(self):
    # With many counts before the start pi_0 stays uniform; the process is
    # deterministic, so that Q does not hover. Each task has its own rewards.
    config = soft_q.SoftQConfig(
        alpha=0.5, beta=2.0, discount=0.9, prior=1e9, learning_rate=0.5)
    first = mdp_lib.chain(2)
    mdps = mdp_lib.stack([first, first._replace(reward=-first.reward)])
    learn = jax.jit(soft_q.make_learn(config, _QUIET))
    state = soft_q.init(mdps, config, 2)
    for i in range(400):
      state = learn(state, mdps, jax.random.key(i))
    for task in range(2):
      q = np.zeros((6, 2))
      for _ in range(200):
        value = np.log(np.sum(
            0.5 ** config.alpha * np.exp(config.beta * q), axis=1))
        value = np.where(mdps.is_terminal[task], 0.0, value / config.beta)
        q = (mdps.reward[task] + config.discount * value)[
            mdps.successor[task]]
      # Some actions are rare, and not there yet.
      np.testing.assert_allclose(state.q[task, 1:4], q[1:4], atol=0.02)

  def test_tasks_come_to_their_goals(self):
    config = soft_q.SoftQConfig(alpha=0.9)
    dynamics = mdp_lib.Dynamics()
    mdps = soft_q.goal_tasks(
        mdp_lib.GridConfig(size=5, terminal=0.0, penalty=0.0), 3,
        np.random.default_rng(0))
    learn = jax.jit(soft_q.make_learn(config, dynamics))
    state = soft_q.init(mdps, config, 4)
    before = soft_q.returns(state, mdps, config, dynamics)
    for i in range(1000):
      state = learn(state, mdps, jax.random.key(i))
    after = soft_q.returns(state, mdps, config, dynamics)
    self.assertLess(float(jnp.mean(before)), 0.85)
    self.assertGreater(float(jnp.min(after)), 0.9)


class TasksTest(absltest.TestCase):

  def test_one_grid_and_many_goals(self):
    mdps = soft_q.goal_tasks(
        mdp_lib.GridConfig(size=6), 4, np.random.default_rng(1))
    self.assertEqual(mdps.successor.shape, (4, 37, 4))
    for array in (mdps.successor, mdps.start):
      np.testing.assert_array_equal(array, np.stack([array[0]] * 4))
    goals = [int(np.flatnonzero(reward)[0]) for reward in mdps.reward]
    self.assertLen(set(goals), 4)
    np.testing.assert_array_equal(mdps.reward.sum(axis=1), 1.0)
    for i in range(4):
      self.assertEqual(
          np.flatnonzero(mdps.is_terminal[i]).tolist(), [goals[i], 36])
      mdp_lib.check(
          jax.tree.map(lambda x, i=i: x[i], mdps), mdp_lib.Dynamics(
              end_probability=0.0))

  def test_too_many_tasks(self):
    with self.assertRaisesRegex(
        ValueError, 'the last of 100 grids has 3 cells that can be reached;'
        ' expected at least 9'):
      soft_q.goal_tasks(
          mdp_lib.GridConfig(size=2, wall=0.0), 9, np.random.default_rng(0))


class ConfigTest(parameterized.TestCase):

  @parameterized.parameters(
      ({'alpha': 1.5}, 'alpha is 1.5'), ({'beta': 0.0}, 'beta is 0.0'),
      ({'prior': 0.0}, 'prior is 0.0'), ({'discount': 2.0}, 'discount is 2.0'),
      ({'rollout_steps': 0}, 'rollout_steps is 0; expected at least 1'))
  def test_errors(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      soft_q.SoftQConfig(**fields)


if __name__ == '__main__':
  absltest.main()
