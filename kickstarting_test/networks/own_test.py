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
"""Tests of own.py: networks of Haiku functions and of any framework."""

from absl.testing import absltest
from absl.testing import parameterized
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import types
from kickstarting.networks import build
from kickstarting.networks import own
from kickstarting_test.networks import examples
from kickstarting_test.networks import frameworks

jax.config.update('jax_numpy_rank_promotion', 'raise')

_T, _B, _A = 4, 3, 5
_ALONE = {'observation': types.ArraySpec((3,), np.dtype(np.float32))}


def pair(observation):
  return hk.Linear(_A)(observation), hk.Linear(1)(observation)


def counter():
  """The value counts the steps of an episode; the logits are the weights."""

  def apply(params, observation, state):
    state = state + 1
    logits = jnp.broadcast_to(params['w'][None], (observation.shape[0], _A))
    return (logits, state), state

  return own.agent_of(
      lambda rng_key, observation: {'w': jax.random.normal(rng_key, (_A,))},
      apply, jnp.zeros)


_NETWORKS = {
    'features': lambda: own.of_function(frameworks.haiku_features),
    'pair': lambda: own.of_function(pair),
    'nnx': lambda: frameworks.of_nnx(3, _A),
    'equinox': lambda: frameworks.of_equinox(3, _A),
    'memory': counter,
}


def _agent(network, spec=_ALONE):  # pylint: disable=dangerous-default-value
  return agent_lib.make_agent(network, dict(spec), _A)


class OwnNetworkTest(parameterized.TestCase):

  @parameterized.parameters(*_NETWORKS)
  def test_steps_equal_an_unroll(self, name):
    agent = _agent(_NETWORKS[name]())
    params = agent.init(jax.random.key(1))
    self.assertEqual(list(params), ['own'])
    timesteps = examples.timesteps(0, _ALONE, (_T, _B), _A)
    context = agent.encode(params, np.zeros((1, 1), np.int32))
    state = agent.initial_state(_B)
    together, last = jax.jit(agent.unroll)(params, timesteps, context, state)
    self.assertEqual(together.policy.shape, (_T, _B, _A))
    self.assertEqual(together.value.shape, (_T, _B))
    for t in range(_T):
      (actions, output), state = agent.step(
          params, jax.random.key(t), jax.tree.map(
              lambda x, t=t: x[t], timesteps), context, state)
      self.assertEqual((actions.shape, actions.dtype), ((_B,), np.int32))
      np.testing.assert_allclose(
          output.policy, together.policy[t], rtol=1e-5, atol=1e-6)
      np.testing.assert_allclose(
          output.value, together.value[t], rtol=1e-5, atol=1e-6)
    jax.tree.map(np.testing.assert_array_equal, state, last)

  @parameterized.parameters(*_NETWORKS)
  def test_all_parameters_are_learnt(self, name):
    agent = _agent(_NETWORKS[name]())
    params = agent.init(jax.random.key(1))
    timesteps = examples.timesteps(0, _ALONE, (_T, _B), _A)

    def loss(params):
      output, _ = agent.unroll(
          params, timesteps, agent.encode(params, np.zeros((1, 1), np.int32)),
          agent.initial_state(_B))
      return jnp.sum(jnp.square(output.policy - 1.0)) + jnp.sum(
          jnp.square(output.value - 1.0))

    grads = jax.grad(loss)(params)
    for path, gradient in grads['own'].items():
      self.assertGreater(np.abs(gradient).max(), 0, path)

  def test_memory_begins_anew_with_an_episode(self):
    agent = _agent(counter())
    params = agent.init(jax.random.key(1))
    timesteps = examples.timesteps(0, _ALONE, (_T, _B), _A)._replace(
        step_type=np.array([[1, 0, 1], [1, 1, 2], [0, 1, 0], [1, 1, 1]]))
    output, _ = agent.unroll(params, timesteps, (), jnp.full(_B, 7.0))
    np.testing.assert_array_equal(
        output.value, [[8, 1, 8], [9, 2, 9], [1, 3, 1], [2, 4, 2]])

  def test_several_arrays_are_a_dict(self):
    spec = examples.FLAT_SPEC | {'y': types.ArraySpec((2,), np.dtype(np.int32))}
    agent = _agent(own.of_function(lambda observation: (
        hk.Linear(_A)(observation['x']),
        jnp.sum(observation['y'], axis=-1).astype(jnp.float32))), spec)
    self.assertEqual(set(agent.reads), {'x', 'y'})
    params = agent.init(jax.random.key(1))
    timesteps = examples.timesteps(0, spec, (_T, _B), _A)
    output, _ = agent.unroll(params, timesteps, (), ())
    np.testing.assert_allclose(
        output.value, timesteps.observation['y'].sum(-1))

  @parameterized.parameters(
      (lambda x: (hk.Linear(3)(x), hk.Linear(1)(x)),
       r'\(an array of shape \(1, 3\), an array of .*\(1, 1\)\) .*5 actions'),
      (lambda x: (hk.Linear(5)(x), x), 'a value of shape'),
      (lambda x: (hk.Linear(5)(x), 3.0), 'a float.*a value of shape'),
      (lambda x: (x, x, x), 'logits of shape'))
  def test_outputs_of_other_shapes(self, function, text):
    with self.assertRaisesRegex(checks.UserError, text):
      _agent(own.of_function(function))

  def test_memory_that_is_not_returned(self):
    network = own.agent_of(
        lambda rng_key, x: {}, lambda params, x, state: jnp.zeros((1, _A)),
        jnp.zeros)
    with self.assertRaisesRegex(checks.UserError, r'\(\(logits, value\), stat'):
      _agent(network)

  def test_parameters_that_are_no_floats(self):
    network = own.agent_of(
        lambda rng_key, x: {'count': jnp.zeros((), jnp.int32)},
        lambda params, x: (jnp.zeros((1, _A)), jnp.zeros(1)))
    with self.assertRaisesRegex(
        checks.UserError, "init returned 'count' of type int32; expected flo"):
      _agent(network)

  def test_what_is_no_function(self):
    with self.assertRaisesRegex(checks.UserError, 'apply is 3'):
      own.agent_of(lambda key, x: {}, 3)


class PathTest(parameterized.TestCase):

  @parameterized.parameters(
      (frameworks.haiku_features, f'{frameworks.__name__}:haiku_features'),
      (lambda x: x, ''), (frameworks.own.OwnNetwork.__init__, ''))
  def test_functions_are_found_where_they_are_written(self, function, path):
    self.assertEqual(own.of_function(function).path, path)
    self.assertEqual(own.of_function(function, 'a:b').path, 'a:b')

  def test_json(self):
    saved = own.to_json(own.of_function(frameworks.haiku_features, 'a:b'))
    self.assertTrue(own.is_own(saved))
    self.assertEqual(own.place_of(saved), 'a:b')
    self.assertFalse(own.is_own(own.to_json(build.get_network('flat'))))

  def test_adapt(self):
    flat = build.get_network('flat')
    self.assertEqual(own.adapt(flat, 'x', core_size=3).core_size, 3)
    mine = own.of_function(frameworks.haiku_features)
    self.assertIs(own.adapt(mine, '', core_size=3), mine)
    with self.assertRaisesRegex(checks.UserError, 'x needs a part of the net'):
      own.adapt(mine, 'x', core_size=3)


if __name__ == '__main__':
  absltest.main()
