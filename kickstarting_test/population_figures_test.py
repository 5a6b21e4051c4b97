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
"""Tests of pictures of populations: files are drawn, whatever a run did."""

import json
import pathlib
import warnings

from absl.testing import absltest

from kickstarting import pbt
from kickstarting import population_figures
from kickstarting.runtime import logger


def _record(step, member, parent, frames, rescued=False):
  return {'step': step, 'member': member, 'parent': parent, 'frames': frames,
          'parent_frames': frames, 'rescued': rescued,
          'hypers': {'alpha': 1.0, 'rho': [1.0, 0.5]}}


_RECORDS = [
    _record(0, 0, 0, 0), _record(0, 1, 1, 0), _record(1, 1, 0, 100),
    _record(2, 0, 1, 200, rescued=True)]


class PopulationFiguresTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.enter_context(warnings.catch_warnings())
    warnings.simplefilter('error')

  def _assert_drawn(self, path):
    self.assertGreater(path.stat().st_size, 5000)
    self.assertGreater(path.with_suffix('.pdf').stat().st_size, 1000)

  def test_scores(self):
    (self.root / 'records.jsonl').write_text(''.join(
        json.dumps({'frames': frames, 'score_top3': 3.0,
                    'member_score': {'0': 1.0, '1': None}}) + '\n'
        for frames in (100, 200)))
    self._assert_drawn(
        population_figures.draw_scores(
            self.root / 'score', logger.read_records(self.root)))

  def test_a_run_without_records(self):
    self._assert_drawn(
        population_figures.draw_scores(self.root / 'score', []))

  def test_lambdas(self):
    segments = pbt.ancestry(_RECORDS, 1, 300)
    for teachers in (['one', 'other'], []):
      self._assert_drawn(population_figures.draw_lambdas(
          self.root / 'lambda', segments, teachers))

  def test_lineage(self):
    self._assert_drawn(population_figures.draw_lineage(
        self.root / 'lineage', _RECORDS, 300, 1))


if __name__ == '__main__':
  absltest.main()
