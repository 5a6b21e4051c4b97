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
"""Tests of sampling.py: its mean is the expected update; what is refused."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import lanes
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import plan as plan_lib
from experiments.distilling_policy_distillation import sampling
from experiments.distilling_policy_distillation import tabular
from kickstarting.losses import distillation
from kickstarting.losses import method_step

_COPIES = 20_000
_DYNAMICS = mdp_lib.Dynamics(num_actions=5, noise=0.2, end_probability=0.1)


_OPTIMISES_LESS = 'jax_disable_most_optimizations'


def setUpModule():  # Each test compiles a program and runs it once.
  jax.config.update(_OPTIMISES_LESS, True)


def tearDownModule():
  jax.config.update(_OPTIMISES_LESS, False)


def _many(tree, num=_COPIES):
  return jax.tree.map(
      lambda x: jnp.broadcast_to(x, (num, *np.shape(x))), tree)


def _world(num_actions=5):
  rng = np.random.default_rng(1)
  mdp = mdp_lib.grid_world(
      mdp_lib.GridConfig(3, wall=0.0, terminal=0.1, penalty=0.3), rng)
  shape = (len(mdp.reward), num_actions)
  student, teacher = rng.normal(size=(2, *shape)).astype(np.float32)
  return mdp, student, 2 * teacher


def _learn(
    config, dynamics, mdp, student, teacher, value, num, updates=1, own=0.0):
  """Lets `num` copies of a student learn; returns their Table."""
  learner = sampling.make_learner(
      config, dynamics, updates, num_slots=1000, num_bursts=5, min_lanes=500)
  mdps = _many(mdp, num)
  teachers = _many(tabular.Table(teacher, value), num)
  state = learner.init(mdps, teachers)
  state = state._replace(lanes=state.lanes._replace(student=lanes.Student(
      jnp.array(_many(student, num)), jax.tree.map(
          lambda x: jnp.array(np.asarray(x) + own),
          state.lanes.student.value))))
  for i in range(10_000):
    if not int(learner.updates_left(state)):
      return state.lanes.student
    state = learner.advance(state, mdps, teachers, jax.random.key(i))
  raise AssertionError('never done')


def _dynamics(student):
  return dataclasses.replace(_DYNAMICS, num_actions=student.shape[-1])


def _descents(name, mdp, student, teacher, value, own=0.0, **fields):
  """Returns what each copy's episode descends along; [copies, S, A]."""
  config = tabular.UpdateConfig(
      **{'method': name, 'learning_rate': 1.0, 'max_steps': 60, **fields})
  found = _learn(
      config, _dynamics(student), mdp, student, teacher, value, _COPIES,
      own=own)
  return student - np.asarray(found.logits)


