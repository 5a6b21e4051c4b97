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
"""Tests of update_config.py: what cannot be, and what nothing reads."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import jax.numpy as jnp
import numpy as np
import optax

from kickstarting import checks
from kickstarting import losses
from kickstarting import update_config
from kickstarting_test import update_cases as cases


class OwnTest(parameterized.TestCase):
  """Methods, divergences and optimisers of one's own."""

  def test_they_equal_those_that_they_are_made_of(self):
    named, _ = cases.run(
        method='on_policy_distill', divergence='forward_kl', optimizer='adam')
    mine, _ = cases.run(
        method=dataclasses.replace(
            losses.METHODS['on_policy_distill'], name='mine'),
        divergence=lambda *logits, **how: losses.forward_kl(*logits, **how),
        optimizer=optax.scale_by_adam())
    cases.assert_same(mine, named)

  def test_another_optimiser(self):
    one, _ = cases.run()
    other, _ = cases.run(optimizer=optax.scale_by_lion())
    self.assertNotAlmostEqual(
        float(one['w'][0, 0]), float(other['w'][0, 0]))

  @parameterized.parameters(
      ({'optimizer': optax.adam(1e-3)}, 'goes down already, with a learning'),
      ({'optimizer': optax.sgd(0.1)}, 'Pass optax.scale_by_adam'),
      ({'optimizer': 3}, 'optimizer is 3, of type int; expected one of adam'),
      ({'divergence': 3}, 'divergence is 3, of type int; expected a name'),
      ({'method': 3}, 'method'))
  def test_what_cannot_be(self, fields, text):
    with self.assertRaisesRegex(checks.UserError, text):
      update_config.UpdateConfig(**fields)

  @parameterized.parameters(
      (lambda a: a, 'divergence raised TypeError .*expected a function of'),
      (lambda a, b, **_: a, r'returns .* of shape \(2, 3, 7\) for logits'),
      (lambda a, b, **_: 1 / 0, 'raised ZeroDivisionError'))
  def test_what_is_no_divergence(self, divergence, text):
    with self.assertRaisesRegex(checks.UserError, text):
      update_config.check_divergence(divergence, 7)

  @parameterized.parameters('n_distill_plus_r', 'on_policy_distill')
  def test_a_divergence_that_has_no_defaults_and_costs_of_actions(self, method):
    def mine(teacher_logits, student_logits, *, teacher_temperature,
             student_temperature, is_legal):
      del teacher_temperature, student_temperature, is_legal
      costs = jnp.arange(cases.A, dtype=jnp.float32)
      gap = (teacher_logits - student_logits)**2
      return jnp.sum(jnp.broadcast_to(costs, gap.shape) * gap, axis=-1)

    update_config.check_divergence(mine, cases.A)
    new, metrics = cases.run(method=method, divergence=mine)
    self.assertTrue(np.isfinite(metrics['loss']))

  def test_what_one_s_own_method_reads(self):
    method = dataclasses.replace(
        losses.METHODS['n_distill'], name='mine')
    with self.assertRaisesRegex(
        checks.UserError, "learns_value is True, .* by method 'mine'"):
      update_config.UpdateConfig(method=method, learns_value=True)


