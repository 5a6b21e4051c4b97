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
"""Tests banded systems against the dense ones of `exact.py`."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import banded
from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib


def _steps(logits, mdps, dynamics):
  return jax.vmap(lambda x, mdp: banded.steps(x, mdp, dynamics))(
      jnp.asarray(logits), jax.tree.map(jnp.asarray, mdps))


def _case(dynamics, num=4):
  mdps = mdp_lib.grid_worlds(num, mdp_lib.GridConfig(5), 3)
  shape = (*mdps.is_terminal.shape, dynamics.num_actions)
  logits = jax.random.normal(jax.random.key(0), shape)
  return mdps, logits, _steps(logits, mdps, dynamics)


class BandedTest(parameterized.TestCase):

  @parameterized.parameters(
      mdp_lib.Dynamics(6, 0.2, 0.05), mdp_lib.Dynamics(4, 0.0, 0.1))
  def test_by_dense_systems(self, dynamics):
    mdps, logits, policy = _case(dynamics)
    visits = banded.visits(mdps, np.asarray(policy.going))
    values = banded.values(mdps, policy, 0.9)
    for i in range(len(logits)):
      mdp = jax.tree.map(lambda x, i=i: jnp.asarray(x[i]), mdps)
      probs = jax.nn.softmax(logits[i])
      np.testing.assert_allclose(
          visits[i], exact.visits(mdp, dynamics, probs), rtol=1e-4, atol=1e-5)
      np.testing.assert_allclose(
          values[i], exact.value(
              mdp, dynamics, probs, exact.rewards(mdp, dynamics), 0.9),
          rtol=1e-4, atol=1e-5)

  def test_the_return_is_the_value_of_the_start(self):
    mdps, _, policy = _case(mdp_lib.Dynamics())
    visits = banded.visits(mdps, np.asarray(policy.going))
    values = banded.values(mdps, policy, 1.0)
    np.testing.assert_allclose(
        np.sum(visits * np.asarray(policy.rewards), axis=1),
        values[np.arange(len(values)), mdps.start], rtol=1e-6)

  def test_an_episode_for_ever(self):
    dynamics = mdp_lib.Dynamics(2, 0.0, 0.0)
    mdps = mdp_lib.stack([mdp_lib.chain(3)])
    there_and_back = np.full((1, 8, 2), -np.inf, np.float32)
    there_and_back[0, :4, 1] = there_and_back[0, 4:, 0] = 0.0
    policy = _steps(there_and_back, mdps, dynamics)
    for solve in (
        lambda: banded.visits(mdps, np.asarray(policy.going)),
        lambda: banded.values(mdps, policy, 1.0)):
      with self.assertRaisesRegex(
          ValueError, 'a policy stays in an episode for ever'):
        solve()
    self.assertTrue(np.isfinite(banded.values(mdps, policy, 0.99)).all())


if __name__ == '__main__':
  absltest.main()
