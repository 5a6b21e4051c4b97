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
"""Tests of `experiments/expert_shelf.py`."""

import json
import pathlib

from absl.testing import absltest

from experiments import expert_plan
from experiments import expert_shelf
from kickstarting.teachers import zoo

_STEP = next(step for step in expert_plan.PLAN if step.name == 'FourRooms')


class ShelfTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    root = pathlib.Path(self.create_tempdir().full_path)
    self._runs, self._experts = root / 'runs', root / 'experts'
    self._write('school', frames=600)

  def _write(self, name, ended='finished', frames=200, score=50.0):
    """Writes what a run leaves, with a policy that is shipped."""
    folder = self._runs / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'config.json').write_text(json.dumps(
        {'program': 'train', 'flags': {'seed': 1}, 'command': f'train {name}'}))
    (folder / 'result.json').write_text(json.dumps({
        'ended': ended, 'frames': frames, 'evaluation_score': score,
        'tasks': {'FourRooms': {'return': 0.5, 'episodes': 200}}}))
    (folder / 'policy.npz').write_bytes(
        (zoo.default_folder() / 'FourRooms.npz').read_bytes())

  def _ship(self):
    expert_shelf.ship(self._runs, _STEP, self._experts)
    return zoo.manifest(self._experts)

  def test_a_finished_run_becomes_the_expert(self):
    self._write('FourRooms')
    self.assertIsNone(expert_shelf.shipped('FourRooms', self._experts))
    entry = self._ship()['FourRooms']
    self.assertEqual(entry['run'], 'FourRooms')
    self.assertEqual(entry['lineage'], {'FourRooms': 200, 'school': 600})
    self.assertEqual(entry['score'], 50.0)
    self.assertEqual(
        expert_shelf.shipped('FourRooms', self._experts),
        self._experts / 'FourRooms.npz')
    zoo.load_expert('FourRooms', self._experts)
    self.assertEqual(zoo.training_frames(['FourRooms'], self._experts), 800)

  def test_a_better_expert_stays(self):
    self._write('FourRooms', score=60.0)
    first = self._ship()
    self._write('FourRooms', score=59.0, frames=300)
    self.assertEqual(self._ship(), first)
    self._write('FourRooms', score=61.0, frames=300)
    self.assertEqual(self._ship()['FourRooms']['score'], 61.0)

  def test_what_has_not_finished_is_none(self):
    self.assertEqual(self._ship(), {})
    self._write('FourRooms', ended='interrupted')
    self.assertEqual(self._ship(), {})

  def test_runs_of_another_machine_are_known_by_the_manifest(self):
    self._write('FourRooms')
    self._ship()
    (self._runs / 'school' / 'result.json').unlink()
    self._write('FourRooms', score=70.0)
    self.assertEqual(
        self._ship()['FourRooms']['lineage'],
        {'FourRooms': 200, 'school': 600})

  def test_an_unknown_ancestor_is_named(self):
    self._write('FourRooms')
    (self._runs / 'school' / 'result.json').unlink()
    with self.assertRaisesRegex(ValueError, 'school.*holds no run that has'):
      self._ship()


if __name__ == '__main__':
  absltest.main()
