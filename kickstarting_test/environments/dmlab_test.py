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

import importlib
import os
import pathlib
import tempfile
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import dm_env
import numpy as np

from kickstarting import checks
from kickstarting import types
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
    # The engine would raise here.
    self.assertTrue(lab.step(_LEFT).first())
    self.assertTrue(lab.reset().first())

  # Of the length of an episode times 60 the engine tells a bit more, or less,
  # than the frames that are left.
  @parameterized.product(
      level=('contributed/dmlab30/rooms_collect_good_objects_train',  # 60 s
             'nav_maze_static_01',  # 12 s
             'contributed/dmlab30/explore_goal_locations_small'),  # 90 s
      action_repeat=(4, 8, 15), bootstraps=(False, True))
  def test_time_runs_out(self, level, action_repeat, bootstraps):
    lab = self._lab(
        level, action_repeat=action_repeat, bootstrap_on_timeout=bootstraps)
    self.assertEqual(_discount_at_the_end(lab), float(bootstraps))

  @parameterized.parameters(10, 30, 120)
  def test_time_runs_out_at_other_rates(self, fps):
    # What is left is told in frames at 60 a second, whatever the rate.
    lab = self._lab(
        'nav_maze_static_01', config={'fps': fps}, bootstrap_on_timeout=True)
    self.assertEqual(_discount_at_the_end(lab), 1.0)

  def test_a_level_without_a_limit_of_time(self):
    # Such a level has no time left from its first frame on.
    lab = self._lab('stand_in/endless', bootstrap_on_timeout=True)
    step = lab.reset()
    for action in [_LEFT] * 5 + [_RIGHT] * 10:
      if not step.last():
        step = lab.step(action)
    self.assertEqual((step.reward, step.discount), (1.0, 0.0))

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

  @parameterized.parameters('collect_good_objects', 'exploit_deferred_effects')
  def test_hold_out_levels(self, name):
    level = f'contributed/dmlab30/rooms_{name}_test'
    with self.assertRaisesRegex(RuntimeError, 'Hold-out'):
      self._lab(level)
    self._lab(level, is_test=True).reset()

  @parameterized.parameters(
      'psychlab_continuous_recognition',
      'psychlab_arbitrary_visuomotor_mapping')
  def test_images_of_psychlab(self, name):
    folder = self.create_tempdir()
    for number in (1, 2400):
      folder.create_file(f'{number:04}.png')
    for dataset in ('', folder.full_path):
      lab = self._lab(f'contributed/dmlab30/{name}', dataset=dataset)
      lab.reset()
      for _ in range(10):
        lab.step(_FIRE)

  @parameterized.parameters(*dmlab_actions.ACTION_SETS, 540, 756)
  def test_action_sets(self, name):
    lab = self._lab(actions=name)
    lab.reset()
    num_actions = lab.action_spec().num_values
    self.assertEqual(num_actions, {
        'impala': 9, 'fifteen': 15, '540': 540, '756': 756}[str(name)])
    lab.step(num_actions - 1)

  def test_the_nine_are_among_the_756(self):
    many = dmlab_actions.action_set('756').tolist()
    for action in dmlab_actions.action_set('impala').tolist():
      self.assertIn(action, many)

  @parameterized.parameters(True, False, 'true', 'false')
  def test_booleans_of_the_engine(self, value):
    self._lab(config={'hasAltCameras': value, 'localLevelCache': value})

  def test_an_engine_that_differs(self):
    engine = importlib.import_module('deepmind_lab')
    for name, rows, message in (
        ('action_spec', [{'name': 'FIRE', 'min': 0, 'max': 1}],
         r"nav_maze_static_01 takes actions \['FIRE'\]; expected"),
        ('observation_spec', [
            {'name': 'RGB_INTERLEAVED', 'shape': (4, 4, 3), 'dtype': np.uint8},
            {'name': 'INSTR', 'shape': (), 'dtype': str},
            {'name': 'FRAMES_REMAINING_AT_60', 'shape': (1,), 'dtype': float}],
         r'shows images of \(4, 4, 3\); expected \(72, 96, 3\)')):
      with self.subTest(name), mock.patch.object(
          engine.Lab, name, lambda self, rows=rows: rows):
        with self.assertRaisesRegex(checks.UserError, message):
          self._lab('nav_maze_static_01')

  def test_nothing_is_asked_of_an_engine_that_is_closed(self):
    # The engine would end the process.
    lab = self._lab()
    lab.close()
    with self.assertRaisesRegex(RuntimeError, 'closed'):
      lab.reset()
    lab.close()

  def test_no_files_are_left(self):
    folder = self.create_tempdir().full_path
    with mock.patch.object(tempfile, 'tempdir', folder):
      lab = self._lab()
      self.assertLen(os.listdir(folder), 1)
      lab.reset()
      lab.close()
      self.assertEmpty(os.listdir(folder))


def _discount_at_the_end(lab):
  """Returns the discount of an episode in which time runs out."""
  step = lab.reset()
  while not step.last():
    step = lab.step(_FIRE)
  return step.discount


class CacheTest(_StandInTest):

  def _maze(self, cache):
    return self._lab(
        'contributed/dmlab30/explore_goal_locations_small', cache=cache)

  def test_maps_are_kept(self):
    folder = self.create_tempdir().full_path
    lab = self._maze(folder)
    for _ in range(12):
      lab.reset()
    self.assertLen(os.listdir(folder), 3)

  def test_a_folder_that_is_gone_costs_time_only(self):
    folder = self.create_tempdir().full_path
    lab = self._maze(folder)
    os.rmdir(folder)
    lab.reset()

  def test_a_map_that_is_cut_short_costs_time_only(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    lab = self._maze(str(folder))
    for _ in range(12):
      lab.reset()
    whole = {path: path.read_bytes() for path in folder.iterdir()}
    for path, content in whole.items():
      path.write_bytes(content[:len(content) // 2])
    for _ in range(12):
      lab.reset()  # the engine would abort with such a map
    for path, content in whole.items():  # and there they are again
      self.assertLen(path.read_bytes(), len(content))


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
        'image': types.ArraySpec((72, 96, 3), np.dtype(np.uint8))})
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
