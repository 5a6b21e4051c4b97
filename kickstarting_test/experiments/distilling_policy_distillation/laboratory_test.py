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
"""Tests of laboratory.py: what there is to do, files, memory."""

import dataclasses
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from experiments.distilling_policy_distillation import laboratory
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import tabular

_CONFIG = laboratory.LabConfig(
    mdps=5, steps=40, points=2, chunk=2, workers=1)


def _no_teachers(first, num, rng_key):
  raise AssertionError(f'{num} from {first} on, {rng_key}')


def _group():
  return laboratory.Group(
      'corridors', 8, mdp_lib.Dynamics(2, 0.0, 0.01), _no_teachers,
      {'copy': tabular.UpdateConfig()})


class CurvesTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def _save(self, curve):
    place = np.arange(curve.chunk.first, curve.chunk.first + curve.chunk.num)
    values = np.tile(place[None, :, None], (3, 1, 4)).astype(float)
    curve.save(self.folder, values=values, teacher=10 + values[:1], seconds=1.5)

  def test_collects_chunks_in_order(self):
    groups = [_group()]
    curves = laboratory.all_curves(_CONFIG, groups)
    self.assertEqual(
        [(curve.chunk.first, curve.chunk.num) for curve in curves],
        [(0, 2), (2, 2), (4, 1)])
    for curve in reversed(curves):
      self.assertIn(curve, laboratory.missing(_CONFIG, groups, self.folder))
      self._save(curve)
    self.assertEmpty(laboratory.missing(_CONFIG, groups, self.folder))
    found, seconds = laboratory.collect(_CONFIG, groups, self.folder)
    self.assertEqual(seconds, 4.5)
    np.testing.assert_array_equal(
        found['corridors']['copy'][2, :, 0], np.arange(5))
    np.testing.assert_array_equal(
        found['corridors']['teacher'][:, :, 3], [10 + np.arange(5)])

  def test_two_groups_of_one_name(self):
    with self.assertRaisesRegex(
        ValueError, "two groups called 'corridors'; expected different"):
      laboratory.check(_CONFIG, [_group(), _group()])

  def test_memory(self):
    config = laboratory.LabConfig(mdps=50, workers=2, memory_gib=5e-4)
    group = _group()
    size = laboratory.chunk_size(config, group)
    self.assertBetween(size, 1, 49)
    for num, is_enough in ((size, True), (size + 1, False)):
      needed = laboratory.memory_gib(
          num, 8, 2, 400, config.points, config.slots)
      self.assertEqual(2 * needed <= 5e-4, is_enough)
    config = dataclasses.replace(config, memory_gib=1e-6)
    with self.assertRaisesRegex(
        ValueError, r'one MDP with 8 states and 2 actions for each of 2 workers'
        r' needs [\d.e-]+ GiB; --memory_gib=1e-06 allows less'):
      laboratory.check(config, [group])
    # 401 states, 4000 actions: 4 tables of 6.4 MB each, and an episode of it.
    self.assertBetween(
        laboratory.memory_gib(1, 401, 4000, 400, 15, 512), 0.029, 0.031)


class ConfigTest(parameterized.TestCase):

  @parameterized.parameters(
      ({'mdps': 0}, 'mdps is 0; expected at least 1'),
      ({'chunk': 0}, 'chunk is 0; expected at least 1'),
      ({'seed': -1}, 'seed is -1; expected 0 to 2147483647'),
      ({'steps': 100, 'points': 30}, 'which 30 points do not divide'),
  )
  def test_errors(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      laboratory.LabConfig(**fields)


if __name__ == '__main__':
  absltest.main()
