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
"""Tests of off_policy.py: the paper's sum, golden values, rlax, edges."""

import functools

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import rlax

from kickstarting import checks
from kickstarting.losses import off_policy

jax.config.update('jax_numpy_rank_promotion', 'raise')

_T, _B = 7, 4
_INPUTS = ('v_tm1', 'v_t', 'r_t', 'discount_t', 'log_rho_tm1')


def _random_case(seed=0):
  """Makes inputs whose ratios lie on both sides of every clip of the tests."""
  rng = np.random.default_rng(seed)
  v = rng.normal(size=(_T + 1, _B))
  discount_t = 0.9 * (rng.random((_T, _B)) > 0.2)
  log_rho_tm1 = rng.normal(size=(_T, _B)) * 1.5
  case = (v[:-1], v[1:], rng.normal(size=(_T, _B)), discount_t, log_rho_tm1)
  return dict(zip(_INPUTS, (x.astype(np.float32) for x in case), strict=True))


def _oracle(
    v_tm1, v_t, r_t, discount_t, log_rho_tm1, lambda_, rho_clip, c_clip, pg_clip
):
  """V-trace of one stream as the sum with products that the paper prints."""
  ratio = np.exp(log_rho_tm1.astype(np.float64))
  rho, c = np.minimum(rho_clip, ratio), lambda_ * np.minimum(c_clip, ratio)
  delta = rho * (r_t + discount_t * v_t - v_tm1)
  num_steps = len(r_t)
  targets = np.array([
      v_tm1[s]
      + sum(
          np.prod(discount_t[s:t]) * np.prod(c[s:t]) * delta[t]
          for t in range(s, num_steps)
      )
      for s in range(num_steps)
  ])
  targets_t = np.append(targets[1:], v_t[-1])
  advantages = np.minimum(pg_clip, ratio) * (
      r_t + discount_t * targets_t - v_tm1
  )
  return targets, advantages


def _column(*values):
  return np.array(values, np.float32)[:, np.newaxis]


def _golden_case():
  v = _column(0.5, 1.0, -0.5, 0.25, 1.5)
  return {
      'v_tm1': v[:-1],
      'v_t': v[1:],
      'r_t': _column(1.0, 0.0, -1.0, 2.0),
      'discount_t': _column(0.9, 0.9, 0.0, 0.9),
      'log_rho_tm1': np.log(_column(0.5, 2.0, 1.0, 0.8)),
  }


class VTraceTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  def test_golden(self):
    # By hand from the recursion, with all clips at 1.
    targets, advantages = self.variant(off_policy.vtrace)(**_golden_case())
    np.testing.assert_allclose(
        targets, _column(0.345, -0.9, -1.0, 2.73), atol=1e-6
    )
    np.testing.assert_allclose(
        advantages, _column(-0.155, -1.9, -0.5, 2.48), atol=1e-6
    )

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.parameters(
      {},
      {'lambda_': 0.7},
      {'rho_clip': 2.0},
      {'rho_clip': 2.0, 'c_clip': 1.5, 'pg_rho_clip': 0.5},
      {'rho_clip': np.inf, 'c_clip': np.inf, 'pg_rho_clip': np.inf},
      {'rho_clip': np.inf, 'c_clip': 0.5, 'pg_rho_clip': 3.0, 'lambda_': 0.5},
  )
  def test_equals_the_sum_of_the_paper(
      self, lambda_=1.0, rho_clip=1.0, c_clip=1.0, pg_rho_clip=1.0
  ):
    case = _random_case()
    targets, advantages = self.variant(
        lambda kwargs: off_policy.vtrace(
            **kwargs,
            lambda_=lambda_,
            rho_clip=rho_clip,
            c_clip=c_clip,
            pg_rho_clip=pg_rho_clip,
        )
    )(case)
    for b in range(_B):  # Each stream stands alone.
      stream = {name: array[:, b] for name, array in case.items()}
      expected = _oracle(
          **stream,
          lambda_=lambda_,
          rho_clip=rho_clip,
          c_clip=c_clip,
          pg_clip=pg_rho_clip,
      )
      np.testing.assert_allclose(
          (targets[:, b], advantages[:, b]), expected, rtol=1e-5, atol=1e-5
      )

  @parameterized.parameters((1.0, 1.0), (2.0, 3.0))
  def test_equals_rlax_where_it_can(self, rho_clip, pg_rho_clip):
    case = _random_case(1)
    actual = off_policy.vtrace(
        **case, rho_clip=rho_clip, pg_rho_clip=pg_rho_clip
    )
    rho_tm1 = np.exp(case.pop('log_rho_tm1'))
    expected = jax.vmap(
        lambda *args: rlax.vtrace_td_error_and_advantage(
            *args,
            clip_rho_threshold=rho_clip,
            clip_pg_rho_threshold=pg_rho_clip,
        ),
        in_axes=1,
        out_axes=1,
    )(*case.values(), rho_tm1)
    np.testing.assert_allclose(
        actual.targets_tm1 - case['v_tm1'], expected.errors, atol=1e-5
    )
    np.testing.assert_allclose(
        actual.advantages_tm1, expected.pg_advantage, atol=1e-5
    )

  def test_on_policy_is_the_n_step_return(self):
    case = _random_case() | {'log_rho_tm1': np.zeros((_T, _B), np.float32)}
    expected = [case['v_t'][-1]]
    for t in reversed(range(_T)):
      expected.insert(0, case['r_t'][t] + case['discount_t'][t] * expected[0])
    targets, advantages = off_policy.vtrace(**case)
    np.testing.assert_allclose(targets, expected[:-1], atol=1e-5)
    np.testing.assert_allclose(
        advantages, expected[:-1] - case['v_tm1'], atol=1e-5
    )

  def test_lambda_zero_looks_one_step_ahead(self):
    case = _random_case() | {'log_rho_tm1': np.zeros((_T, _B), np.float32)}
    targets, _ = off_policy.vtrace(**case, lambda_=0.0)
    np.testing.assert_allclose(
        targets, case['r_t'] + case['discount_t'] * case['v_t'], atol=1e-6
    )

  def test_one_step(self):
    case = {name: array[-1:] for name, array in _golden_case().items()}
    targets, advantages = off_policy.vtrace(**case)
    # q = 2 + 0.9 * 1.5 = 3.35; V + 0.8 (q - V) and 0.8 (q - V).
    np.testing.assert_allclose(targets, [[2.73]], atol=1e-6)
    np.testing.assert_allclose(advantages, [[2.48]], atol=1e-6)

  def test_dead_step_cuts_and_bootstraps(self):
    # Row 1 is the dead transition out of LAST; the episode before it only ran
    # out of time (discount 0.9), so step 0 bootstraps from V(LAST) = 1.
    case = _golden_case()
    for name in ('r_t', 'discount_t', 'log_rho_tm1'):
      case[name][1] = np.nan
    is_learnable = np.array([[True], [False], [True], [True]])
    targets, advantages = off_policy.vtrace(
        **case, is_learnable_tm1=is_learnable
    )
    # q_0 = 1 + 0.9 * 1 = 1.9; V + 0.5 (q - V) = 1.2 and 0.5 (q - V) = 0.7.
    np.testing.assert_allclose(
        targets, _column(1.2, 1.0, -1.0, 2.73), atol=1e-6
    )
    np.testing.assert_allclose(
        advantages, _column(0.7, 0.0, -0.5, 2.48), atol=1e-6
    )

  def test_nothing_learnable(self):
    case = _random_case() | {'r_t': np.full((_T, _B), np.nan, np.float32)}
    targets, advantages = off_policy.vtrace(
        **case, is_learnable_tm1=np.zeros((_T, _B), bool)
    )
    np.testing.assert_array_equal(targets, case['v_tm1'])
    np.testing.assert_array_equal(advantages, np.zeros((_T, _B)))

  @parameterized.parameters(1e4, -1e4, np.inf, -np.inf)
  def test_extreme_ratios_stay_finite(self, log_rho):
    case = _random_case()
    case['log_rho_tm1'] = np.full((_T, _B), log_rho, np.float32)
    chex.assert_tree_all_finite(off_policy.vtrace(**case))

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.parameters(np.inf, -np.inf, np.nan)
  def test_a_reward_at_ratio_zero_is_not_seen(self, reward):
    case = _random_case()
    case['log_rho_tm1'][3, 1] = -np.inf
    expected = self.variant(off_policy.vtrace)(**case)
    case['r_t'][3, 1] = reward
    chex.assert_trees_all_equal(
        self.variant(off_policy.vtrace)(**case), expected)
    chex.assert_tree_all_finite(expected)

  def test_a_reward_is_not_seen_before_its_episode(self):
    case = _random_case()
    case['discount_t'][2, 1] = 0.0
    expected = off_policy.vtrace(**case)
    case['r_t'][3, 1] = np.inf
    for x, y in zip(off_policy.vtrace(**case), expected, strict=True):
      np.testing.assert_array_equal(x[:3], y[:3])
      self.assertFalse(np.isfinite(x[3, 1]))

  def test_no_gradient(self):
    case = _random_case()
    gradients = jax.grad(
        lambda kwargs: sum(jnp.sum(x) for x in off_policy.vtrace(**kwargs))
    )(case)
    chex.assert_trees_all_equal(gradients, jax.tree.map(np.zeros_like, case))

  def test_traced_clips_equal_static_ones(self):
    case = _random_case()
    clips = {
        'rho_clip': 2.0, 'c_clip': 1.5, 'pg_rho_clip': 0.5, 'lambda_': 0.9
    }
    traced = jax.jit(lambda c: off_policy.vtrace(**case, **c))(clips)
    chex.assert_trees_all_close(
        traced, off_policy.vtrace(**case, **clips), atol=1e-6
    )

  @parameterized.parameters(
      ({'rho_clip': 0.0}, 'rho_clip is 0.0; expected a number greater than 0'),
      ({'c_clip': -1.0}, 'c_clip is -1.0; expected'),
      ({'pg_rho_clip': -2}, 'pg_rho_clip is -2; expected'),
      ({'lambda_': 1.5}, r'lambda_ is 1.5; expected a number in \[0, 1\]'),
      (
          {'c_clip': 2.0},
          'c_clip is 2.0 and rho_clip is 1.0; expected c_clip <= rho_clip, or '
          'V-trace may diverge. Lower c_clip or raise rho_clip.',
      ),
  )
  def test_number_errors(self, kwargs, message):
    with self.assertRaisesRegex(ValueError, message):
      off_policy.vtrace(**_golden_case(), **kwargs)

  @parameterized.parameters(
      ('v_tm1', lambda x: x[:, 0]),
      ('v_t', lambda x: x[:-1]),
      ('r_t', lambda x: x.astype(np.int32)),
      ('discount_t', lambda x: x > 0),
      ('log_rho_tm1', lambda x: x[np.newaxis]),
  )
  def test_shape_and_dtype_errors(self, name, spoil):
    case = _golden_case()
    case[name] = spoil(case[name])
    with self.assertRaises(ValueError):
      off_policy.vtrace(**case)

  @parameterized.parameters(
      {'rho_clip': np.inf}, {'rho_clip': np.inf, 'c_clip': np.inf},
      {'pg_rho_clip': np.inf}, {'rho_clip': 1e30, 'pg_rho_clip': 1e300})
  def test_ratios_without_a_clip_stay_finite(self, **clips):
    case = _random_case()
    case['log_rho_tm1'][2:5] = (90.0, -90.0, 3e38, 1.0)
    for call in (off_policy.vtrace, jax.jit(functools.partial(
        off_policy.vtrace, **clips))):
      kwargs = clips if call is off_policy.vtrace else {}
      output = call(**case, **kwargs)
      chex.assert_tree_all_finite(output)
      chex.assert_tree_all_finite(jax.tree.map(np.square, output))

  def test_no_step_is_refused(self):
    case = {name: x[:0] for name, x in _random_case().items()}
    with self.assertRaisesRegex(
        checks.UserError, r'v_tm1 has shape \(0, 4\); expected \[T, B\] .* T of'
        ' 1 or more'):
      off_policy.vtrace(**case)

  @parameterized.parameters(np.float16, ml_dtypes.bfloat16)
  def test_half_precision_is_computed_in_float32(self, dtype):
    case = {name: x.astype(dtype) for name, x in _random_case().items()}
    exact = {name: x.astype(np.float32) for name, x in case.items()}
    actual, expected = off_policy.vtrace(**case), off_policy.vtrace(**exact)
    self.assertEqual(actual.targets_tm1.dtype, np.float32)
    chex.assert_trees_all_close(actual, expected, rtol=1e-6)
    chex.assert_trees_all_close(
        jax.jit(off_policy.vtrace)(**case), expected, rtol=1e-5)

  @parameterized.parameters('lambda_', 'rho_clip', 'c_clip', 'pg_rho_clip')
  def test_no_number_escapes_the_checks(self, name):
    for value in (jnp.float32(-1), '0.5', None, np.float16(-2), True):
      with self.assertRaisesRegex(checks.UserError, f'{name} is .*; expected'):
        off_policy.vtrace(**_random_case(), **{name: value})

  def test_learnable_must_be_bool(self):
    with self.assertRaises(ValueError):
      off_policy.vtrace(**_golden_case(), is_learnable_tm1=np.ones((4, 1)))


