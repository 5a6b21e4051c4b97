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
"""What every adapter promises (`environments/base.py`), held against each."""

import functools

from absl.testing import absltest
from absl.testing import parameterized
import gymnasium
import jax
import minigrid  # noqa: F401, registers its levels
import numpy as np

from kickstarting import types
from kickstarting.environments import base
from kickstarting.environments import envpool_batch
from kickstarting.environments import macro_actions
from kickstarting.environments import process_batch
from kickstarting.environments import python_batch
from kickstarting.environments import seeds
from kickstarting.environments import task_observation
from kickstarting.environments import worker_pool
from kickstarting.environments import worker_process
from kickstarting_test.environments import fakes

# Two levels where waiting (the action `done`) does nothing until the limit.
_LEVELS = ('MiniGrid-PutNear-6x6-N2-v0', 'BabyAI-OpenRedDoor-v0')
_TIME_LIMITS = (30, 50)
_WAIT = 6
_STREAMS_PER_TASK = 3


def _make_gymnasium(level: str, unused_seed: int):
  return gymnasium.make(level, disable_env_checker=True)


def _envpool(**kwargs):
  return envpool_batch.task_batch(
      _LEVELS, _STREAMS_PER_TASK, **{'seed': 1, **kwargs}
  )


def _gymnasium(**kwargs):
  builders = {
      level: functools.partial(_make_gymnasium, level) for level in _LEVELS
  }
  return python_batch.task_batch(
      builders, _STREAMS_PER_TASK, **{'seed': 1, **kwargs}
  )


def _dm_env(**kwargs):
  builders = {'catch': fakes.Catch, 'another catch': fakes.Catch}
  return python_batch.task_batch(
      builders, _STREAMS_PER_TASK, **{'seed': 1, **kwargs}
  )


def _processes(**kwargs):
  builder = worker_process.Builder('kickstarting_test.environments.fakes:Catch')
  return process_batch.task_batch(
      {'catch': builder, 'another catch': builder}, _STREAMS_PER_TASK,
      pool=worker_pool.PoolConfig(streams_per_worker=4),
      **{'seed': 1, **kwargs})


def _macro_actions(**kwargs):
  return macro_actions.MacroActions(
      _envpool(**kwargs), macro_actions.all_sequences(7, 2), idle=_WAIT)


def _task_observation(**kwargs):
  return task_observation.TaskObservation(_dm_env(**kwargs))


_ADAPTERS = (
    ('envpool', _envpool),
    ('gymnasium', _gymnasium),
    ('dm_env', _dm_env),
    ('processes', _processes),
    ('macro_actions', _macro_actions),
    ('task_observation', _task_observation),
)


def _random_actions(batch, steps: int) -> np.ndarray:
  return np.random.default_rng(0).integers(
      batch.spec.num_actions, size=(steps, batch.num_streams), dtype=np.int32
  )


def _play(batch, actions: np.ndarray) -> list:
  """Returns the timesteps from reset on; one more than actions."""
  timesteps = [batch.reset()]
  for action in actions:
    batch.send(action)
    timesteps.append(batch.receive())
  return timesteps


def _stacked(timesteps: list):
  """Returns one timestep whose leaves are [T+1, B, ...]."""
  return jax.tree.map(lambda *leaves: np.stack(leaves), *timesteps)


def _assert_same(actual, expected):
  jax.tree.map(np.testing.assert_array_equal, actual, expected)


def _are_same(a, b) -> bool:
  return all(
      np.array_equal(x, y)
      for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
  )


class _BatchTest(parameterized.TestCase):

  def _open(self, make, **kwargs):
    batch = make(**kwargs)
    self.addCleanup(batch.close)
    return batch


