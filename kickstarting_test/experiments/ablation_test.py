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
"""Tests of what the ablations share: runs done once, means, intervals."""

import contextlib
import io
import json
import os
import pathlib
import sys
from unittest import mock

from absl.testing import absltest
import numpy as np
import scipy.stats

from experiments import ablation
from kickstarting import checks
from kickstarting.commands import folder_lock
from kickstarting.runtime import exchange


class IntervalTest(absltest.TestCase):

  def test_interquartile_mean_by_hand(self):
    # 8 values: the two least and the two greatest are left out.
    scores = np.array([[0.0, 10.0, 20.0, 30.0], [40.0, 50.0, 60.0, 1000.0]])
    self.assertEqual(ablation.interval(scores)[0], (20 + 30 + 40 + 50) / 4)

  def test_agrees_with_resampling_by_hand(self):
    rng = np.random.default_rng(0)
    scores = rng.normal(50.0, 10.0, (5, 8))
    means = []
    for _ in range(4000):
      drawn = [rng.choice(column, len(column)) for column in scores.T]
      means.append(scipy.stats.trim_mean(np.concatenate(drawn), 0.25))
    _, low, high = ablation.interval(scores)
    np.testing.assert_allclose(
        [low, high], np.percentile(means, [2.5, 97.5]), atol=0.5)

  def test_is_the_same_every_time(self):
    scores = np.random.default_rng(0).normal(size=(3, 8))
    self.assertEqual(ablation.interval(scores), ablation.interval(scores))

  def test_a_single_run_has_no_spread(self):
    self.assertEqual(ablation.interval(np.full((1, 4), 7.0)), (7.0, 7.0, 7.0))


class RunsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.commands = []
    self.ended = 'finished'
    self.enter_context(mock.patch.object(
        ablation, 'call', side_effect=self._run))
    self.addCleanup(folder_lock.release)

  def _run(self, command):
    """Stands for a binary that ends at once; its score is its seed's."""
    self.commands.append(command)
    flags = dict(f[2:].split('=', 1) for f in command if '=' in f)
    folder = pathlib.Path(flags['workdir']) / flags.get('inner', '')
    folder.mkdir(parents=True, exist_ok=True)
    (pathlib.Path(flags['workdir']) / 'config.json').write_text('{}')
    (folder / 'records.jsonl').write_text(''.join(
        json.dumps({'frames': frames, 'score': 1.0, 'task_score': {
            'a': frames * float(flags['seed']), 'b': frames}}) + '\n'
        for frames in (10, 20)))
    (pathlib.Path(flags['workdir']) / 'result.json').write_text(
        json.dumps({'ended': self.ended, 'evaluation_score': 12.5}))

  def _all(self):
    settings = [
        ablation.Setting('linear 1 to 0 at 10 %', 'experiments.kickstart',
                         ('--inner=kickstarted',), 'kickstarted'),
        ablation.Setting('PBT', 'experiments.pbt', ())]
    with contextlib.redirect_stdout(io.StringIO()):
      return ablation.run_all(self.root, settings, ['1', '2'], ['--frames=9'])

  def test_a_study_has_its_folder_alone(self):
    self._all()
    with self.assertRaisesRegex(
        exchange.ExchangeError, rf'is in use by process {os.getpid()} on'):
      folder_lock.check_free(self.root)

  def test_a_run_that_never_began_is_no_run_to_resume(self):
    (self.root / 'PBT-1').mkdir(parents=True)
    self._all()
    self.assertNotIn('--resume', self.commands[1])

  def test_commands(self):
    self._all()
    self.assertEqual(self.commands[0][1:], [
        '-m', 'experiments.kickstart', '--seed=1',
        f'--workdir={self.root / "linear_1_to_0_at_10_-1"}',
        '--inner=kickstarted', '--frames=9'])
    self.assertLen(self.commands, 4)

  def test_what_is_done_is_not_done_again(self):
    self._all()
    self.commands.clear()
    self._all()
    self.assertEmpty(self.commands)

  def test_what_was_interrupted_is_not_done(self):
    self._all()
    self.commands.clear()
    path = self.root / 'PBT-1' / 'result.json'
    path.write_text('{"ended": "interrupted"}')
    self._all()
    [command] = self.commands
    self.assertIn(f'--workdir={path.parent}', command)
    self.assertEqual(command[-1], '--resume')

  def test_study_ends_with_what_is_interrupted(self):
    self.ended = 'interrupted'
    with self.assertRaisesRegex(SystemExit, 'linear_1.* was interrupted'):
      self._all()
    self.assertLen(self.commands, 1)

  def test_population_counts_with_its_three_best(self):
    (self.root / 'records.jsonl').write_text(json.dumps({
        'frames': 1, 'task_score': {'a': 9}, 'task_score_top3': {'a': 6}}))
    self.assertEqual(ablation.task_scores(self.root), {'a': 6})

  def test_what_was_cut_off_is_resumed(self):
    (self.root / 'PBT-2').mkdir()
    (self.root / 'PBT-2' / 'config.json').touch()
    self._all()
    self.assertEqual(
        [command[-1] == '--resume' for command in self.commands],
        [False, False, False, True])

  def test_table(self):
    runs = self._all()
    table = ablation.tabulate(runs)
    self.assertEqual(list(table), ['linear 1 to 0 at 10 %', 'PBT'])
    for row in table.values():
      self.assertEqual(row['final_scores'], [20.0, 30.0])
      self.assertEqual(row['mean'], 25.0)
      self.assertEqual(row['interquartile_mean'], 20.0)
      self.assertEqual((row['low'], row['high']), (20.0, 30.0))

  def test_threshold(self):
    runs = self._all()
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
      for threshold in (1.0, 1.5):
        ablation.report(
            self.root, runs, name='x', title='title', threshold=threshold)
    self.assertIn('| M frames to the threshold |', out.getvalue())
    self.assertRegex(out.getvalue(), r'\| PBT .*\| 0.00, 0.00 \|')
    self.assertRegex(out.getvalue(), r'\| PBT .*\| never, never \|')
    last = json.loads((self.root / 'x.json').read_text())
    self.assertEqual(last['threshold'], 1.5)
    self.assertNotIn('score_of_teacher', last)

  def test_study(self):
    taught = []

    def settings(teacher):
      taught.append(teacher)
      return [ablation.Setting(
          'PBT', 'experiments.pbt', (f'--teachers={teacher}',))]

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
      ablation.study(
          self.root, settings, ['1', '2'], [], name='x', title='title')
    self.assertEqual(taught, [self.root / 'teacher-0'])
    self.assertIn(f'--teachers={self.root / "teacher-0"}', self.commands[1])
    last = json.loads(out.getvalue().splitlines()[-1])
    self.assertEqual(last['score_of_teacher'], 12.5)
    self.assertEqual(json.loads((self.root / 'x.json').read_text()), last)
    self.assertTrue(pathlib.Path(last['figure']).is_file())
    self.assertIn('| PBT | 25.0 | 20.0, 30.0 |', out.getvalue())


class CallTest(absltest.TestCase):

  def test_a_run_that_fails_is_one_line(self):
    with self.assertRaisesRegex(
        checks.UserError, r'^-c raise.* ended with status 3; what it said'):
      ablation.call([sys.executable, '-c', 'raise SystemExit(3)'])

  def test_a_request_to_stop_is_passed_on(self):
    ready = self.create_tempfile().full_path
    code = (
        'import pathlib, signal, time\n'
        'signal.signal(signal.SIGTERM, lambda *_: print("saved") or exit(0))\n'
        f'pathlib.Path({ready!r}).write_text("ready")\n'
        'time.sleep(100)\n')
    with mock.patch.object(
        ablation.stopping, 'requested',
        lambda: pathlib.Path(ready).read_text() == 'ready'):
      with self.assertRaisesRegex(SystemExit, 'start the study again'):
        ablation.call([sys.executable, '-c', code])


if __name__ == '__main__':
  absltest.main()
