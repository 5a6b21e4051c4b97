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
"""Tests of pictures of curricula: what is read of runs, and what appears."""

import json
import pathlib
import warnings

from absl.testing import absltest

from experiments import mixture_figures


class MixtureFiguresTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.enter_context(warnings.catch_warnings())
    warnings.simplefilter('error')

  def _run(self, name, *records):
    folder = self.root / name
    folder.mkdir()
    (folder / 'records.jsonl').write_text(''.join(
        json.dumps({'frames': 100 * (i + 1), 'score': 5.0, **record}) + '\n'
        for i, record in enumerate(records)))
    return folder

  def test_mixing_of_a_student(self):
    folder = self._run('one', *({'transfer': 0.1, 'mixing': m}
                                for m in (0.2, 0.8)))
    frames, mixing = mixture_figures.mixing_curve(folder)
    self.assertEqual(frames.tolist(), [100, 200])
    self.assertEqual(mixing.tolist(), [0.2, 0.8])

  def test_mixing_of_the_best_member(self):
    folder = self._run('many', {
        'transfer': 0.1, 'mixing': {'0': 0.3, '1': 0.4}, 'best_member': 1})
    self.assertEqual(
        mixture_figures.mixing_curve(folder)[1].tolist(), [0.4])

  def test_an_agent_alone_has_none(self):
    folder = self._run('alone', {'mixing': 1.0})
    self.assertEmpty(mixture_figures.mixing_curve(folder)[0])

  def test_draw(self):
    mixtures = [
        self._run(f'm{seed}', *({'transfer': 0.1, 'mixing': m}
                                for m in (0.2, 0.8)))
        for seed in range(2)]
    path = mixture_figures.draw(
        self.root / 'picture', {
            'mixture': mixtures, 'alone': [self._run('a', {'mixing': 1.0})],
            'without records': [self._run('nothing')]}, title='x')
    self.assertGreater(path.stat().st_size, 5000)
    self.assertGreater(path.with_suffix('.pdf').stat().st_size, 1000)


if __name__ == '__main__':
  absltest.main()
