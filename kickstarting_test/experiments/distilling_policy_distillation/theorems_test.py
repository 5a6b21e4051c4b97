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
"""The theorems of Czarnecki et al. (2019), arXiv:1902.02186, as tests.

By enumeration of all states and actions, in double precision. Not here: single
quantities of the enumeration (`exact_test.py`).
"""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import oscillation
from kickstarting.losses import distillation
from kickstarting.losses import method_step

_GRID = mdp_lib.GridConfig(size=4, wall=0.1, terminal=0.05, penalty=0.2)
_DYNAMICS = mdp_lib.Dynamics(num_actions=5, noise=0.1, end_probability=0.05)
_FIELDS = tuple(name for name, method in distillation.METHODS.items()
                if method.is_gradient_field)
_OTHERS = tuple(name for name, method in distillation.METHODS.items()
                if not method.is_gradient_field)


def _world(seed=0):
  """Returns an MDP, and logits [S, A] of a student and a teacher."""
  rng = np.random.default_rng(seed)
  mdp = mdp_lib.grid_world(_GRID, rng)
  shape = (len(mdp.reward), _DYNAMICS.num_actions)
  return mdp, rng.normal(size=shape), 2 * rng.normal(size=shape)


def _value(mdp, logits, discount=1.0):
  return exact.value(mdp, _DYNAMICS, jax.nn.softmax(logits),
                     exact.rewards(mdp, _DYNAMICS), discount)


def _update(name, mdp, student, teacher, discount=1.0, **options):
  return exact.expected_update(
      distillation.get_method(name), mdp, _DYNAMICS, student, lambda x: x,
      teacher, _value(mdp, teacher, discount), discount=discount, **options)


def _jacobian(function):
  return jax.jit(jax.jacobian(function))


def _asymmetry(jacobian):
  size = int(np.sqrt(jacobian.size))
  jacobian = np.reshape(jacobian, (size, size))
  return np.abs(jacobian - jacobian.T).max() / np.abs(jacobian).max()


def _expected(mdp, student, costs):
  """Returns the mean of sum_t costs(s_t, a_t); costs [S, A]."""
  policy = jax.nn.softmax(student)
  visits = exact.visits(mdp, _DYNAMICS, policy)
  return jnp.sum(visits[:, None] * policy * costs)


def _distance(student, teacher):
  return -jnp.sum(
      jax.nn.softmax(teacher) * jax.nn.log_softmax(student), axis=1)


