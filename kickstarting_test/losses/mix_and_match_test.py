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
"""Tests of mix_and_match.py: slow sums, values by hand, the paper's bound."""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
from jax import test_util
import jax.numpy as jnp
import numpy as np
import optax

from kickstarting.distributions import categorical
from kickstarting.losses import actor_critic
from kickstarting.losses import mix_and_match
from kickstarting.losses import transitions as transitions_lib

jax.config.update('jax_numpy_rank_promotion', 'raise')

_RNG = np.random.default_rng(0)
_K, _A = 3, 5
_LOGITS = 2 * _RNG.normal(size=(4, 2, _K, _A)).astype(np.float32)
_LOGITS[..., 0, 3:] = -np.inf  # the first agent lacks two actions
_SHARES = np.array([0.5, 0.2, 0.3], np.float32)
# Two agents of two actions: p = (1/2, 1/2), q = (1/4, 3/4).
_PAIR = np.log(np.array([[0.5, 0.5], [0.25, 0.75]], np.float32))
_QUARTER = np.array([0.75, 0.25], np.float32)  # alpha = 1/4


def _softmax(logits):
  weights = np.exp(np.float64(logits) - np.max(logits))
  return weights / weights.sum()


def _entropy(p):
  return -sum(x * np.log(x) for x in p if x > 0)


