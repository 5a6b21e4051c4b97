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
"""Tests of members of a population of processes, which are threads here.

Not here: processes that are killed
(`kickstarting_test/experiments/kill_population_test.py`).
"""

import concurrent.futures
import dataclasses
import shutil

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import files as files_lib
from kickstarting import pbt
from kickstarting.populations import generations
from kickstarting.populations import judging
from kickstarting.populations import member
from kickstarting.runtime import exchange
from kickstarting.runtime import threads
from kickstarting_test.populations import crew
from kickstarting_test.runtime import taped
from kickstarting_test.runtime import tiny

jax.config.update('jax_numpy_rank_promotion', 'raise')


def setUpModule():
  tiny.compile_once()


def tearDownModule():
  tiny.compile_always()


class RunTest(crew.TestCase):

  def test_orders_reach_the_loss(self):
    (_, records), _ = self.train_all()
    files = generations.Files(self.folder)
    for record in records:
      orders = exchange.read_json(files.orders(record['generation']))
      hypers = orders['population']['hypers']
      self.assertEqual(record['lambda']['expert'], hypers['alpha'][0])
      self.assertEqual(record['learning_rate'], hypers['learning_rate'][0])
      np.testing.assert_allclose(
          record['distillation_weighted'],
          hypers['alpha'][0] * record['distillation'], rtol=1e-5)

  def test_stopped_while_it_waits_it_goes_on_there(self):
    # A record for each generation, so that nothing comes before the next.
    self.config = dataclasses.replace(crew.CONFIG, record_frames=crew.EVERY)
    whole = self.train_all()
    lineage = generations.lineage(self.folder)
    self.folder = self.folder / 'other'
    self.train_until(2, until_they_wait=True)
    ends = self.train_all()
    self.assertEqual(generations.lineage(self.folder), lineage)
    for (got, _), (expected, _) in zip(ends, whole, strict=True):
      self.assertEqual(got.frames, expected.frames)
      tiny.assert_same(got.state.params, expected.state.params)

  @parameterized.parameters(
      (crew.EVERY + tiny.ROLLOUT // 2, 1),  # generations end within updates
      (tiny.ROLLOUT // 2, 1))  # an update is longer than a generation
  def test_generations_that_are_no_multiple_of_updates(self, every, record):
    self.rules = pbt.adapt(crew.RULES, every=every)
    self.config = dataclasses.replace(crew.CONFIG, record_frames=record)
    for ending, _ in self.train_all():
      self.assertEqual(ending.ended, 'finished')

  def test_a_judge_is_reported_instead_of_training(self):
    # Two rounds: (1 + 3) / 2 and (2 + 4) / 2 of the 10 that score 100.
    judge = judging.Judge(
        taped.make_agent(),
        lambda decision: taped.TapedBatch([1] * 4, [0, 0, 1, 1]))
    self.train_all(member_kwargs={1: {'judge': judge}})
    files = generations.Files(self.folder)
    report = lambda i: exchange.read_json(files.report(i, 2))['returns']
    self.assertEqual(report(1), [20.0, 30.0])
    self.assertNotIn(20.0, report(0))

  @parameterized.parameters(5, 9, 13)  # a generation has 4 records
  def test_interrupted_members_end_as_if_they_had_not_been(
      self, num_records):
    whole = self.train_all()
    lineage = generations.lineage(self.folder)
    self.folder = self.folder / 'other'
    # Every member dies after so many records, and again, until it is finished.
    controller = self.make_controller()
    with concurrent.futures.ThreadPoolExecutor(crew.SIZE) as pool:

      def live(i):
        for _ in range(100):
          left = [num_records + i]

          def is_over():
            left[0] -= 1
            return left[0] < 0

          try:
            return self.run_member_until(i, is_over)
          except tiny.Killed:
            continue
        raise AssertionError('never finished')

      futures = [pool.submit(live, i) for i in range(crew.SIZE)]
      controller.run(
          lambda: False, lambda: [f.result() for f in futures if f.done()])
      endings = [future.result() for future in futures]
    self.assertEqual(generations.lineage(self.folder), lineage)
    for ending, (expected, _) in zip(endings, whole):
      tiny.assert_same(ending.state.params, expected.state.params)


class DamageTest(crew.TestCase):
  """Members that lost their files."""

  def _damage(self, path):
    for file in path.rglob('*'):
      if file.is_file():
        file.write_bytes(b'')

  @parameterized.parameters('missing', 'damaged')
  def test_a_member_without_checkpoint_goes_on_with_published_weights(
      self, how):
    self.train_until(2)
    folder = generations.Files(self.folder).member(1) / 'checkpoints'
    if how == 'missing':
      shutil.rmtree(folder)
    else:
      self._damage(folder)
    results = self.train_all()
    for ending, _ in results:
      self.assertEqual(ending.frames, crew.CONFIG.frames)
    frames = [record['frames'] for record in results[1][1]]
    self.assertEqual(frames[0], 2 * crew.EVERY + tiny.ROLLOUT)  # not the first
    [record] = [
        r for r in generations.lineage(self.folder) if r['rescued']]
    self.assertEqual((record['member'], record['step']), (1, 2))

  def test_damaged_orders(self):
    self.train_until(1)
    path = generations.Files(self.folder).orders(1)
    path.write_text('{"gen')
    with self.assertRaisesRegex(
        files_lib.InputError, r'0001.json. is damaged'):
      self.run_member(0)


class MistakesTest(tiny.TestCase):

  def test_controller_is_gone(self):
    with self.assertRaisesRegex(exchange.ExchangeError, 'was not touched for'):
      member.train_member(
          crew.make_problem(0), crew.CONFIG, crew.RULES, 0, self.folder,
          on_record=self.records.append)

  def test_stopped_while_it_waits(self):
    exchange.Pulse(generations.Files(self.folder).pulse, 1.0).beat()
    with self.assertRaises(threads.Stopped):
      member.train_member(
          crew.make_problem(0), crew.CONFIG, crew.RULES, 0, self.folder,
          on_record=self.records.append, should_stop=lambda: True)


if __name__ == '__main__':
  absltest.main()
