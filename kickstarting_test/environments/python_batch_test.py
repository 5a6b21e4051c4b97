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
"""Tests of `environments/python_batch.py` beside the common contract."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.environments import python_batch
from kickstarting.environments import seeds
from kickstarting_test.environments import fakes


def _batch(*envs, **kwargs):
  """Returns a batch with one task for each environment."""
  builders = {
      f'task {i}': lambda unused_seed, env=env: env
      for i, env in enumerate(envs)
  }
  return python_batch.task_batch(builders, 1, **{'seed': 0, **kwargs})


def _step(batch, action=0):
  batch.send(np.full(batch.num_streams, action, np.int32))
  return batch.receive()


class PythonBatchTest(parameterized.TestCase):

  def test_builders_get_the_seeds_of_their_block(self):
    taken = []

    def build(seed):
      taken.append(seed)
      return fakes.Catch(seed)

    python_batch.task_batch({'a': build, 'b': build}, 3, seed=4, actor_id=1)
    first_seed = seeds.first_seed(4, 1)
    self.assertEqual(taken, list(range(first_seed, first_seed + 6)))

  def test_array_observation_gets_a_name(self):
    batch = _batch(fakes.Catch(seed=0))
    self.assertEqual(
        batch.spec.observation,
        {'observation': types.ArraySpec((6, 5), np.dtype(np.float32))},
    )
    self.assertEqual(batch.spec.num_actions, 3)

  @parameterized.parameters(
      (np.float64(1.5), np.float32),
      (3, np.int32),
      (np.ones(2, np.int64), np.int32),
      (np.ones(2, np.uint8), np.uint8),
      (True, np.bool_),
  )
  def test_64_bits_become_32(self, value, dtype):
    batch = _batch(fakes.Scripted(observations=({'x': value},)))
    array = batch.reset().observation['x']
    self.assertEqual(array.dtype, dtype)
    np.testing.assert_array_equal(array[0], value)

  def test_actions_reach_their_streams(self):
    envs = [fakes.Scripted(length=9) for _ in range(3)]
    batch = _batch(*envs)
    batch.reset()
    for _ in range(2):
      batch.send(np.array([2, 0, 1], np.int32))
      batch.receive()
    self.assertEqual([env.actions for env in envs], [[2, 2], [0, 0], [1, 1]])

  def test_streams_restart_on_their_own(self):
    batch = _batch(fakes.Scripted(length=1), fakes.Scripted(length=2))
    rows = [batch.reset().step_type]
    rows += [_step(batch).step_type for _ in range(5)]
    np.testing.assert_array_equal(
        np.transpose(rows), [[0, 2, 0, 2, 0, 2], [0, 1, 2, 0, 1, 2]]
    )

  def test_instruction_of_every_kind_of_text(self):
    for text in (
        'go left', b'go left', np.array('go left'), np.array('go left', object)
    ):
      batch = _batch(
          fakes.Scripted(observations=({'x': 0, 'goal': text},)),
          instruction_key='goal',
      )
      self.assertEqual(batch.reset().instruction[0], 1)
      self.assertEqual(batch.instructions.intern(b'go left'), 1)
      self.assertSameElements(batch.spec.observation, ['x'])

  @parameterized.parameters((False, [1, 1, 1]), (True, [1, 2, 1]))
  def test_instruction_inside_an_episode(self, every_step, expected):
    observations = ({'x': 0, 'mission': 'one'}, {'x': 0, 'mission': 'two'})
    batch = _batch(
        fakes.Scripted(length=9, observations=observations),
        instruction_every_step=every_step,
    )
    rows = [batch.reset(), _step(batch), _step(batch)]
    self.assertEqual([int(row.instruction[0]) for row in rows], expected)

  def test_no_instruction_is_the_empty_one(self):
    batch = _batch(fakes.Scripted())
    self.assertEqual(batch.reset().instruction[0], 0)

  def test_close(self):
    env = fakes.Scripted()
    _batch(env).close()
    self.assertTrue(env.is_closed)

  def test_other_text_in_the_observation(self):
    with self.assertRaisesRegex(
        ValueError, "task 'task 0' observes 'goal' of type str; expected numb"
    ):
      _batch(fakes.Scripted(observations=({'goal': 'left'},)))

  def test_shape_changes_later(self):
    batch = _batch(
        fakes.Scripted(),
        fakes.Scripted(
            observations=(
                {'x': np.zeros(2, np.float32)},
                {'x': np.zeros(3, np.float32)},
            )
        ),
    )
    batch.reset()
    with self.assertRaisesRegex(
        ValueError, r"'task 1' observed .*\(3,\).* in stream 1; expected .*\(2,"
    ):
      _step(batch)

  def test_tasks_observe_different_arrays(self):
    with self.assertRaisesRegex(
        ValueError, "'task 1' observed .*'y'.* expected .*'x'"
    ):
      _batch(fakes.Scripted(), fakes.Scripted(observations=({'y': 0},)))

  def test_tasks_have_different_actions(self):
    with self.assertRaisesRegex(ValueError, 'got task 0: 3, task 1: 4; put'):
      _batch(fakes.Scripted(), fakes.Scripted(num_actions=4))

  def test_reward_must_be_finite(self):
    batch = _batch(fakes.Scripted(), fakes.Scripted(rewards=(float('nan'),)))
    batch.reset()
    with self.assertRaisesRegex(ValueError, "'task 1' returned reward nan in"):
      _step(batch)

  @parameterized.parameters(
      (np.float32(np.nan), "'task 1' observed nan in 'x' in stream 1"),
      (1e300, "'task 1' observed inf in 'x' in stream 1"),
      (2 ** 40 + 2, "'task 1' observed 1099511627778 in 'x' in stream 1"))
  def test_observations_must_be_numbers_of_32_bits(self, value, message):
    kind = type(value)
    batch = _batch(
        fakes.Scripted(observations=({'x': kind(0)},)),
        fakes.Scripted(observations=({'x': kind(0)}, {'x': value})))
    batch.reset()
    with self.assertRaisesRegex(checks.UserError, message):
      _step(batch)

  def test_an_instruction_must_be_text(self):
    batch = _batch(fakes.Scripted(observations=({'x': 0, 'mission': None},)))
    with self.assertRaisesRegex(
        checks.UserError, "'task 0' observes 'mission' of type NoneType"):
      batch.reset()

  def test_a_builder_without_a_seed(self):
    with self.assertRaisesRegex(
        checks.UserError, "of task 'a' cannot be made: too many positional"):
      python_batch.task_batch({'a': lambda: fakes.Catch(0)}, 1, seed=0)

  def test_a_builder_that_raises(self):
    with self.assertRaisesRegex(
        checks.UserError, r"^an environment of task 'a' cannot be made:"
        r" KeyError: 'maze' \(.*, line \d+, in <lambda>\); expected a function"
        ' of a seed that makes one, called with .* Correct it.$'):
      python_batch.task_batch({'a': lambda seed: {}['maze']}, 1, seed=0)

  def test_nothing_to_play(self):
    with self.assertRaisesRegex(ValueError, 'got 0 tasks with 1 streams each'):
      _batch()
    with self.assertRaisesRegex(ValueError, 'got 1 tasks with 0 streams each'):
      python_batch.task_batch({'a': fakes.Catch}, 0, seed=0)


if __name__ == '__main__':
  absltest.main()
