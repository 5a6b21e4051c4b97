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
"""Tests what is known of streams before they are played."""

from unittest import mock

from absl.testing import absltest

from kickstarting.environments import base
from kickstarting.environments import process_batch
from kickstarting.environments import suites
from kickstarting.environments import task_observation
from kickstarting.environments import worker_pool
from kickstarting.environments.suites import batches
from kickstarting_test import stand_ins

_HISTORY = 'kickstarting_test.environments.faulty:History'


class SpecOfTest(absltest.TestCase):

  def test_environments_are_made_for_it_once(self):
    suite = suites.of_environment(_HISTORY, {'length': 2})
    with mock.patch.object(
        process_batch, 'task_batch', wraps=process_batch.task_batch) as made:
      spec = batches.spec_of(suite)
      wrapped = batches.spec_of(suite, task_observation.TaskObservation)
      self.assertEqual(made.call_count, 1)
      other = suite._replace(settings={'length': 3})
      self.assertEqual(batches.spec_of(other), spec)
      self.assertEqual(made.call_count, 2)
    self.assertEqual(set(wrapped.observation) - set(spec.observation), {'task'})

  def test_no_engine_of_deepmind_lab_is_started(self):
    stand_ins.use(self)
    with mock.patch.object(
        process_batch, 'task_batch', side_effect=AssertionError('started')):
      for name in ('dmlab30', 'dmlab_curricula'):
        spec = batches.spec_of(suites.get_suite(name))
        self.assertEqual(spec.num_actions, 9)
        self.assertEqual(spec.observation['image'].shape, (72, 96, 3))

  def test_what_is_described_cannot_be_played(self):
    described = base.Described(base.EnvironmentSpec(2, {}, 1), 3)
    for call in (described.reset, described.receive,
                 lambda: described.send(described.task)):
      with self.assertRaisesRegex(RuntimeError, 'described only'):
        call()


class SideBySideTest(absltest.TestCase):

  def test_no_more_processes_than_in_training(self):
    suite = suites.get_suite('minigrid8')
    few = suite._replace(pool=worker_pool.PoolConfig(streams_per_worker=1))
    for which, episodes, most, expected in (
        (suite, 200, 40, 40), (suite, 5, 40, 5), (few, 200, 40, 16),
        (few, 200, 10, 10), (few, 5, 40, 5)):
      self.assertEqual(
          batches.side_by_side(which, episodes, most, 16), expected)


class MakeEnvironmentTest(absltest.TestCase):

  def test_a_suite_says_what_a_time_out_is_and_how_processes_are(self):
    made = []
    pool = worker_pool.PoolConfig(streams_per_worker=3)
    suite = suites.get_suite('minigrid8')._replace(
        make=lambda tasks, streams, settings: made.append(streams),
        pool=pool, bootstrap_on_timeout=True)
    batches.make_environment(suite, 16, 5, block=2, splits=3)
    [streams] = made
    self.assertEqual((streams.per_task, streams.seed, streams.actor_id,
                      streams.pool, streams.bootstrap_on_timeout),
                     (6, 5, 2, pool, True))

  def test_each_task_has_a_stream(self):
    self.assertEqual(batches.per_task(suites.get_suite('minigrid8'), 1), 1)


if __name__ == '__main__':
  absltest.main()
