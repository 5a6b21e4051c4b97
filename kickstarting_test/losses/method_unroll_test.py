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

Not here: the theorems, which need whole episodes
(`experiments/distilling_policy_distillation/`).
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
from kickstarting.losses import method_unroll
from kickstarting.losses import transitions as transitions_lib

jax.config.update('jax_numpy_rank_promotion', 'raise')

_T, _B, _A = 5, 3, 4
_GAMMA = 0.9
_FLOOR = 0.05
_LAST = ((2, 0), (3, 2))  # stream 0 terminates, stream 2 runs out of time
_WEIGHTS = np.array([0.5, 0.0, 2.0], np.float32)
_WITHOUT_TEACHER = 1  # stream
_STUDENT_DRIVEN = tuple(
    name for name, method in distillation.METHODS.items()
    if method.control == 'student')


def _normal(seed, *shape):
  return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def _make():
  """Returns an unroll of the student and its trajectory."""
  step_type = np.ones((_T + 1, _B), np.int32)
  discount = np.ones((_T + 1, _B), np.float32)
  for t, b in _LAST:
    step_type[t, b], step_type[t + 1, b] = 2, 0
  discount[_LAST[0]] = 0.0
  output = types.AgentOutput(
      _normal(0, _T + 1, _B, _A), _normal(1, _T + 1, _B))
  trajectory = types.Trajectory(
      timesteps=types.Timestep(
          {}, None, None, _normal(2, _T + 1, _B), discount, step_type),
      actions=np.random.default_rng(3).integers(
          0, _A, (_T, _B)).astype(np.int32),
      behaviour_logits=_normal(4, _T, _B, _A),
      initial_core_state=None, instructions=None, task=None,
      teacher=types.TeacherOutput(
          2 * _normal(5, _T + 1, _B, _A), _normal(6, _T + 1, _B),
          np.array([0, -1, 0], np.int32)))
  return output, trajectory


def _apply(name, output, trajectory, weights=_WEIGHTS, **options):
  transitions = transitions_lib.split_transitions(
      output, trajectory, discount=_GAMMA)
  return method_unroll.apply_method(
      distillation.get_method(name), transitions, output, trajectory, weights,
      **{'floor': _FLOOR, **options})[:2]


def _loss(name, output, trajectory, **options):
  return _apply(name, output, trajectory, **options)[1]


def _gradient(name, output, trajectory):
  """Returns the gradient of the summed loss in the logits; transitions."""

  def total(logits):
    transitions, loss = _apply(
        name, output._replace(logits=logits), trajectory)
    return jnp.sum(0.0 if loss is None else loss), transitions

  return jax.grad(total, has_aux=True)(output.logits)


def _softmax(x):
  x = np.exp(np.float64(x) - np.max(x))
  return x / x.sum()


class _Slow:
  """The quantities of one step as sums over actions, as the paper's."""

  def __init__(self, output, trajectory, t, b, has_action=True):
    self.p = _softmax(trajectory.teacher.logits[t, b])
    self.q = _softmax(output.logits[t, b])
    self.floored = (1 - _FLOOR) * self.p + _FLOOR / _A
    self.teacher_value = float(trajectory.teacher.value[t, b])
    self.student_value = float(output.value[t, b])
    self.action = trajectory.actions[t, b] if has_action else None

  def distance(self):
    return -sum(p * np.log(q) for p, q in zip(self.p, self.q))

  def reverse(self):
    return -sum(q * np.log(p) for p, q in zip(self.floored, self.q))

  def reverse_kl(self):
    return sum(q * np.log(q / p) for p, q in zip(self.floored, self.q))

  def log_teacher(self):
    if self.action is None:
      return -self.reverse()
    return np.log(self.floored[self.action])

  def log_student(self):
    if self.action is None:
      return sum(q * np.log(q) for q in self.q)
    return np.log(self.q[self.action])


