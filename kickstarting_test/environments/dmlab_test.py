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
"""Tests of dmlab.py, on a stand-in with the engine's manners."""

import os
import pathlib
import sys

from absl.testing import absltest
from absl.testing import parameterized
import dm_env
import numpy as np

from kickstarting.environments import base
from kickstarting.environments import dmlab
from kickstarting.environments import dmlab_actions
from kickstarting.environments import process_batch
from kickstarting.environments import worker_pool
from kickstarting.environments import worker_process
from kickstarting_test import stand_ins

_LEFT, _RIGHT, _FIRE = 2, 3, 8
_WATERMAZE = 'contributed/dmlab30/rooms_watermaze'


class _StandInTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    stand_ins.use(self)

  def _lab(self, level=_WATERMAZE, seed=0, **options):
    lab = dmlab.Lab(seed, level, **options)
    self.addCleanup(lab.close)
    return lab


class LabTest(_StandInTest):

  def test_an_episode_that_ends_in_time(self):
    lab = self._lab(bootstrap_on_timeout=True)
    first = lab.reset()
    self.assertEqual(first.observation['image'].shape, (72, 96, 3))
    self.assertEqual(first.observation['instruction'], '')
    step = first
    for _ in range(5):
      self.assertFalse(step.last())
      before, step = step, lab.step(_RIGHT)
    if not step.last():  # the goal is at the other end
      for _ in range(10):
        before, step = step, lab.step(_LEFT)
    self.assertEqual((step.reward, step.discount), (1.0, 0.0))
    # What was seen last stands for the end.
    np.testing.assert_array_equal(
        step.observation['image'], before.observation['image'])
    self.assertTrue(lab.reset().first())

  @parameterized.parameters((False, 0.0), (True, 1.0))
  def test_time_runs_out(self, bootstraps, discount):
    lab = self._lab(bootstrap_on_timeout=bootstraps)
    lab.reset()
    steps = [lab.step(_FIRE) for _ in range(720 // 4)]
    self.assertFalse(any(step.last() for step in steps[:-1]))
    self.assertTrue(steps[-1].last())
    self.assertEqual(steps[-1].discount, discount)

  def test_the_same_seed_plays_the_same(self):
    def play(seed):
      lab = self._lab(seed=seed)
      rewards = []
      for _ in range(8):
        step = lab.reset()
        while not step.last():
          step = lab.step(_RIGHT)
        rewards.append(step.reward)
      return rewards

    self.assertEqual(play(3), play(3))
    self.assertNotEqual(play(3), play(4))

  def test_the_instruction_of_every_step(self):
    lab = self._lab('stand_in/talks')
    lab.reset()
    texts = [lab.step(_FIRE).observation['instruction'] for _ in range(10)]
    self.assertEqual(texts, ['go to 0'] * 4 + ['go to 1'] * 5 + ['go to 2'])

  def test_hold_out_levels(self):
    level = 'contributed/dmlab30/rooms_collect_good_objects_test'
    with self.assertRaisesRegex(RuntimeError, 'Hold-out'):
      self._lab(level)
    self._lab(level, is_test=True).reset()

  def test_images_of_psychlab(self):
    self._lab('contributed/dmlab30/psychlab_continuous_recognition').reset()

  @parameterized.parameters(*dmlab_actions.ACTION_SETS)
  def test_action_sets(self, name):
    lab = self._lab(actions=name)
    lab.reset()
    num_actions = lab.action_spec().num_values
    self.assertEqual(num_actions, {
        'impala': 9, 'fifteen': 15, '540': 540, '756': 756}[name])
    lab.step(num_actions - 1)

  def test_the_nine_are_among_the_756(self):
    many = dmlab_actions.action_set('756').tolist()
    for action in dmlab_actions.action_set('impala').tolist():
      self.assertIn(action, many)

  def test_errors(self):
    with self.assertRaisesRegex(ValueError, "action set 'all'; expected one"):
      self._lab(actions='all')
    sys.path.pop(0)
    sys.modules.pop('deepmind_lab', None)
    with self.assertRaisesRegex(
        ModuleNotFoundError, 'there is no deepmind_lab; .*Build it from'):
      self._lab()
    sys.path.insert(0, str(pathlib.Path(stand_ins.__file__).parent))


class CacheTest(_StandInTest):

  def test_maps_are_kept(self):
    folder = self.create_tempdir().full_path
    lab = self._lab(
        'contributed/dmlab30/explore_goal_locations_small', cache=folder)
    for _ in range(12):
      lab.reset()
    self.assertLen(os.listdir(folder), 3)

  def test_a_folder_that_is_gone_costs_time_only(self):
    folder = self.create_tempdir().full_path
    lab = self._lab(
        'contributed/dmlab30/explore_goal_locations_small', cache=folder)
    os.rmdir(folder)
    lab.reset()


class BatchTest(_StandInTest):

  def _batch(self, level, **options):
    batch = process_batch.task_batch(
        {'a': worker_process.Builder(
            'kickstarting.environments.dmlab:Lab', {'level': level})}, 2,
        seed=0, instruction_key='instruction', instruction_every_step=True,
        **options)
    self.addCleanup(batch.close)
    return batch

  def test_instructions_reach_the_agent(self):
    batch = self._batch('stand_in/talks')
    self.assertEqual(batch.spec.observation, {
        'image': base.ArraySpec((72, 96, 3), np.dtype(np.uint8))})
    seen = [batch.reset().instruction[0]]
    for _ in range(11):
      batch.send(np.full(2, _FIRE, np.int32))
      seen.append(batch.receive().instruction[0])
    self.assertEqual(seen, [1] * 5 + [2] * 5 + [3] * 2)

  @parameterized.parameters('dies', 'stalls')
  def test_faults(self, fault):
    batch = self._batch(f'stand_in/{fault}', pool=worker_pool.PoolConfig(
        step_timeout_s=1.0))
    batch.reset()
    types = []
    for _ in range(8):
      batch.send(np.full(2, _FIRE, np.int32))
      types.append(batch.receive().step_type.tolist())
    mid, first = [dm_env.StepType.MID] * 2, [dm_env.StepType.FIRST] * 2
    self.assertEqual(types, [mid] * 6 + [first, mid])
    self.assertEqual(batch.restarts, 2)


if __name__ == '__main__':
  absltest.main()
