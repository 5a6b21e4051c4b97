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
"""Tests of `kickstarting/commands/comparison.py`, on curves written by hand."""

import json
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.commands import comparison


class ComparisonTest(parameterized.TestCase):

  @parameterized.named_parameters(
      ('rises', [0, 10, 20, 30], 20, 300.0),
      ('starts_there', [50, 60, 70], 20, 100.0),
      ('never', [0, 10, 19.9], 20, None),
      ('at_the_last_record', [0, 10, 20], 20, 300.0),
      ('lucky_window', [0, 25, 5, 5, 30, 30, 30], 20, 500.0),
      ('small_dip', [0, 25, 19, 22, 30], 20, 200.0),
      ('empty', [], 20, None))
  def test_frames_to_score(self, values, score, expected):
    frames = 100.0 * np.arange(1, len(values) + 1)
    self.assertEqual(
        comparison.frames_to_score(frames, np.array(values), score), expected)

  def _run(self, name, values):
    folder = pathlib.Path(self.create_tempdir(name).full_path)
    (folder / 'records.jsonl').write_text(''.join(
        json.dumps({'frames': 100 * (i + 1), 'score': value}) + '\n'
        for i, value in enumerate(values)))
    return folder

  def test_summary(self):
    scratch = self._run('scratch', [0, 10, 20, 30, 40])
    student = self._run('student', [10, 45, 60, 70, 80])
    self.assertEqual(comparison.summarise(scratch, student), {
        'score_scratch': 40.0,
        'score_kickstarted': 80.0,
        'frames_to_scratch_score': 200.0,
        'speedup': 2.5,
    })

  def test_student_that_never_gets_there(self):
    scratch = self._run('scratch', [0, 40])
    student = self._run('student', [10, 30])
    summary = comparison.summarise(scratch, student)
    self.assertIsNone(summary['speedup'])
    self.assertIsNone(summary['frames_to_scratch_score'])

  def test_table_of_seeds(self):
    scratch = [self._run('a', [0, 10, 20]), self._run('b', [0, 20, 40])]
    student = [self._run('c', [25, 30, 35]), self._run('d', [10, 20, 30])]
    table = comparison.tabulate(
        {'scratch': scratch, 'student': student}, teacher_frames=1000)
    self.assertEqual(table, {
        'scratch': {
            'final_scores': [20.0, 40.0],
            'frames_to_scratch_score': [300.0, 300.0],
            'frames_with_experts': [300.0, 300.0],
            'speedup': [1.0, 1.0],
        },
        'student': {
            'final_scores': [35.0, 30.0],
            'frames_to_scratch_score': [100.0, None],
            'frames_with_experts': [1100.0, None],
            'speedup': [3.0, None],
        },
    })

  def test_runs_without_a_score(self):
    nothing = self._run('nothing', [None, None])
    student = self._run('student', [None, 30])
    self.assertIsNone(comparison.last_score(nothing))
    self.assertEqual(comparison.summarise(nothing, student), {
        'score_scratch': None,
        'score_kickstarted': 30.0,
        'frames_to_scratch_score': None,
        'speedup': None,
    })
    table = comparison.tabulate(
        {'scratch': [nothing], 'student': [student]}, teacher_frames=0)
    self.assertEqual(table['scratch']['final_scores'], [None])
    self.assertEqual(table['student']['frames_to_scratch_score'], [None])

  def test_frames_of_teachers_that_are_not_known(self):
    runs = [self._run('a', [0, 20])]
    table = comparison.tabulate(
        {'scratch': runs, 'student': runs}, teacher_frames=None)
    self.assertEqual(table['scratch']['frames_with_experts'], [200.0])
    self.assertEqual(table['student']['frames_with_experts'], [None])


if __name__ == '__main__':
  absltest.main()