# Table 1 once more, by hand: loss, what step i gives, what step i+1 gives.
_NOTHING = lambda s: 0.0
_TABLE = {
    'on_policy_distill': (_Slow.distance, _NOTHING, _NOTHING),
    'entropy_regularised': (_NOTHING, _Slow.log_teacher, _NOTHING),
    'n_distill': (_Slow.distance, _NOTHING, lambda s: -s.distance()),
    'expected_entropy_regularised': (
        _Slow.reverse, _NOTHING, _Slow.log_teacher),
    'expected_kl_regularised': (
        _Slow.reverse_kl, _NOTHING, lambda s: -s.reverse_kl()),
    'kl_regularised': (
        _NOTHING, lambda s: s.log_teacher() - s.log_student(), _NOTHING),
    'v_gated': (
        lambda s: s.distance() if s.teacher_value > s.student_value else 0.0,
        _NOTHING, _NOTHING),
    'teacher_v_reward': (
        _NOTHING, lambda s: -s.teacher_value, lambda s: s.teacher_value),
    'td_teacher_v': (_NOTHING, _NOTHING, lambda s: s.teacher_value),
    'td_zero_v': (_NOTHING, _NOTHING, _NOTHING),
    'baseline': (_NOTHING, _NOTHING, _NOTHING),
}
_ALWAYS_REWARDED = {'teacher_v_reward', 'td_teacher_v', 'td_zero_v', 'baseline'}


class TableTest(chex.TestCase, parameterized.TestCase):

  def test_every_row_is_here(self):
    names = set(_TABLE) | {
        f'{name}_plus_r' for name in set(_TABLE) - _ALWAYS_REWARDED}
    self.assertEqual(names, set(_STUDENT_DRIVEN))
    self.assertEqual(
        set(distillation.METHODS) - names,
        {'teacher_distill', 'uniform_distill'})

  @parameterized.parameters(*_STUDENT_DRIVEN)
  def test_against_single_steps(self, name):
    output, trajectory = _make()
    base = name.removesuffix('_plus_r')
    loss, now, following = _TABLE[base]
    adds_reward = base in _ALWAYS_REWARDED or name != base
    is_one_step = base.startswith('td_')
    transitions, actual = jax.jit(
        lambda o, x: _apply(name, o, x))(output, trajectory)
    for t in range(_T):
      for b in range(_B):
        if (t, b) in _LAST:
          continue
        weight = min(_WEIGHTS[b], 1.0) if is_one_step else _WEIGHTS[b]
        here = _Slow(output, trajectory, t, b)
        there = _Slow(output, trajectory, t + 1, b, has_action=False)
        gamma = _GAMMA * trajectory.timesteps.discount[t + 1, b]
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
                actual[t, b], (b != _WITHOUT_TEACHER) * loss(here), rtol=1e-5)
    self.assertEqual(actual is None, loss is _NOTHING)


class BootstrapTest(parameterized.TestCase):
  """Bootstrapping from a teacher."""

  def test_counts_the_teacher_once_whatever_its_weight(self):
    # One endless state, reward 1, gamma 0.9, teacher's value 10: the value that
    # is learnt, V = r + share gamma 10 + (1 - share) gamma V, is 10.
    gamma, trajectory = 0.9, _make()[1]
    trajectory = trajectory._replace(
        timesteps=trajectory.timesteps._replace(
            reward=np.ones((_T + 1, _B), np.float32),
            discount=np.ones((_T + 1, _B), np.float32),
            step_type=np.ones((_T + 1, _B), np.int32)),
        teacher=trajectory.teacher._replace(
            value=np.full((_T + 1, _B), 10.0, np.float32),
            index=np.zeros(_B, np.int32)))
    output = types.AgentOutput(
        np.zeros((_T + 1, _B, _A), np.float32),
        np.zeros((_T + 1, _B), np.float32))
    apply = jax.jit(lambda weights: _apply(
        'td_teacher_v', output, trajectory, weights)[0])
    for weight in (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 1e6):
      found = apply(np.full(_B, weight, np.float32))
      value = found.r_t[0, 0] / (1 - found.discount_t[0, 0])
      with self.subTest(weight):
        np.testing.assert_allclose(value, 1 / (1 - gamma), rtol=1e-5)


