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
"""Tests of the agent: acting agrees with learning, keys, instructions."""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import types
from kickstarting.environments import base
from kickstarting.networks import build
from kickstarting_test.networks import examples

jax.config.update('jax_numpy_rank_promotion', 'raise')

_T, _B, _A = 4, 3, 7
_CONFIG = build.get_network('grid_small')
_AGENT = agent_lib.make_agent(_CONFIG, examples.GRID_SPEC, _A)
_PARAMS = examples.params(_AGENT.init, 0)
_TIMESTEPS = examples.timesteps(1, examples.GRID_SPEC, (_T, _B), _A)
_STATE = {'core': examples.core_state(2, _B, _CONFIG.core_size)}
_STEP = jax.jit(_AGENT.step)
_ENCODE = jax.jit(_AGENT.encode)
_UNROLL = jax.jit(_AGENT.unroll)


def _at(t):
  return jax.tree.map(lambda x: x[t], _TIMESTEPS)


class AgentTest(parameterized.TestCase):

  def test_steps_equal_an_unroll_with_episode_starts_inside(self):
    self.assertIn(base.FIRST, _TIMESTEPS.step_type[1:])
    context = _ENCODE(_PARAMS, examples.TOKENS)
    outputs, end = _UNROLL(_PARAMS, _TIMESTEPS, context, _STATE)
    state = _STATE
    for t in range(_T):
      (_, output), state = _STEP(
          _PARAMS, jax.random.key(t), _at(t), context, state)
      jax.tree.map(
          lambda x, y, t=t: np.testing.assert_allclose(x, y[t], atol=1e-5),
          output, outputs)
    chex.assert_trees_all_close(state, end, atol=1e-5)

  @parameterized.parameters(base.FIRST, base.MID, base.LAST)
  def test_only_an_episode_start_forgets(self, step_type):
    timestep = _at(0)._replace(step_type=np.full(_B, step_type, np.int32))
    context = _ENCODE(_PARAMS, examples.TOKENS)
    values = [
        _STEP(_PARAMS, jax.random.key(0), timestep, context, state)[0][1].value
        for state in (_STATE, _AGENT.initial_state(_B))
    ]
    self.assertEqual(np.all(values[0] == values[1]), step_type == base.FIRST)

  def test_step_equals_an_unroll_of_one(self):
    context = _ENCODE(_PARAMS, examples.TOKENS)
    (actions, output), state = _STEP(
        _PARAMS, jax.random.key(0), _at(0), context, _STATE)
    whole, end = _UNROLL(
        _PARAMS, jax.tree.map(lambda x: x[:1], _TIMESTEPS), context, _STATE)
    np.testing.assert_allclose(output.policy, whole.policy[0], atol=1e-6)
    np.testing.assert_allclose(output.value, whole.value[0], atol=1e-6)
    chex.assert_trees_all_close(state, end, atol=1e-6)
    self.assertEqual((actions.shape, actions.dtype), ((_B,), np.int32))

  def test_encoding_once_equals_encoding_every_step(self):
    once, _ = _UNROLL(
        _PARAMS, _TIMESTEPS, _ENCODE(_PARAMS, examples.TOKENS), _STATE)
    tokens = examples.TOKENS[_TIMESTEPS.instruction.reshape(-1)]
    rows = np.arange(_T * _B, dtype=np.int32).reshape(_T, _B)
    each, _ = _UNROLL(
        _PARAMS, _TIMESTEPS._replace(instruction=rows),
        _ENCODE(_PARAMS, tokens), _STATE)
    np.testing.assert_allclose(once.policy, each.policy, atol=1e-5)
    np.testing.assert_allclose(once.value, each.value, atol=1e-5)

  def test_actions_depend_on_the_key_alone(self):
    context = _ENCODE(_PARAMS, examples.TOKENS)
    act = lambda seed: np.asarray(_STEP(
        _PARAMS, jax.random.key(seed), _at(0), context, _STATE)[0][0])
    np.testing.assert_array_equal(act(3), act(3))
    self.assertGreater(len({tuple(act(seed)) for seed in range(20)}), 1)

  def test_actions_follow_the_logits(self):
    context = _ENCODE(_PARAMS, examples.TOKENS)
    bias = np.array([-50, -50, 0, -50, 0, -50, -50], np.float32)
    params = _PARAMS | {'policy': _PARAMS['policy'] | {'b': bias}}
    actions = np.concatenate([
        _STEP(params, jax.random.key(seed), _at(0), context, _STATE)[0][0]
        for seed in range(20)
    ])
    self.assertEqual(set(actions.tolist()), {2, 4})

  def test_initial_parameters(self):
    agent = agent_lib.make_agent(
        build.NetworkConfig('flat', 4), examples.FLAT_SPEC, _A)
    init = jax.jit(agent.init)
    params = init(jax.random.key(0))
    jax.tree.map(np.testing.assert_array_equal, params, init(jax.random.key(0)))
    other = init(jax.random.key(1))
    self.assertTrue(np.any(params['policy']['w'] != other['policy']['w']))
    output, _ = jax.jit(agent.unroll)(
        params, examples.timesteps(0, examples.FLAT_SPEC, (1, 8), _A),
        jax.jit(agent.encode)(params, examples.TOKENS), agent.initial_state(8))
    self.assertLess(np.abs(output.policy).max(), 0.2)  # nearly uniform

  def test_initial_state_is_zero(self):
    np.testing.assert_array_equal(
        _AGENT.initial_state(2)['core'], np.zeros((2, 2, _CONFIG.core_size)))

  def test_example_timestep(self):
    timestep = agent_lib.example_timestep(examples.GRID_SPEC, (2, 5))
    same = jax.tree.map(
        lambda x, y: x.shape == y.shape and x.dtype == y.dtype,
        timestep, examples.timesteps(0, examples.GRID_SPEC, (2, 5), _A))
    self.assertTrue(jax.tree.all(same))

  def test_it_reads_nothing_else_of_a_larger_observation(self):
    agent = agent_lib.make_agent(
        build.NetworkConfig('flat', 4), examples.FLAT_SPEC, _A)
    timesteps = examples.timesteps(0, examples.FLAT_SPEC, (1, 2), _A)
    more = timesteps._replace(
        observation=timesteps.observation | {'y': np.ones((1, 2, 7))})
    params = agent.init(jax.random.key(0))
    outputs = [
        agent.unroll(params, x, agent.encode(params, examples.TOKENS),
                     agent.initial_state(2))[0].policy
        for x in (timesteps, more)]
    np.testing.assert_array_equal(*outputs)

  @parameterized.parameters(
      ({'num_actions': 5}, 'an agent of 7 actions meets an environment of 5;'),
      ({'observation': {}}, r"an agent that reads 'image' as uint8 of shape"
       r' \(7, 7, 3\) meets an environment that observes nothing'),
      ({'observation': examples.GRID_SPEC | {
          'image': types.ArraySpec((9, 9, 3), np.dtype(np.uint8))}},
       r"reads 'image' as uint8 of shape \(7, 7, 3\) .* \(9, 9, 3\)"),
      ({'observation': examples.GRID_SPEC | {
          'image': types.ArraySpec((7, 7, 3), np.dtype(np.int32))}},
       r"reads 'image' as uint8 .* 'image' as int32 of shape"),
  )
  def test_an_environment_that_it_was_not_made_for(self, changes, message):
    spec = base.EnvironmentSpec(_A, examples.GRID_SPEC, 3)
    check = lambda spec: agent_lib.check_meets(
        _AGENT.reads, _AGENT.num_actions, spec)
    check(spec)
    with self.assertRaisesRegex(checks.UserError, message):
      check(spec._replace(**changes))

  @parameterized.parameters(
      ('grid_small', {}, ('image',),
       r"network 'grid_small' reads \['direction'\], but the observation has"
       r" \['image'\]; choose another network or add the arrays"),
      ('impala_large', {}, ('direction',), r"reads \['image'\]"),
      ('flat', {'observation_keys': ('x', 'image')}, ('image',),
       r"reads \['x'\]"),
  )
  def test_missing_observation(self, torso, fields, names, message):
    spec = {name: examples.GRID_SPEC[name] for name in names}
    with self.assertRaisesRegex(ValueError, message):
      agent_lib.make_agent(build.NetworkConfig(torso, **fields), spec, _A)


if __name__ == '__main__':
  absltest.main()
