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

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import sampling
from kickstarting.losses import distillation

_COPIES = 20_000
_DYNAMICS = mdp_lib.Dynamics(num_actions=5, noise=0.2, end_probability=0.1)


def _many(tree, num=_COPIES):
  return jax.tree.map(
      lambda x: jnp.broadcast_to(x, (num, *np.shape(x))), tree)


def _world():
  rng = np.random.default_rng(1)
  mdp = mdp_lib.grid_world(
      mdp_lib.GridConfig(3, wall=0.0, terminal=0.1, penalty=0.3), rng)
  shape = (len(mdp.reward), 5)
  student, teacher = rng.normal(size=(2, *shape)).astype(np.float32)
  return mdp, student, 2 * teacher


def _descents(name, mdp, student, teacher, value, **fields):
  """Returns what each copy's episode descends along; [copies, S, A]."""
  config = sampling.UpdateConfig(
      method=name, learning_rate=1.0, max_steps=200, **fields)
  update = jax.jit(sampling.make_update(config, _DYNAMICS))
  zeros = np.zeros(len(mdp.reward), np.float32)
  new = update(
      _many(sampling.Table(student, zeros)), _many(mdp),
      _many(sampling.Table(teacher, value)), jax.random.key(0))
  return student - np.asarray(new.logits), np.asarray(new.value)


class MeanTest(parameterized.TestCase):

  @parameterized.parameters(*(
      name for name in distillation.METHODS if 'gated' not in name))
  def test_is_the_expected_update(self, name):
    mdp, student, teacher = _world()
    value = np.asarray(exact.value(
        mdp, _DYNAMICS, jax.nn.softmax(teacher),
        exact.rewards(mdp, _DYNAMICS), 0.9))
    descents, _ = _descents(
        name, mdp, student, teacher, value, discount=0.9)
    expected = exact.expected_update(
        distillation.get_method(name), mdp, _DYNAMICS, student, lambda x: x,
        teacher, value, discount=0.9)
    error = descents.std(axis=0) / np.sqrt(_COPIES)
    off = np.abs(descents.mean(axis=0) - expected) / (error + 1e-5)
    self.assertLess(off.max(), 5.0)  # standard errors, of 50 numbers
    self.assertGreater(np.abs(expected).max(), 10 * error.max())

  def test_the_gate_compares_with_the_students_value(self):
    mdp, student, teacher = _world()  # the student's value is 0
    for value, is_open in ((0.5, True), (-0.5, False)):
      table = np.where(mdp.is_terminal, 0.0, value).astype(np.float32)
      descents, _ = _descents('v_gated', mdp, student, teacher, table)
      copied, _ = _descents('on_policy_distill', mdp, student, teacher, table)
      np.testing.assert_array_equal(descents, is_open * copied)

  def test_one_step_returns_end_at_the_value(self):
    # With a value of 0 they are the rewards alone, as of td_zero_v.
    mdp, student, teacher = _world()
    zeros = np.zeros(len(mdp.reward), np.float32)
    one, _ = _descents('baseline', mdp, student, teacher, zeros,
                       returns='one_step', value_rate=0.0)
    zero, _ = _descents('td_zero_v', mdp, student, teacher, zeros)
    np.testing.assert_allclose(one, zero, atol=1e-5)


class ValueTest(absltest.TestCase):

  def test_td_finds_the_value(self):
    mdp, student, teacher = _world()
    config = sampling.UpdateConfig(
        'baseline', learning_rate=1e-12, value_rate=0.05, discount=0.9,
        max_steps=100)
    update = sampling.make_update(config, _DYNAMICS)
    table = _many(sampling.Table(
        student, np.zeros(len(mdp.reward), np.float32)), 50)
    mdps, other = _many(mdp, 50), _many(sampling.Table(
        teacher, np.zeros(len(mdp.reward), np.float32)), 50)
    table = jax.jit(lambda table: jax.lax.fori_loop(
        0, 2000, lambda i, x: update(
            x, mdps, other, jax.random.fold_in(jax.random.key(1), i)),
        table))(table)
    policy = jax.nn.softmax(student)
    expected = exact.value(
        mdp, _DYNAMICS, policy, exact.rewards(mdp, _DYNAMICS), 0.9)
    often = exact.visits(mdp, _DYNAMICS, policy) > 0.2
    np.testing.assert_allclose(
        table.value.mean(axis=0)[often], expected[often], atol=0.15)


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
      zeros = np.zeros(shape[0], np.float32)
      variance = []
      for name in ('entropy_regularised', 'expected_entropy_regularised'):
        update = jax.jit(sampling.make_update(sampling.UpdateConfig(
            name, learning_rate=1.0, discount=1.0, max_steps=100), dynamics))
        new = update(
            _many(sampling.Table(np.zeros(shape, np.float32), zeros), 1000),
            _many(mdp, 1000), _many(sampling.Table(logits, zeros), 1000),
            jax.random.key(0))
        variance.append(float(new.logits.var(axis=0).sum()))
      gaps.append(variance[0] - variance[1])
    self.assertGreater(gaps[0], 1.0)
    self.assertGreater(gaps[1], 2.0 * gaps[0])
    self.assertGreater(gaps[2], 1.1 * gaps[1])


class PlayTest(absltest.TestCase):

  def test_choose(self):
    probs = jnp.array([[0.2, 0.0, 0.8]] * 4)
    uniform = jnp.array([0.0, 0.19, 0.2, 0.999999])
    self.assertEqual(sampling.choose(probs, uniform).tolist(), [0, 0, 2, 2])

  def test_frequencies_of_moves(self):
    mdp, *_ = _world()
    num, action = 100_000, 1
    states = jnp.full(num, mdp.start)
    found = np.asarray(sampling.move(
        _many(mdp, num), _DYNAMICS, states, jnp.full(num, action),
        jax.random.uniform(jax.random.key(0), (num,))))
    policy = np.eye(5)[np.full(len(mdp.reward), action)]
    expected = np.array(
        exact.transitions(mdp, _DYNAMICS, policy)[mdp.start])
    expected[-1] += 0.1
    np.testing.assert_allclose(
        np.bincount(found, minlength=len(expected)) / num, expected, atol=5e-3)

  def test_an_episode_longer_than_allowed_is_cut(self):
    mdp, student, teacher = _world()
    del teacher
    episode = sampling.play(
        _many(mdp, 50), mdp_lib.Dynamics(5, 0.0, 0.0),
        lambda rows, states: jnp.tile(jnp.eye(5)[4], (50, 1)), 7,
        jax.random.key(0))  # it stays where it is
    del student
    self.assertEqual(set(np.asarray(episode.num_steps).tolist()), {7})


class ConfigTest(parameterized.TestCase):

  @parameterized.parameters(
      ({'method': 'clone'}, "unknown method 'clone'"),
      ({'control': 'both'}, "unknown control 'both'"),
      ({'returns': 'td'}, "unknown returns 'td'"),
      ({'discount': 1.2}, r'discount is 1.2; expected a number in \[0, 1\]'),
      ({'floor': -1.0}, 'floor is -1.0'),
      ({'learning_rate': 0.0}, 'learning_rate is 0.0'),
      ({'max_steps': 0}, 'max_steps is 0; expected at least 1'),
  )
  def test_errors(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      sampling.UpdateConfig(**fields)


if __name__ == '__main__':
  absltest.main()
