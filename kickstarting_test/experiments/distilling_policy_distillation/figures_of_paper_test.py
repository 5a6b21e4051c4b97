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
"""Tests of the figures' binaries, small, and of what they compute besides.

Not here: what is learnt (`theorems_test.py`, `sampling_test.py`).
"""

import json
import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from experiments.distilling_policy_distillation import figure_1
from kickstarting.losses import method_choice
from kickstarting_test.experiments import binaries

_FIGURE_2 = 'experiments.distilling_policy_distillation.figure_2'
_FIGURE_3 = 'experiments.distilling_policy_distillation.figure_3'
_FIGURE_4 = 'experiments.distilling_policy_distillation.figure_4'
_FIGURE_5 = 'experiments.distilling_policy_distillation.figure_5'
_FIGURE_6 = 'experiments.distilling_policy_distillation.figure_6'
_FIGURE_9 = 'experiments.distilling_policy_distillation.figure_9'
_TINY = ('--mdps=3', '--chunk=2', '--steps=20', '--points=2', '--workers=1')
_GRID = ('--size=5', '--teacher_steps=500', '--value_episodes=5')
_SHORT = (
    '--actions=4', '--rates=0.01', '--methods=baseline', *_GRID)  # of figure 4


class DiagramTest(absltest.TestCase):

  def test_every_leaf_is_drawn(self):
    self.assertEqual(figure_1.leaves(method_choice.DIAGRAM), 9)
    folder = pathlib.Path(self.create_tempdir().full_path)
    picture = figure_1.draw(folder / 'diagram')
    self.assertGreater(picture.stat().st_size, 20_000)


