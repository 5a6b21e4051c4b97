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
"""Tests of measuring.py against the dense solutions of exact.py."""

from absl.testing import absltest
import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import measuring
from experiments.distilling_policy_distillation import tabular


def _measure(mdps, teacher, dynamics):
  return measuring.make_measure(mdps, *(
      measuring.view_all(dynamics, find_logits, mdps, teacher)
      for find_logits in (measuring.copied, measuring.uniform)))


class MeasureTest(absltest.TestCase):

  def test_by_dense_systems(self):
    num, num_actions = 4, 6
    dynamics = mdp_lib.Dynamics(num_actions, 0.2, 0.05)
    mdps = jax.tree.map(jnp.asarray, mdp_lib.grid_worlds(
        num, mdp_lib.GridConfig(5), 3))
    shape = (*mdps.is_terminal.shape, num_actions)
    logits, wanted = (
        jax.random.normal(jax.random.key(i), shape) for i in (0, 1))
    teacher = tabular.Table(wanted, jnp.zeros(shape[:2]))
    found = _measure(mdps, teacher, dynamics)(
        jax.vmap(measuring.make_view(dynamics))(logits, mdps, teacher))
    self.assertEqual(found.shape, (num, len(measuring.MEASURES)))
    for i in range(num):
      mdp = jax.tree.map(lambda x, i=i: x[i], mdps)
      policy = jax.nn.softmax(logits[i])
      distance = -jnp.sum(jax.nn.softmax(wanted[i]) * jnp.log(policy), axis=1)
      expected = [exact.episode_return(mdp, dynamics, policy)] + [
          jnp.sum(exact.visits(mdp, dynamics, acting) * distance)
          for acting in (policy, jax.nn.softmax(wanted[i]),
                         jnp.full_like(policy, 1 / num_actions))]
      np.testing.assert_allclose(found[i], expected, rtol=1e-4, atol=1e-4)

  def test_a_deterministic_teacher_is_finite(self):
    dynamics = mdp_lib.Dynamics(2, 0.0, 0.01)
    mdps = jax.tree.map(jnp.asarray, mdp_lib.stack([mdp_lib.chain(3)]))
    always = jnp.broadcast_to(jnp.array([-jnp.inf, 0.0]), (1, 8, 2))
    teacher = tabular.Table(always, jnp.zeros((1, 8)))
    measure = _measure(mdps, teacher, dynamics)
    seen = measuring.view_all(dynamics, measuring.copied, mdps, teacher)
    np.testing.assert_allclose(
        measure(seen), [[0.99**3, 0, 0, 0]], atol=1e-5)


if __name__ == '__main__':
  absltest.main()
