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
"""Tests of measured_value.py: the value is that of what the teacher does."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import types
from kickstarting.environments import base
from kickstarting.runtime import measured_value
from kickstarting.teachers import flipped
from kickstarting.teachers import teacher as teacher_lib
from kickstarting_test.runtime import taped

jax.config.update('jax_numpy_rank_promotion', 'raise')

_MOST = 6  # steps of an episode


class _Obedient(taped.TapedBatch):
  """Pays 1 for action 0 and nothing else."""

  def receive(self) -> types.Timestep:
    timestep = super().receive()
    is_paid = (self.sent[-1] == 0) & (timestep.step_type != base.FIRST)
    return timestep._replace(reward=is_paid.astype(np.float32))


def _teacher(action, feature_size=_MOST + 1):
  """Returns one that always takes an action; it sees how old an episode is."""

  def unroll(params, timesteps, context, state):
    del context
    logits = jnp.broadcast_to(
        params, (*timesteps.step_type.shape, taped.NUM_ACTIONS))
    age = timesteps.observation['x'][..., 0].astype(jnp.int32)
    return types.AgentOutput(
        logits, jnp.full(age.shape, 9.0),
        features=jax.nn.one_hot(age, feature_size)), state

  return teacher_lib.Teacher(
      name=f'takes {action}',
      params=50 * jax.nn.one_hot(action, taped.NUM_ACTIONS),
      encode=lambda params, tokens: (), unroll=unroll,
      initial_state=lambda size: jnp.zeros((size, 1)),
      architecture='one action',
      num_actions=taped.NUM_ACTIONS, observation={}, feature_size=feature_size)


def _measure(teachers, lengths, teacher_of_stream, **changes):
  environment = _Obedient(lengths)
  options = {'discount': 0.5, 'reward_transform': 'identity', 'steps': 400,
             'rng_key': jax.random.key(0)}
  return environment, measured_value.measure(
      teachers, environment, np.array(teacher_of_stream),
      **(options | changes))


def _values(teacher, ages):
  step = np.zeros((len(ages), 1), np.int32)
  timesteps = types.Timestep(
      {'x': np.stack([ages, np.zeros(len(ages))], 1)[:, None]},
      step, step, step, step, step)
  output, _ = teacher.unroll(teacher.params, timesteps, (), ())
  return np.asarray(output.value)[:, 0]


class MeasureTest(parameterized.TestCase):

  def test_each_gets_the_value_of_its_own_actions(self):
    environment, (good, bad) = _measure(
        [_teacher(0), _teacher(2)], [4, 4, 4, 4], [0, 0, 1, 1])
    np.testing.assert_allclose(
        _values(good.teacher, range(4)), [1.875, 1.75, 1.5, 1.0], atol=0.02)
    np.testing.assert_allclose(_values(bad.teacher, range(4)), 0.0, atol=1e-6)
    self.assertAlmostEqual(
        good.mean_return, (1.875 + 1.75 + 1.5 + 1.0) / 4, places=5)
    self.assertEqual(good.mean_old_value, 9.0)
    self.assertGreater(good.explained, 0.99)
    self.assertTrue(good.teacher.has_value)
    self.assertTrue(environment.is_closed)

  def test_one_that_errs_everywhere(self):
    # Its best action goes to the next but one or the next; never to action 0.
    [measured] = _measure(
        [flipped.flip(_teacher(0), 1.0)], [4, 4], [0, 0])[1]
    np.testing.assert_allclose(
        _values(measured.teacher, range(4)), 0.0, atol=1e-6)

  def test_rewards_are_the_students(self):
    [measured] = _measure(
        [_teacher(0)], [4, 4], [0, 0], discount=0.0,
        reward_transform='optimistic_asymmetric_clip')[1]
    self.assertAlmostEqual(measured.mean_return, 5 * np.tanh(0.2), places=5)

  def test_bad_input(self):
    with self.assertRaisesRegex(ValueError, "'takes 0' gives no features"):
      _measure([_teacher(0, 0)], [4, 4], [0, 0])
    environment = _Obedient([500, 500])
    with self.assertRaisesRegex(
        ValueError, "teacher 'takes 0': 0 steps .* Play it longer"):
      measured_value.measure(
          [_teacher(0)], environment, np.zeros(2, int), discount=0.5,
          reward_transform='identity', steps=40, rng_key=jax.random.key(0))
    self.assertTrue(environment.is_closed)


if __name__ == '__main__':
  absltest.main()