class LogImportanceRatiosTest(absltest.TestCase):

  def test_by_hand(self):
    logits = np.log(np.array([[0.5, 0.5], [0.2, 0.8]], np.float32))
    log_mu = np.log(np.array([0.25, 0.2], np.float32))
    log_rho = off_policy.log_importance_ratios(
        logits + 3.0, log_mu, np.array([0, 1]))
    np.testing.assert_allclose(np.exp(log_rho), [2.0, 4.0], rtol=1e-5)

  def test_an_action_that_the_policy_cannot_take(self):
    logits = np.float32([[0.0, -np.inf], [0.0, -np.inf]])
    np.testing.assert_array_equal(
        off_policy.log_importance_ratios(
            logits, np.float32([-0.7, -np.inf]), np.array([1, 1])), -np.inf)

  def test_an_action_that_is_none(self):
    logits = np.zeros((2, 3), np.float32)
    log_mu = np.full(2, -np.log(3), np.float32)
    for action in (-1, 3):
      actions = np.array([0, action])
      with self.assertRaisesRegex(
          checks.UserError, rf'actions is {action} at \[1\]; expected 0 to 2'):
        off_policy.log_importance_ratios(logits, log_mu, actions)
      found = jax.jit(off_policy.log_importance_ratios)(logits, log_mu, actions)
      np.testing.assert_allclose(found, [0.0, -np.inf], atol=1e-6)

  def test_shapes_differ(self):
    with self.assertRaises(ValueError):
      off_policy.log_importance_ratios(
          np.zeros((2, 3)), np.zeros((2, 3)), np.zeros(2, np.int32)
      )


if __name__ == '__main__':
  absltest.main()
