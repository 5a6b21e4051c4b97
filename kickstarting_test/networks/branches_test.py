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
"""Tests of branches.py: an agent of a mixture is what it is alone."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import types
from kickstarting.environments import base
from kickstarting.networks import branches
from kickstarting.networks import build
from kickstarting_test.networks import examples

jax.config.update('jax_numpy_rank_promotion', 'raise')

_T, _B, _A, _TASKS = 3, 4, 6, 2
_SPEC = examples.FLAT_SPEC | {'task': base.ArraySpec((), np.dtype(np.int32))}
_TIMESTEPS = examples.timesteps(0, _SPEC, (_T, _B), _A)
_TASK = np.array([0, 0, 1, 1], np.int32)
_TIMESTEPS = _TIMESTEPS._replace(
    observation=_TIMESTEPS.observation | {'task': np.tile(_TASK, (_T, 1))})
_ALPHA = 0.3

_SMALL = branches.Branch(policy='small', actions=(1, 4))
_LAYER = branches.Branch(core='layer', core_kind='feedforward')
_EACH = branches.Branch('own', 'own_policy', 'own_value', num_tasks=_TASKS)
_FINAL = branches.Branch()
_CASES = {
    'action_space': (_SMALL, _FINAL),
    'shared_head': (dataclasses.replace(_SMALL, policy='policy'), _FINAL),
    'core': (_LAYER, _FINAL),
    'multitask': (_EACH, _FINAL),
    'three': (
        dataclasses.replace(_LAYER, policy='small', actions=(4,)),
        dataclasses.replace(_SMALL, policy='policy'), _FINAL),
}


def _config(*agents, **fields):
  return build.NetworkConfig(
      'flat', 4, observation_keys=('x',), branches=agents, **fields)


def _params(config, seed=1):
  agent = agent_lib.make_agent(config, _SPEC, _A)
  return examples.params(agent.init, seed)


def _unroll(config, params, timesteps=_TIMESTEPS):
  agent = agent_lib.make_agent(config, _SPEC, _A)
  state = agent.initial_state(_B)
  output, state = jax.jit(agent.unroll)(
      params, timesteps, agent.encode(params, examples.TOKENS), state)
  return output, state


def _softmax(x):
  weights = np.exp(x - x.max(axis=-1, keepdims=True))
  return weights / weights.sum(axis=-1, keepdims=True)


class MixtureTest(parameterized.TestCase):

  @parameterized.parameters(*_CASES)
  def test_each_agent_is_the_one_it_is_alone(self, case):
    agents = _CASES[case]
    config = _config(*agents)
    params = branches.with_mixing(_params(config), _ALPHA)
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
          _softmax(np.where(has, alone.logits, -np.inf)), atol=1e-6)
      values.append(alone.value)
      for name, x in state_alone.items():
        chex.assert_trees_all_close(x, state[name], atol=1e-6)
    place = _ALPHA * (len(agents) - 1)
    shares = np.maximum(1 - np.abs(place - np.arange(len(agents))), 0)
    np.testing.assert_allclose(
        np.exp(output.logits),
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
    output, _ = _unroll(config, branches.with_mixing(_params(config), _ALPHA))
    final = _softmax(output.policies[:, :, 1])
    mixture = np.exp(output.logits)
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
        output.policies[:, :, 1], final.logits, atol=1e-6)
    self.assertIsNone(final.policies)


class ColumnsTest(parameterized.TestCase):

  def test_two_columns_are_added(self):
    config = _config(_EACH, _FINAL, combination='two_columns')
    params = branches.with_mixing(_params(config), _ALPHA)
    output, _ = _unroll(config, params)
    own, _ = _unroll(_config(_EACH), params)
    shared, _ = _unroll(_config(_FINAL), params)
    np.testing.assert_allclose(
        output.logits, own.logits + _ALPHA * shared.logits, atol=1e-5)
    np.testing.assert_allclose(output.distilled, shared.logits, atol=1e-6)
    np.testing.assert_allclose(output.value, own.value, atol=1e-6)
    self.assertIsNone(output.policies)

  def test_an_empty_column_leaves_a_power_of_the_shared_policy(self):
    # Golden test of the specification: f = 0 gives pi_0 ** alpha, normalised.
    config = _config(_EACH, _FINAL, combination='two_columns')
    params = branches.with_mixing(_params(config), _ALPHA)
    for task in range(_TASKS):
      name = f'own_policy_{task}'
      params[name] = jax.tree.map(np.zeros_like, params[name])
    output, _ = _unroll(config, params)
    power = _softmax(output.distilled) ** _ALPHA
    np.testing.assert_allclose(
        _softmax(output.logits), power / power.sum(axis=-1, keepdims=True),
        rtol=1e-5)

  def test_one_column_acts_alone(self):
    config = _config(_EACH, _FINAL, combination='one_column')
    params = _params(config)
    self.assertNotIn('mixture', params)
    output, _ = _unroll(config, params)
    own, _ = _unroll(_config(_EACH), params)
    np.testing.assert_allclose(output.logits, own.logits, atol=1e-6)
    shared, _ = _unroll(_config(_FINAL), params)
    np.testing.assert_allclose(output.distilled, shared.logits, atol=1e-6)

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

  def test_errors(self):
    with self.assertRaisesRegex(
        ValueError, "combination 'two_columns' of 1 branches; expected two"):
      _config(_FINAL, combination='two_columns')
    with self.assertRaisesRegex(ValueError, "unknown combination 'columns'"):
      _config(_EACH, _FINAL, combination='columns')


class TaskTest(absltest.TestCase):

  def test_every_task_has_parts_of_its_own(self):
    config = _config(_EACH)
    params = _params(config)
    output, _ = _unroll(config, params)
    for task in range(_TASKS):
      mine = _config(branches.Branch(
          f'own_{task}', f'own_policy_{task}', f'own_value_{task}'))
      alone, _ = _unroll(mine, params)
      np.testing.assert_allclose(
          output.logits[:, _TASK == task], alone.logits[:, _TASK == task],
          atol=1e-6)
      np.testing.assert_allclose(
          output.value[:, _TASK == task], alone.value[:, _TASK == task],
          atol=1e-6)

  def test_gradients_stay_with_the_task(self):
    config = _config(_EACH)
    agent = agent_lib.make_agent(config, _SPEC, _A)
    params = _params(config)

    def total(params):
      output, _ = agent.unroll(
          params, _TIMESTEPS, agent.encode(params, examples.TOKENS),
          agent.initial_state(_B))
      return (output.logits ** 2)[:, _TASK == 0].sum()

    gradient = jax.grad(total)(params)
    self.assertTrue(np.any(gradient['own_policy_0']['w']))
    self.assertTrue(np.any(gradient['own_0/~/lstm/linear']['w']))
    for name in ('own_policy_1', 'own_1/~/lstm/linear'):
      chex.assert_trees_all_equal(
          gradient[name], jax.tree.map(np.zeros_like, gradient[name]))


class FeaturesTest(parameterized.TestCase):

  def test_as_they_are(self):
    config = _config(
        _LAYER, _FINAL, features=branches.Features(are_given=True))
    params = _params(config)
    output, _ = _unroll(config, params)
    self.assertEqual(output.features.shape, (_T, _B, 4))
    # The final agent's value is linear in them.
    final = params['baseline']
    alone, _ = _unroll(_config(_FINAL), params)
    np.testing.assert_allclose(
        (np.asarray(output.features) @ final['w'] + final['b'])[..., 0],
        alone.value,
        atol=1e-5)
    self.assertIsNone(alone.features)

  def test_projected_for_each_task(self):
    config = _config(
        _FINAL, features=branches.Features(num_tasks=_TASKS, size=3))
    params = _params(config)
    output, _ = _unroll(config, params)
    given, _ = _unroll(
        _config(_FINAL, features=branches.Features(are_given=True)), params)
    for task in range(_TASKS):
      layer = params[f'features_{task}']
      np.testing.assert_allclose(
          output.features[:, _TASK == task],
          (np.asarray(given.features) @ layer['w'] + layer['b'])[
              :, _TASK == task],
          atol=1e-5)

  def test_needs_the_task(self):
    config = build.NetworkConfig(
        'flat', 4, features=branches.Features(num_tasks=2, size=3))
    with self.assertRaisesRegex(ValueError, r"reads \['task'\]"):
      agent_lib.make_agent(config, examples.FLAT_SPEC, _A)

  def test_json(self):
    config = _config(
        _SMALL, _FINAL, features=branches.Features(num_tasks=2, size=3),
        action_factors=(2, 3))
    self.assertEqual(build.from_json(build.to_json(config)), config)

  @parameterized.parameters(
      ({'num_tasks': 2},), ({'num_tasks': 2, 'size': 3, 'are_given': True},))
  def test_errors(self, fields):
    with self.assertRaisesRegex(ValueError, 'expected them as they are, or'):
      branches.Features(**fields)


class TorsoTest(absltest.TestCase):

  def test_the_task_is_nothing_to_the_torso(self):
    config = build.NetworkConfig('flat', 4)  # reads all arrays
    params = examples.params(
        agent_lib.make_agent(config, examples.FLAT_SPEC, _A).init, 1)
    output, _ = _unroll(config, params)
    other = _TIMESTEPS._replace(
        observation=_TIMESTEPS.observation | {'task': np.ones((_T, _B), int)})
    changed, _ = _unroll(config, params, other)
    np.testing.assert_array_equal(output.logits, changed.logits)


class FactorsTest(absltest.TestCase):

  def test_the_policy_is_a_product(self):
    config = _config(_FINAL, action_factors=(2, 3))
    params = _params(config)
    self.assertEqual(params['policy']['w'].shape, (4, 5))
    output, _ = _unroll(config, params)
    p = _softmax(output.logits).reshape(_T, _B, 2, 3)
    first, second = p.sum(axis=3), p.sum(axis=2)
    np.testing.assert_allclose(
        p, first[..., :, None] * second[..., None, :], atol=1e-6)
    self.assertGreater(np.ptp(first), 1e-2)

  def test_three_factors_in_the_order_of_the_actions(self):
    logits = np.arange(7, dtype=np.float32)
    joined = branches._join(jnp.asarray(logits), (2, 2, 3))
    expected = [logits[a] + logits[2 + b] + logits[4 + c]
                for a in range(2) for b in range(2) for c in range(3)]
    np.testing.assert_array_equal(joined, expected)

  def test_previous_actions(self):
    actions = np.array([0, 4, 5], np.int32)
    np.testing.assert_array_equal(
        branches.one_hot_actions(actions, 6, (2, 3)),
        [[1, 0, 1, 0, 0], [0, 1, 0, 1, 0], [0, 1, 0, 0, 1]])
    np.testing.assert_array_equal(
        branches.one_hot_actions(actions, 6, ()), np.eye(6)[actions])


class GradientTest(parameterized.TestCase):

  @parameterized.parameters(
      (0.0, {'policy'}, {'small'}), (1.0, {'small'}, {'policy'}),
      (0.3, set(), {'small', 'policy'}))
  def test_of_the_mixture(self, mixing, without, with_):
    config = _config(_SMALL, _FINAL)
    agent = agent_lib.make_agent(config, _SPEC, _A)
    params = branches.with_mixing(_params(config), mixing)

    def total(params):
      output, _ = agent.unroll(
          params, _TIMESTEPS, agent.encode(params, examples.TOKENS),
          agent.initial_state(_B))
      return output.logits[..., 1].sum() + output.value.sum()

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


class ErrorsTest(parameterized.TestCase):

  @parameterized.parameters(
      ((), r'branches is \(\); expected at least one'),
      ((_SMALL, _SMALL), 'a mixture without a final agent: its last branch is'
       ' .*expected one that has all actions'),
      ((_FINAL, _EACH), 'a mixture without a final agent'),
      ((_SMALL, branches.Branch(actions=(1, 2)), _FINAL),
       r'actions of agents do not nest: .*lacks \(\[4\]\); expected each agent'
       ' to have at least those of the one before it'),
      ((_FINAL, _SMALL, _FINAL), r'actions of agents do not nest: .*\(all\)'),
      ((dataclasses.replace(_LAYER, core='core'), _FINAL),
       "core 'core' is shared, but is both .*'feedforward'.*'lstm'"),
  )
  def test_no_curriculum(self, agents, message):
    with self.assertRaisesRegex(ValueError, message):
      _config(*agents)

  @parameterized.parameters(
      ({'core_kind': 'gru'}, "unknown core_kind 'gru'"),
      ({'num_tasks': -1}, 'num_tasks is -1'),
      ({'actions': (1, 1)}, r'actions are \(1, 1\); expected different'),
      ({'actions': (-1,)}, r'actions are \(-1,\); expected different'),
  )
  def test_branch(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      branches.Branch(**fields)

  def test_actions_beyond_the_environment_s(self):
    with self.assertRaisesRegex(
        ValueError, 'has action 4, but the environment has 3; expected 0 to 2'):
      build.make_network(_config(_SMALL, _FINAL), 3)

  def test_factors_of_another_number(self):
    with self.assertRaisesRegex(
        ValueError, r'action_factors are \(2, 2\), which make 4 actions, but'
        ' the environment has 6'):
      build.make_network(_config(_FINAL, action_factors=(2, 2)), _A)

  def test_a_network_with_tasks_needs_the_task(self):
    with self.assertRaisesRegex(ValueError, r"reads \['task'\]"):
      agent_lib.make_agent(_config(_EACH), examples.FLAT_SPEC, _A)


if __name__ == '__main__':
  absltest.main()
