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
"""Tests of population_run.py: a population in a few lines; what is wrong."""

import contextlib
import json
import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import checks
from kickstarting import population_run
from kickstarting.teachers import policy_file

_TINY = {
    'tasks': ['Empty-Random-6x6'], 'network': 'flat', 'frames': 1600,
    'streams': 8, 'unroll_steps': 10, 'members': 2, 'ready_frames': 400,
    'burn_in_frames': 0, 'returns': 1, 'record_frames': 400, 'progress': False}
_SUITE = 'minigrid_all'


class TrainPopulationTest(parameterized.TestCase):

  def test_without_a_folder_nothing_is_written(self):
    self.enter_context(contextlib.chdir(self.create_tempdir().full_path))
    frames = []
    run = population_run.train_population(
        _SUITE, **_TINY, on_record=lambda record: frames.append(
            record['frames']))
    self.assertEqual((run.ended, run.frames), ('finished', 1600))
    self.assertEqual(frames, [400, 800, 1200, 1600])
    self.assertEqual([r['frames'] for r in run.records], frames)
    self.assertLen(run.scores, 2)
    self.assertLess(len(repr(run)), 500)
    self.assertEqual(run.schedule['learning_rate']['frames'][0], 0)
    self.assertEqual(run.policy.info['frames'], 1600)
    self.assertEqual(
        list(run.evaluate(episodes=2)['tasks']), ['Empty-Random-6x6'])
    self.assertEmpty(os.listdir())
    path = run.plot(
        pathlib.Path(self.create_tempdir().full_path) / 'population.pdf')
    self.assertEqual(path.suffix, '.png')
    self.assertGreater(path.stat().st_size, 5000)

  def test_in_a_folder_with_teachers(self):
    root = pathlib.Path(self.create_tempdir().full_path)
    teacher = root / 'teacher.npz'
    first = population_run.train_population(_SUITE, **_TINY)
    first.policy.save(teacher)
    run = population_run.train_population(
        _SUITE, **_TINY, teachers={'*': str(teacher)}, workdir=root / 'run')
    self.assertContainsSubset(
        ['checkpoints', 'config.json', 'lineage.jsonl', 'policy.npz',
         'records.jsonl', 'result.json', 'schedule.json', 'score.png',
         'lambda.png', 'lineage.png'], os.listdir(root / 'run'))
    self.assertIn('alpha', run.schedule)
    description = json.loads(
        (root / 'run' / 'config.json').read_text())['description']
    self.assertEqual(description['members'], 2)
    saved = policy_file.load_policy(root / 'run')
    np.testing.assert_array_equal(
        saved.params['policy']['w'], run.policy.params['policy']['w'])
    again = population_run.train_population(
        _SUITE, **_TINY, teachers={'*': str(teacher)}, workdir=root / 'run',
        resume=True)
    np.testing.assert_array_equal(again.scores, run.scores)
    with self.assertRaisesRegex(checks.UserError, 'members is 3, but the run'):
      population_run.train_population(
          _SUITE, **_TINY | {'members': 3}, teachers={'*': str(teacher)},
          workdir=root / 'run', resume=True)

  @parameterized.parameters(
      ({'weights': 'constant:1'}, 'weights is .* no effect on a population'),
      ({'weighting': 'shared'}, "weighting is 'shared' without teachers"),
      ({'members': 0}, 'members is 0'),
      ({'resume': True}, 'resume is True without a workdir'),
      ({'nonsense': 1}, "unknown option 'nonsense'"))
  def test_what_cannot_be(self, options, text):
    with self.assertRaisesRegex(checks.UserError, text):
      population_run.train_population(_SUITE, **_TINY | options)


if __name__ == '__main__':
  absltest.main()
