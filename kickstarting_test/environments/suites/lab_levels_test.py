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
import pathlib
import sys

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

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

  def test_errors(self):
    suite = suites.get_suite('dmlab30', ['rooms_watermaze'])
    with self.assertRaisesRegex(
        ValueError, "unknown setting of DeepMind Lab 'action'; .*'actions'"):
      suite._replace(settings={'action': 'impala'}).make_batch(1, seed=0)
    sys.path.pop(0)
    sys.modules.pop('deepmind_lab', None)
    with self.assertRaisesRegex(ModuleNotFoundError, 'Build it from'):
      suite.make_batch(1, seed=0)
    sys.path.insert(0, str(pathlib.Path(stand_ins.__file__).parent))


if __name__ == '__main__':
  absltest.main()
