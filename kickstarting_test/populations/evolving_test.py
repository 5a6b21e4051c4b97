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
"""Tests of what steers a population: rounds, windows, copies, lineage."""

import dataclasses

from absl.testing import absltest
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import pbt
from kickstarting import types
from kickstarting.populations import evolving
from kickstarting.populations import judging
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import loop
from kickstarting_test.runtime import tiny

jax.config.update('jax_numpy_rank_promotion', 'raise')

_SIZE, _SPLITS = 3, 2
_LAYOUT = layout_lib.Layout(_SPLITS, _SIZE)
_RULES = pbt.Rules(
    pbt.Ready(10), pbt.Truncation(window=1, share=0.34),
    {'alpha': pbt.Evolution(pbt.LogUniform(0.5, 2.0), probability=1.0),
     'learning_rate': pbt.Evolution(pbt.LogUniform(0.1, 0.2), probability=0.0)})


def _make(rules=_RULES, judge=None):
  steering = evolving.Evolving(
      tiny.make_problem(), tiny.LOCKSTEP, rules, _LAYOUT, judge)
  steering.begin(_state())
  return steering


def _state():
  identity = jnp.arange(_SIZE, dtype=jnp.float32)
  return types.LearnerState(
      {'w': identity}, {'mu': 10 * identity}, jnp.zeros(_SIZE, jnp.int32))


def _episodes(member, *returns):
  """Returns one episode of each task, in the member's first two streams."""
  return [
      actor_lib.Episode(member * _SPLITS + task, task, value, 1)
      for task, value in enumerate(returns)]


def _play(steering, frames, *values):
  """Lets every member finish a round with these returns of either task."""
  for member, value in enumerate(values):
    steering.observe(frames, _episodes(member, value, value))


class ScoresTest(absltest.TestCase):

  def test_every_round_of_a_batch_is_a_return(self):
    steering = _make(dataclasses.replace(
        _RULES, exploit=pbt.TTest(window=3)))
    population = lambda: steering.snapshot()['population']
    steering.observe(0, [
        actor_lib.Episode(0, 0, 1.0, 1), actor_lib.Episode(1, 0, 3.0, 1)])
    self.assertTrue(np.isnan(population()['returns']).all())
    # 10 is the reference, at which scores are capped.
    steering.observe(1, [
        actor_lib.Episode(0, 1, 25.0, 1), actor_lib.Episode(1, 1, 5.0, 1)])
    np.testing.assert_array_equal(
        population()['returns'][0], [np.nan, (10 + 100) / 2, (30 + 50) / 2])
    self.assertTrue(np.isnan(population()['returns'][1:]).all())
    self.assertEqual(population()['num_episodes'].tolist(), [4, 0, 0])

  def test_with_a_judge_training_episodes_are_not_compared(self):
    problem = tiny.make_problem()
    steering = _make(
        judge=judging.Judge(problem.agent, problem.make_environment))
    _play(steering, 5, 1.0, 4.0, 2.0)
    population = steering.snapshot()['population']
    self.assertTrue(np.isnan(population['returns']).all())
    self.assertEqual(population['num_episodes'].tolist(), [0, 0, 0])
    self.assertEqual(steering.record(8, _state().params)['score'], 40.0)

  def test_streams_are_credited_to_their_members(self):
    steering = _make()
    for stream, member in enumerate(_LAYOUT.members(12).tolist()):
      steering.observe(0, [actor_lib.Episode(stream, 0, float(member), 1)])
    self.assertEqual(
        [w.returns()[0] for w in steering.scores.windows], [0.0, 1.0, 2.0])
    self.assertEqual(
        [w.num_episodes[0] for w in steering.scores.windows], [4] * 3)

  def test_record(self):
    steering = _make()
    _play(steering, 5, 1.0, 4.0, 2.0)
    record = steering.record(8, _state().params)
    self.assertEqual(record['score'], 40.0)
    self.assertEqual(record['score_cap'], 100)
    self.assertEqual(record['best_member'], 1)
    self.assertAlmostEqual(record['score_top3'], 70 / 3)
    self.assertEqual(record['score_median'], 20.0)
    self.assertEqual(record['member_score'], {'0': 10.0, '1': 40.0, '2': 20.0})
    self.assertEqual(record['task_score'], {'short': 40.0, 'long': 40.0})
    self.assertEqual(record['task_score_top3'], dict.fromkeys(
        ('short', 'long'), (10.0 + 40.0 + 20.0) / 3))
    self.assertEqual(record['copies'], 0)
    alpha = steering.hyper_parameters['alpha']
    self.assertAlmostEqual(record['lambda']['expert'], alpha[1], places=6)
    self.assertEqual(list(record['learning_rate']), ['0', '1', '2'])
    self.assertEqual(steering.best[:3], (40.0, 8, 1))
    self.assertEqual(steering.best[3], {'w': 1.0})

  def test_best_is_of_a_window_with_every_task(self):
    steering = _make()
    steering.observe(0, [actor_lib.Episode(0, 0, 9.0, 1)])
    steering.record(8, _state().params)
    self.assertEqual(steering.best[0], -np.inf)


