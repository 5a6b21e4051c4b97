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
"""Tests of `runtime/sources.py`."""

import os
import threading

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting.environments import seeds
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import devices
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import parameter_store
from kickstarting.runtime import replay
from kickstarting.runtime import sources
from kickstarting.runtime import threads
from kickstarting_test.runtime import taped

jax.config.update('jax_numpy_rank_promotion', 'raise')

_AGENT = taped.make_agent()
_FUNCTIONS = actor_lib.make_actor_functions(_AGENT)
_UNROLL_STEPS = 3
_DEADLINE_S = 20.0


def _never() -> bool:
  return False


class _Environments:
  """Makes batches and remembers them by block of seeds."""

  def __init__(self):
    self.made: dict[int, taped.TapedBatch] = {}
    self.blocks: list[int] = []

  def __call__(self, block: int) -> taped.TapedBatch:
    self.blocks.append(block)
    self.made[block] = taped.TapedBatch([3, 4], task=[0, 1])
    return self.made[block]


class SourcesTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.environments = _Environments()
    self.tasks = []
    self.store = parameter_store.ParameterStore(
        0, _AGENT.init(jax.random.key(0)))

  def _factory(self, make_environment=None, batches=2):
    def make_labeller(task):
      self.tasks.append(task.tolist())

    return sources.ActorFactory(
        _FUNCTIONS, make_environment or self.environments, make_labeller,
        batches, layout_lib.WHOLE, devices.make_placement(),
        replay.Replay(0.0, 1, np.random.default_rng(0)))

  def _threaded(self, make_environment=None, *, num_actors=1, queue_size=1,
                start=0, **kwargs):
    source = sources.ThreadedSource(
        self._factory(make_environment), self.store, _UNROLL_STEPS, start,
        jax.random.key(1), num_actors=num_actors, queue_size=queue_size,
        **kwargs)
    self.addCleanup(source.close)
    return source

  def test_actors_leave_a_core_when_told_to(self):
    def cores():
      return sorted(getattr(os, 'sched_getaffinity', lambda _: ())(0))

    def make_environment(block):
      seen.append(cores())
      return self.environments(block)

    everything = cores()
    for leave_a_core, expected in (
        (False, everything), (True, everything[:max(1, len(everything) - 1)])):
      seen = []
      self._threaded(make_environment, leave_a_core=leave_a_core).get(_never)
      self.assertEqual(seen, [expected] * 2)

  def test_no_two_batches_of_a_run_share_a_block_of_seeds(self):
    factory = self._factory()
    for start in range(3):
      for actor_id in range(4):
        factory(actor_id, 4, start, jax.random.key(0))
    self.assertEqual(self.environments.blocks, list(range(3 * 4 * 2)))
    self.assertEqual(self.tasks, [[0, 1]] * 24)

  def test_blocks_start_again_when_all_are_used(self):
    self._factory()(0, 1, seeds.MAX_ACTORS // 2, jax.random.key(0))
    self.assertEqual(self.environments.blocks, [0, 1])

  def test_batches_act_with_keys_of_their_own(self):
    source = sources.LockstepSource(
        self._factory(lambda block: taped.TapedBatch([9] * 10)), self.store,
        10, 0, jax.random.key(1))
    first, second = source.get(_never), source.get(_never)
    self.assertTrue(
        (first.trajectory.actions != second.trajectory.actions).any())

  def test_lockstep_is_the_same_every_time(self):
    def actions(start):
      source = sources.LockstepSource(
          self._factory(), self.store, _UNROLL_STEPS, start,
          jax.random.key(1))
      return [source.get(_never).trajectory.actions for _ in range(6)]

    np.testing.assert_array_equal(actions(0), actions(0))

  def test_lockstep_closes_its_environments(self):
    source = sources.LockstepSource(
        self._factory(), self.store, _UNROLL_STEPS, 0, jax.random.key(1))
    source.get(_never)
    self.assertEqual(source.close(), [])
    self.assertTrue(all(e.is_closed for e in self.environments.made.values()))
    self.assertEqual(source.statistics(), {})

  def test_threads_deliver_and_close_while_the_queue_is_full(self):
    source = self._threaded(num_actors=2)
    rollouts = [source.get(_never) for _ in range(8)]
    for rollout in rollouts:
      self.assertEqual(rollout.trajectory.actions.shape, (_UNROLL_STEPS, 2))
    self.assertEqual(source.close(), [])
    self.assertLen(self.environments.made, 4)
    self.assertTrue(all(e.is_closed for e in self.environments.made.values()))

  def test_statistics(self):
    source = self._threaded()
    source.get(_never)
    statistics = source.statistics()
    self.assertCountEqual(
        statistics, ['queue_depth', 'actor_wait_s', 'learner_wait_s'])
    self.assertBetween(statistics['queue_depth'], 0, 1)
    self.assertGreater(statistics['learner_wait_s'], 0)

  def test_error_of_one_actor_stops_all_and_names_it(self):
    def make_environment(block):
      batch = self.environments(block)
      if block == 3:  # the second batch of actor 1
        batch.receive = absltest.mock.Mock(side_effect=OSError('power cut'))
      return batch

    source = self._threaded(make_environment, num_actors=2)
    with self.assertRaisesRegex(
        threads.ThreadError, 'actor 1 failed: power cut') as raised:
      for _ in range(100):
        source.get(_never)
    self.assertIsInstance(raised.exception.__cause__, OSError)
    self.assertEqual(source.close(), [])
    self.assertTrue(all(e.is_closed for e in self.environments.made.values()))

  def test_error_while_an_environment_is_made(self):
    def make_environment(block):
      raise ValueError(f'no level for block {block}')

    source = self._threaded(make_environment, start=5)
    with self.assertRaisesRegex(
        threads.ThreadError, 'actor 0 failed: no level for block 10'):
      source.get(_never)

  def test_hanging_environment_can_be_given_up_and_is_reported(self):
    release = threading.Event()

    def make_environment(block):
      batch = self.environments(block)
      batch.receive = lambda: release.wait(_DEADLINE_S)
      return batch

    source = self._threaded(make_environment)
    with self.assertRaises(threads.Stopped):
      source.get(lambda: True)
    join = threads.ThreadGroup.join
    with absltest.mock.patch.object(
        threads.ThreadGroup, 'join', lambda group: join(group, 0.2)):
      self.assertEqual(source.close(), ['actor 0'])
    release.set()


if __name__ == '__main__':
  absltest.main()