class UpdateConfigTest(parameterized.TestCase):

  def test_values_are_not_sharpened(self):
    with self.assertRaisesRegex(
        ValueError, "temperature is 0.1 with divergence 'squared_error'"):
      update_config.UpdateConfig(
          divergence='squared_error', teacher_temperature=0.1)

  @parameterized.parameters(
      ('teacher_temperature', 0.3, {
          'method': 'expected_entropy_regularised_plus_r'}),
      ('divergence', 'reverse_kl', {
          'method': 'expected_entropy_regularised_plus_r'}),
      ('divergence', 'forward_kl', {'method': 'kl_regularised'}),
      ('divergence', 'forward_kl', {'method': 'teacher_v_reward'}),
      ('teacher_temperature', 2.0, {'method': 'baseline'}),
      ('teacher_floor', 0.1, {'method': 'on_policy_distill_plus_r'}),
      ('teacher_floor', 0.1, {'method': 'td_teacher_v'}),
      ('learns_value', True, {'method': 'n_distill'}),
      ('learns_value', True, {'method': 'v_gated'}),
      ('rho_clip', 2.0, {'algorithm': 'a2c'}),
      ('c_clip', 0.5, {'algorithm': 'a2c'}),
      ('pg_rho_clip', 0.5, {'algorithm': 'a2c'}),
      ('rmsprop_epsilon', 0.01, {'optimizer': 'adam'}),
  )
  def test_what_nothing_reads_is_refused(self, field, value, others):
    with self.assertRaisesRegex(
        checks.UserError,
        f'^{field} is {value!r}, which is not read by'):
      update_config.UpdateConfig(**{field: value}, **others)
    update_config.UpdateConfig(**others)

  @parameterized.parameters(
      {'method': 'teacher_distill', 'teacher_temperature': 0.1},
      {'method': 'n_distill', 'divergence': 'reverse_kl'},
      {'method': 'expected_kl_regularised', 'teacher_floor': 0.1},
      {'method': 'entropy_regularised', 'teacher_floor': 0.1},
      {'method': 'on_policy_distill', 'learns_value': True},
      {'optimizer': 'rmsprop', 'rmsprop_epsilon': 0.01})
  def test_what_something_reads_is_not(self, **fields):
    update_config.UpdateConfig(**fields)

  def test_whose_value_is_that_of_the_rewards(self):
    of = lambda method, **fields: update_config.UpdateConfig(
        method=method, **fields).value_is_of_rewards
    self.assertEqual(
        {name for name in losses.METHODS if of(name)},
        {'baseline', 'on_policy_distill_plus_r', 'v_gated', 'v_gated_plus_r'})
    self.assertTrue(of('on_policy_distill', learns_value=True))
    self.assertTrue(of('n_distill_plus_r', teacher_discount=0.5))
    self.assertFalse(of('n_distill', teacher_discount=0.5))

  @parameterized.parameters(
      ('algorithm', 'ppo', "algorithm is 'ppo'; expected one of vtrace, a2c"),
      ('method', 'copy', "unknown method 'copy'"),
      ('teacher_temperature', 0.0, 'teacher_temperature is 0.0; expected'),
      ('teacher_floor', -0.1, 'teacher_floor is -0.1; expected a number in'),
      ('divergence', 'l2', "divergence is 'l2'; expected one of cross_entropy"),
      ('reward_transform', 'log', "reward_transform is 'log'; expected one of"),
      ('reduction', 'max', "reduction is 'max'; expected one of mean, sum"),
      ('optimizer', 'sgd', "optimizer is 'sgd'; expected one of adam, rmsprop"),
      ('discount', 1.5, r'discount is 1.5; expected a number in \[0, 1\]'),
      ('vtrace_lambda', -1.0, r'vtrace_lambda is -1.0; expected .* \[0, 1\]'),
      ('rho_clip', 0.0, 'rho_clip is 0.0; expected a number greater than 0'),
      ('c_clip', -1.0, 'c_clip is -1.0; expected a number greater than 0'),
      ('pg_rho_clip', 0.0, 'pg_rho_clip is 0.0; expected a number greater'),
      ('max_grad_norm', 0.0,
       'max_grad_norm is 0.0; expected a positive number, or inf'),
  )
  def test_errors(self, field, value, message):
    with self.assertRaisesRegex(ValueError, message):
      update_config.UpdateConfig(**{field: value})

  def test_what_cannot_be(self):
    for fields, text in (
        ({'epochs': 0}, 'epochs is 0'), ({'minibatches': 1.5}, 'minibatches'),
        ({'epochs': 2, 'algorithm': 'a2c'}, 'after a step that is an older')):
      with self.assertRaisesRegex(checks.UserError, text):
        update_config.UpdateConfig(**fields)


if __name__ == '__main__':
  absltest.main()