class MeanTest(parameterized.TestCase):

  @parameterized.parameters(
      *((name, 5) for name in distillation.METHODS if 'gated' not in name),
      # With so many actions a visit takes several steps.
      ('on_policy_distill', 20), ('n_distill_plus_r', 20),
      ('expected_entropy_regularised', 20), ('expected_kl_regularised', 20),
      ('teacher_v_reward', 20),
      # With so many that is done in some lanes, while others wait.
      ('n_distill_plus_r', 104), ('kl_regularised', 104),
      # Episodes go on where they would end.
      ('n_distill_plus_r', 5, {'restart': True}),
      ('entropy_regularised', 20, {'restart': True}),
      ('td_teacher_v', 5, {'restart': True}),
      # What is subtracted changes no mean.
      ('n_distill_plus_r', 5, {'critic': True, 'restart': True}),
      ('baseline', 20, {'critic': True}),
      ('td_teacher_v', 5, {'critic': True}))
  def test_is_the_expected_update(self, name, num_actions, fields=None):
    mdp, student, teacher = _world(num_actions)
    dynamics = _dynamics(student)
    fields = fields or {}
    value = np.asarray(exact.value(
        mdp, dynamics, jax.nn.softmax(teacher), exact.rewards(mdp, dynamics),
        0.9))
    descents = _descents(
        name, mdp, student, teacher, value, discount=0.9, distill_discount=0.7,
        own=np.linspace(0.0, 2.0, len(value)), value_rate=0.0, **fields)
    method = distillation.get_method(name)
    restart = fields.get('restart', False)
    expected = exact.expected_update(
        method, mdp, dynamics, student, lambda x: x, teacher, value,
        discount=0.9, distill_discount=0.7, restart=restart)
    policy = exact.control_policy(
        method.control, jax.nn.softmax(student), jax.nn.softmax(teacher))
    world = mdp_lib.restarting(mdp) if restart else mdp
    often = _COPIES * exact.visits(world, dynamics, policy)[:, None] * policy
    error = descents.std(axis=0) / np.sqrt(_COPIES)
    off = np.abs(descents.mean(axis=0) - expected) / (error + 1e-5)
    off = off[often > 20]  # or the error is not known
    self.assertLess(off.max(), 5.5)  # standard errors, of up to 1,000 numbers
    self.assertGreater(np.abs(expected).max(), 5 * error.max())

  def test_a_critic_is_of_before_the_episode(self):
    # Or what comes later would be in what is subtracted.
    mdp, student, teacher = _world()
    zeros = np.zeros(len(mdp.reward), np.float32)
    with_critic, without = (
        _descents('n_distill_plus_r', mdp, student, teacher, zeros,
                  critic=critic, value_rate=0.5) for critic in (True, False))
    np.testing.assert_array_equal(with_critic, without)

  def test_a_critic_makes_for_less_variance(self):
    mdp, student, teacher = _world()
    value = np.asarray(exact.value(
        mdp, _DYNAMICS, jax.nn.softmax(student),
        exact.rewards(mdp, _DYNAMICS), 0.99))
    with_critic, without = (
        _descents('baseline', mdp, student, teacher, value, own=value,
                  critic=critic, value_rate=0.0).var(axis=0).sum()
        for critic in (True, False))
    self.assertLess(with_critic, 0.9 * without)

  def test_the_gate_compares_with_the_students_value(self):
    mdp, student, teacher = _world()  # the student's value is 0
    for value, is_open in ((0.5, True), (-0.5, False)):
      table = np.where(mdp.is_terminal, 0.0, value).astype(np.float32)
      descents = _descents(
          'v_gated', mdp, student, teacher, table, value_rate=0.0)
      copied = _descents('on_policy_distill', mdp, student, teacher, table)
      np.testing.assert_array_equal(descents, is_open * copied)

  def test_one_step_returns_end_at_the_students_value(self):
    # As if it were the teacher's, of an update that bootstraps from that.
    mdp, student, teacher = _world()
    value = np.where(
        mdp.is_terminal, 0.0, np.arange(len(mdp.reward))).astype(np.float32)
    zeros = np.zeros_like(value)
    one = _descents('baseline', mdp, student, teacher, zeros, own=value,
                    returns='one_step', value_rate=0.0)
    other = _descents('td_teacher_v', mdp, student, teacher, value)
    np.testing.assert_allclose(one, other, atol=1e-4)
    self.assertGreater(np.abs(other).max(), 0.1)


class LossTest(absltest.TestCase):

  def test_losses_are_linear_in_the_distances(self):
    # Their slopes are summed over a visit without the distances themselves.
    for name, method in distillation.METHODS.items():
      if method.loss is None:
        continue
      slopes = [jax.grad(method.loss)(method_step.Step(
          *divergences, -1.0, -2.0, 1.0, 0.5))
                for divergences in ((0.0, 0.0, 0.0), (0.3, 7.0, 2.0))]
      self.assertEqual(slopes[0], slopes[1], name)


