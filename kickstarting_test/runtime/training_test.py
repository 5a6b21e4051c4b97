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
"""Tests of `runtime/training.py`: the loop and its errors.

Not here: killed and resumed runs (`resume_test.py`), whether anything is
learnt (`learning_test.py`).
"""

import dataclasses
import threading
import time

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import update_config
from kickstarting.environments import python_batch
from kickstarting.environments import scores
from kickstarting.runtime import loop
from kickstarting.runtime import threads
from kickstarting.runtime import training
from kickstarting_test.environments import fakes
from kickstarting_test.runtime import taped
from kickstarting_test.runtime import tiny

jax.config.update('jax_numpy_rank_promotion', 'raise')


def setUpModule():
  tiny.compile_once()


def tearDownModule():
  tiny.compile_always()


class RunTest(tiny.TestCase):

  @parameterized.parameters(tiny.LOCKSTEP, tiny.THREADED)
  def test_frames_are_counted_exactly(self, config):
    weights = tiny.Lambda()
    problem = tiny.make_problem(controller=weights.controller)
    outcome = self.train(problem, config)
    self.assertEqual(outcome.ended, 'finished')
    self.assertEqual(outcome.frames, tiny.FRAMES)
    self.assertEqual(weights.frames, list(range(0, tiny.FRAMES, tiny.ROLLOUT)))
    self.assertEqual(outcome.stragglers, [])
    self.assertGreater(outcome.frames_per_second, 0)

  def test_records(self):
    self.train()
    self.assertEqual(
        [r['frames'] for r in self.records],
        list(range(tiny.ROLLOUT, tiny.FRAMES + 1, tiny.ROLLOUT)))
    last = self.records[-1]
    for name in ('loss', 'entropy', 'grad_norm', 'teacher_agreement',
                 'teacher_kl', 'policy_lag', 'frames_per_second', 'seconds',
                 'score'):
      self.assertTrue(np.isfinite(last[name]), name)
    # Episodes of `long` always return 3 steps of reward 2.
    self.assertEqual(last['return']['long'], 6.0)
    self.assertEqual(last['task_score']['long'], 60.0)
    self.assertGreater(last['episodes']['short'], 0)
    self.assertEqual(list(last['lambda']), ['expert'])
    np.testing.assert_allclose(
        [r['lambda']['expert'] for r in self.records], 0.9 ** np.arange(20.0),
        rtol=1e-5)
    self.assertEqual(last['score_cap'], 100)
    self.assertEqual(last['score'], np.mean(list(last['task_score'].values())))

  def test_threads_report_queue_and_waiting(self):
    self.train(config=tiny.THREADED)
    for name in ('queue_depth', 'actor_wait_s', 'learner_wait_s'):
      self.assertGreaterEqual(self.records[-1][name], 0.0)

  @parameterized.parameters((1, [0, 0, 0, 0]), (2, [0, 1, 1, 1]))
  def test_policy_lag_in_lockstep(self, batches, expected):
    config = dataclasses.replace(
        tiny.LOCKSTEP, batches_per_actor=batches, frames=4 * tiny.ROLLOUT)
    self.train(config=config)
    self.assertEqual([r['policy_lag'] for r in self.records], expected)

  def test_policy_lag_with_threads_is_bounded(self):
    config = dataclasses.replace(tiny.THREADED, num_actors=2, queue_size=3)
    self.train(config=config)
    lags = [r['policy_lag'] for r in self.records]
    self.assertGreaterEqual(min(lags), 0)
    # Unrolls that may begin before an update and be learnt from after it:
    # those in the queue, those under way, one a thread holds, one update.
    self.assertLessEqual(max(lags), 3 + 2 * (2 + 1) + 1)

  def test_nothing_is_traced_twice(self):
    traces = []
    agent = taped.make_agent()

    def counted(name):
      function = getattr(agent, name)

      def call(*args):
        traces.append(name)
        return function(*args)

      return call

    names = ('step', 'unroll', 'init')
    counting = agent._replace(**{name: counted(name) for name in names})
    self.train(tiny.make_problem(agent=counting), tiny.THREADED)
    self.assertCountEqual(traces, names)

  def test_first_parameters_survive_donation(self):
    # No window is full of both tasks, so the best are the first ones.
    problem = tiny.make_problem(make_environment=lambda block: taped.TapedBatch(
        [2, 1000], task=[0, 1], words=[b'go']))
    outcome = self.train(problem)
    self.assertEqual(outcome.best_frames, 0)
    self.assertTrue(np.isnan(outcome.best_score))
    self.assertEqual(list(self.records[-1]['return']), ['short'])
    other = self.train(
        problem, dataclasses.replace(tiny.LOCKSTEP, learning_rate=0.0))
    tiny.assert_same(outcome.best_params, other.params)
    self.assertFalse(np.array_equal(
        outcome.params['policy'], outcome.best_params['policy']))

  def test_schedules_take_the_place_of_the_configuration(self):
    seen = []
    problem = tiny.make_problem(schedules={
        'learning_rate': lambda frames: seen.append(frames) or 0.0,
        'entropy_cost': lambda frames: 1e-3 * frames})
    outcome = self.train(problem)
    start = problem.agent.init(jax.random.split(jax.random.key(
        tiny.LOCKSTEP.seed))[1])
    np.testing.assert_allclose(
        outcome.params['policy'], start['policy'], rtol=1e-6)
    self.assertEqual(seen, list(range(0, tiny.FRAMES, tiny.ROLLOUT)))
    self.assertEqual(self.records[-1]['learning_rate'], 0.0)
    for record in self.records:  # the cost of the update before the record
      cost = np.float32(1e-3 * (record['frames'] - tiny.ROLLOUT))
      self.assertEqual(record['entropy_cost'], cost)
      np.testing.assert_allclose(
          record['negative_entropy_weighted'],
          cost * record['negative_entropy'], rtol=1e-5)

  def test_a_referee_takes_the_place_of_training_episodes(self):
    given = []

    def referee(params, frames):
      given.append((jax.device_get(params), frames))
      window = scores.ScoreWindow([0.0, 0.0], [10.0, 10.0], 2**62)
      for task in (0, 1):
        window.add(frames, task, len(given))
      return window

    outcome = self.train(tiny.make_problem(referee=referee))
    self.assertEqual(
        [r['score'] for r in self.records],
        [10.0 * min(i + 1, 10) for i in range(len(self.records))])
    self.assertEqual(
        [r['frames'] for r in self.records], [frames for _, frames in given])
    self.assertEqual(self.records[0]['episodes'], {'short': 1, 'long': 1})
    tiny.assert_same(given[-1][0], outcome.params)
    self.assertEqual(outcome.score, self.records[-1]['score'])

  def test_a2c_learns_on_policy(self):
    update = update_config.UpdateConfig(algorithm='a2c')
    self.train(tiny.make_problem(update=update), tiny.LOCKSTEP)
    self.assertEqual({r['policy_lag'] for r in self.records}, {0})
    for change in (
        {'lockstep': False}, {'splits': 2}, {'batches_per_actor': 2}):
      with self.assertRaisesRegex(
          ValueError, 'algorithm a2c learns from the policy that acts now.*an'
          ' older one may have acted; expected True, 1 and 1'):
        self.train(tiny.make_problem(update=update),
                   dataclasses.replace(tiny.LOCKSTEP, **change))

  @parameterized.parameters(
      ({}, {'epsilon': 0.1}), ({}, {'teacher_share': 0.5}),
      ({'method': 'teacher_distill'}, {}), ({'method': 'uniform_distill'}, {}))
  def test_a2c_refuses_what_others_did(self, update, config):
    with self.assertRaisesRegex(
        checks.UserError, 'algorithm a2c learns from the policy that acts, b'):
      training.check_who_acts(
          update_config.UpdateConfig(algorithm='a2c', **update),
          dataclasses.replace(tiny.LOCKSTEP, **config))

  def test_schedule_of_no_hyper_parameter(self):
    with self.assertRaisesRegex(
        ValueError, "unknown hyper-parameter 'alpha'.*learning_rate"):
      tiny.make_problem(schedules={'alpha': lambda frames: 1.0})

  def test_best_parameters_are_those_of_the_best_record(self):
    outcome = self.train()
    eligible = [r for r in self.records if min(r['episodes'].values())]
    best = max(eligible, key=lambda r: r['score'])
    self.assertEqual(outcome.best_score, best['score'])
    self.assertEqual(outcome.best_frames, best['frames'])

  def test_same_seed_same_result_and_other_seed_another(self):
    first, second = self.train(), self.train()
    tiny.assert_same(first.params, second.params)
    other = self.train(config=dataclasses.replace(tiny.LOCKSTEP, seed=2))
    self.assertFalse(np.array_equal(
        first.params['policy'], other.params['policy']))

  @parameterized.parameters(tiny.LOCKSTEP, tiny.THREADED)
  def test_stop_request_ends_at_once(self, config):
    checkpointer = self.checkpointer()
    config = dataclasses.replace(config, frames=100 * tiny.FRAMES)
    began = []

    def should_stop():
      if self.records and not began:
        began.append(time.monotonic())
      return bool(self.records)

    outcome = self.train(
        config=config, checkpointer=checkpointer, should_stop=should_stop)
    self.assertLess(time.monotonic() - began[0], 10.0)
    self.assertEqual(outcome.ended, 'interrupted')
    self.assertGreater(outcome.frames, 0)
    self.assertEqual(
        checkpointer.latest(), None if config.lockstep else outcome.frames)

  def test_stop_request_before_the_first_update(self):
    checkpointer = self.checkpointer()
    outcome = self.train(
        config=tiny.THREADED, checkpointer=checkpointer,
        should_stop=lambda: True)
    self.assertEqual((outcome.ended, outcome.frames), ('interrupted', 0))
    self.assertTrue(np.isnan(outcome.score))
    resumed = self.train(
        config=tiny.THREADED, checkpointer=checkpointer, resume=True)
    self.assertEqual(resumed.frames, tiny.FRAMES)

  def test_stop_request_while_an_environment_hangs(self):
    release = threading.Event()
    self.addCleanup(release.set)

    class Hanging(taped.TapedBatch):

      def receive(self):
        release.wait(20.0)
        return super().receive()

    asked = []

    def should_stop():
      asked.append(True)
      return len(asked) > 2

    checkpointer = self.checkpointer()
    problem = tiny.make_problem(
        make_environment=lambda block: Hanging([2, 3], [0, 1]))
    join = threads.ThreadGroup.join
    with absltest.mock.patch.object(
        threads.ThreadGroup, 'join', lambda group: join(group, 0.2)):
      outcome = self.train(
          problem, tiny.THREADED, checkpointer=checkpointer,
          should_stop=should_stop)
    self.assertEqual(outcome.ended, 'interrupted')
    self.assertEqual(outcome.stragglers, ['actor 0'])
    self.assertEqual(checkpointer.latest(), 0)


