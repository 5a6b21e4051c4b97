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
"""Tests of `experiments/task_table.py`, on records written by hand."""

import contextlib
import io
import json
import pathlib

from absl.testing import absltest
from absl.testing import flagsaver
from absl.testing import parameterized

from experiments import task_table


class TaskTableTest(parameterized.TestCase):

  def _run(self, name, *scores, tasks=('Unlock', 'FourRooms', 'DoorKey-8x8')):
    """Writes a run whose last record holds these scores."""
    folder = pathlib.Path(self.create_tempdir(name).full_path)
    records = [
        {'frames': 100, 'score': 1.0, 'task_score': dict.fromkeys(tasks, 1.0)},
        {
            'frames': 200,
            'score': sum(scores) / len(scores),
            'task_score': dict(zip(tasks, scores, strict=True)),
        },
    ]
    (folder / 'records.jsonl').write_text(
        ''.join(json.dumps(record) + '\n' for record in records))
    return folder

  def test_last_records_families_together(self):
    runs = [self._run('a', 30.0, 60.0, 90.0), self._run('b', 10.0, 20.0, -0.01)]
    self.assertEqual(task_table.rows(runs), [
        ['', 'all', '60.0', '10.0', '35.0'],
        ['keydoor', 'Unlock', '30.0', '10.0', '20.0'],
        ['keydoor', 'DoorKey-8x8', '90.0', '0.0', '45.0'],
        ['nav', 'FourRooms', '60.0', '20.0', '40.0'],
    ])

  def test_tasks_without_a_score(self):
    folder = self._run('a', 1.0, tasks=('Pong',))
    with (folder / 'records.jsonl').open('a') as file:
      file.write(json.dumps(
          {'frames': 300, 'score': None, 'task_score': {'Pong': None}}) + '\n')
    self.assertEqual(
        task_table.rows([folder, self._run('b', 1.0, tasks=('Pong',))])[1:],
        [['atari', 'Pong', '-', '1.0', '-']])

  @parameterized.parameters(
      (('Pong', 'Alien'), ('atari', 'atari')),
      (('rooms_watermaze', 'lasertag_one_opponent_small'),
       ('rooms', 'lasertag')),
      (('a_task', 'of_mine'), ('', '')),
  )
  def test_tasks_of_any_suite(self, tasks, families):
    table = task_table.rows([self._run('a', 1.0, 2.0, tasks=tasks)])
    self.assertEqual(
        [tuple(row[:2]) for row in table[1:]],
        list(zip(families, tasks, strict=True)))

  def test_prints_markdown_and_draws(self):
    run = self._run('seed-1', 30.0, 60.0, 90.0)
    picture = run / 'curves'
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        flagsaver.flagsaver(picture=str(picture)),
    ):
      task_table.main(['task_table', str(run)])
    self.assertTrue(picture.with_suffix('.png').is_file())
    self.assertEqual(out.getvalue().splitlines()[:3], [
        '| family | task | seed-1 | mean |',
        '| --- | --- | --- | --- |',
        '|  | all | 60.0 | 60.0 |',
    ])

  def test_errors(self):
    with self.assertRaisesRegex(ValueError, 'no run is named; give the fold'):
      task_table.rows([])
    empty = self.create_tempdir('empty').full_path
    with self.assertRaisesRegex(ValueError, "empty' holds no records"):
      task_table.rows([empty])
    runs = [
        self._run('a', 1.0, 2.0, 3.0),
        self._run('b', 1.0, tasks=('Unlock',)),
    ]
    with self.assertRaisesRegex(
        ValueError, r"b' was not trained on the tasks of .*\(first difference:"
        r' DoorKey-8x8\); compare runs on the same tasks'):
      task_table.rows(runs)


if __name__ == '__main__':
  absltest.main()