class ValueTest(parameterized.TestCase):

  @parameterized.parameters(False, True)
  def test_td_finds_the_value_of_each_part(self, restart):
    mdp, student, teacher = _world()
    config = tabular.UpdateConfig(
        'n_distill_plus_r', returns='one_step', learning_rate=1e-12,
        value_rate=0.05, discount=0.9, distill_discount=0.5, restart=restart,
        max_steps=100)
    zeros = np.zeros(len(mdp.reward), np.float32)
    table = _learn(
        config, _DYNAMICS, mdp, student, teacher, zeros, 50, updates=2000)
    policy = jax.nn.softmax(student)
    world = mdp_lib.restarting(mdp) if restart else mdp
    often = exact.visits(world, _DYNAMICS, policy) > 0.2
    distance = -np.sum(jax.nn.softmax(teacher) * np.log(policy), axis=1)
    costs = mdp._replace(reward=np.where(
        mdp.is_terminal, 0.0, -0.5 * distance).astype(np.float32))
    if restart:
      costs = mdp_lib.restarting(costs)
    for found, source, discount in (
        (table.value.rewards, mdp, 0.9), (table.value.teacher, costs, 0.5)):
      expected = exact.value(
          world, _DYNAMICS, policy, exact.rewards(source, _DYNAMICS), discount)
      np.testing.assert_allclose(
          found.mean(axis=0)[often], expected[often], atol=0.15)
      self.assertGreater(np.abs(expected[often]).max(), 0.3)


class VarianceTest(absltest.TestCase):

  def test_the_expected_form_has_less_and_the_gap_grows_with_actions(self):
    mdp = mdp_lib.grid_world(
        mdp_lib.GridConfig(5, 0.0, 0.1, 0.1), np.random.default_rng(0))
    gaps = []
    for num_actions in (4, 40, 400):
      dynamics = mdp_lib.Dynamics(num_actions, 0.1, 0.1)
      shape = (len(mdp.reward), num_actions)
      logits = np.full(shape, -np.inf, np.float32)  # never the added actions
      logits[:, :4] = np.random.default_rng(1).normal(size=(shape[0], 4))
      variance = []
      for name in ('entropy_regularised', 'expected_entropy_regularised'):
        config = tabular.UpdateConfig(
            name, learning_rate=1.0, discount=1.0, distill_discount=1.0,
            max_steps=100)
        found = _learn(
            config, dynamics, mdp, np.zeros(shape, np.float32), logits,
            np.zeros(shape[0], np.float32), 400)
        variance.append(float(found.logits.var(axis=0).sum()))
      gaps.append(variance[0] - variance[1])
    self.assertGreater(gaps[0], 1.0)
    self.assertGreater(gaps[1], 2.0 * gaps[0])
    self.assertGreater(gaps[2], 1.1 * gaps[1])


