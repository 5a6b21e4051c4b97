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
"""Tests of flipped.py: which states err, and how."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import types
from kickstarting.teachers import flipped
from kickstarting.teachers import teacher as teacher_lib

_A = 4


def _teacher(num_actions=_A):

  def unroll(params, timesteps, context, state):
    del context
    x = timesteps.observation['image'].reshape(
        *timesteps.step_type.shape, -1).astype(jnp.float32)
    return types.AgentOutput(x @ params, x.sum(axis=-1)), state

  return teacher_lib.Teacher(
      name='able', params=np.random.default_rng(0).normal(
          size=(12, num_actions)).astype(np.float32),
      encode=lambda *_: None, unroll=unroll, initial_state=lambda size: (),
      architecture='linear', num_actions=num_actions, observation={})


def _timesteps(seed, shape=(5, 200)):
  rng = np.random.default_rng(seed)
  empty = np.zeros(shape, np.int32)
  return types.Timestep(
      {'image': rng.integers(0, 11, (*shape, 2, 2, 3), np.uint8),
       'pose': rng.normal(size=(*shape, 2)).astype(np.float32)},
      empty, empty, empty, empty, empty)


def _logits(teacher, timesteps):
  return np.asarray(jax.jit(
      lambda x: teacher.unroll(teacher.params, x, None, ()))(
          timesteps)[0].policy)


class FlipTest(parameterized.TestCase):

  def test_a_share_of_the_states_has_another_best_action(self):
    able, timesteps = _teacher(), _timesteps(1)
    before, after = (
        _logits(t, timesteps) for t in (able, flipped.flip(able, 0.25)))
    is_flipped = before.argmax(-1) != after.argmax(-1)
    self.assertBetween(is_flipped.mean(), 0.2, 0.3)
    np.testing.assert_array_equal(before[~is_flipped], after[~is_flipped])
    np.testing.assert_array_equal(np.sort(before), np.sort(after))
    shift = (after.argmax(-1) - before.argmax(-1))[is_flipped] % _A
    self.assertEqual(set(shift.tolist()), {1, 2, 3})

  def test_the_same_view_gives_the_same_error(self):
    teacher = flipped.flip(_teacher(), 0.5)
    timesteps = _timesteps(2)
    logits = _logits(teacher, timesteps)
    order = np.random.default_rng(3).permutation(200)
    moved = timesteps._replace(observation=jax.tree.map(
        lambda x: x[:, order], timesteps.observation))
    np.testing.assert_allclose(
        _logits(teacher, moved), logits[:, order], rtol=1e-5)

  def test_every_part_of_the_view_matters(self):
    teacher, timesteps = flipped.flip(_teacher(), 0.5), _timesteps(4)
    logits = _logits(teacher, timesteps)
    turned = timesteps._replace(observation=timesteps.observation | {
        'pose': -timesteps.observation['pose']})
    share = (_logits(teacher, turned) != logits).any(axis=-1).mean()
    self.assertBetween(share, 0.4, 0.75)

  def test_seeds_differ(self):
    timesteps = _timesteps(5)
    one, two = (_logits(flipped.flip(_teacher(), 0.5, seed), timesteps)
                for seed in (0, 10))
    self.assertTrue((one != two).any())

  def test_teachers_with_different_errors_are_not_evaluated_in_one_call(self):
    able = _teacher()
    self.assertNotEqual(
        flipped.flip(able, 0.25).architecture, able.architecture)
    self.assertEqual(flipped.flip(able, 0.25).architecture,
                     flipped.flip(able, 0.25).architecture)
    self.assertIs(flipped.flip(able, 0.0), able)

  def test_swap_by_hand(self):
    np.testing.assert_array_equal(
        flipped.swap_best(
            np.array([[1.0, 5.0, 2.0], [9.0, 0.0, 3.0]]), np.array([2, 1])),
        [[5.0, 1.0, 2.0], [0.0, 9.0, 3.0]])

  @parameterized.parameters(
      (0.5, 1, "'able' has 1 action; expected another one"),
      (1.5, 4, r'share is 1.5; expected a number in \[0, 1\]'))
  def test_errors(self, share, num_actions, message):
    with self.assertRaisesRegex(ValueError, message):
      flipped.flip(_teacher(num_actions), share)

  def test_nothing_but_policy_and_value_changes(self):
    able = _teacher()
    erring = flipped.flip(able, 0.9)
    self.assertFalse(erring.has_value)
    with self.assertRaisesRegex(
        ValueError, "reads the teacher's value function, but teacher 'able'"):
      teacher_lib.check_value([erring], 'teacher_v_reward')
    self.assertEqual(
        dataclasses.replace(
            able, unroll=None, architecture=None, has_value=False),
        dataclasses.replace(erring, unroll=None, architecture=None))


if __name__ == '__main__':
  absltest.main()
