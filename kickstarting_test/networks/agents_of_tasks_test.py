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
"""Tests of agents.py: parts that each task has, and features to compare."""


from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting.networks import branches
from kickstarting.networks import build
from kickstarting_test.networks import examples
from kickstarting_test.networks import sharing

jax.config.update('jax_numpy_rank_promotion', 'raise')
_T = sharing.T
_B = sharing.B
_A = sharing.A
_TASKS = sharing.TASKS
_SPEC = sharing.SPEC
_TASK = sharing.TASK
_TIMESTEPS = sharing.TIMESTEPS
_LAYER = sharing.LAYER
_EACH = sharing.EACH
_FINAL = sharing.FINAL
_config = sharing.config
_params = sharing.params
_unroll = sharing.unroll


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
          output.policy[:, _TASK == task], alone.policy[:, _TASK == task],
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
      return (output.policy ** 2)[:, _TASK == 0].sum()

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


if __name__ == '__main__':
  absltest.main()