_SUMMED = tuple(
    name for name in _STUDENT_DRIVEN
    if distillation.METHODS[name].has_teacher_reward
    and not distillation.METHODS[name].is_one_step)


class TwoDiscountsTest(parameterized.TestCase):
  """A discount of its own for what comes from the teacher."""

  def _apply(self, name, output, trajectory, teacher_discount):
    transitions = transitions_lib.split_transitions(
        output, trajectory, discount=_GAMMA)
    apply = jax.jit(lambda transitions, output, trajectory: (
        method_unroll.apply_method(
            distillation.get_method(name), transitions, output, trajectory,
            _WEIGHTS, floor=_FLOOR, teacher_discount=teacher_discount)))
    return transitions, apply(transitions, output, trajectory)

  @parameterized.parameters(*_SUMMED)
  def test_rewards_and_pay_are_apart(self, name):
    output, trajectory = _make()
    output = output._replace(taught_value=_normal(7, _T + 1, _B))
    plain, (transitions, loss, taught) = self._apply(
        name, output, trajectory, 0.5)
    jax.tree.map(np.testing.assert_array_equal, transitions, plain)
    base = name.removesuffix('_plus_r')
    of_loss, now, following = _TABLE[base]
    for t in range(_T):
      for b in range(_B):
        if (t, b) in _LAST:
          continue
        here = _Slow(output, trajectory, t, b)
        there = _Slow(output, trajectory, t + 1, b, has_action=False)
        is_taught = _WEIGHTS[b] != 0
        gamma = 0.5 * trajectory.timesteps.discount[t + 1, b] * is_taught
        pay = _WEIGHTS[b] * (now(here) + gamma * following(there))
        with self.subTest(t=t, b=b):
          np.testing.assert_allclose(
              taught.r_t[t, b], is_taught * pay, rtol=1e-5, atol=1e-6)
          np.testing.assert_allclose(taught.discount_t[t, b], gamma, rtol=1e-6)
          self.assertEqual(bool(taught.is_learnable_tm1[t, b]), is_taught)
          if loss is not None:
            np.testing.assert_allclose(
                loss[t, b], (b != _WITHOUT_TEACHER) * of_loss(here), rtol=1e-5)
    np.testing.assert_array_equal(taught.v_tm1, output.taught_value[:-1])
    np.testing.assert_array_equal(taught.v_t, output.taught_value[1:])

  @parameterized.parameters(*_SUMMED)
  def test_equal_discounts_are_one_return_in_two(self, name):
    output, trajectory = _make()
    output = output._replace(taught_value=_normal(7, _T + 1, _B))
    _, apart = self._apply(name, output, trajectory, _GAMMA)
    _, together = self._apply(name, output, trajectory, None)
    rewards = apart.transitions.r_t * (
        distillation.METHODS[name].adds_reward
        & transitions_lib.split_transitions(
            output, trajectory, discount=_GAMMA).is_learnable_tm1)
    alive = together.transitions.is_learnable_tm1
    np.testing.assert_allclose(
        np.where(alive, rewards + apart.taught.r_t, 0.0),
        np.where(alive, together.transitions.r_t, 0.0), rtol=1e-5, atol=1e-6)

  def test_without_teachers_there_is_no_second_return(self):
    output, trajectory = _make()
    _, applied = self._apply(
        'n_distill_plus_r', output, trajectory._replace(teacher=None), 0.5)
    self.assertIsNone(applied.taught)

  @parameterized.parameters(
      'on_policy_distill_plus_r', 'v_gated', 'td_teacher_v', 'td_zero_v',
      'baseline')
  def test_a_discount_of_nothing(self, name):
    output, trajectory = _make()
    with self.assertRaisesRegex(
        checks.UserError, f"teacher_discount is 0.5 with method '{name}'"):
      self._apply(name, output, trajectory, 0.5)

  def test_a_student_without_the_value(self):
    output, trajectory = _make()
    with self.assertRaisesRegex(
        checks.UserError, 'teacher_discount is 0.5, but the student has no'):
      self._apply('n_distill', output, trajectory, 0.5)
    with self.assertRaisesRegex(
        checks.UserError, 'teacher_discount is 1.5; expected'):
      self._apply('n_distill', output, trajectory, 1.5)


