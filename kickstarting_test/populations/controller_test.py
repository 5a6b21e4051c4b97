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
"""Tests of the controller of a population of processes."""

import concurrent.futures

from absl.testing import absltest
import jax
import numpy as np

from kickstarting import pbt
from kickstarting.populations import generations
from kickstarting.runtime import exchange
from kickstarting.runtime import loop
from kickstarting_test.populations import crew
from kickstarting_test.runtime import tiny

jax.config.update('jax_numpy_rank_promotion', 'raise')


def setUpModule():
  tiny.compile_once()


def tearDownModule():
  tiny.compile_always()


class ControllerTest(crew.TestCase):

  def test_generations(self):
    results = self.train_all()
    for ending, _ in results:
      self.assertEqual(ending.ended, 'finished')
      self.assertEqual(ending.frames, crew.CONFIG.frames)
    records = generations.lineage(self.folder)
    self.assertEqual(
        {r['step'] for r in records}, set(range(crew.GENERATIONS + 1)))
    copies = [r for r in records if r['parent'] != r['member']]
    # Member 1 earns more by its environment: it is copied, and never copies.
    self.assertEqual({(r['member'], r['parent']) for r in copies}, {(0, 1)})
    segments = pbt.ancestry(records, 0, crew.CONFIG.frames)
    self.assertEqual(sum(s.end - s.start for s in segments), crew.CONFIG.frames)

  def test_a_finished_run_has_nothing_to_add(self):
    first = self.train_all()
    before = generations.lineage(self.folder)
    again = self.train_all()
    self.assertEqual(generations.lineage(self.folder), before)
    for (one, _), (other, records) in zip(first, again):
      tiny.assert_same(other.state.params, one.state.params)
      self.assertEmpty(records)

  def test_controller_that_was_killed_goes_on(self):
    whole = self.train_all()
    lineage = generations.lineage(self.folder)
    self.folder = self.folder / 'other'

    def die(generation, orders):
      del orders
      raise tiny.Killed(generation)

    with concurrent.futures.ThreadPoolExecutor(crew.SIZE) as pool:
      controller = self.make_controller()
      futures = [pool.submit(self.run_member, i) for i in range(crew.SIZE)]
      for generation in range(1, crew.GENERATIONS + 1):
        with self.assertRaisesRegex(tiny.Killed, str(generation)):
          controller.run(lambda: False, on_generation=die)
        controller = self.make_controller()
      controller.run(lambda: False)
      endings = [future.result()[0] for future in futures]
    self.assertEqual(generations.lineage(self.folder), lineage)
    for ending, (expected, _) in zip(endings, whole):
      tiny.assert_same(ending.state.params, expected.state.params)

  def test_a_member_whose_loss_is_not_finite_is_rescued(self):
    problem_kwargs = {0: {'reward': np.inf}}
    self.train_all(member_kwargs=problem_kwargs)
    rescues = [r for r in generations.lineage(self.folder) if r['rescued']]
    self.assertLen(rescues, crew.GENERATIONS)
    self.assertEqual({(r['member'], r['parent']) for r in rescues}, {(0, 1)})

  def test_a_member_whose_published_weights_are_damaged_is_rescued(self):
    files = generations.Files(self.folder)
    with concurrent.futures.ThreadPoolExecutor(crew.SIZE) as pool:
      controller = self.make_controller()
      futures = [pool.submit(self.run_member, i) for i in range(crew.SIZE)]
      for i in range(crew.SIZE):
        exchange.wait_for(files.report(i, 1), lambda: False)
      for file in files.published(1).rglob('*'):
        if file.is_file():
          file.write_bytes(b'')
      controller.run(lambda: False)
      for future in futures:
        self.assertEqual(future.result()[0].frames, crew.CONFIG.frames)
    [record] = [
        r for r in generations.lineage(self.folder) if r['rescued']]
    self.assertEqual(
        (record['step'], record['member'], record['parent']), (1, 1, 0))

  def test_every_member_failed(self):
    with self.assertRaisesRegex(
        loop.TrainingError, 'every member failed in generation 1'):
      self.train_all(
          member_kwargs={i: {'reward': np.inf} for i in range(crew.SIZE)})


if __name__ == '__main__':
  absltest.main()
