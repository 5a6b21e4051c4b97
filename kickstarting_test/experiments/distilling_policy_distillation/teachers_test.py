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
"""Tests of teachers.py: they learn, they err where asked, they are valued."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import teachers

_DYNAMICS = mdp_lib.Dynamics(num_actions=2, noise=0.0, end_probability=0.01)


def _corridors(num=3):
  return jax.tree.map(jnp.asarray, mdp_lib.stack([mdp_lib.chain(3)] * num))


class QLearningTest(absltest.TestCase):

  def test_finds_the_best_policy_and_its_value(self):
    q = jax.jit(lambda: teachers.q_learning(
        teachers.TeacherConfig(
            teacher_steps=60_000, teacher_rate=0.02, epsilon=0.5),
        _corridors(), _DYNAMICS, jax.random.key(0)))()
    # Always to the right from the start: 0.99 a step, of the episode and gamma.
    for steps, state in enumerate((5, 4, 3)):
      np.testing.assert_allclose(
          q[:, state, mdp_lib.RIGHT], 0.99 * 0.9801**steps, atol=0.05)
      self.assertTrue((q[:, state].argmax(axis=1) == mdp_lib.RIGHT).all())


class PolicyTest(parameterized.TestCase):

  def test_temperatures(self):
    q = np.array([[0.0, 0.1]], np.float32)
    np.testing.assert_allclose(teachers.policy_logits(q, 0.1), [[0, 1]])
    np.testing.assert_array_equal(
        teachers.policy_logits(q, 0.0), [[-np.inf, 0]])

  @parameterized.parameters(
      (np.zeros((1, 2)), -0.1, 'temperature is -0.1; expected'),
      (np.array([[0.0, np.nan]]), 1.0, 'Q is not finite everywhere'),
  )
  def test_errors(self, q, temperature, message):
    with self.assertRaisesRegex(ValueError, message):
      teachers.policy_logits(q, temperature)


class FlipTest(parameterized.TestCase):

  def test_another_action_becomes_the_best_in_a_share_of_states(self):
    logits = np.random.default_rng(0).normal(size=(50, 40, 4))
    before = logits.copy()
    flipped = teachers.flip(logits, 0.25, np.random.default_rng(1))
    np.testing.assert_array_equal(logits, before)
    is_flipped = flipped.argmax(axis=-1) != logits.argmax(axis=-1)
    self.assertBetween(is_flipped.mean(), 0.23, 0.27)
    np.testing.assert_array_equal(np.sort(flipped), np.sort(logits))
    # Every other action is as likely.
    shift = (flipped.argmax(-1) - logits.argmax(-1))[is_flipped] % 4
    self.assertBetween(
        (shift[:, None] == [1, 2, 3]).mean(axis=0).min(), 0.28, 0.34)

  def test_nothing_to_flip(self):
    logits = np.random.default_rng(0).normal(size=(2, 3, 4))
    np.testing.assert_array_equal(
        teachers.flip(logits, 0.0, np.random.default_rng(0)), logits)

  @parameterized.parameters(
      (np.zeros((1, 2, 3)), 1.5, r'share is 1.5; expected a number in \[0, 1'),
      (np.zeros((1, 2, 1)), 0.5, 'there is one action; expected another'),
  )
  def test_errors(self, logits, share, message):
    with self.assertRaisesRegex(ValueError, message):
      teachers.flip(logits, share, np.random.default_rng(0))


class ValueTest(absltest.TestCase):

  def test_the_mean_of_many_episodes_is_the_exact_one(self):
    mdps = _corridors(2)
    logits = jnp.broadcast_to(jnp.array([0.0, 1.0]), (2, 8, 2))
    found = [
        teachers.estimate_value(
            teachers.TeacherConfig(value_episodes=episodes), mdps, _DYNAMICS,
            logits, jax.random.key(0), 100) for episodes in (3000, 0)]
    np.testing.assert_allclose(*found, atol=0.06)
    expected = exact.value(
        jax.tree.map(lambda x: x[0], mdps), _DYNAMICS,
        jax.nn.softmax(logits[0]),
        exact.rewards(jax.tree.map(lambda x: x[0], mdps), _DYNAMICS), 0.99)
    np.testing.assert_allclose(found[1][0], expected, atol=1e-5)

  def test_where_episodes_restart(self):
    mdps = _corridors(2)
    logits = jnp.broadcast_to(jnp.array([0.0, 1.0]), (2, 8, 2))
    found = teachers.estimate_value(
        teachers.TeacherConfig(), mdps, _DYNAMICS, logits, jax.random.key(0),
        100, restart=True)
    mdp = jax.tree.map(lambda x: x[0], mdps)
    expected = exact.value(
        mdp_lib.restarting(mdp), _DYNAMICS, jax.nn.softmax(logits[0]),
        exact.rewards(mdp, _DYNAMICS), 0.99)
    np.testing.assert_allclose(found[0], expected, atol=1e-4)
    with self.assertRaisesRegex(ValueError, 'value_episodes is 7 where epis'):
      teachers.estimate_value(
          teachers.TeacherConfig(value_episodes=7), mdps, _DYNAMICS, logits,
          jax.random.key(0), 100, restart=True)

  def test_states_without_a_visit_count_nothing(self):
    logits = jnp.broadcast_to(jnp.array([-jnp.inf, 0.0]), (2, 8, 2))
    found = teachers.estimate_value(
        teachers.TeacherConfig(value_episodes=10), _corridors(2), _DYNAMICS,
        logits, jax.random.key(0), 100)
    np.testing.assert_array_equal(found[:, :3], 0.0)
    self.assertGreater(float(found[:, 3].min()), 0.5)


class ConfigTest(parameterized.TestCase):

  @parameterized.parameters(
      ({'epsilon': 1.5}, 'epsilon is 1.5'),
      ({'teacher_rate': -0.1}, 'teacher_rate is -0.1'),
      ({'teacher_steps': -1}, 'teacher_steps is -1; expected at least 0'),
  )
  def test_errors(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      teachers.TeacherConfig(**fields)


if __name__ == '__main__':
  absltest.main()
