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
"""Tests of method_unroll.py: bootstrapping from teachers, two discounts.

Not here: the table (`method_unroll_test.py`, read it first).
"""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.losses import distillation
from kickstarting.losses import method_unroll
from kickstarting.losses import transitions as transitions_lib
from kickstarting_test.losses import method_cases as cases


class BootstrapTest(parameterized.TestCase):
  """Bootstrapping from a teacher."""

  def test_counts_the_teacher_once_whatever_its_weight(self):
    # One endless state, reward 1, gamma 0.9, teacher's value 10: the value that
    # is learnt, V = r + share gamma 10 + (1 - share) gamma V, is 10.
    gamma, trajectory = 0.9, cases.make()[1]
    trajectory = trajectory._replace(
        timesteps=trajectory.timesteps._replace(
            reward=np.ones((cases.T + 1, cases.B), np.float32),
            discount=np.ones((cases.T + 1, cases.B), np.float32),
            step_type=np.ones((cases.T + 1, cases.B), np.int32)),
        teacher=trajectory.teacher._replace(
            value=np.full((cases.T + 1, cases.B), 10.0, np.float32),
            index=np.zeros(cases.B, np.int32)))
    output = types.AgentOutput(
        np.zeros((cases.T + 1, cases.B, cases.A), np.float32),
        np.zeros((cases.T + 1, cases.B), np.float32))
    apply = jax.jit(lambda weights: cases.apply(
        'td_teacher_v', output, trajectory, weights)[0])
    for weight in (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 1e6):
      found = apply(np.full(cases.B, weight, np.float32))
      value = found.r_t[0, 0] / (1 - found.discount_t[0, 0])
      with self.subTest(weight):
        np.testing.assert_allclose(value, 1 / (1 - gamma), rtol=1e-5)


_SUMMED = tuple(
    name for name in cases.STUDENT_DRIVEN
    if distillation.METHODS[name].has_teacher_reward
    and not distillation.METHODS[name].is_one_step)


class TwoDiscountsTest(parameterized.TestCase):
  """A discount of its own for what comes from the teacher."""

  def _apply(self, name, output, trajectory, teacher_discount):
    transitions = transitions_lib.split_transitions(
        output, trajectory, discount=cases.GAMMA)
    apply = jax.jit(lambda transitions, output, trajectory: (
        method_unroll.apply_method(
            distillation.get_method(name), transitions, output, trajectory,
            cases.WEIGHTS, floor=cases.FLOOR,
            teacher_discount=teacher_discount)))
    return transitions, apply(transitions, output, trajectory)

  @parameterized.parameters(*_SUMMED)
  def test_rewards_and_pay_are_apart(self, name):
    output, trajectory = cases.make()
    output = output._replace(taught_value=cases.normal(7, cases.T + 1, cases.B))
    plain, (transitions, loss, taught) = self._apply(
        name, output, trajectory, 0.5)
    jax.tree.map(np.testing.assert_array_equal, transitions, plain)
    base = name.removesuffix('_plus_r')
    of_loss, now, following = cases.TABLE[base]
    for t in range(cases.T):
      for b in range(cases.B):
        if (t, b) in cases.LAST:
          continue
        here = cases.Slow(output, trajectory, t, b)
        there = cases.Slow(output, trajectory, t + 1, b, has_action=False)
        is_taught = cases.WEIGHTS[b] != 0
        gamma = 0.5 * trajectory.timesteps.discount[t + 1, b] * is_taught
        pay = cases.WEIGHTS[b] * (now(here) + gamma * following(there))
        with self.subTest(t=t, b=b):
          np.testing.assert_allclose(
              taught.r_t[t, b], is_taught * pay, rtol=1e-5, atol=1e-6)
          np.testing.assert_allclose(taught.discount_t[t, b], gamma, rtol=1e-6)
          self.assertEqual(bool(taught.is_learnable_tm1[t, b]), is_taught)
          if loss is not None:
            np.testing.assert_allclose(
                loss[t, b], (b != cases.WITHOUT_TEACHER) * of_loss(here),
                rtol=1e-5)
    np.testing.assert_array_equal(taught.v_tm1, output.taught_value[:-1])
    np.testing.assert_array_equal(taught.v_t, output.taught_value[1:])

  @parameterized.parameters(*_SUMMED)
  def test_equal_discounts_are_one_return_in_two(self, name):
    output, trajectory = cases.make()
    output = output._replace(taught_value=cases.normal(7, cases.T + 1, cases.B))
    _, apart = self._apply(name, output, trajectory, cases.GAMMA)
    _, together = self._apply(name, output, trajectory, None)
    rewards = apart.transitions.r_t * (
        distillation.METHODS[name].adds_reward
        & transitions_lib.split_transitions(
            output, trajectory, discount=cases.GAMMA).is_learnable_tm1)
    alive = together.transitions.is_learnable_tm1
    np.testing.assert_allclose(
        np.where(alive, rewards + apart.taught.r_t, 0.0),
        np.where(alive, together.transitions.r_t, 0.0), rtol=1e-5, atol=1e-6)

  def test_without_teachers_there_is_no_second_return(self):
    output, trajectory = cases.make()
    _, applied = self._apply(
        'n_distill_plus_r', output, trajectory._replace(teacher=None), 0.5)
    self.assertIsNone(applied.taught)

  @parameterized.parameters(
      'on_policy_distill_plus_r', 'v_gated', 'td_teacher_v', 'td_zero_v',
      'baseline')
  def test_a_discount_of_nothing(self, name):
    output, trajectory = cases.make()
    with self.assertRaisesRegex(
        checks.UserError, f"teacher_discount is 0.5 with method '{name}'"):
      self._apply(name, output, trajectory, 0.5)

  def test_a_student_without_the_value(self):
    output, trajectory = cases.make()
    with self.assertRaisesRegex(
        checks.UserError, 'teacher_discount is 0.5, but the student has no'):
      self._apply('n_distill', output, trajectory, 0.5)
    with self.assertRaisesRegex(
        checks.UserError, 'teacher_discount is 1.5; expected'):
      self._apply('n_distill', output, trajectory, 1.5)


if __name__ == '__main__':
  absltest.main()
