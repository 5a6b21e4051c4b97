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
"""Tests of targets.py against what the library differentiates."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import targets
from kickstarting.losses import method_step

_RNG = np.random.default_rng(0)
_STUDENT = _RNG.normal(size=(7, 6)).astype(np.float32)
_TEACHER = _RNG.normal(size=(7, 4)).astype(np.float32)  # never takes two
_FLOOR = 1e-3


def _step(logits):
  teacher = np.pad(_TEACHER, ((0, 0), (0, 2)), constant_values=-np.inf)
  zeros = jnp.zeros(len(logits))
  return method_step.make_step(
      logits, jnp.asarray(teacher), None, zeros, zeros, floor=_FLOOR)


class DivergenceTest(parameterized.TestCase):

  @parameterized.parameters('distance', 'reverse_kl')
  def test_is_the_librarys(self, name):
    found = targets.divergence(
        name, jax.nn.log_softmax(_STUDENT), targets.make(_TEACHER, 6, _FLOOR),
        targets.log_never(6, _FLOOR))
    np.testing.assert_allclose(
        found, getattr(_step(_STUDENT), name)[:, 0], rtol=1e-5)

  @parameterized.parameters('distance', 'reverse_cross_entropy', 'reverse_kl')
  def test_slope_is_its_gradient(self, name):
    found = targets.slope(
        name, jax.nn.softmax(_STUDENT), targets.make(_TEACHER, 6, _FLOOR),
        targets.log_never(6, _FLOOR))
    expected = jax.grad(
        lambda x: jnp.sum(getattr(_step(x), name)))(jnp.asarray(_STUDENT))
    np.testing.assert_allclose(found, expected, atol=1e-5)

  def test_an_action_that_the_student_has_given_up(self):
    student = _STUDENT - 300 * np.eye(6, dtype=np.float32)[:1]
    target = targets.make(_TEACHER, 6, _FLOOR)
    never = targets.log_never(6, _FLOOR)
    for name in ('distance', 'reverse_cross_entropy', 'reverse_kl'):
      self.assertTrue(np.isfinite(targets.slope(
          name, jax.nn.softmax(student), target, never)).all())
    for name in ('distance', 'reverse_kl'):
      self.assertTrue(np.isfinite(targets.divergence(
          name, jax.nn.log_softmax(student), target, never)).all())


if __name__ == '__main__':
  absltest.main()