class GradientTest(parameterized.TestCase):

  @parameterized.parameters(
      'on_policy_distill', 'n_distill', 'expected_entropy_regularised',
      'expected_kl_regularised', 'v_gated')
  def test_of_the_loss_is_that_of_finite_differences(self, name):
    output, trajectory = _make()
    weights = np.ones(_B, np.float32)

    def loss(logits):
      return _loss(name, output._replace(logits=logits), trajectory,
                   weights=weights).sum()

    gradient = jax.grad(loss)(output.logits)
    step = 1e-2  # float32
    for index in ((0, 0, 1), (1, 2, 3), (4, 1, 0)):
      moved = np.zeros_like(output.logits)
      moved[index] = step
      found = (loss(output.logits + moved) - loss(output.logits - moved)) / (
          2 * step)
      np.testing.assert_allclose(gradient[index], found, rtol=2e-3, atol=2e-3)

  @parameterized.parameters(*_STUDENT_DRIVEN)
  def test_none_through_rewards_values_or_the_teacher(self, name):
    output, trajectory = _make()

    def rewards(logits, value, teacher):
      transitions, _ = _apply(
          name, types.AgentOutput(logits, value), trajectory._replace(
              teacher=trajectory.teacher._replace(
                  logits=teacher.logits, value=teacher.value)))
      return transitions.r_t.sum() + transitions.discount_t.sum()

    def loss(value, teacher):
      found = _loss(
          name, output._replace(value=value), trajectory._replace(
              teacher=trajectory.teacher._replace(
                  logits=teacher.logits, value=teacher.value)))
      return 0.0 if found is None else found.sum()

    teacher = types.AgentOutput(
        trajectory.teacher.logits, trajectory.teacher.value)
    gradients = (
        jax.grad(rewards, (0, 1, 2))(output.logits, output.value, teacher),
        jax.grad(loss, (0, 1))(output.value, teacher))
    for gradient in jax.tree.leaves(gradients):
      np.testing.assert_array_equal(gradient, 0.0)

  def test_none_where_there_is_nothing_to_learn(self):
    output, trajectory = _make()
    gradient = jax.grad(lambda x: _loss(
        'on_policy_distill', output._replace(logits=x), trajectory).sum())(
            output.logits)
    for t, b in _LAST:
      np.testing.assert_array_equal(gradient[t, b], 0.0)
    np.testing.assert_array_equal(gradient[:, 1], 0.0)  # weight 0
    np.testing.assert_array_equal(gradient[-1], 0.0)
    self.assertGreater(np.abs(gradient[0, 0]).max(), 0.05)

  @parameterized.parameters(*_STUDENT_DRIVEN)
  def test_rubbish_of_a_stream_without_weight_stays_there(self, name):
    output, trajectory = _make()
    trajectory.teacher.logits[:, 1] = np.nan
    trajectory.teacher.value[:, 1] = np.nan
    gradient, transitions = _gradient(name, output, trajectory)
    self.assertTrue(np.isfinite(gradient).all())
    self.assertTrue(np.isfinite(transitions.r_t).all())
    expected = (trajectory.timesteps.reward[1:, 1]
                if distillation.get_method(name).adds_reward else np.zeros(_T))
    np.testing.assert_array_equal(transitions.r_t[:, 1], expected)


