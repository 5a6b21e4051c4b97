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
"""Tests of `runtime/training.py`: runs that are killed and resumed.

Here the process lives on; one that is really killed is in
`kickstarting_test/experiments/kill_test.py`.
"""

import dataclasses

from absl import flags
from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting.weights import controllers
from kickstarting.weights import schedules
from kickstarting_test.runtime import taped
from kickstarting_test.runtime import tiny

jax.config.update('jax_numpy_rank_promotion', 'raise')

_NUM_INTERRUPTIONS = flags.DEFINE_integer(
    'num_interruptions', 8, 'Of runs in lockstep, stops and kills by turns.',
    lower_bound=2)


def setUpModule():
  tiny.compile_once()


def tearDownModule():
  tiny.compile_always()


class ResumeTest(tiny.TestCase):

  def _killed_and_resumed(self, config, kill_after):
    with self.assertRaises(tiny.Killed):
      self.train(
          config=config, checkpointer=self.checkpointer(),
          on_record=self.kill_after(kill_after))
    self.killed, self.records = self.records, []
    return self.train(
        config=config, checkpointer=self.checkpointer(), resume=True)

  @parameterized.parameters(6, 7, 13)
  def test_lockstep_is_exact(self, updates):
    # Checkpoints are after 6, 12 and 18 updates; 13 is killed after two.
    whole = self.train(checkpointer=self.checkpointer('whole'))
    expected, self.records = self.records, []
    outcome = self._killed_and_resumed(tiny.LOCKSTEP, updates * tiny.ROLLOUT)
    tiny.assert_same(outcome.params, whole.params)
    tiny.assert_same(outcome.best_params, whole.best_params)
    for field in ('ended', 'frames', 'score', 'best_score', 'best_frames'):
      self.assertEqual(getattr(outcome, field), getattr(whole, field), field)
    # The curves go on as well, all but what the clock says.
    saved = updates // 6 * 6
    self.assertEqual(self.records[0]['frames'], (saved + 1) * tiny.ROLLOUT)
    for got, wanted in zip(self.records, expected[saved:], strict=True):
      for name in wanted:
        if name not in ('seconds', 'frames_per_second'):
          self.assertEqual(got[name], wanted[name], name)

  def test_lockstep_is_exact_after_stops_and_kills(self):
    whole = self.train(checkpointer=self.checkpointer('whole'))
    expected, self.records = self.records, []
    rng = np.random.default_rng(0)
    num = 0
    while num < _NUM_INTERRUPTIONS.value:
      outcome, num = self._run_with_interruptions(f'run {num}', rng, num)
      tiny.assert_same(outcome.params, whole.params)
      tiny.assert_same(outcome.best_params, whole.best_params)
      for name in ('score', 'loss', 'lambda'):
        self.assertEqual(*([(r['frames'], r[name]) for r in records]
                           for records in (self.records, expected)))

  def _run_with_interruptions(self, name, rng, num):
    """Interrupts a run until it ends; returns outcome, interruptions so far."""
    self.records = []
    while True:
      checkpointer = self.checkpointer(name)
      latest = checkpointer.latest() or 0
      self.records = [r for r in self.records if r['frames'] <= latest]
      updates = len(self.records) + int(rng.integers(1, 14))
      is_interrupted = lambda end=updates: len(self.records) >= end
      kwargs = {'checkpointer': checkpointer, 'resume': latest > 0}
      try:
        if num % 2:
          outcome = self.train(
              on_record=self.kill_after((updates - 1) * tiny.ROLLOUT), **kwargs)
        else:
          outcome = self.train(should_stop=is_interrupted, **kwargs)
        if outcome.ended == 'finished':
          return outcome, num
      except tiny.Killed:
        pass
      num += 1

  def test_a_stop_in_lockstep_leaves_the_last_checkpoint(self):
    checkpointer = self.checkpointer()
    outcome = self.train(
        checkpointer=checkpointer, should_stop=lambda: len(self.records) >= 8)
    self.assertEqual(
        (outcome.ended, outcome.frames), ('interrupted', 8 * tiny.ROLLOUT))
    self.assertEqual(checkpointer.latest(), 6 * tiny.ROLLOUT)

  def test_a_stop_of_threads_is_saved(self):
    checkpointer = self.checkpointer()
    outcome = self.train(
        config=tiny.THREADED, checkpointer=checkpointer,
        should_stop=lambda: len(self.records) >= 8)
    self.assertEqual(outcome.ended, 'interrupted')
    self.assertEqual(checkpointer.latest(), outcome.frames)

  def test_lockstep_is_exact_where_checkpoints_outrun_rollouts(self):
    config = dataclasses.replace(
        tiny.LOCKSTEP, checkpoint_frames=3, record_frames=5,
        frames=8 * tiny.ROLLOUT)
    whole = self.train(
        config=config, checkpointer=self.checkpointer('whole'))
    self.records = []
    outcome = self._killed_and_resumed(config, 4 * tiny.ROLLOUT)
    tiny.assert_same(outcome.params, whole.params)

  def test_threads_lose_no_frames(self):
    weights = tiny.Lambda()
    problem = tiny.make_problem(controller=weights.controller)
    checkpointer = self.checkpointer()
    first = self.train(
        problem, tiny.THREADED, checkpointer=checkpointer,
        should_stop=lambda: len(self.records) >= 5)
    self.assertEqual(first.ended, 'interrupted')
    self.assertLess(first.frames, tiny.FRAMES)
    count = len(self.records)
    second = self.train(
        problem, tiny.THREADED, checkpointer=checkpointer, resume=True)
    self.assertEqual(second.frames, tiny.FRAMES)
    self.assertGreater(second.seconds, first.seconds)
    self.assertEqual(weights.frames, list(range(0, tiny.FRAMES, tiny.ROLLOUT)))
    # The weights, the score's window and the curve go on where they were.
    np.testing.assert_allclose(
        [r['lambda']['expert'] for r in self.records], 0.9 ** np.arange(20.0),
        rtol=1e-5)
    self.assertEqual(
        self.records[count]['frames'], first.frames + tiny.ROLLOUT)
    self.assertGreaterEqual(
        self.records[count]['episodes']['long'],
        self.records[count - 1]['episodes']['long'])

  def test_scheduled_weights_follow_the_frames_after_a_resumption(self):
    controller = controllers.scheduled(schedules.linear(1.0, tiny.FRAMES))
    problem = tiny.make_problem(controller=controller)
    checkpointer = self.checkpointer()
    self.train(problem, tiny.THREADED, checkpointer=checkpointer,
               should_stop=lambda: len(self.records) >= 5)
    self.train(
        problem, tiny.THREADED, checkpointer=checkpointer, resume=True)
    np.testing.assert_allclose(
        [r['lambda']['expert'] for r in self.records],
        1 - np.arange(20) / 20, atol=1e-6)

  @parameterized.parameters(5, 6)
  def test_budget_at_a_checkpoint(self, updates):
    # One save at the end, whether or not a checkpoint is due there.
    config = dataclasses.replace(tiny.LOCKSTEP, frames=updates * tiny.ROLLOUT)
    checkpointer = self.checkpointer()
    outcome = self.train(config=config, checkpointer=checkpointer)
    self.assertEqual(checkpointer.latest(), outcome.frames)

  def test_finished_run_has_nothing_to_add(self):
    checkpointer = self.checkpointer()
    outcome = self.train(checkpointer=checkpointer)
    count = len(self.records)
    again = self.train(checkpointer=checkpointer, resume=True)
    tiny.assert_same(again.params, outcome.params)
    tiny.assert_same(again.best_params, outcome.best_params)
    for field in ('ended', 'frames', 'score', 'best_score', 'best_frames'):
      self.assertEqual(getattr(again, field), getattr(outcome, field), field)
    self.assertGreater(again.best_frames, 0)
    self.assertLen(self.records, count)

  def test_resume_without_a_checkpointer(self):
    with self.assertRaisesRegex(ValueError, 'resume is True without'):
      self.train(resume=True)

  def test_resume_without_a_checkpoint(self):
    with self.assertRaisesRegex(ValueError, 'No checkpoint in'):
      self.train(checkpointer=self.checkpointer(), resume=True)

  def test_new_run_does_not_overwrite_another(self):
    config = dataclasses.replace(tiny.LOCKSTEP, frames=tiny.ROLLOUT)
    checkpointer = self.checkpointer()
    self.train(config=config, checkpointer=checkpointer)
    with self.assertRaisesRegex(
        ValueError, f'holds a run of {tiny.ROLLOUT} frames; expected none'):
      self.train(checkpointer=checkpointer)
    self.assertEqual(checkpointer.latest(), tiny.ROLLOUT)

  def test_other_network(self):
    config = dataclasses.replace(tiny.LOCKSTEP, frames=tiny.ROLLOUT)
    checkpointer = self.checkpointer()
    self.train(config=config, checkpointer=checkpointer)
    with self.assertRaisesRegex(ValueError, 'is of network'):
      self.train(tiny.make_problem(network={'torso': 'other'}),
                  checkpointer=checkpointer, resume=True)
    agent = taped.make_agent()
    wider = agent._replace(init=lambda key: agent.init(key) | {
        'value': jnp.zeros(6)})
    with self.assertRaisesRegex(ValueError, 'parameters of other shapes'):
      self.train(tiny.make_problem(agent=wider),
                 checkpointer=checkpointer, resume=True)


if __name__ == '__main__':
  absltest.main()
