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
"""Tests the suites of DeepMind Lab, with a stand-in for the engine."""

import math
import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.environments import base
from kickstarting.environments import process_batch
from kickstarting.environments import scores
from kickstarting.environments import seeds
from kickstarting.environments import suites
from kickstarting.environments import worker_pool
from kickstarting_test import stand_ins
from kickstarting_test.environments.suites import published

_POOL = worker_pool.PoolConfig(streams_per_worker=4)
_MIXER = 0x600D5EED % 251  # IMPALA's, as the stand-in shows it


class LabLevelsTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    stand_ins.use(self)

  def test_dmlab30(self):
    suite = suites.get_suite('dmlab30')
    self.assertLen(suite.tasks, 30)
    with_test = [task.name for task in suite.tasks
                 if task.level != task.test_level]
    self.assertEqual(with_test, [
        'rooms_collect_good_objects', 'rooms_exploit_deferred_effects'])
    task = suites.get_suite('dmlab30', ['rooms_watermaze']).tasks[0]
    self.assertEqual((task.random_return, task.reference_return), (4.065, 54.0))

  def test_means_of_impala(self):
    table = np.array(list(published.DMLAB30.values()))
    human, random, experts, impala = table.T
    means = [scores.capped_score(x, random, human).mean()
             for x in (experts, impala)]
    np.testing.assert_allclose(means, [44.44, 49.34], atol=0.005)
    means = [scores.normalised_score(x, random, human).mean()
             for x in (experts, impala)]
    np.testing.assert_allclose(means, [45.07, 52.77], atol=0.005)
    # The suite's own references differ for laser tag, see lab_levels.py.
    suite = suites.get_suite('dmlab30')
    names = [task.test_level.rpartition('/')[2] for task in suite.tasks]
    self.assertSameElements(names, published.DMLAB30)
    mine = np.array([published.DMLAB30[name] for name in names])
    means = [
        scores.capped_score(
            x, suite.random_returns, suite.reference_returns).mean()
        for x in mine.T[2:]]
    np.testing.assert_allclose(means, [45.7, 50.1], atol=0.05)

  def test_dmlab_curricula(self):
    suite = suites.get_suite('dmlab_curricula')
    self.assertLen(suite.tasks, 5)
    self.assertEqual(suite.score_cap, math.inf)

  @parameterized.parameters(
      (seeds.Group.TRAINING, [0, 0, 0], [0, 0, 0]),
      (seeds.Group.EVALUATION, [1, 1, _MIXER], [0, 1, _MIXER]))
  def test_policies_are_judged_on_test_levels(self, group, first, second):
    suite = suites.get_suite(
        'dmlab30', ['rooms_collect_good_objects', 'rooms_watermaze'])
    batch = suite.make_batch(2, seed=0, group=group, pool=_POOL)
    self.addCleanup(batch.close)
    self.assertEqual(batch.spec.num_actions, 9)
    self.assertEqual(batch.frames_per_step, 4)
    image = batch.reset().observation['image']
    self.assertEqual(image.shape, (4, 72, 96, 3))
    # The stand-in says in its first pixel what it was made with.
    np.testing.assert_array_equal(
        image[:, 0, 0], [first, first, second, second])

  def test_settings(self):
    suite = suites.get_suite('dmlab30', ['rooms_watermaze'])
    batch = suite._replace(settings={
        'actions': 'fifteen', 'width': 32, 'height': 24, 'action_repeat': 2,
    }).make_batch(2, seed=0, pool=_POOL)
    self.addCleanup(batch.close)
    self.assertEqual(batch.spec.num_actions, 15)
    self.assertEqual(batch.spec.observation['image'].shape, (24, 32, 3))
    self.assertEqual(batch.frames_per_step, 2)

  @parameterized.product(
      group=(seeds.Group.TRAINING, seeds.Group.EVALUATION))
  def test_all_levels_are_as_is_known_before_an_engine_starts(self, group):
    suite = suites.get_suite('dmlab30')._replace(
        settings={'actions': '540', 'width': 8, 'height': 12})
    with mock.patch.object(
        process_batch, 'task_batch', side_effect=AssertionError('started')):
      described = suite.describe(suite.tasks, suite.max_words, suite.settings)
    self.assertEqual(described.spec, base.EnvironmentSpec(
        540, {'image': types.ArraySpec((12, 8, 3), np.dtype(np.uint8))}, 16))
    batch = suite.make_batch(1, seed=0, group=group, pool=(
        worker_pool.PoolConfig(streams_per_worker=15)))
    self.addCleanup(batch.close)
    self.assertEqual(batch.spec, described.spec)
    self.assertEqual(batch.frames_per_step, described.frames_per_step)
    np.testing.assert_array_equal(batch.task, described.task)

  def test_an_engine_that_shows_something_else(self):
    suite = suites.get_suite('dmlab30', ['rooms_watermaze'])
    batch = mock.Mock()
    batch.spec = 'other'
    with mock.patch.object(process_batch, 'task_batch', return_value=batch):
      with self.assertRaisesRegex(
          checks.UserError, 'the levels are other; expected Environment'):
        suite.make_batch(1, seed=0)
    batch.close.assert_called_once_with()

  @parameterized.parameters((1, 4), (2, 8), (8, 32), (64, 32))
  def test_as_many_streams_as_the_cores_carry(self, cores, streams):
    with mock.patch.object(worker_pool, 'num_cores', return_value=cores):
      for name in ('dmlab30', 'dmlab_curricula'):
        self.assertEqual(suites.get_suite(name).defaults['streams'], streams)

  def test_maps_have_time_to_be_compiled(self):
    suite = suites.get_suite('dmlab30', ['rooms_watermaze'])
    with mock.patch.object(
        process_batch, 'task_batch', side_effect=AssertionError) as task_batch:
      with self.assertRaises(AssertionError):
        suite.make_batch(1, seed=0)
    self.assertEqual(
        task_batch.call_args.kwargs['pool'], worker_pool.PoolConfig(
            streams_per_worker=1, start_timeout_s=1200, step_timeout_s=600))

  @parameterized.parameters(
      ({'action': 'impala'},
       "unknown setting of DeepMind Lab 'action'; .*'actions'"),
      ({'dataset': '/nonexistent'}, "dataset is '/nonexistent', which has no"),
      ({'cache': '/proc/nowhere'}, "'/proc/nowhere' cannot be written"),
      ({'width': 95}, 'width is 95; expected a positive multiple of 4'),
      ({'config': {'a': []}}, "config sets 'a' to"),
  )
  def test_settings_are_checked_before_a_process_starts(
      self, settings, message):
    suite = suites.get_suite('dmlab30', ['rooms_watermaze'])._replace(
        settings=settings)
    with mock.patch.object(
        process_batch, 'task_batch', side_effect=AssertionError('started')):
      with self.assertRaisesRegex(checks.UserError, message):
        suite.describe(suite.tasks, suite.max_words, suite.settings)
      with self.assertRaisesRegex(checks.UserError, message):
        suite.make_batch(1, seed=0)

  def test_no_engine(self):
    suite = suites.get_suite('dmlab30', ['rooms_watermaze'])
    with mock.patch.object(sys, 'path', sys.path[1:]):
      sys.modules.pop('deepmind_lab', None)
      with self.assertRaisesRegex(
          checks.UserError, 'there is no module deepmind_lab; .*build it from'):
        suite.make_batch(1, seed=0)


if __name__ == '__main__':
  absltest.main()