class ErrorsTest(tiny.TestCase):

  def test_reward_that_is_no_number_names_task_and_actor(self):
    problem = tiny.make_problem(
        make_environment=lambda block: python_batch.task_batch(
            {'maze': lambda seed: fakes.Scripted(rewards=(0.5, np.nan))}, 2,
            seed=1, actor_id=block))
    with self.assertRaisesRegex(
        threads.ThreadError,
        "actor 0 failed: task 'maze' returned reward nan in stream 0") as error:
      self.train(problem, tiny.THREADED)
    self.assertIsInstance(error.exception.__cause__, ValueError)

  def test_failing_actor_is_named(self):
    def make_environment(block):
      if block == 1:
        raise OSError('no such level')
      return taped.TapedBatch([2, 3], task=[0, 1])

    config = dataclasses.replace(
        tiny.THREADED, num_actors=2, frames=100 * tiny.FRAMES)
    with self.assertRaisesRegex(
        threads.ThreadError, 'actor 1 failed: no such level'):
      self.train(tiny.make_problem(make_environment=make_environment), config)

  @parameterized.parameters(tiny.LOCKSTEP, tiny.THREADED)
  def test_infinite_loss_ends_the_run_before_it_is_saved(self, config):
    reward = [1.0]

    class Exploding(taped.TapedBatch):

      def receive(self):
        self.reward = reward[0]
        return super().receive()

    def on_record(record):
      if record['frames'] > 3 * tiny.ROLLOUT:
        reward[0] = 3e38  # squared in the value loss

    checkpointer = self.checkpointer()
    config = dataclasses.replace(config, checkpoint_frames=tiny.ROLLOUT)
    problem = tiny.make_problem(make_environment=lambda block: Exploding(
        [2, 3], task=[0, 1], words=[b'go']))
    with self.assertRaisesRegex(
        loop.TrainingError, r'(loss|grad_norm) is (inf|nan) near .* intact'):
      self.train(problem, config, checkpointer=checkpointer,
                  on_record=on_record)
    self.assertLess(checkpointer.latest(), tiny.FRAMES)
    arrays = checkpointer._manager.restore(checkpointer.latest())['arrays']
    for name, value in arrays.items():
      if name.startswith("['learner']"):
        self.assertTrue(np.isfinite(value).all(), name)

  def test_update_under_way_at_a_stop_is_checked_before_it_is_saved(self):
    weights = tiny.Lambda()  # notes the updates
    problem = tiny.make_problem(
        controller=weights.controller,
        make_environment=lambda block: taped.TapedBatch(
            [2, 3], task=[0, 1], words=[b'go'], reward=3e38))
    config = dataclasses.replace(tiny.THREADED, record_frames=tiny.FRAMES)
    checkpointer = self.checkpointer()
    with self.assertRaisesRegex(loop.TrainingError, '(loss|grad_norm) is'):
      self.train(problem, config, checkpointer=checkpointer,
                 should_stop=lambda: bool(weights.frames))
    self.assertIsNone(checkpointer.latest())

  def test_gradient_that_is_no_number_ends_the_run(self):
    # sqrt has value 0 and an infinite slope at 0: the loss looks healthy.
    agent = taped.make_agent()

    def unroll(params, *args):
      output, state = agent.unroll(params, *args)
      bad = 0 * jnp.sum(jnp.sqrt(params['zero']))
      return output._replace(value=output.value + bad), state

    bad_agent = agent._replace(
        init=lambda key: agent.init(key) | {'zero': jnp.zeros(1)},
        unroll=unroll)
    checkpointer = self.checkpointer()
    with self.assertRaisesRegex(
        loop.TrainingError, 'grad_norm is nan near frame'):
      self.train(tiny.make_problem(agent=bad_agent), checkpointer=checkpointer)
    self.assertIsNone(checkpointer.latest())

  def test_teachers_that_are_no_numbers_are_named(self):

    def make_labeller(task):
      able = tiny.make_labeller(task)

      def label(*args):
        output, carry = able.label(*args)
        output.policy[1, 0, 0] = np.nan
        return output, carry

      return able._replace(label=label)

    with self.assertRaisesRegex(
        loop.TrainingError, r"neither is the policy of .*\['expert'\]"):
      self.train(tiny.make_problem(make_labeller=make_labeller))

  def test_error_of_the_callback_stops_the_actors(self):
    with self.assertRaises(tiny.Killed):
      self.train(config=tiny.THREADED, on_record=self.kill_after(0))
    names = [t.name for t in threading.enumerate() if t.is_alive()]
    self.assertNotIn('actor 0', names)


if __name__ == '__main__':
  absltest.main()
