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
"""Tests of method_step.py: the quantities of a step, and where they are 0."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import checks
from kickstarting.losses import distillation
from kickstarting.losses import divergences
from kickstarting.losses import method_step

jax.config.update('jax_numpy_rank_promotion', 'raise')


class StepTest(parameterized.TestCase):

  @parameterized.parameters(*divergences.DIVERGENCES)
  def test_what_only_one_of_both_can_do_leaves_all_finite(self, divergence):
    student = np.float32([0.5, 1.5, -np.inf, 2.5])
    teacher = np.float32([2.0, -np.inf, -1.0, 3.0])
    zero = np.zeros((), np.float32)
    for call in (method_step.make_step, jax.jit(
        method_step.make_step, static_argnames='divergence')):
      step = call(student, teacher, np.array(3), zero, zero,
                  divergence=divergence)
      for name, value in step._asdict().items():
        self.assertTrue(np.isfinite(value), name)
    if divergence == 'cross_entropy':
      able = student[[0, 1, 3]], teacher[[0, 1, 3]]
      expected = divergences.cross_entropy(*able[::-1])
      np.testing.assert_allclose(step.distance, expected, rtol=1e-6)

  def test_the_reverse_divergence_has_a_teacher_with_a_floor(self):
    teacher, zero = np.float32([0.0, -np.inf]), np.zeros((), np.float32)
    step = method_step.make_step(
        np.zeros(2, np.float32), teacher, np.array(0), zero, zero,
        divergence='reverse_kl', floor=0.1)
    # (1 - 0.1) (1, 0) + 0.1 / 2
    expected = -np.log(2) - 0.5 * (np.log(0.95) + np.log(0.05))
    np.testing.assert_allclose(step.distance, expected, rtol=1e-5)
    np.testing.assert_allclose(step.reverse_kl, expected, rtol=1e-5)

  @parameterized.parameters(-1, 4)
  def test_an_action_that_is_none(self, action):
    args = (np.zeros(4, np.float32), np.zeros(4, np.float32), np.array(action),
            np.zeros((), np.float32), np.zeros((), np.float32))
    with self.assertRaisesRegex(
        checks.UserError, f'actions is {action}; expected 0 to 3'):
      method_step.make_step(*args)
    self.assertEqual(jax.jit(method_step.make_step)(*args).teacher_log_prob, 0)

  def test_the_floor(self):
    # (1 - 0.1) (1, 0) + 0.1 / 2
    np.testing.assert_allclose(
        np.exp(method_step.floor_teacher(
            np.array([0.0, -np.inf], np.float32), 0.1)), [0.95, 0.05],
        rtol=1e-6)

  def test_all_actions_at_once(self):
    rng = np.random.default_rng(0)
    normal = lambda *shape: rng.normal(size=shape).astype(np.float32)
    args = normal(5, 3, 4), normal(5, 3, 4)
    values = normal(5, 3), normal(5, 3)
    every = method_step.make_step(*args, None, *values)
    for action in range(4):
      one = method_step.make_step(*args, np.full((5, 3), action), *values)
      for name in one._fields:
        wide = np.broadcast_to(getattr(every, name), (5, 3, 4))
        np.testing.assert_allclose(
            wide[..., action], getattr(one, name), rtol=1e-6)

  def test_an_action_that_the_student_cannot_take(self):
    student = np.float32([[0.0, 1.0, -np.inf], [-np.inf, 0.0, -np.inf]])
    zeros = np.zeros(2, np.float32)
    step = method_step.make_step(
        student, np.float32([[1.0, 0.0, 2.0]] * 2), np.array([2, 0]), zeros,
        zeros)
    # Nothing is learnt from it, so it gives no reward either.
    for name in ('teacher_log_prob', 'student_log_prob'):
      np.testing.assert_array_equal(getattr(step, name), 0.0)
    for method in map(distillation.get_method, (
        'entropy_regularised', 'kl_regularised',
        'expected_entropy_regularised')):
      for weight in (0.0, 1.0):
        reward = distillation.pseudo_reward(
            method, step, step, zeros, zeros + 0.9, weight)
        self.assertTrue(np.isfinite(reward).all(), method.name)


if __name__ == '__main__':
  absltest.main()
