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
"""Actor-critic losses of actions that are no choices: parts, and numbers."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
from jax import test_util
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import distributions
from kickstarting import losses

T, B = 5, 3
_SPACES = {
    'factored': distributions.make_factored((3, 2, 4)),
    'gaussian': distributions.make_gaussian(2),
    'tanh_gaussian': distributions.make_tanh_gaussian(2),
}
_EACH = parameterized.named_parameters(
    *((name, space) for name, space in _SPACES.items()))


def _normal(seed, *shape):
  return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def _transitions(distribution):
  """Makes transitions that another policy acted in; one step is dead."""
  policy, acted = (
      0.5 * _normal(seed, T, B, distribution.num_parameters)
      for seed in (0, 1))
  actions = np.asarray(distribution.sample(acted, jax.random.key(2)))
  v = _normal(3, T + 1, B)
  is_learnable = np.ones((T, B), bool)
  is_learnable[2, 1] = False
  return losses.Transitions(
      policy_tm1=policy, v_tm1=v[:-1], v_t=v[1:], a_tm1=actions,
      r_t=_normal(4, T, B), discount_t=np.float32(0.9) * is_learnable,
      behaviour_log_prob_tm1=np.asarray(
          distribution.log_prob(acted, actions)),
      is_learnable_tm1=is_learnable)


class AnyActionTest(parameterized.TestCase):

  @_EACH
  def test_terms_step_by_step(self, distribution):
    x = _transitions(distribution)
    terms = losses.vtrace_actor_critic(x, distribution=distribution)
    ratio = np.exp(distribution.log_prob(x.policy_tm1, x.a_tm1)
                   - x.behaviour_log_prob_tm1)
    clipped = np.minimum(ratio, 1.0) * x.is_learnable_tm1
    target = np.zeros((T + 1, B), np.float64)
    target[T] = x.v_t[-1]
    for t in reversed(range(T)):
      delta = clipped[t] * (
          x.r_t[t] + x.discount_t[t] * x.v_t[t] - x.v_tm1[t])
      target[t] = x.v_tm1[t] + delta + x.discount_t[t] * clipped[t] * (
          target[t + 1] - x.v_t[t])
    advantage = clipped * (x.r_t + x.discount_t * target[1:] - x.v_tm1)
    np.testing.assert_allclose(
        terms['policy_gradient'],
        -advantage * distribution.log_prob(x.policy_tm1, x.a_tm1),
        rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(
        terms['baseline'], 0.5 * (target[:-1] - x.v_tm1)**2,
        rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(
        terms['negative_entropy'], -distribution.entropy(x.policy_tm1),
        rtol=1e-5)

  @_EACH
  def test_one_loss_where_the_policies_agree(self, distribution):
    x = _transitions(distribution)
    x = x._replace(behaviour_log_prob_tm1=distribution.log_prob(
        x.policy_tm1, x.a_tm1))
    one, other = (loss(x, distribution=distribution) for loss in (
        losses.a2c, losses.vtrace_actor_critic))
    for name, term in one.items():
      np.testing.assert_allclose(
          term[x.is_learnable_tm1], other[name][x.is_learnable_tm1],
          rtol=1e-3, atol=1e-5)

  @_EACH
  def test_gradients(self, distribution):
    x = _transitions(distribution)

    def loss(policy):
      terms = losses.vtrace_actor_critic(
          x._replace(policy_tm1=policy), distribution=distribution)
      return terms['policy_gradient'] + 0.1 * terms['negative_entropy']

    gradient = jax.grad(lambda policy: loss(policy).sum())(
        jnp.asarray(x.policy_tm1))
    np.testing.assert_array_equal(gradient[2, 1], 0.0)
    self.assertTrue((gradient[0] != 0.0).any())
    weights = losses.vtrace_actor_critic(x, distribution=distribution)[
        'policy_gradient'] / distribution.log_prob(x.policy_tm1, x.a_tm1)

    def surrogate(policy):  # with advantages that do not move
      return jnp.where(
          x.is_learnable_tm1,
          weights * distribution.log_prob(policy, x.a_tm1)
          - 0.1 * distribution.entropy(policy), 0.0).sum()

    np.testing.assert_allclose(
        gradient, jax.grad(surrogate)(jnp.asarray(x.policy_tm1)),
        rtol=1e-3, atol=1e-5)
    test_util.check_grads(
        surrogate, (jnp.asarray(x.policy_tm1),), order=1, modes=['rev'],
        atol=0.05, rtol=0.05)

  @_EACH
  def test_dead_steps_may_hold_anything(self, distribution):
    x = _transitions(distribution)
    spoilt = jax.tree.map(np.copy, x)
    spoilt.policy_tm1[2, 1] = np.nan
    spoilt.behaviour_log_prob_tm1[2, 1] = np.nan
    if np.issubdtype(x.a_tm1.dtype, np.floating):
      spoilt.a_tm1[2, 1] = np.nan
    gradients = [jax.grad(lambda policy, x=x: losses.total(
        losses.vtrace_actor_critic(
            x._replace(policy_tm1=policy), distribution=distribution),
        {'policy_gradient': 1.0, 'baseline': 0.5, 'negative_entropy': 0.1},
        x.is_learnable_tm1)[0])(jnp.asarray(x.policy_tm1))
                 for x in (x, spoilt)]
    np.testing.assert_array_equal(*gradients)

  @_EACH
  def test_under_jit(self, distribution):
    x = _transitions(distribution)
    call = lambda x: losses.vtrace_actor_critic(x, distribution=distribution)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5),
        jax.jit(call)(x), call(x))

  @_EACH
  def test_what_does_not_fit(self, distribution):
    x = _transitions(distribution)
    for spoilt in (
        x._replace(a_tm1=x.a_tm1[..., :1]), x._replace(a_tm1=x.a_tm1[..., 0]),
        x._replace(policy_tm1=x.policy_tm1[..., 1:])):
      with self.assertRaisesRegex(
          checks.UserError, '(a_tm1|policy|parameters).*expected'):
        losses.vtrace_actor_critic(spoilt, distribution=distribution)
    with self.assertRaisesRegex(checks.UserError, 'a_tm1 has .*expected'):
      losses.vtrace_actor_critic(x)
    with self.assertRaisesRegex(checks.UserError, "distribution is 'gauss"):
      losses.vtrace_actor_critic(x, distribution='gaussian')

  def test_parts_are_the_table_of_all_actions(self):
    # Of independent parts: the loss of 2 x 3 choices is that of their product.
    factored = distributions.make_factored((2, 3))
    x = _transitions(factored)
    table = (x.policy_tm1[..., :2, np.newaxis]
             + x.policy_tm1[..., np.newaxis, 2:]).reshape(T, B, 6)
    flat = x._replace(
        policy_tm1=table,
        a_tm1=np.int32(3 * x.a_tm1[..., 0] + x.a_tm1[..., 1]))
    one = losses.vtrace_actor_critic(x, distribution=factored)
    other = losses.vtrace_actor_critic(flat)
    for name in one:
      np.testing.assert_allclose(one[name], other[name], rtol=1e-4, atol=1e-5)

  def test_a_bandit_is_learnt(self):
    # The mean moves to where the reward is, from another policy's actions.
    distribution = distributions.make_gaussian(1)
    acted = np.zeros((1, 64, 2), np.float32)

    @jax.jit
    def step(policy, key):
      actions = distribution.sample(acted, key)
      reward = -jnp.square(actions[..., 0] - 0.5)
      zeros = jnp.zeros((1, 64))

      def loss(policy):
        terms = losses.vtrace_actor_critic(losses.Transitions(
            jnp.broadcast_to(policy, acted.shape), zeros + reward.mean(),
            zeros, actions, reward, zeros,
            distribution.log_prob(acted, actions), zeros == 0),
                                           distribution=distribution)
        return terms['policy_gradient'].mean()

      return policy - 0.1 * jax.grad(loss)(policy)

    policy = jnp.array([-0.5, -0.5])
    for i in range(300):
      policy = step(policy, jax.random.key(i))
    self.assertAlmostEqual(float(policy[0]), 0.5, delta=0.15)
    self.assertLess(float(policy[1]), -0.8)


if __name__ == '__main__':
  absltest.main()