class EdgeTest(parameterized.TestCase):

  @parameterized.parameters(*_STUDENT_DRIVEN)
  def test_one_step(self, name):
    output, trajectory = _make()
    short = jax.tree.map(lambda x: x[:2], (output, trajectory.timesteps))
    trajectory = trajectory._replace(
        timesteps=short[1], actions=trajectory.actions[:1],
        behaviour_logits=trajectory.behaviour_logits[:1],
        teacher=trajectory.teacher._replace(
            logits=trajectory.teacher.logits[:2],
            value=trajectory.teacher.value[:2]))
    transitions, _ = _apply(name, short[0], trajectory)
    self.assertEqual(transitions.r_t.shape, (1, _B))
    self.assertTrue(np.isfinite(transitions.r_t).all())

  @parameterized.parameters(*_STUDENT_DRIVEN)
  def test_a_deterministic_teacher_gives_finite_numbers(self, name):
    output, trajectory = _make()
    logits = np.full((_T + 1, _B, _A), -np.inf, np.float32)
    logits[..., 2] = 0.0
    trajectory = trajectory._replace(
        teacher=trajectory.teacher._replace(logits=logits))
    gradient, transitions = _gradient(name, output, trajectory)
    self.assertTrue(np.isfinite(gradient).all())
    self.assertTrue(np.isfinite(transitions.r_t).all())

  @parameterized.parameters(1e4, -1e4)
  def test_extreme_logits(self, size):
    output, trajectory = _make()
    extreme = np.zeros((_T + 1, _B, _A), np.float32)
    extreme[..., 1] = size
    output = output._replace(logits=extreme)
    for name in _STUDENT_DRIVEN:
      transitions, _ = _apply(name, output, trajectory)
      with self.subTest(name):
        self.assertTrue(np.isfinite(transitions.r_t).all())

  def test_actions_that_the_student_cannot_take(self):
    # A mask that depends on the state; the behaviour policy had every action.
    output, trajectory = _make()
    logits = output.logits.copy()
    for t, b in ((0, 0), (1, 2), (4, 0)):
      logits[t, b, trajectory.actions[t, b]] = -np.inf
    for name in ('baseline', 'entropy_regularised', 'kl_regularised',
                 'kl_regularised_plus_r', 'expected_entropy_regularised'):

      def total(logits):
        transitions, loss = _apply(
            name, output._replace(logits=logits), trajectory)
        terms = actor_critic.vtrace_actor_critic(transitions)
        is_counted = transitions.is_learnable_tm1
        return sum(jnp.sum(jnp.where(is_counted, term, 0.0)) for term in (
            *terms.values(), 0.0 if loss is None else loss)), transitions.r_t

      gradient, reward = jax.jit(jax.grad(total, has_aux=True))(logits)
      chex.assert_tree_all_finite((gradient, reward))

  def test_nothing_learnable(self):
    output, trajectory = _make()
    trajectory.timesteps.step_type[:] = 2
    transitions, loss = _apply('n_distill', output, trajectory)
    np.testing.assert_array_equal(transitions.r_t, 0.0)
    np.testing.assert_array_equal(loss, 0.0)

  @parameterized.parameters('teacher_distill', 'uniform_distill')
  def test_who_acted_does_not_change_the_distance(self, name):
    output, trajectory = _make()
    np.testing.assert_array_equal(
        _loss(name, output, trajectory),
        _loss('on_policy_distill', output, trajectory))

  def test_a_sharpened_teacher(self):
    output, trajectory = _make()
    sharp = trajectory._replace(teacher=trajectory.teacher._replace(
        logits=trajectory.teacher.logits / np.float32(0.1)))
    np.testing.assert_allclose(
        _loss('on_policy_distill', output, trajectory, teacher_temperature=0.1),
        _loss('on_policy_distill', output, sharp), rtol=1e-5)

  def test_another_number_of_actions(self):
    output, trajectory = _make()
    trajectory = trajectory._replace(teacher=trajectory.teacher._replace(
        logits=trajectory.teacher.logits[..., :-1]))
    with self.assertRaises(AssertionError):
      _apply('n_distill', output, trajectory)


if __name__ == '__main__':
  absltest.main()
