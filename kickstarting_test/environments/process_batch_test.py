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
"""Tests of process_batch.py: what workers survive, and what ends a batch."""

import os
import signal

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.environments import process_batch
from kickstarting.environments import seeds
from kickstarting.environments import worker_process
from kickstarting_test.environments import faulty

_HISTORY = 'kickstarting_test.environments.faulty:History'
_QUICK = process_batch.PoolConfig(
    streams_per_worker=2, step_timeout_s=1.0, backoff_s=0.01)


def _batch(test, target=_HISTORY, streams=4, pool=_QUICK, seed=0, **arguments):
  batch = process_batch.task_batch(
      {'history': worker_process.Builder(target, arguments)}, streams,
      seed=seed, pool=pool)
  test.addCleanup(batch.close)
  return batch


def _play(batch, num_steps):
  """Returns observation, reward, step_type [T+1, B] and actions [T, B]."""
  timesteps = [batch.reset()]
  actions = np.random.default_rng(0).integers(
      faulty.NUM_ACTIONS, size=(num_steps, batch.num_streams), dtype=np.int32)
  for action in actions:
    batch.send(action)
    timesteps.append(batch.receive())
  return (
      np.stack([x.observation['observation'] for x in timesteps]),
      np.stack([x.reward for x in timesteps]),
      np.stack([x.step_type for x in timesteps]), actions)


class FaultsTest(parameterized.TestCase):

  @parameterized.parameters(
      ({},), ({'crash': 0.02},), ({'fail': 0.02},), ({'stall': 0.01},))
  def test_no_stream_contradicts_itself(self, faults):
    batch = _batch(self, **faults)
    *play, actions = _play(batch, 150)
    cuts = faulty.check(*play, actions)
    self.assertEqual(batch.restarts > 0, bool(faults))
    # Both streams of a worker begin anew; some may just have ended.
    self.assertBetween(cuts, batch.restarts, 2 * batch.restarts)

  def test_one_worker_for_each_core_unless_told_otherwise(self):
    if not hasattr(os, 'sched_setaffinity'):
      self.skipTest('No choice of cores on this system.')
    cores = os.sched_getaffinity(0)
    self.addCleanup(os.sched_setaffinity, 0, cores)
    os.sched_setaffinity(0, {min(cores)})
    batch = _batch(self, streams=5, pool=process_batch.PoolConfig())
    self.assertLen(batch.pids, 1)
    one, *_ = _play(batch, 5)
    os.sched_setaffinity(0, cores)
    several = _batch(self, streams=5, pool=process_batch.PoolConfig())
    self.assertLen(several.pids, min(len(cores), 5))
    np.testing.assert_array_equal(_play(several, 5)[0], one)

  def test_a_worker_that_is_killed_between_steps(self):
    batch = _batch(self)
    batch.reset()
    os.kill(_process(batch, 1).pid, signal.SIGKILL)
    batch.send(np.zeros(4, np.int32))
    timestep = batch.receive()
    np.testing.assert_array_equal(timestep.step_type, [1, 1, 0, 0])
    np.testing.assert_array_equal(timestep.discount, 1.0)
    np.testing.assert_array_equal(timestep.previous_action, 0)
    self.assertEqual(batch.restarts, 1)

  def test_new_seeds_after_a_restart(self):
    batch = _batch(self, seed=3)
    first = seeds.first_seed(3)
    seen = [batch.reset().observation['observation'][:, 0]]
    for _ in range(2):
      os.kill(_process(batch, 0).pid, signal.SIGKILL)
      batch.send(np.zeros(4, np.int32))
      seen.append(batch.receive().observation['observation'][:, 0])
    np.testing.assert_array_equal(np.array(seen) - first, [
        [0, 1, 2, 3], [4, 5, 2, 3], [8, 9, 2, 3]])

  def test_a_budget_of_restarts(self):
    batch = _batch(self, crash=0.5, pool=process_batch.PoolConfig(
        max_restarts=3))
    with self.assertRaisesRegex(
        RuntimeError, r"(?s)started again 3 times, as often as max_restarts=3"
        r" allows; .* task 'history': its process ended with signal SIGABRT"):
      _play(batch, 50)

  def test_it_cannot_be_started_again(self):
    folder = self.create_tempdir()
    path = folder.create_file('levels.py', (
        'import os\n'
        'from kickstarting_test.environments import faulty\n'
        'def make(seed, flag):\n'
        '  if os.path.exists(flag): raise OSError("no level")\n'
        '  return faulty.History(seed)\n')).full_path
    flag = os.path.join(folder.full_path, 'flag')
    batch = _batch(self, f'{path}:make', flag=flag)
    batch.reset()
    open(flag, 'w').close()
    os.kill(_process(batch, 0).pid, signal.SIGKILL)
    batch.send(np.zeros(4, np.int32))
    with self.assertRaisesRegex(
        RuntimeError, r'(?s)could not be started again in 5 trials; the last:'
        ' .*OSError: no level'):
      batch.receive()

  def test_one_that_dies_at_its_first_start(self):
    folder = self.create_tempdir()
    path = folder.create_file('levels.py', (
        'import os\n'
        'from kickstarting_test.environments import faulty\n'
        'def make(seed, flag):\n'
        '  if not os.path.exists(flag):\n'
        '    open(flag, "w").close()\n'
        '    os.abort()\n'
        '  return faulty.History(seed)\n')).full_path
    batch = _batch(
        self, f'{path}:make', flag=os.path.join(folder.full_path, 'flag'))
    np.testing.assert_array_equal(batch.reset().step_type, 0)
    self.assertBetween(batch.restarts, 1, 2)

  def test_no_process_is_left(self):
    batch = _batch(self)
    processes = [_process(batch, i) for i in range(2)]
    batch.close()
    batch.close()
    for process in processes:
      self.assertIsNotNone(process.poll())


class ErrorsTest(parameterized.TestCase):

  @parameterized.parameters(
      ('nothing', 'expected module:function or path/to/file.py:function'),
      ('no_such_module:f', "there is no module 'no_such_module'"),
      ('kickstarting_test.environments.faulty:Nope', "no function 'Nope'"),
      ('/no/such/file.py:f', "no file '/no/such/file.py'"),
      ('builtins:str', 'made a str; expected a dm_env.Environment'),
  )
  def test_targets(self, target, message):
    with self.assertRaisesRegex((ValueError, RuntimeError), message):
      _batch(self, target)

  def test_its_own_traceback_is_shown(self):
    with self.assertRaisesRegex(
        RuntimeError, r"(?s)an environment of task 'history' cannot be made:"
        ' .*Traceback.*TypeError: .*wrong'):
      _batch(self, wrong=1)

  @parameterized.parameters(
      ({'streams_per_worker': -1}, 'streams_per_worker is -1'),
      ({'step_timeout_s': 0.0}, 'step_timeout_s is 0.0'),
      ({'max_restarts': -1}, 'max_restarts is -1'),
  )
  def test_config(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      process_batch.PoolConfig(**fields)


def _process(batch, i):
  return batch._workers[i].process._process


if __name__ == '__main__':
  absltest.main()
