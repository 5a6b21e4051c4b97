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
"""Tests of `environments/envpool_batch.py` beside the common contract."""

from absl.testing import absltest
from absl.testing import parameterized
import envpool
import numpy as np

from kickstarting import types
from kickstarting.environments import envpool_batch
from kickstarting.environments import seeds

_LEVELS = ('MiniGrid-DoorKey-5x5-v0', 'BabyAI-PickupLoc-v0')


class _Tampered:
  """A pool whose next result has other values in one stream."""

  def __init__(self, pool, stream: int, **values):
    self._pool = pool
    self._stream = stream
    self._values = values
    self._state_keys = pool._state_keys

  def _send(self, actions):
    self._pool._send(actions)

  def _recv(self):
    state = self._pool._recv()
    for key, value in self._values.items():
      state[self._state_keys.index(key)][self._stream] = value
    return state


class EnvPoolBatchTest(parameterized.TestCase):

  def test_spec(self):
    batch = envpool_batch.task_batch(_LEVELS, 2, seed=0)
    self.assertEqual(batch.spec.num_actions, 7)
    self.assertEqual(batch.spec.max_words, 20)
    self.assertEqual(
        batch.spec.observation,  # neither agent_pos nor the mission
        {
            'direction': types.ArraySpec((), np.dtype(np.int32)),
            'image': types.ArraySpec((7, 7, 3), np.dtype(np.uint8)),
        },
    )

  def test_same_as_the_dm_env_interface(self):
    batch = envpool_batch.task_batch(
        _LEVELS, 4, seed=3, actor_id=2, group=seeds.Group.EVALUATION
    )
    first_seed = seeds.first_seed(3, 2, seeds.Group.EVALUATION)
    pools = [
        envpool.make_dm(level, num_envs=4, seed=first_seed + 4 * i)
        for i, level in enumerate(_LEVELS)
    ]
    rng = np.random.default_rng(0)
    actual = batch.reset()
    expected = [pool.reset() for pool in pools]
    for _ in range(300):
      for name in ('step_type', 'reward', 'discount'):
        np.testing.assert_array_equal(
            getattr(actual, name),
            np.concatenate([getattr(step, name) for step in expected]),
        )
      for name in ('image', 'direction'):
        np.testing.assert_array_equal(
            actual.observation[name],
            np.concatenate(
                [getattr(step.observation, name) for step in expected]
            ),
        )
      missions = [
          row.tobytes() for step in expected for row in step.observation.mission
      ]
      np.testing.assert_array_equal(
          actual.instruction, batch.instructions.intern_many(missions)
      )
      for step in expected:
        np.testing.assert_array_equal(step.observation.env_id, range(4))
      actions = rng.integers(7, size=8, dtype=np.int32)
      batch.send(actions)
      actual = batch.receive()
      expected = [
          pool.step(part)
          for pool, part in zip(pools, np.split(actions, 2), strict=True)
      ]

  def test_every_stream_has_a_seed_of_its_own(self):
    used: set[int] = set()
    for group in seeds.Group:
      for actor_id in range(3):
        batch = envpool_batch.task_batch(
            _LEVELS, 3, seed=5, actor_id=actor_id, group=group
        )
        for pool in batch._pools:
          taken = {pool.config['seed'] + i for i in range(3)}
          self.assertEmpty(used & taken)
          used |= taken
    self.assertLen(used, len(seeds.Group) * 3 * 6)

  def test_instruction_words(self):
    batch = envpool_batch.task_batch(_LEVELS, 1, seed=0, max_words=20)
    timestep = batch.reset()
    door_key = b'use the key to open the door and then get to the goal'
    self.assertEqual(
        timestep.instruction[0], batch.instructions.intern(door_key)
    )
    tokens = batch.instructions.tokens[timestep.instruction[0]]
    self.assertEqual(np.count_nonzero(tokens), 13)
    self.assertNotEqual(timestep.instruction[1], timestep.instruction[0])

  def test_single_array_of_other_environments(self):
    batch = envpool_batch.task_batch(
        ['CartPole-v1'], 2, seed=0, bootstrap_on_timeout=True
    )
    self.assertEqual(
        batch.spec.observation,
        {'observation': types.ArraySpec((4,), np.dtype(np.float32))},
    )
    self.assertEqual(batch.reset().observation['observation'].shape, (2, 4))
    batch._pools[0] = _Tampered(
        batch._pools[0], 1, step_type=2, trunc=True, discount=0
    )
    batch.send(np.zeros(2, np.int32))
    timestep = batch.receive()
    np.testing.assert_array_equal(timestep.reward, 1)  # at every step
    np.testing.assert_array_equal(timestep.discount, 1)
    np.testing.assert_array_equal(timestep.instruction, 0)

  @parameterized.parameters(np.nan, np.inf)
  def test_reward_must_be_finite(self, value):
    batch = envpool_batch.task_batch(_LEVELS, 2, seed=0)
    batch.reset()
    batch._pools[1] = _Tampered(batch._pools[1], stream=1, reward=value)
    batch.send(np.zeros(4, np.int32))
    with self.assertRaisesRegex(
        ValueError, f"'{_LEVELS[1]}' returned reward {value} in stream 3"
    ):
      batch.receive()

  @parameterized.parameters((0.0, 1.0), (0.1, 0.0))
  def test_goal_on_the_last_step_is_no_timeout(self, reward, discount):
    batch = envpool_batch.task_batch(
        _LEVELS, 2, seed=0, bootstrap_on_timeout=True
    )
    batch.reset()
    batch._pools[0] = _Tampered(
        batch._pools[0], 1, step_type=2, trunc=True, reward=reward, discount=0
    )
    batch.send(np.zeros(4, np.int32))
    np.testing.assert_array_equal(
        batch.receive().discount, [1, discount, 1, 1]
    )

  @parameterized.parameters(
      (['MiniGrid-DoorKey-9x9-v0'], 1, "no level 'MiniGrid-DoorKey-9x9-v0'; "
       'close names: MiniGrid-DoorKey-'),
      ([], 1, 'got 0 tasks with 1 streams each; expected at least one'),
      (_LEVELS, 0, 'got 2 tasks with 0 streams each'),
      (_LEVELS, 2049, 'make 4098 streams; one batch holds at most 4096'),
      ([_LEVELS[0], 'MiniGrid-Dynamic-Obstacles-6x6-v0'], 1,
       'MiniGrid-DoorKey-5x5-v0: 7, MiniGrid-Dynamic-Obstacles-6x6-v0: 3; put'),
      (['Pendulum-v1'], 1, 'Pendulum-v1 has action .* expected one discrete'),
      (['CartPole-v1', 'MiniGrid-DoorKey-5x5-v0'], 1, 'one set of actions'),
      (['CartPole-v1', 'Blackjack-v1'], 1,
       r'CartPole-v1 observes .*\(4,\).* but Blackjack-v1 observes .*\(3,\)'),
  )
  def test_levels_that_do_not_work(self, levels, streams, message):
    with self.assertRaisesRegex(ValueError, message):
      envpool_batch.task_batch(levels, streams, seed=0)


if __name__ == '__main__':
  absltest.main()