class _TestCase(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.enter_context(jax.enable_x64(True))


class Theorem1Test(_TestCase):

  @parameterized.parameters(*_FIELDS)
  def test_a_gradient_has_a_symmetric_jacobian(self, name):
    mdp, student, teacher = _world()
    jacobian = _jacobian(lambda x: _update(name, mdp, x, teacher))(student)
    self.assertLess(_asymmetry(jacobian), 1e-10)

  @parameterized.parameters(
      'n_distill_plus_r', 'expected_kl_regularised', 'baseline')
  def test_also_where_episodes_restart(self, name):
    mdp, student, teacher = _world()
    jacobian = _jacobian(
        lambda x: _update(name, mdp, x, teacher, restart=True))(student)
    self.assertLess(_asymmetry(jacobian), 1e-10)

  @parameterized.parameters(*_OTHERS)
  def test_what_is_none_has_not(self, name):
    mdp, student, teacher = _world()
    jacobian = _jacobian(lambda x: _update(name, mdp, x, teacher))(student)
    self.assertGreater(_asymmetry(jacobian), 1e-2)

  def test_the_usual_entropy_bonus_is_none(self):
    mdp, student, teacher = _world()

    def update(x):
      visits = exact.visits(mdp, _DYNAMICS, jax.nn.softmax(x))
      return jax.grad(lambda y: jnp.sum(visits * jnp.sum(
          jax.nn.softmax(y) * jax.nn.log_softmax(y), axis=1)))(x)

    del teacher
    self.assertGreater(_asymmetry(_jacobian(update)(student)), 1e-2)

  def test_the_number_of_the_oscillation(self):
    # J = -1 - q + p - 2pq; the loss -4q is met with probability p, so the
    # derivative of its part -4p q(1-q) by the first parameter is the whole
    # asymmetry: 4 p(1-p) q(1-q) at (-0.3, 0.7).
    params = jnp.array([-0.3, 0.7])
    for name, method in oscillation.methods().items():
      jacobian = _jacobian(
          lambda x, m=method: oscillation.direction(m, x))(params)
      expected = 0.2168 if name == 'on_policy_distill_plus_r' else 0.0
      self.assertAlmostEqual(
          abs(float(jacobian[0, 1] - jacobian[1, 0])), expected, places=4)

  def test_one_decision_state_is_no_counterexample(self):
    mdp = mdp_lib.chain(1)
    dynamics = mdp_lib.Dynamics(2, 0.0, 0.1)
    student, teacher = np.random.default_rng(0).normal(size=(2, 4, 2))
    jacobian = _jacobian(lambda x: exact.expected_update(
        distillation.get_method('on_policy_distill'), mdp, dynamics, x,
        lambda y: y, teacher, jnp.zeros(4)))(student)
    self.assertLess(_asymmetry(jacobian), 1e-12)


class Theorem2Test(_TestCase):

  @parameterized.parameters(range(3))
  def test_n_distill_descends_the_distance_on_its_own_states(self, seed):
    mdp, student, teacher = _world(seed)
    expected = jax.grad(lambda x: _expected(
        mdp, x, _distance(x, teacher)[:, None]))(student)
    np.testing.assert_allclose(
        _update('n_distill', mdp, student, teacher), expected, atol=1e-9)

  @parameterized.parameters('entropy_regularised',
                            'expected_entropy_regularised')
  def test_entropy_regularised(self, name):
    mdp, student, teacher = _world()
    costs = -method_step.floor_teacher(teacher)
    expected = jax.grad(lambda x: _expected(mdp, x, costs))(student)
    np.testing.assert_allclose(
        _update(name, mdp, student, teacher), expected, atol=1e-9)

  @parameterized.parameters('kl_regularised', 'expected_kl_regularised')
  def test_kl_regularised(self, name):
    mdp, student, teacher = _world()
    log_teacher = method_step.floor_teacher(teacher)
    expected = jax.grad(lambda x: _expected(
        mdp, x, jax.nn.log_softmax(x) - log_teacher))(student)
    np.testing.assert_allclose(
        _update(name, mdp, student, teacher), expected, atol=1e-9)

  def test_teacher_distill(self):
    mdp, student, teacher = _world()
    visits = exact.visits(mdp, _DYNAMICS, jax.nn.softmax(teacher))
    expected = jax.grad(
        lambda x: jnp.sum(visits * _distance(x, teacher)))(student)
    np.testing.assert_allclose(
        _update('teacher_distill', mdp, student, teacher), expected, atol=1e-9)

  @parameterized.parameters(
      'n_distill', 'expected_entropy_regularised', 'kl_regularised',
      'expected_kl_regularised', 'entropy_regularised', 'on_policy_distill',
      'v_gated')
  def test_plus_r_adds_the_gradient_of_the_return(self, name):
    mdp, student, teacher = _world()
    rewards = exact.rewards(mdp, _DYNAMICS)
    expected = jax.grad(lambda x: _expected(mdp, x, -rewards))(student)
    difference = (_update(f'{name}_plus_r', mdp, student, teacher)
                  - _update(name, mdp, student, teacher))
    np.testing.assert_allclose(difference, expected, atol=1e-9)
    np.testing.assert_allclose(
        _update('baseline', mdp, student, teacher), expected, atol=1e-9)


class FixedPointTest(_TestCase):

  @parameterized.parameters(
      ('kl_regularised', True), ('expected_kl_regularised', True),
      ('entropy_regularised', False), ('expected_entropy_regularised', False))
  def test_with_its_own_entropy_the_teacher_is_one(self, name, is_fixed):
    # Without it that is who always takes the teacher's most likely action.
    mdp, _, teacher = _world()
    copied = method_step.floor_teacher(teacher)
    update = np.abs(_update(name, mdp, copied, teacher)).max()
    if is_fixed:
      self.assertLess(update, 1e-9)
    else:
      self.assertGreater(update, 1e-2)

  def test_the_expected_kl_finds_the_teacher(self):
    mdp, student, teacher = _world()

    def body(x, _):
      return x - 0.2 * _update('expected_kl_regularised', mdp, x, teacher), None

    found, _ = jax.lax.scan(body, student, None, length=10_000)
    log_teacher = method_step.floor_teacher(teacher)
    kl = jnp.sum(jax.nn.softmax(found) * (
        jax.nn.log_softmax(found) - log_teacher), axis=1)
    visits = exact.visits(mdp, _DYNAMICS, jax.nn.softmax(found))
    self.assertLess(float(jnp.sum(visits * kl)), 1e-2)  # 0 is the least

  def test_rewards_and_the_teacher_have_a_discount_each(self):
    mdp, student, teacher = _world()
    both = _update(
        'n_distill_plus_r', mdp, student, teacher, 0.9, distill_discount=0.5)
    parts = [
        _update('baseline', mdp, student, teacher, 0.9),
        _update('n_distill', mdp, student, teacher, 0.5, distill_discount=0.5)]
    np.testing.assert_allclose(both, sum(parts), atol=1e-9)


class PropositionsTest(_TestCase):

  def test_1_on_policy_distillation_finds_the_teacher(self):
    mdp, student, teacher = _world()

    def body(x, _):
      return x - 0.5 * _update('on_policy_distill', mdp, x, teacher), None

    found, _ = jax.lax.scan(body, student, None, length=20_000)
    p = jax.nn.softmax(teacher)
    kl = jnp.sum(
        p * (jax.nn.log_softmax(teacher) - jax.nn.log_softmax(found)), axis=1)
    reachable = exact.visits(mdp, _DYNAMICS, jax.nn.softmax(student)) > 1e-9
    self.assertGreater(reachable.sum(), 10)
    self.assertLess(float(kl[reachable].max()), 1e-3)

  @parameterized.parameters(range(3))
  def test_2_who_is_worse_copies_until_it_is_not(self, seed):
    mdp, student, teacher = _world(seed)

    def body(x, _):
      return x - 0.5 * _update('v_gated', mdp, x, teacher), None

    found, _ = jax.lax.scan(body, student, None, length=5_000)
    value, wanted = _value(mdp, found), _value(mdp, teacher)
    # The premise: the loss is nowhere above the teacher's own entropy.
    p = jax.nn.softmax(teacher)
    excess = jnp.sum(p * (jnp.log(p) - jax.nn.log_softmax(found)), axis=1)
    reached = exact.visits(mdp, _DYNAMICS, jax.nn.softmax(found)) > 1e-3
    self.assertLess(
        float(jnp.max(jnp.where(reached & (wanted > value), excess, 0))), 0.05)
    self.assertGreaterEqual(
        float(value[mdp.start]), float(wanted[mdp.start]) - 1e-2)

  @parameterized.parameters(range(3))
  def test_3_the_teachers_value_improves_on_it(self, seed):
    mdp, student, teacher = _world(seed)

    def body(x, _):
      return x - 0.5 * _update('td_teacher_v', mdp, x, teacher), None

    found, _ = jax.lax.scan(body, student, None, length=20_000)
    better, worse = _value(mdp, found), _value(mdp, teacher)
    self.assertGreater(float(better[mdp.start]), float(worse[mdp.start]))
    # Where it goes is the greedy improvement on the teacher's value.
    q = exact.action_value(
        mdp, _DYNAMICS, worse, exact.rewards(mdp, _DYNAMICS))
    visits = exact.visits(mdp, _DYNAMICS, jax.nn.softmax(found))
    regret = q.max(axis=1) - jnp.sum(jax.nn.softmax(found) * q, axis=1)
    self.assertLess(float(jnp.sum(visits * regret)), 0.05)

  def test_shaping_changes_no_gradient(self):
    mdp, student, teacher = _world()
    np.testing.assert_allclose(
        _update('teacher_v_reward', mdp, student, teacher),
        _update('baseline', mdp, student, teacher), atol=1e-9)

  def test_shaping_with_a_discount_changes_none_either(self):
    mdp, student, teacher = _world()
    np.testing.assert_allclose(
        _update('teacher_v_reward', mdp, student, teacher, 0.9),
        _update('baseline', mdp, student, teacher, 0.9), atol=1e-9)

  def test_4_the_shaped_reward_of_the_best_teacher_is_its_advantage(self):
    mdp, _, _ = _world()
    dynamics = mdp_lib.Dynamics(num_actions=4, noise=0.0, end_probability=0.0)
    rewards = exact.rewards(mdp, dynamics)
    value = jnp.zeros(len(mdp.reward))
    for _ in range(100):
      value = exact.action_value(mdp, dynamics, value, rewards).max(axis=1)
    alive = np.flatnonzero(~mdp.is_terminal)
    after = mdp.successor[alive]  # [N, 4]
    at = lambda x: method_step.Step(
        *[jnp.zeros(())] * 5, teacher_value=x, student_value=jnp.zeros(()))
    shaped = distillation.pseudo_reward(
        distillation.get_method('teacher_v_reward'), at(value[alive, None]),
        at(value[after]), mdp.reward[after],
        jnp.where(mdp.is_terminal[after], 0.0, 1.0))
    self.assertGreater(float(value[mdp.start]), 1.0)
    self.assertLess(float(shaped.min()), -1.0)
    np.testing.assert_allclose(shaped.max(axis=1), 0.0, atol=1e-9)

  def test_4_literally_where_only_the_end_pays(self):
    mdp = mdp_lib.chain(3)
    value = np.array([0.0, *np.ones(5), 0.0, 0.0])  # always to the right
    for state in range(1, 6):
      reward = mdp.reward[mdp.successor[state]]
      shaped = reward + value[mdp.successor[state]] - value[state]
      self.assertLessEqual(shaped[mdp_lib.LEFT], reward[mdp_lib.LEFT])
      if state < 5:
        self.assertEqual(shaped[mdp_lib.RIGHT], reward[mdp_lib.RIGHT])


class DirectionTest(_TestCase):

  def test_what_each_divergence_is_smallest_at(self):
    teacher = np.log([0.5, 0.3, 0.2])
    grid = np.array([
        (i, j, 100 - i - j) for i in range(101) for j in range(101 - i)]) / 100
    # At the corners too the student can do everything, if hardly ever.
    students = np.log(np.maximum(grid, 1e-9))
    step = method_step.make_step(
        students, np.broadcast_to(teacher, grid.shape), None,
        np.zeros(len(grid)), np.zeros(len(grid)), floor=0.0)
    for divergence, best in (
        (step.distance, [0.5, 0.3, 0.2]),
        (step.reverse_cross_entropy, [1.0, 0.0, 0.0]),
        (step.reverse_kl, [0.5, 0.3, 0.2])):
      np.testing.assert_allclose(grid[np.argmin(divergence[:, 0])], best)


class OscillationTest(_TestCase):

  def test_crossings(self):
    # facts: computed by hand-derived equations, and read off Figure 2.
    for name, sides, starts in (
        ('on_policy_distill_plus_r', [1635, 3820, 6012, 8210],
         [544, 2727, 4915, 7110]),
        ('n_distill_plus_r', [1282], [380])):
      path = oscillation.follow(oscillation.methods()[name], -2.0, 0.025, 9000)
      np.testing.assert_allclose(
          oscillation.crossings(path[:, 0]), starts, rtol=0.01)
      np.testing.assert_allclose(
          oscillation.crossings(path[:, 1]), sides, rtol=0.01)

  def test_the_invariant_grows_slowly_with_finite_steps(self):
    path = oscillation.follow(
        oscillation.methods()['on_policy_distill_plus_r'], -2.0, 0.025, 9000)
    invariant = np.sum(1 / (path * (1 - path)), axis=1)
    np.testing.assert_allclose(invariant[[0, -1]], [19.05, 19.32], rtol=1e-3)
    finer = oscillation.follow(
        oscillation.methods()['on_policy_distill_plus_r'], -2.0, 0.0025, 90_000)
    finer = np.sum(1 / (finer[[0, -1]] * (1 - finer[[0, -1]])), axis=1)
    self.assertLess(finer[1] - finer[0], 0.2 * (invariant[-1] - invariant[0]))

  def test_what_the_updates_reach(self):
    on_policy, n_distill = (
        oscillation.follow(method, -2.0, 0.025, 9000)
        for method in oscillation.methods().values())
    np.testing.assert_allclose(
        [on_policy[:, 0].min(), on_policy[:, 0].max()], [0.070, 0.929],
        atol=2e-3)
    np.testing.assert_allclose(
        -4 * on_policy.prod(axis=1).max(), -3.11, atol=0.01)
    np.testing.assert_allclose(n_distill[-1], [0.998, 0.994], atol=1e-3)
    np.testing.assert_allclose(n_distill[:, 1].min(), 0.082, atol=1e-3)


if __name__ == '__main__':
  absltest.main()