class LearnerTest(absltest.TestCase):

  def _begun(self, num, num_lanes):
    plan = plan_lib.Plan(tabular.UpdateConfig(), _DYNAMICS)
    mdps = mdp_lib.grid_worlds(num, mdp_lib.GridConfig(5), 0)
    student = lanes.Student(
        jnp.zeros((num, 1, 5)), plan_lib.Parts(*2 * [jnp.zeros((num, 1))]))
    return lanes.State(
        student, *lanes.init(plan, mdps, num_lanes, 1))

  def _all(
      self, num, num_slots, max_steps=50, updates=30, dynamics=_DYNAMICS):
    mdps = jax.tree.map(jnp.asarray, mdp_lib.grid_worlds(
        num, mdp_lib.GridConfig(5), 0))
    shape = (*mdps.is_terminal.shape, dynamics.num_actions)
    teacher = tabular.Table(
        2 * jax.random.normal(jax.random.key(0), shape), jnp.zeros(shape[:2]))
    learner = sampling.make_learner(
        tabular.UpdateConfig(max_steps=max_steps, learning_rate=0.1),
        dynamics, updates, 3, num_slots, num_bursts=3)
    state, left = learner.init(mdps, teacher), []
    for i in range(10_000):
      left.append(int(learner.updates_left(state)))
      if not left[-1]:
        return state, left
      state = learner.advance(state, mdps, teacher, jax.random.key(i))
    raise AssertionError('never done')

  def test_every_student_gets_its_updates(self):
    state, left = self._all(num=7, num_slots=3)
    self.assertEqual(left[0], 7 * 30)
    self.assertEqual(left, sorted(left, reverse=True))
    # The last snapshot is the end, and the ones before differ from it.
    logits = state.lanes.student.logits
    np.testing.assert_array_equal(state.snapshots[-1], logits)
    for one, two in ((0, 1), (1, 2)):
      moved = np.abs(state.snapshots[one] - state.snapshots[two]).max((1, 2))
      self.assertGreater(moved.min(), 1e-3)

  def test_narrows_when_few_are_left(self):
    for num_actions in (5, 20):
      dynamics = dataclasses.replace(_DYNAMICS, num_actions=num_actions)
      state, _ = self._all(num=300, num_slots=300, dynamics=dynamics)
      self.assertEqual(
          len(state.lanes.acting.time), 37 if num_actions == 5 else 9)
      np.testing.assert_array_equal(
          state.snapshots[-1], state.lanes.student.logits)
      moved = np.abs(state.snapshots[0] - state.snapshots[1]).max((1, 2))
      self.assertGreater(moved.min(), 1e-3)

  def test_what_is_in_the_lanes_that_are_kept(self):
    state = self._begun(num=9, num_lanes=5)
    acting, learning = state.acting, state.learning
    # Lanes 1 and 4 have students; those of 4 have changed places once.
    items = np.array([99, 3, 99, 99, 99]), np.array([99, 99, 99, 99, 7])
    state = state._replace(
        acting=acting._replace(seat=acting.seat._replace(
            item=jnp.array(items[0]), column=jnp.array([0, 1, 2, 3, 9]))),
        learning=learning._replace(seat=learning.seat._replace(
            item=jnp.array(items[1]), column=jnp.array([5, 6, 7, 8, 4]))),
        records=state.records._replace(choices=jnp.tile(
            jnp.arange(10), (len(state.records.choices), 1))))
    self.assertEqual(int(lanes.num_used(state)), 2)
    kept = lanes.narrow(state, 2)
    np.testing.assert_array_equal(kept.acting.seat.item, [3, 99])
    np.testing.assert_array_equal(kept.learning.seat.item, [99, 7])
    # Each seat finds in its column what was in the one that it had.
    for seat, columns in ((kept.acting.seat, [1, 9]),
                          (kept.learning.seat, [6, 4])):
      np.testing.assert_array_equal(
          kept.records.choices[0, seat.column], columns)

  def test_more_slots_than_students(self):
    state, _ = self._all(num=2, num_slots=50)
    self.assertLen(state.lanes.acting.time, 1)
    logits = state.lanes.student.logits
    self.assertGreater(np.abs(logits).max((1, 2)).min(), 0.1)

  def test_an_episode_longer_than_allowed_is_cut(self):
    mdp, student, teacher = _world()
    student[:] = [0, 0, 0, 0, 99]  # it stays where it is
    config = tabular.UpdateConfig(learning_rate=1.0, max_steps=7)
    found = _learn(config, mdp_lib.Dynamics(5, 0.0, 0.0), mdp, student, teacher,
                   np.zeros(len(mdp.reward), np.float32), 4)
    descent = (student - np.asarray(found.logits))[:, mdp.start]
    one = jax.nn.softmax(student[mdp.start]) - jax.nn.softmax(
        teacher[mdp.start])
    np.testing.assert_allclose(descent, np.tile(7 * one, (4, 1)), rtol=1e-4)


if __name__ == '__main__':
  absltest.main()
