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
"""Tests of the shipped experts and of the folder they live in."""

import json
import pathlib

from absl.testing import absltest
import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting.networks import build
from kickstarting.teachers import policy_file
from kickstarting.teachers import teacher as teacher_lib
from kickstarting.teachers import zoo
from kickstarting_test.networks import examples

_CONFIG = build.NetworkConfig('flat', 4)


def _save(path, seed):
  agent = agent_lib.make_agent(_CONFIG, examples.FLAT_SPEC, 5)
  policy = policy_file.Policy(
      network=_CONFIG,
      params=examples.params(agent.init, seed),
      num_actions=5,
      observation=examples.FLAT_SPEC,
      max_words=4,
      tasks=('Unlock',),
  )
  policy_file.save_policy(path, policy)
  return policy


class ZooTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self._folder = pathlib.Path(self.create_tempdir().full_path)
    self._policies = []
    for seed, task in enumerate(('Unlock', 'DoorKey')):
      source = self._folder / 'source.npz'
      self._policies.append(_save(source, seed))
      zoo.add_expert(
          source, task, {'lineage': {task: 10 + seed}}, self._folder / 'zoo')
      source.unlink()
    self._folder /= 'zoo'

  def test_round_trip(self):
    self.assertEqual(
        [(task, entry['lineage'], entry['file'])
         for task, entry in sorted(zoo.manifest(self._folder).items())],
        [('DoorKey', {'DoorKey': 11}, 'DoorKey.npz'),
         ('Unlock', {'Unlock': 10}, 'Unlock.npz')])
    loaded = zoo.load_expert('DoorKey', str(self._folder))
    jax.tree.map(
        lambda x, y: np.testing.assert_array_equal(x, y.astype(np.float16)),
        loaded.params, self._policies[1].params)
    teachers = zoo.load_experts(('DoorKey', 'Unlock'), self._folder)
    self.assertEqual([t.name for t in teachers], ['DoorKey', 'Unlock'])
    np.testing.assert_array_equal(
        teachers[0].params['policy']['b'], loaded.params['policy']['b'])
    self.assertEqual(
        sorted(path.name for path in self._folder.iterdir()),
        ['DoorKey.npz', 'Unlock.npz', 'manifest.json'])

  def test_an_expert_is_replaced(self):
    source = self._folder.parent / 'source.npz'
    policy = _save(source, 7)
    zoo.add_expert(
        source, 'Unlock', {'lineage': {'DoorKey': 11, 'mine': 99}},
        self._folder)
    self.assertEqual(
        zoo.training_frames(['Unlock', 'DoorKey'], self._folder), 110)
    np.testing.assert_array_equal(
        zoo.load_expert('Unlock', self._folder).params['policy']['b'],
        policy.params['policy']['b'].astype(np.float16))

  def test_no_expert(self):
    with self.assertRaisesRegex(
        ValueError,
        r"No expert for 'Fetch' in '.*zoo'; there are experts for \['DoorKey',"
        r" 'Unlock'\]. Train a policy on it with `kickstarting train`"):
      zoo.load_experts(['Unlock', 'Fetch'], self._folder)

  def test_no_folder(self):
    self.assertEqual(zoo.manifest(self._folder / 'none'), {})
    with self.assertRaisesRegex(ValueError, r'there are experts for \[\]'):
      zoo.load_expert('Unlock', self._folder / 'none')

  def test_another_file_than_the_manifest_describes(self):
    _save(self._folder / 'Unlock.npz', 3)
    (self._folder / 'DoorKey.npz').unlink()
    for task in ('Unlock', 'DoorKey'):
      with self.assertRaisesRegex(
          ValueError,
          rf"expert for '{task}' \('.*{task}.npz'\) is missing or is not the"
          ' file that manifest.json describes; install the library again'):
        zoo.load_expert(task, self._folder)

  def test_the_manifest_is_readable(self):
    text = (self._folder / zoo.MANIFEST).read_text('utf-8')
    self.assertEqual(json.loads(text), zoo.manifest(self._folder))
    self.assertIn('\n  "DoorKey": {\n', text)


class ShippedExpertsTest(absltest.TestCase):

  def test_every_one_loads_and_fits(self):
    for task in zoo.manifest():
      with self.subTest(task):
        (teacher,) = zoo.load_experts([task])  # checks hash and parameters
        teacher_lib.check_fits(teacher, 7, examples.GRID_SPEC)
        self.assertIn(task, teacher.tasks)

  def test_every_file_is_in_the_manifest(self):
    folder = zoo.default_folder()
    files = {path.name for path in folder.glob('*.npz')}
    self.assertEqual(
        files, {entry['file'] for entry in zoo.manifest().values()})


if __name__ == '__main__':
  absltest.main()
