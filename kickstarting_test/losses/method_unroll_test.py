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
"""Tests of method_unroll.py: the table, against sums over single steps.

Not here: returns of teachers (`method_returns_test.py`), and the theorems,
which need whole episodes (`experiments/distilling_policy_distillation/`).
"""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.losses import actor_critic
from kickstarting.losses import distillation
from kickstarting_test.losses import method_cases as cases


def _loss(name, output, trajectory, **options):
  return cases.apply(name, output, trajectory, **options)[1]


def _gradient(name, output, trajectory):
  """Returns the gradient of the summed loss in the logits; transitions."""

  def total(logits):
    transitions, loss = cases.apply(
        name, output._replace(policy=logits), trajectory)
    return jnp.sum(0.0 if loss is None else loss), transitions

  return jax.grad(total, has_aux=True)(output.policy)


class TableTest(chex.TestCase, parameterized.TestCase):

  def test_every_row_is_here(self):
    names = set(cases.TABLE) | {
        f'{name}_plus_r' for name in set(cases.TABLE) - cases.ALWAYS_REWARDED}
    self.assertEqual(names, set(cases.STUDENT_DRIVEN))
    self.assertEqual(
        set(distillation.METHODS) - names,
        {'teacher_distill', 'uniform_distill'})

  @parameterized.parameters(*cases.STUDENT_DRIVEN)
  def test_against_single_steps(self, name):
    output, trajectory = cases.make()
    base = name.removesuffix('_plus_r')
    loss, now, following = cases.TABLE[base]
    adds_reward = base in cases.ALWAYS_REWARDED or name != base
    is_one_step = base.startswith('td_')
    transitions, actual = jax.jit(
        lambda o, x: cases.apply(name, o, x))(output, trajectory)
    for t in range(cases.T):
      for b in range(cases.B):
        if (t, b) in cases.LAST:
          continue
        weight = min(cases.WEIGHTS[b], 1.0) if is_one_step else cases.WEIGHTS[b]
        here = cases.Slow(output, trajectory, t, b)
        there = cases.Slow(output, trajectory, t + 1, b, has_action=False)
        gamma = cases.GAMMA * trajectory.timesteps.discount[t + 1, b]
        reward = weight * (now(here) + gamma * following(there))
        reward += adds_reward * trajectory.timesteps.reward[t + 1, b]
        with self.subTest(t=t, b=b):
          np.testing.assert_allclose(transitions.r_t[t, b], reward, rtol=1e-5,
                                     atol=1e-6)
          rest = 1.0
          if is_one_step:
            rest = 0.0 if base == 'td_zero_v' else max(0.0, 1.0 - weight)
          np.testing.assert_allclose(
              transitions.discount_t[t, b], rest * gamma, rtol=1e-6)
          self.assertEqual(
              bool(transitions.is_learnable_tm1[t, b]),
              adds_reward or weight != 0)
          if actual is not None:
            np.testing.assert_allclose(
                actual[t, b], (b != cases.WITHOUT_TEACHER) * loss(here),
                rtol=1e-5)
    self.assertEqual(actual is None, loss is cases.NOTHING)


class GradientTest(parameterized.TestCase):

  @parameterized.parameters(
      'on_policy_distill', 'n_distill', 'expected_entropy_regularised',
      'expected_kl_regularised', 'v_gated')
  def test_of_the_loss_is_that_of_finite_differences(self, name):
    output, trajectory = cases.make()
    weights = np.ones(cases.B, np.float32)

    def loss(logits):
      return _loss(name, output._replace(policy=logits), trajectory,
                   weights=weights).sum()

    gradient = jax.grad(loss)(output.policy)
    step = 1e-2  # float32
    for index in ((0, 0, 1), (1, 2, 3), (4, 1, 0)):
      moved = np.zeros_like(output.policy)
      moved[index] = step
      found = (loss(output.policy + moved) - loss(output.policy - moved)) / (
          2 * step)
      np.testing.assert_allclose(gradient[index], found, rtol=2e-3, atol=2e-3)

  @parameterized.parameters(*cases.STUDENT_DRIVEN)
  def test_none_through_rewards_values_or_the_teacher(self, name):
    output, trajectory = cases.make()

    def rewards(logits, value, teacher):
      transitions, _ = cases.apply(
          name, types.AgentOutput(logits, value), trajectory._replace(
              teacher=trajectory.teacher._replace(
                  policy=teacher.policy, value=teacher.value)))
      return transitions.r_t.sum() + transitions.discount_t.sum()

    def loss(value, teacher):
      found = _loss(
          name, output._replace(value=value), trajectory._replace(
              teacher=trajectory.teacher._replace(
                  policy=teacher.policy, value=teacher.value)))
      return 0.0 if found is None else found.sum()

    teacher = types.AgentOutput(
        trajectory.teacher.policy, trajectory.teacher.value)
    gradients = (
        jax.grad(rewards, (0, 1, 2))(output.policy, output.value, teacher),
        jax.grad(loss, (0, 1))(output.value, teacher))
    for gradient in jax.tree.leaves(gradients):
      np.testing.assert_array_equal(gradient, 0.0)

  def test_none_where_there_is_nothing_to_learn(self):
    output, trajectory = cases.make()
    gradient = jax.grad(lambda x: _loss(
        'on_policy_distill', output._replace(policy=x), trajectory).sum())(
            output.policy)
    for t, b in cases.LAST:
      np.testing.assert_array_equal(gradient[t, b], 0.0)
    np.testing.assert_array_equal(gradient[:, 1], 0.0)  # weight 0
    np.testing.assert_array_equal(gradient[-1], 0.0)
    self.assertGreater(np.abs(gradient[0, 0]).max(), 0.05)

  @parameterized.parameters(*cases.STUDENT_DRIVEN)
  def test_rubbish_of_a_stream_without_weight_stays_there(self, name):
    output, trajectory = cases.make()
    trajectory.teacher.policy[:, 1] = np.nan
    trajectory.teacher.value[:, 1] = np.nan
    gradient, transitions = _gradient(name, output, trajectory)
    self.assertTrue(np.isfinite(gradient).all())
    self.assertTrue(np.isfinite(transitions.r_t).all())
    expected = (trajectory.timesteps.reward[1:, 1]
                if distillation.get_method(name).adds_reward
                else np.zeros(cases.T))
    np.testing.assert_array_equal(transitions.r_t[:, 1], expected)


