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
"""Tests of distral.py: values by hand, and the gradient of the whole objective.

The objective of a small decision process is computed exactly from the softmax
parameters of a task and the shared column; its derivative must be what the
rewards and the loss here add up to.
"""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import types
from kickstarting.distributions import categorical
from kickstarting.losses import distral
from kickstarting.losses import transitions as transitions_lib

jax.config.update('jax_numpy_rank_promotion', 'raise')

_S, _A = 4, 3
_GAMMA = 0.9
_RNG = np.random.default_rng(0)
_REWARD = _RNG.normal(size=(_S, _A)).astype(np.float32)
_NEXT = _RNG.dirichlet(np.ones(_S), size=(_S, _A)).astype(np.float32)
_START = np.full(_S, 1 / _S, np.float32)
_OWN = _RNG.normal(size=(_S, _A)).astype(np.float32)
_SHARED = _RNG.normal(size=(_S, _A)).astype(np.float32)
_COSTS = ((0.3, 0.0), (0.3, 0.2))


def _softmax(x):
  weights = np.exp(np.float64(x))
  return weights / weights.sum(axis=-1, keepdims=True)


def _policy_logits(columns, kl_cost, entropy_cost, num_columns):
  own, shared = columns
  if num_columns == 1:
    return own
  return own + distral.columns_weight(kl_cost, entropy_cost) * shared


def _objective(columns, kl_cost, entropy_cost, num_columns):
  """The regularised return of a task, exactly, by its definition."""
  log_own = categorical.log_probs(
      _policy_logits(columns, kl_cost, entropy_cost, num_columns))
  log_shared = categorical.log_probs(columns[1])
  policy = jnp.exp(log_own)
  reward = (_REWARD - kl_cost * (log_own - log_shared)
            - entropy_cost * log_own)
  move = jnp.einsum('sa,sat->st', policy, _NEXT)
  value = jnp.linalg.solve(
      jnp.eye(_S) - _GAMMA * move, jnp.sum(policy * reward, axis=-1))
  return jnp.dot(_START, value)


def _assembled(columns, kl_cost, entropy_cost, num_columns):
  """What an update descends along, minus sign included, over all s and a."""
  logits = _policy_logits(columns, kl_cost, entropy_cost, num_columns)
  policy = jax.lax.stop_gradient(jax.nn.softmax(logits))
  all_actions = np.tile(np.arange(_A, dtype=np.int32), (_S, 1))
  wide = lambda x: jnp.repeat(x[:, None], _A, axis=1)  # [S, A, A]
  reward = distral.regularised_rewards(
      _REWARD, wide(logits), wide(columns[1]), all_actions, kl_cost=kl_cost,
      entropy_cost=entropy_cost)
  move = jnp.einsum('sa,sat->st', policy, _NEXT)
  solve = lambda x: jnp.linalg.solve(jnp.eye(_S) - _GAMMA * move, x)
  value = solve(jnp.sum(policy * reward, axis=-1))
  q = reward + _GAMMA * jnp.einsum('sat,t->sa', _NEXT, value)
  visits = jnp.linalg.solve(
      (jnp.eye(_S) - _GAMMA * move).T, jnp.asarray(_START))
  weight = jax.lax.stop_gradient(visits[:, None] * policy * q)
  gain = jnp.sum(weight * categorical.log_probs(logits))
  loss = distral.distillation_loss(logits, columns[1])
  return -gain + kl_cost * jnp.sum(jax.lax.stop_gradient(visits) * loss)


class GradientTest(parameterized.TestCase):

  @parameterized.product(costs=_COSTS, num_columns=(1, 2))
  def test_is_that_of_the_objective(self, costs, num_columns):
    columns = (jnp.asarray(_OWN), jnp.asarray(_SHARED))
    expected = jax.grad(_objective)(columns, *costs, num_columns)
    actual = jax.grad(_assembled)(columns, *costs, num_columns)
    chex.assert_trees_all_close(
        actual, jax.tree.map(lambda x: -x, expected), atol=2e-5)
    self.assertGreater(np.abs(actual[1]).max(), 1e-2)

  def test_loss_moves_the_shared_column_only(self):
    gradients = jax.grad(
        lambda own, shared: distral.distillation_loss(own, shared).sum(),
        argnums=(0, 1))(_OWN, _SHARED)
    np.testing.assert_array_equal(gradients[0], 0.0)
    np.testing.assert_allclose(
        gradients[1], _softmax(_SHARED) - _softmax(_OWN), atol=1e-6)

  def test_rewards_are_constants(self):
    total = lambda own, shared: distral.regularised_rewards(
        jnp.zeros(_S), own, shared, np.zeros(_S, np.int32), kl_cost=0.3,
        entropy_cost=0.1).sum()
    for gradient in jax.grad(total, argnums=(0, 1))(_OWN, _SHARED):
      np.testing.assert_array_equal(gradient, 0.0)


