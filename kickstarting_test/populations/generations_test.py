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
"""Tests of the files of a population of processes."""

import dataclasses

from absl.testing import absltest
import jax
import numpy as np

from kickstarting import files as files_lib
from kickstarting import pbt
from kickstarting.environments import seeds
from kickstarting.populations import generations
from kickstarting.runtime import exchange
from kickstarting_test.populations import crew
from kickstarting_test.runtime import tiny

jax.config.update('jax_numpy_rank_promotion', 'raise')


def setUpModule():
  tiny.compile_once()


def tearDownModule():
  tiny.compile_always()


class FilesTest(crew.TestCase):

  def test_newest_generation(self):
    files = generations.Files(self.folder)
    self.assertIsNone(files.newest_generation())
    for generation in (0, 1, 12):
      files_lib.write_json(files.orders(generation), {})
    files_lib.write_json(files.report(3, 13), {})
    self.assertEqual(files.newest_generation(), 12)

  def test_population_survives_json(self):
    rules = crew.RULES
    hypers = pbt.draw_hypers(
        rules, {'learning_rate': (), 'alpha': ()}, 3, jax.random.key(0))
    population = pbt.absolute(pbt.make_population(
        {}, {}, hypers | {'rho': np.ones((3, 2))}, window=4), 3 * 10**9)
    path = self.folder / 'x.json'
    files_lib.write_json(path, generations.to_json(population))
    restored = generations.from_json(exchange.read_json(path))
    tiny.assert_same(restored, population)
    self.assertEqual(
        jax.tree.map(lambda x: x.dtype, restored),
        jax.tree.map(lambda x: x.dtype, population))

  def test_members_have_seeds_of_their_own(self):
    configs = [
        generations.member_config(
            dataclasses.replace(crew.CONFIG, seed=seed), crew.RULES, member)
        for seed in range(1, 9) for member in range(generations.MOST_MEMBERS)]
    self.assertLen(
        {seeds.first_seed(config.seed) for config in configs},
        8 * generations.MOST_MEMBERS)
    self.assertEqual(configs[0].checkpoint_frames, crew.EVERY)

  def test_where_a_member_goes_on(self):
    files = generations.Files(self.folder)
    frames = lambda: generations.saved_frames(self.folder, 0)
    self.assertEqual(frames(), 0)
    files_lib.write_json(files.orders(2), {})
    files_lib.write_json(files.report(0, 2), {
        'frames': 2 * crew.EVERY + 3, 'returns': [], 'failed': False,
        'rejoined': None, 'has_checkpoint': False})
    self.assertEqual(frames(), 2 * crew.EVERY + 3)


class MistakesTest(crew.TestCase):

  def test_rules_that_do_not_count_frames(self):
    rules = dataclasses.replace(crew.RULES, ready=pbt.Ready(5, 'episodes'))
    with self.assertRaisesRegex(ValueError, 'count episodes; expected frames'):
      generations.check_rules(rules, crew.CONFIG)

  def test_generations_that_do_not_end_at_a_record(self):
    rules = pbt.adapt(crew.RULES, every=tiny.ROLLOUT + 1)
    with self.assertRaisesRegex(
        ValueError, 'a generation has 9 frames and a record 8; expected a mul'):
      generations.check_rules(rules, crew.CONFIG)

  def test_members_whose_seeds_would_meet(self):
    with self.assertRaisesRegex(
        ValueError, 'the population has 32 members; expected at most 31 as'):
      generations.check_rules(crew.RULES, crew.CONFIG, 32)


if __name__ == '__main__':
  absltest.main()
