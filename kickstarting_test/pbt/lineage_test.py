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
"""Tests of records of who copied whom."""

import json

from absl.testing import absltest
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import pbt
from kickstarting import weights


def _record(step, member, parent, frames, parent_frames, x):
  return {'step': step, 'member': member, 'parent': parent, 'frames': frames,
          'parent_frames': parent_frames, 'hypers': {'x': x}}


# Member 1 copies member 0 at step 2, which itself explores in the same step.
_RECORDS = [
    _record(0, 0, 0, 0, 0, 1.0),
    _record(0, 1, 1, 0, 0, 9.0),
    _record(1, 0, 0, 100, 100, 2.0),
    _record(2, 0, 0, 250, 250, 3.0),
    _record(2, 1, 0, 200, 250, 4.0),
    _record(3, 1, 1, 300, 300, 5.0),
]


class AncestryTest(absltest.TestCase):

  def test_walks_back_through_copies(self):
    self.assertEqual(pbt.ancestry(_RECORDS, 1, 360), [
        pbt.Segment(0, 0, 100, {'x': 1.0}),
        pbt.Segment(0, 100, 250, {'x': 2.0}),
        pbt.Segment(1, 200, 300, {'x': 4.0}),
        pbt.Segment(1, 300, 360, {'x': 5.0}),
    ])

  def test_who_never_copied(self):
    self.assertEqual(pbt.ancestry(_RECORDS, 0, 400), [
        pbt.Segment(0, 0, 100, {'x': 1.0}),
        pbt.Segment(0, 100, 250, {'x': 2.0}),
        pbt.Segment(0, 250, 400, {'x': 3.0}),
    ])

  def test_schedule_is_over_the_life_of_the_weights(self):
    boundaries, values = pbt.schedule(pbt.ancestry(_RECORDS, 1, 360), 'x')
    self.assertEqual(boundaries, [0, 100, 250, 350])
    self.assertEqual(values, [1.0, 2.0, 4.0, 5.0])

  def test_schedule_leaves_out_what_changes_nothing(self):
    segments = [
        pbt.Segment(0, 0, 0, {'x': 7.0}), pbt.Segment(0, 0, 10, {'x': 1.0}),
        pbt.Segment(0, 10, 20, {'x': 1.0}), pbt.Segment(0, 20, 30, {'x': 2.0})]
    self.assertEqual(pbt.schedule(segments, 'x'), ([0, 20], [1.0, 2.0]))

  def test_records_are_missing(self):
    with self.assertRaisesRegex(
        ValueError, 'no record of member 0 before step 2; expected at least'):
      pbt.ancestry(_RECORDS[3:], 1, 360)


class RecordsTest(absltest.TestCase):

  def _evolve(self, num_steps):
    """Returns a population that copies and explores, with what it recorded."""
    rules = pbt.Rules(
        pbt.Ready(10), pbt.Margin(window=1, points=0.0),
        {'alpha': pbt.Evolution(pbt.LogUniform(0.5, 2.0), probability=1.0),
         'rho': pbt.Evolution(pbt.Categorical((1.0,)), probability=0.5)})
    hypers = pbt.draw_hypers(
        rules, {'alpha': (), 'rho': (2,)}, 3, jax.random.key(0))
    population = pbt.make_population(np.zeros((3, 1)), (), hypers, 1)
    records = pbt.first_records(population)
    lives = [[] for _ in range(3)]
    rng = np.random.default_rng(0)
    for i in range(1, num_steps + 1):
      for member in range(3):
        lives[member] = lives[member] + [
            (np.asarray(population['hypers']['alpha'][member]),
             np.asarray(population['hypers']['rho'][member]))]
      population = pbt.add_returns(
          population, rng.normal(size=(3, 1)))
      population |= {'frames': population['frames'] + 10}
      population, events = pbt.step(population, jax.random.key(i), rules)
      records += pbt.to_records(events, i)
      lives = [lives[parent] for parent in events.parent.tolist()]
    return population, json.loads(json.dumps(records)), lives

  def test_replay_is_what_the_weights_went_through(self):
    num_steps = 12
    _, records, lives = self._evolve(num_steps)
    self.assertTrue(any(r['parent'] != r['member'] for r in records))
    for member in range(3):
      segments = pbt.ancestry(records, member, 10 * num_steps)
      controller = weights.replay({
          name: dict(zip(('frames', 'values'), pbt.schedule(segments, name)))
          for name in ('alpha', 'rho')})
      state = controller.init(2)
      for i, (alpha_then, rho_then) in enumerate(lives[member]):
        _, now = controller.update(state, weights.Progress(frames=10 * i))
        np.testing.assert_array_equal(now.alpha, alpha_then)
        np.testing.assert_array_equal(now.rho, rho_then)

  def test_members_that_were_not_looked_at_leave_no_record(self):
    population, _, _ = self._evolve(1)
    rules = pbt.Rules(
        pbt.Ready(10), pbt.Margin(window=1, points=0.0),
        {'alpha': pbt.Evolution(pbt.LogUniform(0.5, 2.0))})
    population |= {'frames': jnp.asarray([20, 15, 20])}
    _, events = pbt.step(population, jax.random.key(0), rules)
    records = pbt.to_records(events, 7)
    self.assertEqual([r['member'] for r in records], [0, 2])
    self.assertEqual({r['step'] for r in records}, {7})
    self.assertEqual(records[0]['frames'], 20)
    self.assertLen(records[0]['old_hypers']['rho'], 2)

  def test_score_of_a_rescued_member_is_unknown(self):
    population, _, _ = self._evolve(1)
    rules = pbt.Rules(pbt.Ready(10), pbt.Margin(window=1), {})
    _, events = pbt.step(
        population, jax.random.key(0), rules,
        failed=np.asarray([False, True, False]))
    [record] = pbt.to_records(events, 1)
    self.assertEqual(record['member'], 1)
    self.assertTrue(record['rescued'])
    self.assertIsNone(record['score'])


if __name__ == '__main__':
  absltest.main()