class EvolveTest(absltest.TestCase):

  def test_hypers_come_from_the_rules_and_the_configuration(self):
    hypers = _make().hypers(0)
    self.assertEqual(hypers.rho.shape, (_SIZE, 1))
    np.testing.assert_array_equal(hypers.rho, np.ones((_SIZE, 1)))
    np.testing.assert_array_equal(
        hypers.entropy_cost,
        np.full(_SIZE, np.float32(tiny.LOCKSTEP.entropy_cost)))
    self.assertTrue(((hypers.alpha >= 0.5) & (hypers.alpha <= 2)).all())
    self.assertLen(set(hypers.learning_rate.tolist()), _SIZE)
    np.testing.assert_array_equal(hypers.mixing, np.ones(_SIZE))
    np.testing.assert_array_equal(hypers.transfer_cost, np.zeros(_SIZE))

  def test_the_worst_copies_the_best(self):
    steering = _make()
    before = steering.hyper_parameters
    _play(steering, 5, 1.0, 4.0, 2.0)
    state, is_new = steering.evolve(10, _state())
    self.assertEqual(is_new.tolist(), [True, False, False])
    self.assertEqual(state.params['w'].tolist(), [1, 1, 2])
    self.assertEqual(state.opt_state['mu'].tolist(), [10, 10, 20])
    after = steering.hyper_parameters
    self.assertEqual(after['learning_rate'][0], before['learning_rate'][1])
    self.assertEqual(after['learning_rate'][2], before['learning_rate'][2])
    # alpha is explored by everybody, after the copy.
    ratio = after['alpha'] / before['alpha'][[1, 1, 2]]
    np.testing.assert_allclose(np.maximum(ratio, 1 / ratio), 1.2, rtol=1e-5)
    # The score goes with the weights that earned it.
    self.assertEqual(
        [w.score() for w in steering.scores.windows], [40.0, 40.0, 20.0])
    self.assertEqual([r['parent'] for r in steering.records[3:]], [1, 1, 2])
    self.assertEqual(steering.record(11, state.params)['copies'], 1)
    np.testing.assert_array_equal(steering.hypers(11).alpha, after['alpha'])

  def test_nothing_happens_before_members_are_ready(self):
    steering = _make()
    _play(steering, 5, 1.0, 4.0, 2.0)
    state = _state()
    self.assertIs(steering.evolve(9, state)[0], state)
    self.assertLen(steering.records, _SIZE)

  def test_frames_that_no_int32_counts(self):
    steering = _make()
    _play(steering, 5, 1.0, 4.0, 2.0)
    num_records = _SIZE
    for frames, is_ready in (
        (10, True), (2**31 - 8, True), (2**31 + 1, False), (2**31 + 2, True),
        (10**10, True), (10**10, False)):
      steering.evolve(frames, _state())
      num_records += _SIZE * is_ready
      self.assertLen(steering.records, num_records, frames)
      if is_ready:
        self.assertEqual(
            [r['frames'] for r in steering.records[-_SIZE:]], [frames] * _SIZE)
    restored = _make()
    restored.restore(steering.snapshot())
    restored.evolve(10**10 + 10, _state())
    self.assertLen(restored.records, num_records + _SIZE)

  def test_a_failed_member_is_rescued(self):
    steering = _make()
    _play(steering, 1, 9.0, 4.0, 2.0)
    steering.check(3, {'loss': np.array([np.nan, 1.0, 1.0]),
                       'grad_norm': np.ones(3)})
    self.assertEqual(steering.record(4, _state().params)['best_member'], 1)
    state, is_new = steering.evolve(5, _state())
    self.assertEqual(is_new.tolist(), [True, False, False])
    self.assertIn(float(state.params['w'][0]), (1.0, 2.0))
    self.assertEqual(state.params['w'][1:].tolist(), [1, 2])
    [record] = steering.records[3:]
    self.assertTrue(record['rescued'])
    again, is_new = steering.evolve(6, state)
    self.assertIs(again, state)
    self.assertFalse(is_new.any())

  def test_all_members_failed(self):
    with self.assertRaisesRegex(
        loop.TrainingError, 'loss of every member is not finite near frame 3'):
      _make().check(3, {'loss': np.full(3, np.inf), 'grad_norm': np.ones(3)})

  def test_a_teacher_that_is_no_number_is_named(self):
    # Nobody could be copied from: it would come back.
    with self.assertRaisesRegex(
        loop.TrainingError, 'frame 3, and neither is the value of a teacher;'):
      _make().check(3, {
          'loss': np.array([np.nan, 1.0, 1.0]), 'grad_norm': np.ones(3),
          'teacher_value': np.array([np.nan, 0.5, 0.5])})

  def test_failures_of_different_updates_add_up(self):
    steering = _make()
    for i in range(_SIZE - 1):
      loss = np.ones(3)
      loss[i] = np.nan
      steering.check(3, {'loss': loss, 'grad_norm': np.ones(3)})
    self.assertEqual(
        steering.snapshot()['failed'].tolist(), [True, True, False])

  def test_rules_that_name_no_hyper_parameter(self):
    rules = dataclasses.replace(
        _RULES, evolutions={'epsilon': pbt.Evolution(pbt.Uniform(0.1, 1.0))})
    with self.assertRaisesRegex(ValueError, 'the rules evolve epsilon, which'):
      _make(rules)


class SnapshotTest(absltest.TestCase):

  def test_restored_steering_goes_on_alike(self):
    one = _make()
    _play(one, 5, 1.0, 4.0, 2.0)
    one.record(8, _state().params)
    one.evolve(10, _state())
    one.observe(12, _episodes(2, 7.0)[:1])  # a round half over
    one.check(12, {'loss': np.array([1, np.nan, 1]), 'grad_norm': np.ones(3)})
    saved = jax.device_get(one.snapshot())
    other = _make()
    other.restore(saved)
    tiny.assert_same(other.snapshot(), one.snapshot())
    self.assertEqual(other.records, one.records)
    for steering in (one, other):
      _play(steering, 15, 3.0, 2.0, 1.0)
      steering.state = steering.evolve(22, _state())
    tiny.assert_same(other.state, one.state)
    tiny.assert_same(other.snapshot(), one.snapshot())


if __name__ == '__main__':
  absltest.main()
