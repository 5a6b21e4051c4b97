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
"""Tests of macro_actions.py beside the common contract (`contract_test.py`)."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.environments import base
from kickstarting.environments import macro_actions
from kickstarting.environments import python_batch
from kickstarting_test.environments import fakes

_TABLE = np.array([[0, 1, 2], [2, 2, 2], [1, 3, 3]], np.int32)
_IDLE = 3


def _batch(*envs, table=_TABLE, idle=_IDLE):
  builders = {
      f'task {i}': lambda unused_seed, env=env: env
      for i, env in enumerate(envs)}
  return macro_actions.MacroActions(
      python_batch.task_batch(builders, 1, seed=0), table, idle)


def _env(length, **kwargs):
  return fakes.Scripted(length=length, num_actions=4, **kwargs)


def _step(batch, *actions):
  batch.send(np.array(actions, np.int32))
  return batch.receive()


class _BreaksAt(base.Wrapper):
  """Whose environment broke in one step."""

  def __init__(self, step, batch):
    super().__init__(batch)
    self._left = step

  def receive(self):
    timestep = super().receive()
    self._left -= 1
    if self._left:
      return timestep
    return timestep._replace(
        reward=timestep.reward * 0,
        step_type=np.full_like(timestep.step_type, base.FIRST))


class MacroActionsTest(parameterized.TestCase):

  def test_plays_the_rows_and_adds_rewards(self):
    env = _env(20, rewards=(1.0, 10.0, 100.0, 1000.0))
    batch = _batch(env)
    self.assertEqual(batch.spec.num_actions, 3)
    self.assertEqual(batch.frames_per_step, 3)
    batch.reset()
    timestep = _step(batch, 0)
    self.assertEqual(env.actions, [0, 1, 2])
    self.assertEqual(timestep.reward[0], 111.0)
    self.assertEqual(timestep.step_type[0], base.MID)
    timestep = _step(batch, 2)
    self.assertEqual(env.actions[3:], [1, 3, 3])
    self.assertEqual(timestep.reward[0], 1011.0)
    self.assertEqual(timestep.previous_action[0], 2)

  @parameterized.parameters(
      # An episode that ends after so many steps; what is played after it, up to
      # the end of the restart and one sequence more. The restart itself is no
      # step of the environment.
      (7, [_IDLE] * 4), (8, [_IDLE] * 3), (9, [_IDLE] * 2))
  def test_an_episode_ends_inside(self, length, rest):
    observations = tuple({'x': np.float32(i)} for i in range(length + 1))
    env = _env(length, rewards=(1.0,), observations=observations)
    batch = _batch(env)
    batch.reset()
    _step(batch, 0)
    _step(batch, 0)
    last = _step(batch, 1)
    self.assertEqual(last.step_type[0], base.LAST)
    self.assertEqual(last.reward[0], length - 6)
    self.assertEqual(last.discount[0], 0.0)
    self.assertEqual(last.observation['x'][0], length)
    first = _step(batch, 1)
    self.assertEqual(first.step_type[0], base.FIRST)
    self.assertEqual((first.reward[0], first.discount[0]), (0.0, 1.0))
    self.assertEqual(first.previous_action[0], 0)
    self.assertEqual(first.observation['x'][0], len(rest))
    self.assertEqual(env.actions[length:], rest)

  def test_a_stream_that_is_cut_inside_a_sequence(self):
    batch = macro_actions.MacroActions(
        _BreaksAt(5, python_batch.task_batch(
            {'task': lambda unused_seed: _env(20, rewards=(1.0,))}, 1,
            seed=0)), _TABLE, _IDLE)
    batch.reset()
    self.assertEqual(_step(batch, 0).reward[0], 3.0)
    timestep = _step(batch, 0)
    self.assertEqual(timestep.step_type[0], base.FIRST)
    self.assertEqual((timestep.reward[0], timestep.discount[0]), (0.0, 1.0))
    self.assertEqual(timestep.previous_action[0], 0)
    self.assertEqual(_step(batch, 0).step_type[0], base.MID)

  def test_streams_do_not_disturb_each_other(self):
    envs = [_env(8), _env(20)]
    batch = _batch(*envs)
    batch.reset()
    types_ = [_step(batch, 0, 1).step_type.tolist() for _ in range(5)]
    self.assertEqual(types_, [
        [base.MID, base.MID], [base.MID, base.MID], [base.LAST, base.MID],
        [base.FIRST, base.MID], [base.MID, base.MID]])
    self.assertEqual(envs[1].actions, [2] * 15)
    self.assertEqual(envs[0].actions, [0, 1, 2, 0, 1, 2, 0, 1] + (
        [_IDLE] * 3 + [0, 1, 2]))

  def test_a_small_set_within_the_large_one(self):
    table = macro_actions.all_sequences(4, 3)
    self.assertEqual(table.shape, (64, 3))
    small = macro_actions.single_actions(4, 3, idle=3)
    self.assertEqual(
        table[list(small)].tolist(), [[a, 3, 3] for a in range(4)])
    np.testing.assert_array_equal(
        macro_actions.single_actions(4, 1, idle=0), range(4))


class ErrorsTest(parameterized.TestCase):

  @parameterized.parameters(
      ({'table': [[0, 4]]}, 'action 4, but the environment has 4; .* 0 to 3'),
      ({'table': [[-1]]}, 'has action -1'),
      ({'idle': 7}, 'has action 7'),
      ({'table': [0, 1]}, r'table has shape \(2,\); expected \[actions, steps'),
      ({'table': np.zeros((0, 2))}, r'table has shape \(0, 2\)'),
  )
  def test_table(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      _batch(_env(5), **fields)

  def test_waiting_must_do_nothing(self):
    batch = _batch(_env(2))
    batch.reset()
    with self.assertRaisesRegex(
        ValueError, 'ended while its stream waited with action 3.*above 6'):
      _step(batch, 0)
      _step(batch, 0)


if __name__ == '__main__':
  absltest.main()