class RewardsTest(parameterized.TestCase):

  def test_by_hand(self):
    # 2 - 0.5 (log 1/2 - log 1/4) - 0.1 log 1/2
    actual = distral.regularised_rewards(
        np.float32([2.0]), np.log(np.float32([[0.5, 0.5]])),
        np.log(np.float32([[0.25, 0.75]])), np.array([0], np.int32),
        kl_cost=0.5, entropy_cost=0.1)
    self.assertAlmostEqual(float(actual[0]), 1.722741, delta=1e-6)

  @parameterized.parameters(*_COSTS)
  def test_in_the_paper_s_terms(self, kl_cost, entropy_cost):
    # R + (alpha / beta) log pi_0 - (1 / beta) log pi_i
    actions = np.array([0, 2, 1, 1], np.int32)
    rows = np.arange(_S)
    log_own = np.log(_softmax(_OWN))[rows, actions]
    log_shared = np.log(_softmax(_SHARED))[rows, actions]
    alpha = kl_cost / (kl_cost + entropy_cost)
    beta = 1 / (kl_cost + entropy_cost)
    np.testing.assert_allclose(
        distral.regularised_rewards(
            _REWARD[:, 0], _OWN, _SHARED, actions, kl_cost=kl_cost,
            entropy_cost=entropy_cost),
        _REWARD[:, 0] + alpha / beta * log_shared - log_own / beta, rtol=1e-5)

  def test_nothing_to_regularise(self):
    # Golden test of the specification: alpha 1 and equal policies.
    np.testing.assert_allclose(
        distral.regularised_rewards(
            _REWARD[:, 0], _OWN, _OWN + 3, np.zeros(_S, np.int32), kl_cost=0.7,
            entropy_cost=0.0), _REWARD[:, 0], atol=1e-6)

  def test_weight_of_the_column(self):
    self.assertEqual(distral.columns_weight(0.3, 0.0), 1.0)
    self.assertAlmostEqual(distral.columns_weight(0.1, 0.1), 0.5)
    for cost in (0.0, -1.0, float('inf')):
      with self.assertRaisesRegex(ValueError, f'kl_cost is {cost}; expected'):
        distral.columns_weight(cost, 0.1)

  @parameterized.parameters((0.1, 0.1), (0.1, 0.0))
  def test_an_action_that_the_task_s_policy_cannot_take(self, kl, entropy):
    own = np.float32([[0.0, 0.0, -np.inf]])
    for shared in ([[0.0, 0.0, 0.0]], [[0.0, 0.0, -np.inf]]):
      actual = distral.regularised_rewards(
          np.float32([2.0]), own, np.float32(shared), np.array([2], np.int32),
          kl_cost=kl, entropy_cost=entropy)
      np.testing.assert_array_equal(actual, 2.0)

  def test_a_cost_of_zero_reads_nothing(self):
    actual = distral.regularised_rewards(
        np.float32([2.0]), np.float32([[0.0, 0.0]]),
        np.float32([[0.0, -np.inf]]), np.array([1], np.int32),
        kl_cost=np.float32(0.0), entropy_cost=0.5)
    np.testing.assert_allclose(actual, 2 + 0.5 * np.log(2), rtol=1e-6)

  @parameterized.parameters(1e4, -1e4)
  def test_extreme_logits(self, size):
    logits = np.zeros((2, _A), np.float32)
    logits[0, 0] = size
    actual = distral.regularised_rewards(
        jnp.zeros(2), logits, logits[::-1], np.zeros(2, np.int32),
        kl_cost=0.1, entropy_cost=0.1)
    self.assertTrue(np.isfinite(actual).all())


class UnrollTest(absltest.TestCase):

  def test_dead_steps_stay_as_they_are(self):
    rng = np.random.default_rng(1)
    shape = (2, 3)
    is_learnable = np.array([[True, False, True], [True, True, False]])
    transitions = transitions_lib.Transitions(
        policy_tm1=rng.normal(size=(*shape, _A)).astype(np.float32),
        v_tm1=np.zeros(shape, np.float32), v_t=np.zeros(shape, np.float32),
        a_tm1=rng.integers(0, _A, shape).astype(np.int32),
        r_t=rng.normal(size=shape).astype(np.float32),
        discount_t=np.ones(shape, np.float32),
        behaviour_log_prob_tm1=np.full(shape, -np.log(_A), np.float32),
        is_learnable_tm1=is_learnable)
    distilled = rng.normal(size=(*shape, _A)).astype(np.float32)

    def apply(x):
      return distral.apply_distral(
          transitions, x, kl_cost=0.3, entropy_cost=0.1)

    regularised, loss = apply(distilled)
    self.assertEqual(loss.shape, shape)
    np.testing.assert_array_equal(
        regularised.r_t[~is_learnable], transitions.r_t[~is_learnable])
    self.assertTrue((regularised.r_t != transitions.r_t)[is_learnable].all())
    gradient = np.asarray(jax.grad(lambda x: apply(x)[1].sum())(distilled))
    np.testing.assert_array_equal(gradient[~is_learnable], 0.0)
    self.assertTrue(np.any(gradient[is_learnable]))

  def test_public_record(self):
    output = types.AgentOutput(np.zeros(1), np.zeros(1))
    self.assertIsNone(output.distilled)


if __name__ == '__main__':
  absltest.main()