@parameterized.named_parameters(*_ADAPTERS)
class ContractTest(_BatchTest):

  def test_reset_starts_every_stream(self, make):
    batch = self._open(make)
    timestep = batch.reset()
    self.assertEqual(batch.num_streams, 2 * _STREAMS_PER_TASK)
    np.testing.assert_array_equal(batch.task, [0, 0, 0, 1, 1, 1])
    self.assertEqual(batch.task.dtype, np.int32)
    np.testing.assert_array_equal(timestep.step_type, base.FIRST)
    np.testing.assert_array_equal(timestep.reward, 0)
    np.testing.assert_array_equal(timestep.discount, 1)
    np.testing.assert_array_equal(timestep.previous_action, 0)
    batch.close()

  def test_arrays_are_as_specified(self, make):
    batch = self._open(make)
    for timestep in _play(batch, _random_actions(batch, 2)):
      self.assertEqual(
          {
              name: types.ArraySpec(array.shape[1:], array.dtype)
              for name, array in timestep.observation.items()
          },
          batch.spec.observation,
      )
      for array in jax.tree.leaves(timestep):
        self.assertLen(array, batch.num_streams)
      for name in ('instruction', 'previous_action', 'step_type'):
        self.assertEqual(getattr(timestep, name).dtype, np.int32)
      for name in ('reward', 'discount'):
        self.assertEqual(getattr(timestep, name).dtype, np.float32)
      self.assertEqual(batch.instructions.tokens.shape[1], batch.spec.max_words)
      self.assertLess(timestep.instruction.max(), len(batch.instructions))
    batch.close()

  def test_episodes_follow_each_other(self, make):
    batch = self._open(make)
    actions = _random_actions(batch, 150)
    play = _stacked(_play(batch, actions))
    batch.close()
    is_first = play.step_type == base.FIRST
    is_last = play.step_type == base.LAST
    for task in (0, 1):
      self.assertGreater(is_last[:, batch.task == task].sum(), 3)
    np.testing.assert_array_equal(is_first[1:], is_last[:-1])
    np.testing.assert_array_equal(play.reward[is_first], 0)
    np.testing.assert_array_equal(play.discount[~is_last], 1)
    np.testing.assert_array_equal(play.discount[is_last], 0)
    np.testing.assert_array_equal(
        play.previous_action[1:], np.where(is_first[1:], 0, actions)
    )
    changes = play.instruction[1:] != play.instruction[:-1]
    self.assertFalse((changes & ~is_first[1:]).any())

  def test_action_after_last_is_ignored(self, make):
    batch = self._open(make)
    actions = _random_actions(batch, 120)
    play = _stacked(_play(batch, actions))
    is_last = play.step_type[:-1] == base.LAST
    others = (actions + is_last) % batch.spec.num_actions
    self.assertFalse(np.array_equal(others, actions))
    _assert_same(_stacked(_play(self._open(make), others)), play)

  def test_same_seed_same_play(self, make):
    actions = _random_actions(self._open(make), 60)
    play = _stacked(_play(self._open(make), actions))
    _assert_same(_stacked(_play(self._open(make), actions)), play)
    for change in (
        {'seed': 2},
        {'actor_id': 1},
        {'group': seeds.Group.EVALUATION},
    ):
      other = _stacked(_play(self._open(make, **change), actions))
      self.assertFalse(_are_same(other, play), change)

  def test_streams_differ(self, make):
    batch = self._open(make)
    actions = np.repeat(_random_actions(batch, 60)[:, :1], 6, axis=1)
    play = _stacked(_play(batch, actions))
    for i in range(batch.num_streams):
      for j in range(i):
        self.assertFalse(
            _are_same(
                jax.tree.map(lambda x, i=i: x[:, i], play.observation),
                jax.tree.map(lambda x, j=j: x[:, j], play.observation),
            ),
            f'streams {j} and {i} play the same episodes',
        )

  def test_reset_in_the_middle_starts_new_episodes(self, make):
    batch = self._open(make)
    first = _play(batch, _random_actions(batch, 2))[0]
    second = batch.reset()
    np.testing.assert_array_equal(second.step_type, base.FIRST)
    np.testing.assert_array_equal(second.previous_action, 0)
    self.assertFalse(_are_same(first.observation, second.observation))

  def test_arrays_are_never_written_again(self, make):
    batch = self._open(make)
    actions = _random_actions(batch, 60)
    held, copies = [batch.reset()], []
    copies.append(jax.tree.map(np.copy, held[-1]))
    for action in actions:
      batch.send(action)
      held.append(batch.receive())
      copies.append(jax.tree.map(np.copy, held[-1]))
    tokens = batch.instructions.tokens
    tokens_copy = tokens.copy()
    for i in range(40):
      batch.instructions.intern(b'new %d' % i)
    _assert_same(held, copies)
    np.testing.assert_array_equal(tokens, tokens_copy)
    leaves = jax.tree.leaves(held)
    for i, array in enumerate(leaves[1:]):
      self.assertFalse(np.shares_memory(array, leaves[i]))

  def test_sent_actions_may_be_overwritten(self, make):
    batch = self._open(make)
    batch.reset()
    actions = np.full(batch.num_streams, 2, np.int32)
    batch.send(actions)
    actions[:] = 0
    np.testing.assert_array_equal(batch.receive().previous_action, 2)

  def test_calls_out_of_turn(self, make):
    batch = self._open(make)
    batch.reset()
    actions = np.zeros(batch.num_streams, np.int32)
    with self.assertRaisesRegex(RuntimeError, 'receive .* without a send'):
      batch.receive()
    batch.send(actions)
    with self.assertRaisesRegex(RuntimeError, 'send was called while a step'):
      batch.send(actions)
    with self.assertRaisesRegex(RuntimeError, 'reset was called while a step'):
      batch.reset()
    batch.receive()

  def test_wrong_number_of_actions(self, make):
    batch = self._open(make)
    batch.reset()
    with self.assertRaisesRegex(ValueError, r'shape \(4,\); expected .*\(6,\)'):
      batch.send(np.zeros(4, np.int32))


class TimeoutTest(_BatchTest):

  @parameterized.product(
      make=(_envpool, _gymnasium), bootstrap_on_timeout=(False, True)
  )
  def test_discount_at_timeout(self, make, bootstrap_on_timeout):
    batch = self._open(make, bootstrap_on_timeout=bootstrap_on_timeout)
    wait = np.full((max(_TIME_LIMITS), batch.num_streams), _WAIT, np.int32)
    play = _stacked(_play(batch, wait))
    for task, limit in enumerate(_TIME_LIMITS):
      streams = batch.task == task
      np.testing.assert_array_equal(
          play.step_type[limit, streams], base.LAST
      )
      np.testing.assert_array_equal(
          play.discount[limit, streams], float(bootstrap_on_timeout)
      )
      np.testing.assert_array_equal(play.discount[:limit, streams], 1)

  @parameterized.parameters(False, True)
  def test_dm_env_states_its_own_discount(self, bootstrap_on_timeout):
    batch = _dm_env(bootstrap_on_timeout=bootstrap_on_timeout)
    play = _stacked(_play(batch, _random_actions(batch, 5)))
    np.testing.assert_array_equal(play.step_type[5], base.LAST)
    np.testing.assert_array_equal(play.discount[5], 0)

  @parameterized.parameters(_envpool, _gymnasium)
  def test_goal_reached_is_no_timeout(self, make):
    batch = self._open(make, bootstrap_on_timeout=True)
    play = _stacked(_play(batch, _random_actions(batch, 600)))
    is_goal = play.reward > 0
    self.assertGreater(is_goal.sum(), 0)
    np.testing.assert_array_equal(play.discount[is_goal], 0)


if __name__ == '__main__':
  absltest.main()