class EdgeTest(parameterized.TestCase):

  @parameterized.parameters(*cases.STUDENT_DRIVEN)
  def test_one_step(self, name):
    output, trajectory = cases.make()
    short = jax.tree.map(lambda x: x[:2], (output, trajectory.timesteps))
    trajectory = trajectory._replace(
        timesteps=short[1], actions=trajectory.actions[:1],
        behaviour_log_prob=trajectory.behaviour_log_prob[:1],
        teacher=trajectory.teacher._replace(
            policy=trajectory.teacher.policy[:2],
            value=trajectory.teacher.value[:2]))
    transitions, _ = cases.apply(name, short[0], trajectory)
    self.assertEqual(transitions.r_t.shape, (1, cases.B))
    self.assertTrue(np.isfinite(transitions.r_t).all())

  @parameterized.parameters(*cases.STUDENT_DRIVEN)
  def test_a_deterministic_teacher_gives_finite_numbers(self, name):
    output, trajectory = cases.make()
    logits = np.full((cases.T + 1, cases.B, cases.A), -np.inf, np.float32)
    logits[..., 2] = 0.0
    trajectory = trajectory._replace(
        teacher=trajectory.teacher._replace(policy=logits))
    gradient, transitions = _gradient(name, output, trajectory)
    self.assertTrue(np.isfinite(gradient).all())
    self.assertTrue(np.isfinite(transitions.r_t).all())

  @parameterized.parameters(1e4, -1e4)
  def test_extreme_logits(self, size):
    output, trajectory = cases.make()
    extreme = np.zeros((cases.T + 1, cases.B, cases.A), np.float32)
    extreme[..., 1] = size
    output = output._replace(policy=extreme)
    for name in cases.STUDENT_DRIVEN:
      transitions, _ = cases.apply(name, output, trajectory)
      with self.subTest(name):
        self.assertTrue(np.isfinite(transitions.r_t).all())

  def test_actions_that_the_student_cannot_take(self):
    # A mask that depends on the state; the behaviour policy had every action.
    output, trajectory = cases.make()
    logits = output.policy.copy()
    for t, b in ((0, 0), (1, 2), (4, 0)):
      logits[t, b, trajectory.actions[t, b]] = -np.inf
    for name in ('baseline', 'entropy_regularised', 'kl_regularised',
                 'kl_regularised_plus_r', 'expected_entropy_regularised'):

      def total(logits):
        transitions, loss = cases.apply(
            name, output._replace(policy=logits), trajectory)
        terms = actor_critic.vtrace_actor_critic(transitions)
        is_counted = transitions.is_learnable_tm1
        return sum(jnp.sum(jnp.where(is_counted, term, 0.0)) for term in (
            *terms.values(), 0.0 if loss is None else loss)), transitions.r_t

      gradient, reward = jax.jit(jax.grad(total, has_aux=True))(logits)
      chex.assert_tree_all_finite((gradient, reward))

  def test_nothing_learnable(self):
    output, trajectory = cases.make()
    trajectory.timesteps.step_type[:] = 2
    transitions, loss = cases.apply('n_distill', output, trajectory)
    np.testing.assert_array_equal(transitions.r_t, 0.0)
    np.testing.assert_array_equal(loss, 0.0)

  @parameterized.parameters('teacher_distill', 'uniform_distill')
  def test_who_acted_does_not_change_the_distance(self, name):
    output, trajectory = cases.make()
    np.testing.assert_array_equal(
        _loss(name, output, trajectory),
        _loss('on_policy_distill', output, trajectory))

  def test_a_sharpened_teacher(self):
    output, trajectory = cases.make()
    sharp = trajectory._replace(teacher=trajectory.teacher._replace(
        policy=trajectory.teacher.policy / np.float32(0.1)))
    np.testing.assert_allclose(
        _loss('on_policy_distill', output, trajectory, teacher_temperature=0.1),
        _loss('on_policy_distill', output, sharp), rtol=1e-5)

  def test_another_number_of_actions(self):
    output, trajectory = cases.make()
    trajectory = trajectory._replace(teacher=trajectory.teacher._replace(
        policy=trajectory.teacher.policy[..., :-1]))
    with self.assertRaisesRegex(
        checks.UserError, r'teacher\.policy has shape .* A = 4'):
      cases.apply('n_distill', output, trajectory)


if __name__ == '__main__':
  absltest.main()
