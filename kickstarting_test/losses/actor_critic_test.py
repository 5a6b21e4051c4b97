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
"""Tests of actor_critic.py: terms, their gradients, episode ends."""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting.distributions import categorical
from kickstarting.losses import actor_critic
from kickstarting.losses import off_policy
from kickstarting.losses import transitions as transitions_lib

jax.config.update('jax_numpy_rank_promotion', 'raise')

_T, _B, _A = 5, 3, 4
_LOSSES = (actor_critic.vtrace_actor_critic, actor_critic.a2c)


def _softmax(logits):
  weights = np.exp(logits)
  return weights / weights.sum(-1, keepdims=True)


def _transitions(num_steps=_T):
  """Makes transitions; stream 0 has a dead step 2 after a time-out."""
  rng = np.random.default_rng(0)

  def normal(*shape):
    return rng.normal(size=shape).astype(np.float32)

  v = normal(num_steps + 1, _B)
  is_learnable_tm1 = np.ones((num_steps, _B), bool)
  is_learnable_tm1[2:3, 0] = False
  discount_t = np.full((num_steps, _B), 0.9, np.float32)
  discount_t[1:2, 1] = 0.0  # Stream 1 terminates, without a dead step here.
  transitions = transitions_lib.Transitions(
      policy_tm1=normal(num_steps, _B, _A),
      v_tm1=v[:-1],
      v_t=v[1:],
      a_tm1=rng.integers(0, _A, (num_steps, _B)).astype(np.int32),
      r_t=normal(num_steps, _B),
      discount_t=np.where(is_learnable_tm1, discount_t, np.float32(0)),
      behaviour_log_prob_tm1=None,
      is_learnable_tm1=is_learnable_tm1,
  )
  return transitions._replace(behaviour_log_prob_tm1=np.log(
      _chosen(_softmax(normal(num_steps, _B, _A)), transitions)))


def _chosen(array, transitions):
  """Picks [T, B] values of the actions taken out of [T, B, A]."""
  index = transitions.a_tm1[..., np.newaxis]
  return np.take_along_axis(array, index, -1)[..., 0]


def _return(transitions, t, b, lambda_=1.0):
  """Returns the target of one step, literally from its definition."""
  if t == len(transitions.r_t):
    return transitions.v_t[-1, b]
  if not transitions.is_learnable_tm1[t, b]:
    return transitions.v_tm1[t, b]
  ahead = lambda_ * _return(transitions, t + 1, b, lambda_)
  ahead += (1 - lambda_) * transitions.v_t[t, b]
  return transitions.r_t[t, b] + transitions.discount_t[t, b] * ahead


def _returns(transitions, lambda_=1.0):
  shape = transitions.r_t.shape
  returns = [_return(transitions, t, b, lambda_) for t, b in np.ndindex(shape)]
  return np.reshape(returns, shape)


def _targets_and_advantages(loss, transitions):
  if loss is actor_critic.a2c:
    targets = _returns(transitions)
    return targets, targets - transitions.v_tm1
  ratio = _chosen(_softmax(transitions.policy_tm1), transitions) / np.exp(
      transitions.behaviour_log_prob_tm1)
  return off_policy.vtrace(
      *transitions[1:3],
      transitions.r_t,
      transitions.discount_t,
      np.log(ratio),
      is_learnable_tm1=transitions.is_learnable_tm1,
  )


class ActorCriticTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.named_parameters((loss.__name__, loss) for loss in _LOSSES)
  def test_terms(self, loss):
    transitions = _transitions()
    terms = self.variant(loss)(transitions)
    targets, advantages = _targets_and_advantages(loss, transitions)
    p = _softmax(transitions.policy_tm1)
    expected = {
        'policy_gradient': -np.log(_chosen(p, transitions)) * advantages,
        'baseline': (targets - transitions.v_tm1) ** 2 / 2,
        'negative_entropy': (p * np.log(p)).sum(-1),
    }
    self.assertEqual(set(terms), set(expected))
    learnable = transitions.is_learnable_tm1
    for name, term in expected.items():
      self.assertEqual(terms[name].shape, (_T, _B))
      np.testing.assert_allclose(
          terms[name][learnable], np.asarray(term)[learnable], atol=1e-5
      )

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.named_parameters((loss.__name__, loss) for loss in _LOSSES)
  def test_normalised_advantages(self, loss):
    transitions = _transitions()
    learnable = transitions.is_learnable_tm1
    _, advantages = _targets_and_advantages(loss, transitions)
    advantages = np.asarray(advantages, np.float64)
    mean, deviation = advantages[learnable].mean(), advantages[learnable].std()
    terms = self.variant(
        lambda x: loss(x, normalise_advantages=True))(transitions)
    log_p = np.log(_chosen(_softmax(transitions.policy_tm1), transitions))
    np.testing.assert_allclose(
        terms['policy_gradient'], np.where(
            learnable, -log_p * (advantages - mean) / deviation, 0.0),
        atol=1e-5)
    for name in ('baseline', 'negative_entropy'):
      np.testing.assert_allclose(
          terms[name], loss(transitions)[name], atol=1e-6)

  @parameterized.parameters(*_LOSSES)
  def test_advantages_that_are_equal_push_nowhere(self, loss):
    transitions = _transitions()
    zeros = np.zeros((_T, _B), np.float32)
    transitions = transitions._replace(r_t=zeros, v_tm1=zeros, v_t=zeros)
    terms = loss(transitions, normalise_advantages=True)
    np.testing.assert_array_equal(terms['policy_gradient'], zeros)

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.named_parameters((loss.__name__, loss) for loss in _LOSSES)
  def test_rewards_that_overflow_stay_out_of_steps_without_gradient(self, loss):
    transitions = _transitions()
    learnable = transitions.is_learnable_tm1
    self.assertFalse(learnable.all())
    transitions = transitions._replace(
        r_t=np.full((_T, _B), 3.4e38, np.float32))
    terms = self.variant(
        lambda x: loss(x, normalise_advantages=True))(transitions)
    np.testing.assert_array_equal(terms['policy_gradient'][~learnable], 0.0)

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.parameters(0.05, 0.5)
  def test_ratios_that_have_moved_far_enough(self, clip):
    transitions = _transitions()
    terms = actor_critic.vtrace_actor_critic(transitions)
    clipped = self.variant(lambda x: actor_critic.vtrace_actor_critic(
        x, ratio_clip=clip))(transitions)
    _, advantages = _targets_and_advantages(
        actor_critic.vtrace_actor_critic, transitions)
    ratio = _chosen(_softmax(transitions.policy_tm1), transitions) / np.exp(
        transitions.behaviour_log_prob_tm1)
    kinds = set()
    for t, b in np.ndindex(_T, _B):
      better = advantages[t, b] > 0
      is_far = ratio[t, b] > 1 + clip if better else ratio[t, b] < 1 - clip
      kinds.add((bool(better), bool(is_far)))
      np.testing.assert_allclose(
          clipped['policy_gradient'][t, b],
          0.0 if is_far else terms['policy_gradient'][t, b], atol=1e-6)
    self.assertLen(kinds, 4)
    for name in ('baseline', 'negative_entropy'):
      np.testing.assert_allclose(clipped[name], terms[name], atol=1e-6)

  def test_where_ratios_are_below_1_it_is_the_gradient_of_ppo(self):
    transitions = _transitions()
    clip = 0.3
    _, advantages = _targets_and_advantages(
        actor_critic.vtrace_actor_critic, transitions)
    # Eq. 7 of the source, with targets of V-trace, whose advantages hold the
    # ratio up to 1.
    ratio_of = lambda logits: jnp.exp(off_policy.log_ratios(
        logits, transitions.behaviour_log_prob_tm1, transitions.a_tm1))
    ratio = ratio_of(transitions.policy_tm1)
    plain = advantages / np.minimum(ratio, 1.0)

    def ppo(logits):
      moved = ratio_of(logits)
      clipped = jnp.clip(moved, 1 - clip, 1 + clip)
      return -jnp.minimum(moved * plain, clipped * plain).sum()

    ours = lambda logits: actor_critic.vtrace_actor_critic(
        transitions._replace(policy_tm1=logits), ratio_clip=clip
    )['policy_gradient'].sum()
    is_compared = np.asarray(ratio <= 1) & transitions.is_learnable_tm1
    self.assertGreater(is_compared.sum(), 3)
    np.testing.assert_allclose(
        jax.grad(ours)(transitions.policy_tm1)[is_compared],
        jax.grad(ppo)(transitions.policy_tm1)[is_compared], atol=1e-5)

  @parameterized.parameters(
      ({'ratio_clip': 0.0}, 'ratio_clip is 0.0'),
      ({'normalise_advantages': 1}, 'normalise_advantages is 1'))
  def test_what_cannot_be(self, arguments, text):
    with self.assertRaisesRegex(checks.UserError, text):
      actor_critic.vtrace_actor_critic(_transitions(), **arguments)

  @parameterized.parameters(*_LOSSES)
  def test_gradients(self, loss):
    transitions = _transitions()
    targets, advantages = _targets_and_advantages(loss, transitions)
    learnable = transitions.is_learnable_tm1
    differentiable = (
        'policy_tm1', 'v_tm1', 'v_t', 'r_t', 'discount_t',
        'behaviour_log_prob_tm1',
    )
    gradients = {
        name: jax.grad(
            lambda d, name=name: loss(transitions._replace(**d))[name].sum()
        )({field: getattr(transitions, field) for field in differentiable})
        for name in ('policy_gradient', 'baseline')
    }
    to_logits = gradients['policy_gradient'].pop('policy_tm1')
    # d(-A log pi(a)) / d logits = A (pi - onehot(a)): descending on it makes
    # an action of positive advantage more likely.
    one_hot = np.eye(_A)[transitions.a_tm1]
    expected = np.asarray(advantages)[..., np.newaxis] * (
        _softmax(transitions.policy_tm1) - one_hot
    )
    np.testing.assert_allclose(
        to_logits, expected * learnable[..., np.newaxis], atol=1e-5
    )
    to_values = gradients['baseline'].pop('v_tm1')
    expected = (transitions.v_tm1 - targets) * learnable
    np.testing.assert_allclose(to_values, expected, atol=1e-5)
    # Targets, advantages and behaviour are constants.
    chex.assert_trees_all_equal(
        gradients, jax.tree.map(np.zeros_like, gradients)
    )

  @parameterized.parameters(*_LOSSES)
  def test_entropy_grows_by_descent(self, loss):
    transitions = _transitions()
    gradient = jax.grad(
        lambda x: loss(transitions._replace(policy_tm1=x))[
            'negative_entropy'
        ].sum()
    )(transitions.policy_tm1)
    p = _softmax(transitions.policy_tm1)
    negative_entropy = (p * np.log(p)).sum(-1, keepdims=True)
    expected = p * (np.log(p) - negative_entropy)
    expected *= transitions.is_learnable_tm1[..., np.newaxis]
    np.testing.assert_allclose(gradient, expected, atol=1e-5)

  @parameterized.parameters(*_LOSSES)
  def test_dead_step_may_hold_anything(self, loss):
    transitions = _transitions()

    def gradient(transitions):

      def f(policy_tm1):
        terms = loss(transitions._replace(policy_tm1=policy_tm1))
        learnable = transitions.is_learnable_tm1
        return sum(
            jax.numpy.where(learnable, term, 0).sum() for term in terms.values()
        )

      return jax.grad(f)(transitions.policy_tm1)

    spoilt = jax.tree.map(np.copy, transitions)
    for field in ('policy_tm1', 'behaviour_log_prob_tm1', 'r_t', 'discount_t'):
      getattr(spoilt, field)[2, 0] = np.nan
    np.testing.assert_array_equal(gradient(spoilt), gradient(transitions))

  def test_one_loss_where_the_policies_agree(self):
    transitions = _transitions()
    transitions = transitions._replace(
        behaviour_log_prob_tm1=categorical.log_prob(
            transitions.policy_tm1, transitions.a_tm1)
    )
    on_policy = actor_critic.a2c(transitions)
    off_policy_terms = actor_critic.vtrace_actor_critic(transitions)
    learnable = transitions.is_learnable_tm1
    for name in on_policy:
      np.testing.assert_allclose(
          on_policy[name][learnable],
          off_policy_terms[name][learnable],
          atol=1e-5,
      )

  def test_a2c_lambda_returns(self):
    transitions = _transitions()
    baseline = actor_critic.a2c(transitions, lambda_=0.6)['baseline']
    targets = _returns(transitions, 0.6)
    np.testing.assert_allclose(
        baseline, (targets - transitions.v_tm1) ** 2 / 2, atol=1e-5
    )

  def test_vtrace_arguments_are_passed_on(self):
    transitions = _transitions()
    plain = actor_critic.vtrace_actor_critic(transitions)
    for argument, value in (
        ('lambda_', 0.5),
        ('rho_clip', 4.0),
        ('c_clip', 0.5),
        ('pg_rho_clip', 4.0),
    ):
      terms = actor_critic.vtrace_actor_critic(transitions, **{argument: value})
      moved = np.abs(terms['policy_gradient'] - plain['policy_gradient']).max()
      self.assertGreater(moved, 1e-3, argument)

  @parameterized.parameters(*_LOSSES)
  def test_one_step(self, loss):
    transitions = _transitions(num_steps=1)
    transitions = transitions._replace(
        behaviour_log_prob_tm1=categorical.log_prob(
            transitions.policy_tm1, transitions.a_tm1)
    )
    target = transitions.r_t + transitions.discount_t * transitions.v_t
    np.testing.assert_allclose(
        loss(transitions)['baseline'],
        (target - transitions.v_tm1) ** 2 / 2,
        atol=1e-5,
    )

  @parameterized.parameters(*_LOSSES)
  def test_extreme_logits_stay_finite(self, loss):
    transitions = _transitions()
    transitions = transitions._replace(policy_tm1=transitions.policy_tm1 * 1e4)
    value, gradient = jax.value_and_grad(
        lambda x: sum(
            term.sum()
            for term in loss(transitions._replace(policy_tm1=x)).values()
        )
    )(transitions.policy_tm1)
    chex.assert_tree_all_finite((value, gradient))

  @parameterized.parameters(*_LOSSES)
  def test_errors(self, loss):
    transitions = _transitions()
    with self.assertRaisesRegex(ValueError, 'lambda_ is 2.0; expected'):
      loss(transitions, lambda_=2.0)
    with self.assertRaises(ValueError):
      loss(transitions._replace(r_t=transitions.r_t[:-1]))


