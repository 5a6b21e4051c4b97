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
"""Tests of agents.py: an agent of a mixture is what it is alone."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import types
from kickstarting.networks import agents as agents_lib
from kickstarting.networks import build
from kickstarting_test.networks import examples
from kickstarting_test.networks import sharing

jax.config.update('jax_numpy_rank_promotion', 'raise')

_ALPHA = 0.3
_T = sharing.T
_B = sharing.B
_A = sharing.A
_TASKS = sharing.TASKS
_SPEC = sharing.SPEC
_TIMESTEPS = sharing.TIMESTEPS
_SMALL = sharing.SMALL
_LAYER = sharing.LAYER
_EACH = sharing.EACH
_FINAL = sharing.FINAL
_CASES = sharing.CASES
_config = sharing.config
_params = sharing.params
_unroll = sharing.unroll
_softmax = sharing.softmax


class MixtureTest(parameterized.TestCase):

  @parameterized.parameters(*_CASES)
  def test_each_agent_is_the_one_it_is_alone(self, case):
    agents = _CASES[case]
    config = _config(*agents)
    params = agents_lib.with_mixing(_params(config), _ALPHA)
    output, state = _unroll(config, params)
    self.assertEqual(output.policies.shape, (_T, _B, len(agents), _A))
    values = []
    for k, branch in enumerate(agents):
      whole = branch
      if branch.policy == 'policy':  # a head that the final agent shares
        whole = dataclasses.replace(branch, actions=())
      alone, state_alone = _unroll(_config(whole), params)
      has = np.isin(np.arange(_A), branch.actions or np.arange(_A))
      np.testing.assert_allclose(
          _softmax(output.policies[:, :, k]),
          _softmax(np.where(has, alone.policy, -np.inf)), atol=1e-6)
      values.append(alone.value)
      for name, x in state_alone.items():
        chex.assert_trees_all_close(x, state[name], atol=1e-6)
    place = _ALPHA * (len(agents) - 1)
    shares = np.maximum(1 - np.abs(place - np.arange(len(agents))), 0)
    np.testing.assert_allclose(
        np.exp(output.policy),
        sum(share * _softmax(output.policies[:, :, k])
            for k, share in enumerate(shares)), atol=1e-6)
    np.testing.assert_allclose(
        output.value, sum(s * v for s, v in zip(shares, values)), atol=1e-5)

  @parameterized.parameters(
      ('action_space', {'small'}), ('shared_head', set()),
      ('core', {'layer/linear'}),
      ('multitask', {
          f'{part}_{task}{rest}' for task in range(_TASKS) for part, rest in (
              ('own', '/~/lstm/linear'), ('own_policy', ''),
              ('own_value', ''))}))
  def test_what_is_not_shared(self, case, expected):
    alone = set(_params(_config(_FINAL)))
    self.assertEqual(
        set(_params(_config(*_CASES[case]))) - alone, expected | {'mixture'})

  def test_a_head_of_its_own_has_its_own_actions_only(self):
    self.assertEqual(
        _params(_config(_SMALL, _FINAL))['small']['w'].shape, (4, 2))

  @parameterized.parameters('action_space', 'shared_head')
  def test_actions_that_the_helper_lacks(self, case):
    config = _config(*_CASES[case])
    output, _ = _unroll(config, agents_lib.with_mixing(_params(config), _ALPHA))
    final = _softmax(output.policies[:, :, 1])
    mixture = np.exp(output.policy)
    others = [0, 2, 3, 5]
    np.testing.assert_allclose(
        mixture[..., others], _ALPHA * final[..., others], rtol=1e-5)
    self.assertTrue(np.isneginf(output.policies[:, :, 0, others]).all())

  def test_shared_head_is_the_final_one_over_fewer_actions(self):
    config = _config(*_CASES['shared_head'])
    output, _ = _unroll(config, _params(config))
    final = _softmax(output.policies[:, :, 1])[..., [1, 4]]
    np.testing.assert_allclose(
        _softmax(output.policies[:, :, 0])[..., [1, 4]],
        final / final.sum(axis=-1, keepdims=True), rtol=1e-5)

  def test_the_final_agent_reads_the_parameters_of_the_mixture(self):
    config = _config(*_CASES['core'])
    params = _params(config)
    output, _ = _unroll(config, params)
    final, _ = _unroll(build.final_agent(config), params)
    np.testing.assert_allclose(
        output.policies[:, :, 1], final.policy, atol=1e-6)
    self.assertIsNone(final.policies)


class ColumnsTest(parameterized.TestCase):

  def test_two_columns_are_added(self):
    config = _config(_EACH, _FINAL, combination='two_columns')
    params = agents_lib.with_mixing(_params(config), _ALPHA)
    output, _ = _unroll(config, params)
    own, _ = _unroll(_config(_EACH), params)
    shared, _ = _unroll(_config(_FINAL), params)
    np.testing.assert_allclose(
        output.policy, own.policy + _ALPHA * shared.policy, atol=1e-5)
    np.testing.assert_allclose(output.distilled, shared.policy, atol=1e-6)
    np.testing.assert_allclose(output.value, own.value, atol=1e-6)
    self.assertIsNone(output.policies)

  def test_an_empty_column_leaves_a_power_of_the_shared_policy(self):
    # Golden test of the specification: f = 0 gives pi_0 ** alpha, normalised.
    config = _config(_EACH, _FINAL, combination='two_columns')
    params = agents_lib.with_mixing(_params(config), _ALPHA)
    for task in range(_TASKS):
      name = f'own_policy_{task}'
      params[name] = jax.tree.map(np.zeros_like, params[name])
    output, _ = _unroll(config, params)
    power = _softmax(output.distilled) ** _ALPHA
    np.testing.assert_allclose(
        _softmax(output.policy), power / power.sum(axis=-1, keepdims=True),
        rtol=1e-5)

  def test_one_column_acts_alone(self):
    config = _config(_EACH, _FINAL, combination='one_column')
    params = _params(config)
    self.assertNotIn('mixture', params)
    output, _ = _unroll(config, params)
    own, _ = _unroll(_config(_EACH), params)
    np.testing.assert_allclose(output.policy, own.policy, atol=1e-6)
    shared, _ = _unroll(_config(_FINAL), params)
    np.testing.assert_allclose(output.distilled, shared.policy, atol=1e-6)

  @parameterized.parameters(
      ('two_columns', 0.75), ('mixture', 0.2), ('one_column', None))
  def test_what_the_update_writes(self, combination, expected):
    config = _config(_EACH, _FINAL, combination=combination)
    agent = agent_lib.make_agent(config, _SPEC, _A)
    hypers = types.Hypers(
        np.float32(0), np.float32(0.1), np.float32(0), np.float32(0),
        np.zeros(0, np.float32), mixing=np.float32(0.2),
        transfer_cost=np.float32(0.3))
    params = agent.adopt(_params(config), hypers)
    self.assertEqual('mixture' in params, expected is not None)
    if expected is not None:
      self.assertAlmostEqual(
          float(params['mixture']['mixing']), expected, places=6)

  def test_who_is_judged(self):
    for combination in ('two_columns', 'one_column'):
      config = _config(_EACH, _FINAL, combination=combination)
      self.assertEqual(build.final_agent(config), config)


class TorsoTest(absltest.TestCase):

  def test_the_task_is_nothing_to_the_torso(self):
    config = build.NetworkConfig('flat', 4)  # reads all arrays
    params = examples.params(
        agent_lib.make_agent(config, examples.FLAT_SPEC, _A).init, 1)
    output, _ = _unroll(config, params)
    other = _TIMESTEPS._replace(
        observation=_TIMESTEPS.observation | {'task': np.ones((_T, _B), int)})
    changed, _ = _unroll(config, params, other)
    np.testing.assert_array_equal(output.policy, changed.policy)


class FactorsTest(absltest.TestCase):

  def test_the_policy_is_a_product(self):
    config = _config(_FINAL, action_factors=(2, 3))
    params = _params(config)
    self.assertEqual(params['policy']['w'].shape, (4, 5))
    output, _ = _unroll(config, params)
    p = _softmax(output.policy).reshape(_T, _B, 2, 3)
    first, second = p.sum(axis=3), p.sum(axis=2)
    np.testing.assert_allclose(
        p, first[..., :, None] * second[..., None, :], atol=1e-6)
    self.assertGreater(np.ptp(first), 1e-2)

  def test_three_factors_in_the_order_of_the_actions(self):
    logits = np.arange(7, dtype=np.float32)
    joined = agents_lib._join(jnp.asarray(logits), (2, 2, 3))
    expected = [logits[a] + logits[2 + b] + logits[4 + c]
                for a in range(2) for b in range(2) for c in range(3)]
    np.testing.assert_array_equal(joined, expected)

  def test_previous_actions(self):
    actions = np.array([0, 4, 5], np.int32)
    np.testing.assert_array_equal(
        agents_lib.one_hot_actions(actions, 6, (2, 3)),
        [[1, 0, 1, 0, 0], [0, 1, 0, 1, 0], [0, 1, 0, 0, 1]])
    np.testing.assert_array_equal(
        agents_lib.one_hot_actions(actions, 6, ()), np.eye(6)[actions])


class GradientTest(parameterized.TestCase):

  @parameterized.parameters(
      (0.0, {'policy'}, {'small'}), (1.0, {'small'}, {'policy'}),
      (0.3, set(), {'small', 'policy'}))
  def test_of_the_mixture(self, mixing, without, with_):
    config = _config(_SMALL, _FINAL)
    agent = agent_lib.make_agent(config, _SPEC, _A)
    params = agents_lib.with_mixing(_params(config), mixing)

    def total(params):
      output, _ = agent.unroll(
          params, _TIMESTEPS, agent.encode(params, examples.TOKENS),
          agent.initial_state(_B))
      return output.policy[..., 1].sum() + output.value.sum()

    gradient = jax.grad(total)(params)
    chex.assert_tree_all_finite(gradient)
    self.assertEqual(float(gradient['mixture']['mixing']), 0.0)
    for name in without:
      np.testing.assert_array_equal(gradient[name]['w'], 0.0)
    for name in with_:
      self.assertTrue(np.any(gradient[name]['w']))

  def test_the_simplest_agent_begins(self):
    config = _config(_LAYER, _FINAL)
    agent = agent_lib.make_agent(config, _SPEC, _A)
    params = agent.init(jax.random.key(0))
    self.assertEqual(float(params['mixture']['mixing']), 0.0)


if __name__ == '__main__':
  absltest.main()