class ExplanationsTest(parameterized.TestCase):

  def test_tables(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    done = binaries.run(
        'experiments.distilling_policy_distillation.explanations', '--mdps=2',
        '--size=5', '--steps=300', '--learning_rate=0.1',
        '--teacher_steps=2000', '--methods=expected_entropy_regularised',
        '--next_reward_mdps=3', '--noises=0.1', f'--workdir={folder}')
    result = binaries.last_line(done)
    counts = result['visits']['4 actions, rate 0.02']
    for name, costs in (
        ('distance', None),
        ('reverse_cross_entropy', -np.log(
            0.999 * np.array([1, 0, 0, 0]) + 0.001 / 4))):
      logits, count = np.zeros(4), 0
      while (probs := np.exp(logits) / np.exp(logits).sum())[0] < 0.9:
        slope = probs - np.array([1, 0, 0, 0])
        if costs is not None:
          slope = probs * (costs - probs @ costs)
        logits -= 0.02 * slope
        count += 1
      self.assertEqual(counts[name], count)
    row = result['horizon']['expected_entropy_regularised']
    self.assertLess(
        row['discount 0.99']['steps'], row['discount 0.5']['steps'])
    self.assertIn('| teacher |', done.stdout)
    ahead = result['next_reward']['noise 0.1']
    self.assertGreater(ahead['best next reward'], ahead['uniform policy'])

  @parameterized.parameters(
      (('--restart',), '--restart has no effect on these tables'),
      (('--rates=nan',), "--rates=nan holds 'nan'; expected"),
      (('--actions=0',), "--actions=0 holds '0'; expected"),
      (('--noises=2',), "--noises=2 holds '2'; expected"),
      (('--methods=td_teacher_v',), "holds 'td_teacher_v', which needs the v"))
  def test_bad_input(self, flags, message):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    done = binaries.run(
        'experiments.distilling_policy_distillation.explanations',
        f'--workdir={folder}', *flags)
    self.assertEqual(done.returncode, 2, done.stderr)
    self.assertIn(message, done.stderr)
    self.assertFalse(folder.exists())


class DistralTest(absltest.TestCase):

  def test_curves_of_every_alpha(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    result = binaries.last_line(binaries.run(
        'experiments.distilling_policy_distillation.distral', '--groups=2',
        '--tasks=2', '--size=4', '--steps=200', '--points=2',
        '--alphas=0,0.5', f'--workdir={folder}'))
    self.assertEqual(
        list(result['returns_at_the_end']), ['alpha 0', 'alpha 0.5'])
    self.assertGreater(pathlib.Path(result['figure']).stat().st_size, 5000)
    rows = pathlib.Path(result['csv']).read_text().splitlines()
    self.assertLen(rows, 1 + 2 * 3)


class BinariesTest(parameterized.TestCase):

  def _folder(self):
    return pathlib.Path(self.create_tempdir().full_path) / 'run'

  @parameterized.parameters(
      (_FIGURE_3, ('--temperatures=0,0.1', *_GRID), 2, 4),
      (_FIGURE_4, ('--actions=4,40', '--methods=baseline', *_GRID), 4, 2),
      (_FIGURE_5, (
          '--flipped=0.25', '--returns=one_step', '--restart', '--critic',
          '--methods=on_policy_distill,n_distill_plus_r,v_gated_plus_r,'
          'td_teacher_v', *_GRID[:-1]), 1, 3),
      (_FIGURE_6, (), 2, 9),
      (_FIGURE_9, ('--lengths=2',), 2, 9),
  )
  def test_sampled(self, name, flags, num_groups, num_curves):
    folder = self._folder()
    result = binaries.last_line(binaries.run(
        name, f'--workdir={folder}', *_TINY, *flags))
    self.assertEqual(result['ended'], 'finished')
    self.assertLen(result['final_returns'], num_groups)
    for returns in result['final_returns'].values():
      self.assertLen(returns, num_curves)
      self.assertTrue(np.isfinite(list(returns.values())).all())
    for file in (result['figure'], result['csv'],
                 result['figure'].replace('.png', '.pdf')):
      self.assertTrue(os.path.exists(file), file)
    self.assertGreater(result['core_seconds'], 0)
    self.assertLen(
        list((folder / 'curves').iterdir()),
        2 * num_groups * (num_curves - 1))

  def test_oscillation(self):
    result = binaries.last_line(binaries.run(
        _FIGURE_2, f'--workdir={self._folder()}', '--steps=1700'))
    circling = result['on_policy_distill_plus_r']
    np.testing.assert_allclose(circling['crossings_start'], [544], rtol=0.01)
    np.testing.assert_allclose(circling['crossings_sides'], [1635], rtol=0.01)

  def test_resumes_with_its_own_flags(self):
    folder = self._folder()
    binaries.last_line(binaries.run(
        _FIGURE_4, f'--workdir={folder}', *_TINY, *_SHORT))
    table = (folder / 'figure_4.csv').read_text()
    lost = sorted((folder / 'curves').iterdir())[0]
    lost.unlink()
    result = binaries.last_line(binaries.run(
        _FIGURE_4, f'--workdir={folder}', '--resume'))
    self.assertEqual(result['mdps'], 3)
    self.assertTrue(lost.exists())
    self.assertEqual((folder / 'figure_4.csv').read_text(), table)
    flags = json.loads((folder / 'config.json').read_text())['flags']
    self.assertNotIn('frames', flags)  # of training

  def test_resumes_no_run_of_other_settings(self):
    folder = self._folder()
    binaries.last_line(binaries.run(
        _FIGURE_4, f'--workdir={folder}', *_TINY, *_SHORT))
    for flag in ('--restart', '--critic', '--distill_discount=0.9',
                 '--discount=0.9', '--rates=0.02'):
      done = binaries.run(_FIGURE_4, f'--workdir={folder}', '--resume', flag)
      self.assertEqual(done.returncode, 2, done.stderr)
      self.assertRegex(
          done.stderr, f'error: {flag.split("=")[0]} is .*, but the run in')

  def test_any_number_of_processes_finds_the_same(self):
    folders = [self._folder() for _ in range(2)]
    for folder, workers in zip(folders, (1, 3)):
      binaries.last_line(binaries.run(
          _FIGURE_4, f'--workdir={folder}', *_TINY[:-1], *_SHORT,
          f'--workers={workers}'))
    one, several = ((folder / 'figure_4.csv').read_text() for folder in folders)
    self.assertEqual(one, several)

  @parameterized.parameters(_FIGURE_4, _FIGURE_5, _FIGURE_6)
  def test_makes_all_its_students_first(self, name):
    done = binaries.run(
        name, f'--workdir={self._folder()}', '--memory_gib=0.000001')
    self.assertEqual(done.returncode, 2, done.stderr)
    self.assertRegex(done.stderr, r'error: .*needs [\d.e-]+ GiB')

  def test_one_flag_of_step_sizes(self):
    done = binaries.run(
        _FIGURE_4, f'--workdir={self._folder()}', '--learning_rate=0.01')
    self.assertEqual(done.returncode, 2, done.stderr)
    self.assertIn('--learning_rate has no effect on Figure 4', done.stderr)

  @parameterized.parameters(
      (('--memory_gib=0.000001',),
       r'needs [\d.e-]+ GiB; --memory_gib=1e-06 allows less'),
      (('--wall=1.5',), r'wall is 1.5; expected a number in \[0, 1\]'),
      (('--steps=10', '--points=3'), 'which 3 points do not divide'),
      (('--temperatures=-1',), "--temperatures=-1 holds '-1'; expected"),
      (('--end_probability=0', '--terminal=0'),
       'no terminal state can be reached'),
  )
  def test_bad_input(self, flags, message):
    done = binaries.run(
        _FIGURE_3, f'--workdir={self._folder()}', '--size=5',
        '--mdps=2', '--teacher_steps=10', *flags)
    self.assertEqual(done.returncode, 2, done.stderr)
    self.assertRegex(done.stderr, f'error: .*{message}')
    self.assertNotIn('Traceback', done.stderr)


if __name__ == '__main__':
  absltest.main()