def _impossible(**fields):
  """One transition whose action has probability 0 under the learner."""
  return transitions_lib.Transitions(**{
      'policy_tm1': np.array([[[0.0, 0.0, -np.inf]]], np.float32),
      'v_tm1': np.array([[0.5]], np.float32),
      'v_t': np.array([[0.25]], np.float32),
      'a_tm1': np.array([[2]], np.int32),
      'r_t': np.array([[1.0]], np.float32),
      'discount_t': np.array([[0.9]], np.float32),
      'behaviour_log_prob_tm1': np.full((1, 1), -np.log(3), np.float32),
      'is_learnable_tm1': np.ones((1, 1), bool),
  } | fields)


class InputsTest(chex.TestCase):

  @parameterized.parameters(*_LOSSES)
  def test_no_step_is_refused(self, loss):
    empty = jax.tree.map(lambda x: x[:0], _transitions())
    for call in (loss, jax.jit(loss)):
      with self.assertRaisesRegex(
          checks.UserError, r'has shape \(0, .*; expected .* T of 1 or more'):
        call(empty)

  @parameterized.product(loss=_LOSSES, dtype=(jnp.float16, jnp.bfloat16))
  def test_half_precision_is_computed_in_float32(self, loss, dtype):
    half = jax.tree.map(
        lambda x: np.asarray(jnp.asarray(x, dtype)) if x.dtype.kind == 'f'
        else x, _transitions())
    exact = jax.tree.map(
        lambda x: x if x.dtype.kind in 'ib' else x.astype(np.float32), half)
    expected = loss(exact)
    for call in (loss, jax.jit(loss)):
      terms = call(half)
      for name, term in terms.items():
        self.assertEqual(term.dtype, np.float32, name)
      chex.assert_trees_all_close(terms, expected, rtol=1e-5, atol=1e-6)

  @parameterized.product(loss=_LOSSES, action=(-1, _A))
  def test_an_action_that_is_none(self, loss, action):
    transitions = _transitions()
    transitions.a_tm1[0, 0] = action
    transitions.is_learnable_tm1[0, 0] = True
    with self.assertRaisesRegex(
        checks.UserError, rf'a_tm1 is {action} at \[0, 0\]; expected 0 to'):
      loss(transitions)
    terms = jax.jit(loss)(transitions)
    chex.assert_tree_all_finite(terms)
    self.assertEqual(terms['policy_gradient'][0, 0], 0.0)

  @parameterized.product(value=(None, 'transitions', ()))
  def test_what_is_no_record_is_refused(self, value):
    for loss in _LOSSES:
      with self.assertRaisesRegex(
          checks.UserError, 'transitions is .*; expected a record Transitions'):
        loss(value)


class ImpossibleActionTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  def test_v_trace_learns_nothing_from_it(self):
    terms = self.variant(actor_critic.vtrace_actor_critic)(_impossible())
    # rho = 0: no advantage, and the target is the value itself.
    self.assertEqual(terms['policy_gradient'], 0.0)
    self.assertEqual(terms['baseline'], 0.0)
    np.testing.assert_allclose(
        terms['negative_entropy'], -np.log(2), rtol=1e-6)

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.parameters(1.0, np.inf, -np.inf)
  def test_gradients_are_zero(self, reward):
    transitions = _impossible(r_t=np.array([[reward]], np.float32))

    @self.variant
    @jax.grad
    def gradient(logits):
      terms = actor_critic.vtrace_actor_critic(
          transitions._replace(policy_tm1=logits))
      return terms['policy_gradient'].sum() + terms['baseline'].sum()

    np.testing.assert_array_equal(gradient(transitions.policy_tm1), 0.0)

  def test_a2c_refuses_it(self):
    with self.assertRaisesRegex(
        ValueError, r'a_tm1 is 2 at \[0, 0\], .* probability 0; expected'):
      actor_critic.a2c(_impossible())
    # Nothing is learnt from a dead step, whatever its action.
    dead = _impossible(is_learnable_tm1=np.zeros((1, 1), bool))
    chex.assert_tree_all_finite(actor_critic.a2c(dead))

  def test_a2c_learns_nothing_from_it_where_it_cannot_refuse(self):

    def policy_gradient(logits):
      terms = actor_critic.a2c(_impossible(policy_tm1=logits))
      return terms['policy_gradient'].sum(), terms

    (loss, terms), gradient = jax.jit(jax.value_and_grad(
        policy_gradient, has_aux=True))(_impossible().policy_tm1)
    self.assertEqual(loss, 0.0)
    np.testing.assert_array_equal(gradient, 0.0)
    # The critic learns: (1 + 0.9 * 0.25 - 0.5)^2 / 2.
    np.testing.assert_allclose(terms['baseline'], 0.2628125, rtol=1e-6)

  @parameterized.parameters(*_LOSSES)
  def test_other_steps_are_as_if_it_were_possible(self, loss):
    transitions = _transitions()
    transitions.policy_tm1[2, 1, 3] = -np.inf
    transitions.a_tm1[2, 1] = 3
    gradient = jax.jit(jax.grad(lambda x: sum(
        term.sum() for term in loss(
            transitions._replace(policy_tm1=x)).values())))
    self.assertTrue(np.isfinite(gradient(transitions.policy_tm1)).all())


class MixedPrecisionTest(absltest.TestCase):

  def test_values_may_be_less_exact_than_rewards(self):
    transitions = _transitions()
    with jax.enable_x64(True):
      double = transitions._replace(
          r_t=np.asarray(transitions.r_t, np.float64),
          discount_t=np.asarray(transitions.discount_t, np.float64))
      for loss in (actor_critic.a2c, actor_critic.vtrace_actor_critic):
        jax.tree.map(
            lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6),
            loss(double), loss(transitions))


if __name__ == '__main__':
  absltest.main()