def _kl(p, q):
  return sum(a * np.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def _oracle(logits, shares):
  """Returns pi_mm, L_mm, the masked one and the alternative of one state."""
  policies = [_softmax(x) for x in logits]
  final = policies[-1]
  mixture = sum(share * p for share, p in zip(shares, policies, strict=True))
  knowledge = masked = 0.0
  for share, p in zip(shares[:-1], policies[:-1]):
    has = p > 0
    knowledge += share * _kl(p, final)
    masked += share * _kl(p[has], final[has] / final[has].sum())
  return mixture, knowledge, masked, _kl(mixture, final)


def _random_pair(seed, num_actions=4):
  return np.random.default_rng(seed).normal(
      size=(2, num_actions)).astype(np.float32)


def _alpha(alpha):
  return np.array([1 - alpha, alpha], np.float32)


class OracleTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  def test_equals_the_paper_s_sums(self):

    @self.variant
    def compute(logits, shares):
      return (jnp.exp(mix_and_match.mixture_log_probs(logits, shares)),
              mix_and_match.knowledge_transfer(logits, shares),
              mix_and_match.masked_transfer(logits, shares),
              mix_and_match.mixture_transfer(logits, shares))

    actual = compute(_LOGITS, _SHARES)
    for index in np.ndindex(4, 2):
      for x, y in zip(actual, _oracle(_LOGITS[index], _SHARES), strict=True):
        np.testing.assert_allclose(x[index], y, rtol=1e-5, atol=1e-6)

  def test_by_hand(self):
    # pi_mm = 3/4 (1/2, 1/2) + 1/4 (1/4, 3/4) = (7/16, 9/16).
    np.testing.assert_allclose(
        np.exp(mix_and_match.mixture_log_probs(_PAIR, _QUARTER)),
        [7 / 16, 9 / 16], rtol=1e-6)
    # 3/4 (log 2 + log 2/3) / 2
    self.assertAlmostEqual(
        float(mix_and_match.knowledge_transfer(_PAIR, _QUARTER)), 0.107881,
        delta=1e-6)
    # 7/16 log 7/4 + 9/16 log 3/4
    self.assertAlmostEqual(
        float(mix_and_match.mixture_transfer(_PAIR, _QUARTER)), 0.083010,
        delta=1e-6)
    self.assertAlmostEqual(
        float(mix_and_match.mixture_value(
            np.array([2.0, 6.0], np.float32), _QUARTER)), 3.0, delta=1e-6)


class MixtureTest(parameterized.TestCase):

  def test_sums_to_one(self):
    p = np.exp(mix_and_match.mixture_log_probs(_LOGITS, _SHARES))
    np.testing.assert_allclose(p.sum(-1), 1.0, rtol=1e-6)

  def test_actions_that_the_helper_lacks(self):
    # Golden test of the specification: exactly alpha pi_2.
    logits = _LOGITS[..., [0, 2], :]
    actual = np.exp(mix_and_match.mixture_log_probs(logits, _alpha(0.3)))
    final = np.exp(categorical.log_probs(logits[..., 1, :]))
    np.testing.assert_allclose(actual[..., 3:], 0.3 * final[..., 3:], rtol=1e-5)
    self.assertTrue((actual[..., :3] > 0.3 * final[..., :3]).all())

  @parameterized.parameters(0, 1, 2)
  def test_one_agent_with_all_shares(self, agent):
    shares = np.eye(_K, dtype=np.float32)[agent]
    np.testing.assert_allclose(
        mix_and_match.mixture_log_probs(_LOGITS, shares),
        categorical.log_probs(_LOGITS[..., agent, :]), rtol=1e-5, atol=1e-6)

  @parameterized.parameters(1e4, -1e4)
  def test_extreme_logits(self, size):
    logits = np.zeros((2, 3), np.float32)
    logits[0, 0] = size
    logits[1, 2] = -size

    def total(x):
      log_p = mix_and_match.mixture_log_probs(x, _alpha(0.5))
      return log_p[1] + mix_and_match.mixture_transfer(x, _alpha(0.5))

    value, gradient = jax.value_and_grad(total)(logits)
    self.assertTrue(np.isfinite(value))
    self.assertTrue(np.isfinite(gradient).all())

  def test_mean_gradient_of_drawing_the_agent(self):
    # E over agents of grad pi_i is grad pi_mm.
    logits = _LOGITS[0, 0, 1:]
    shares = _alpha(0.3)
    mixture = lambda x: jnp.exp(mix_and_match.mixture_log_probs(x, shares))
    drawn = lambda x: sum(
        share * jax.nn.softmax(row) for share, row in zip(shares, x))
    chex.assert_trees_all_close(
        jax.jacobian(mixture)(logits), jax.jacobian(drawn)(logits), atol=1e-6)


class GradientTest(parameterized.TestCase):

  @parameterized.parameters(*mix_and_match.TRANSFERS)
  def test_finite_differences(self, name):
    transfer = mix_and_match.get_transfer(name)
    present = np.where(np.isfinite(_LOGITS), _LOGITS, 0.0)

    def total(x):
      return transfer(jnp.where(np.isfinite(_LOGITS), x, -jnp.inf), _SHARES)

    test_util.check_grads(
        total, (present,), order=1, modes=['rev'], eps=1e-2,
        atol=2e-3, rtol=2e-3)  # float32

  def test_finite_differences_of_the_mixture(self):
    test_util.check_grads(
        lambda x: mix_and_match.mixture_log_probs(x, _SHARES)[..., 1],
        (_LOGITS[..., 1:, :].repeat(2, axis=-2)[..., 1:, :],), order=1,
        modes=['rev'], eps=1e-2, atol=2e-3, rtol=2e-3)

  @parameterized.parameters(*mix_and_match.TRANSFERS)
  def test_flow_into_helpers_and_the_final_agent(self, name):
    transfer = mix_and_match.get_transfer(name)
    gradient = np.asarray(jax.grad(
        lambda x: transfer(x, _SHARES).sum())(_LOGITS))
    self.assertTrue(np.isfinite(gradient).all())
    for agent in range(_K):
      self.assertGreater(np.abs(gradient[..., agent, :]).max(), 1e-2)
    # What an agent lacks cannot move.
    np.testing.assert_array_equal(gradient[..., 0, 3:], 0.0)

  def test_masked_leaves_the_other_actions_alone(self):
    gradient = jax.grad(lambda x: mix_and_match.masked_transfer(
        x, _alpha(0.5)).sum())(_LOGITS[..., [0, 2], :])
    np.testing.assert_array_equal(gradient[..., 3:], 0.0)
    self.assertGreater(np.abs(gradient[..., :3]).max(), 1e-2)

  @parameterized.parameters(*mix_and_match.TRANSFERS)
  def test_shares_are_constants(self, name):
    transfer = mix_and_match.get_transfer(name)
    gradient = jax.grad(
        lambda shares: transfer(_LOGITS, shares).sum())(jnp.asarray(_SHARES))
    np.testing.assert_array_equal(gradient, 0.0)

  def test_shares_of_log_probs_and_values_are_constants(self):

    def total(shares):
      finite = mix_and_match.mixture_log_probs(_LOGITS[..., 1:, :], shares)
      return finite.sum() + mix_and_match.mixture_value(
          _LOGITS[..., 1:, 0], shares).sum()

    np.testing.assert_array_equal(jax.grad(total)(_alpha(0.4)), 0.0)

  def test_no_gradient_into_an_agent_without_a_share(self):
    shares = np.array([0.0, 0.4, 0.6], np.float32)
    gradient = jax.grad(lambda x: mix_and_match.mixture_log_probs(
        x, shares)[..., 0].sum())(_LOGITS)
    self.assertTrue(np.isfinite(gradient).all())
    np.testing.assert_array_equal(gradient[..., 0, :], 0.0)
    self.assertGreater(np.abs(gradient[..., 1, :]).max(), 1e-2)

  def test_impossible_actions_give_no_nan(self):
    logits = _LOGITS[..., [0, 0, 2], :]
    shares = np.array([0.5, 0.5, 0.0], np.float32)

    def entropy(x):
      return categorical.entropy(
          mix_and_match.mixture_log_probs(x, shares)).sum()

    log_p = mix_and_match.mixture_log_probs(logits, shares)
    self.assertTrue(np.isneginf(log_p[..., 3:]).all())
    value, gradient = jax.value_and_grad(entropy)(logits)
    self.assertTrue(np.isfinite(value))
    self.assertTrue(np.isfinite(gradient).all())


class ImpossibleActionTest(chex.TestCase, parameterized.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.parameters((0.0, 2), (1.0, 2), (0.0, 3), (0.25, 3), (0.5, 4))
  def test_v_trace_of_a_mixture_without_the_action(self, mixing, num_agents):
    # Agent i has the first i + 1 actions; the behaviour policy takes them all.
    logits = np.where(
        np.tri(num_agents, dtype=bool), 0.0, -np.inf).astype(np.float32)
    actions = np.arange(num_agents, dtype=np.int32)[:, np.newaxis]  # [T, 1]
    shape = actions.shape
    zeros = np.zeros(shape, np.float32)

    @self.variant
    def losses(policies, values):
      shares = mix_and_match.shares_along(mixing, num_agents)
      wide = jnp.broadcast_to(policies, shape + policies.shape)
      transitions = transitions_lib.Transitions(
          policy_tm1=mix_and_match.mixture_log_probs(wide, shares),
          v_tm1=mix_and_match.mixture_value(
              jnp.broadcast_to(values, shape + values.shape), shares),
          v_t=zeros, a_tm1=actions, r_t=zeros + 1, discount_t=zeros + 0.9,
          behaviour_log_prob_tm1=zeros - np.log(num_agents),
          is_learnable_tm1=zeros == 0)
      terms = actor_critic.vtrace_actor_critic(transitions)
      return sum(term.sum() for term in terms.values()), terms

    values = np.ones(num_agents, np.float32)
    gradient, terms = jax.grad(
        losses, argnums=(0, 1), has_aux=True)(logits, values)
    chex.assert_tree_all_finite((gradient, terms))
    # Nobody with a share has the actions from here on.
    first = 1 + int(np.ceil(mixing * (num_agents - 1)))
    np.testing.assert_array_equal(terms['policy_gradient'][first:], 0.0)

  def test_an_agent_without_a_share_may_say_anything(self):
    values = np.float32([1.0, np.inf, 3.0])
    self.assertEqual(
        mix_and_match.mixture_value(values, np.float32([0.5, 0.0, 0.5])), 2.0)


class BoundTest(parameterized.TestCase):

  @parameterized.parameters(*range(20))
  def test_the_alternative_is_at_most_the_loss(self, seed):
    # Golden test of the specification, with the difference of the supplement.
    logits = _random_pair(seed)
    alpha = np.random.default_rng(seed).uniform(0.05, 0.95)
    shares = _alpha(alpha)
    loss = float(mix_and_match.knowledge_transfer(logits, shares))
    alternative = float(mix_and_match.mixture_transfer(logits, shares))
    helper, final = map(_softmax, logits)
    gap = _entropy((1 - alpha) * helper + alpha * final) - (
        alpha * _entropy(final) + (1 - alpha) * _entropy(helper))
    self.assertGreaterEqual(gap, 0.0)
    self.assertAlmostEqual(loss - alternative, gap, delta=2e-6)

  def test_ends(self):
    logits = _random_pair(0)
    helper, final = map(_softmax, logits)
    for transfer in mix_and_match.TRANSFERS.values():
      self.assertAlmostEqual(
          float(transfer(logits, _alpha(1.0))), 0.0, delta=1e-6)
      self.assertAlmostEqual(
          float(transfer(logits, _alpha(0.0))), _kl(helper, final), delta=1e-6)
    np.testing.assert_allclose(
        mix_and_match.mixture_log_probs(logits, _alpha(0.0)), np.log(helper),
        rtol=1e-5)


class PropositionTest(absltest.TestCase):

  def test_the_final_policy_becomes_the_helper_s(self):
    # Proposition 1 of the supplement: states drawn from a fixed mixture, a
    # helper that stays, a tabular softmax with all actions. The states are
    # those that a walk of the mixture on a ring visits.
    num_states, alpha = 6, 0.3
    helper = _random_pair(1, 3).repeat(3, axis=0)[:num_states]
    helper = helper + np.arange(num_states, dtype=np.float32)[:, None] * [
        [0.3, -0.2, 0.0]]
    helper = helper.astype(np.float32)
    rng = np.random.default_rng(2)
    final = jnp.zeros((num_states, 3))
    shares = _alpha(alpha)
    optimizer = optax.adam(0.05)
    state = optimizer.init(final)

    def loss(final, visited):
      logits = jnp.stack([helper, final], axis=1)  # [S, K, A]
      return jnp.sum(
          visited * mix_and_match.knowledge_transfer(logits, shares))

    @jax.jit
    def update(final, state, visited):
      gradient = jax.grad(loss)(final, visited)
      changes, state = optimizer.update(gradient, state)
      return optax.apply_updates(final, changes), state

    place = 0
    for _ in range(600):
      policy = np.exp(mix_and_match.mixture_log_probs(
          jnp.stack([helper, final], axis=1), shares))
      visited = np.zeros(num_states, np.float32)
      for _ in range(12):
        visited[place] += 1
        action = rng.choice(3, p=policy[place] / policy[place].sum())
        place = (place + action - 1) % num_states
      final, state = update(final, state, visited)
    for p, q in zip(helper, final):
      self.assertLess(_kl(_softmax(p), _softmax(q)), 1e-3)


class SharesTest(parameterized.TestCase):

  @parameterized.parameters(
      (0.0, 2, [1.0, 0.0]), (0.25, 2, [0.75, 0.25]), (1.0, 2, [0.0, 1.0]),
      (0.0, 3, [1.0, 0.0, 0.0]), (0.25, 3, [0.5, 0.5, 0.0]),
      (0.5, 3, [0.0, 1.0, 0.0]), (0.75, 3, [0.0, 0.5, 0.5]),
      (1.0, 3, [0.0, 0.0, 1.0]), (0.4, 1, [1.0]))
  def test_along_the_curriculum(self, mixing, num_agents, expected):
    actual = mix_and_match.shares_along(mixing, num_agents)
    np.testing.assert_allclose(actual, expected, atol=1e-6)
    mix_and_match.check_shares(actual)

  @parameterized.parameters((-0.5, [1.0, 0.0]), (1.5, [0.0, 1.0]))
  def test_a_traced_number_is_clipped(self, mixing, expected):
    actual = jax.jit(lambda x: mix_and_match.shares_along(x, 2))(mixing)
    np.testing.assert_array_equal(actual, expected)

  @parameterized.parameters(
      ([],), ([[1.0]],), (np.array(1.0),), (['one'],), (None,))
  def test_shares_that_are_no_list_of_numbers(self, shares):
    with self.assertRaisesRegex(
        ValueError, r'shares (has|is) .*; expected .*\[K\] float32'):
      mix_and_match.check_shares(shares)

  @parameterized.parameters(
      ([0.5, 0.6],), ([1.2, -0.2],), ([np.nan, 1.0],))
  def test_outside_the_simplex(self, shares):
    with self.assertRaisesRegex(
        ValueError, 'shares of a mixture are .*; expected one for each agent,'
        ' none negative, of sum 1'):
      mix_and_match.check_shares(np.array(shares))

  @parameterized.parameters(-0.1, 1.1)
  def test_mixing_outside_its_range(self, mixing):
    with self.assertRaisesRegex(ValueError, r'mixing is .* in \[0, 1\]'):
      mix_and_match.shares_along(mixing, 2)

  def test_unknown_transfer(self):
    with self.assertRaisesRegex(
        ValueError, "unknown transfer 'knowlege'.*mean 'knowledge'"):
      mix_and_match.get_transfer('knowlege')

  def test_shares_of_other_agents(self):
    with self.assertRaises(ValueError):
      mix_and_match.mixture_log_probs(_LOGITS, _alpha(0.5))


class RoundingTest(parameterized.TestCase):

  @parameterized.parameters(np.float16, jnp.bfloat16)
  def test_shares_of_half_precision_have_the_sum_that_it_can_hold(self, dtype):
    shares = np.array([0.1, 0.2, 0.7]).astype(dtype)
    found = mix_and_match.mixture_value(np.ones(3, np.float32), shares)
    np.testing.assert_allclose(found, 1.0, atol=1e-2)
    with self.assertRaisesRegex(ValueError, 'shares of a mixture are'):
      mix_and_match.mixture_value(
          np.ones(3, np.float32), np.array([0.1, 0.2, 0.6]).astype(dtype))

  @parameterized.parameters(np.nan, np.inf)
  def test_only_minus_infinity_is_an_action_that_a_helper_lacks(self, logit):
    logits = np.array([[logit, 0.0], [0.0, 1.0]], np.float32)
    shares = np.array([0.5, 0.5], np.float32)
    np.testing.assert_array_equal(
        mix_and_match.masked_transfer(logits, shares),
        mix_and_match.knowledge_transfer(logits, shares))


if __name__ == '__main__':
  absltest.main()
