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
"""Tests of worker_pool.py: who is started again, and how often."""

import os
import signal
import threading

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import checks
from kickstarting.environments import worker_pool
from kickstarting_test import processes
from kickstarting_test.environments import history_batches as batches


class WorkerPoolTest(parameterized.TestCase):

  def _level(self, body):
    """Returns what makes an environment, after some lines, and a path."""
    folder = self.create_tempdir()
    path = folder.create_file('levels.py', (
        'import os, sys\n'
        'from kickstarting_test.environments import faulty\n'
        'def make(seed, flag):\n'
        f'{body}'
        '  return faulty.History(seed)\n')).full_path
    return f'{path}:make', os.path.join(folder.full_path, 'flag')

  def test_one_worker_for_each_core_unless_told_otherwise(self):
    if not hasattr(os, 'sched_setaffinity'):
      self.skipTest('No choice of cores on this system.')
    cores = os.sched_getaffinity(0)
    self.addCleanup(os.sched_setaffinity, 0, cores)
    os.sched_setaffinity(0, {min(cores)})
    batch = batches.make(self, streams=5, pool=worker_pool.PoolConfig())
    self.assertLen(batch.pids, 1)
    one, *_ = batches.play(batch, 5)
    os.sched_setaffinity(0, cores)
    several = batches.make(self, streams=5, pool=worker_pool.PoolConfig())
    self.assertLen(several.pids, min(len(cores), 5))
    np.testing.assert_array_equal(batches.play(several, 5)[0], one)

  def test_a_budget_of_restarts(self):
    batch = batches.make(self, crash=0.5, pool=worker_pool.PoolConfig(
        max_restarts=3))
    with self.assertRaisesRegex(
        RuntimeError, r"(?s)started again 3 times, as often as max_restarts=3"
        r" allows; .* task 'history': its process ended with signal SIGABRT"):
      batches.play(batch, 50)

  def test_it_cannot_be_started_again(self):
    target, flag = self._level(
        '  if os.path.exists(flag): raise OSError("no level")\n')
    batch = batches.make(self, target, flag=flag)
    batch.reset()
    open(flag, 'w').close()
    os.kill(batch.pids[0], signal.SIGKILL)
    batch.send(np.zeros(4, np.int32))
    with self.assertRaisesRegex(
        RuntimeError, r"(?s)task 'history' failed 6 times in a row, with hardly"
        ' a step in between; the last: .*OSError: no level'):
      batch.receive()

  def test_one_that_dies_at_its_first_start(self):
    target, flag = self._level(
        '  if not os.path.exists(flag):\n'
        '    open(flag, "w").close()\n'
        '    os.abort()\n')
    batch = batches.make(self, target, flag=flag)
    np.testing.assert_array_equal(batch.reset().step_type, 0)
    self.assertBetween(batch.restarts, 1, 2)

  @parameterized.named_parameters(
      ('an_exit', 'sys.exit(3)', 'SystemExit: 3'),
      ('a_text_that_varies', 'raise OSError(str(os.getpid()))', 'OSError: .'),
      ('a_crash', 'os.abort()', 'signal SIGABRT'),
      ('an_end', 'os._exit(3)', 'status 3'),
      ('the_third_step', """
    self.steps += 1
    if self.steps == 3: raise OSError('no third')
    return observation, 0.0, False, False, {}""", 'OSError: no third'),
  )
  def test_a_step_that_fails_every_time(self, step, error):
    batch = self._wrong(step)
    with self.assertRaisesRegex(
        worker_pool.EnvironmentFailed,
        f"(?s)task 'history' failed 3 times in a row.*{error}"):
      with self.assertLogs(level='WARNING') as logs:
        batches.play(batch, 100)
    self.assertEqual(batch.restarts, 2)
    # Once, however often it is raised.
    self.assertLessEqual(str(logs.output).count('Traceback'), 1)

  @parameterized.named_parameters(
      ('four_values', 'return observation, 0.0, False, {}',
       'returned 4 values .* from step; expected 5'),
      ('rewards', 'return observation, np.zeros(2), False, False, {}',
       r'returned reward array\(\[0., 0.\]\)'),
      ('no_reward', 'return observation, None, False, False, {}',
       'returned reward None'),
  )
  def test_a_step_that_returns_what_cannot_be(self, step, error):
    batch = self._wrong(step)
    with self.assertRaisesRegex(checks.UserError, f"task 'history' {error}"):
      batches.play(batch, 100)
    self.assertEqual(batch.restarts, 0)  # it would do so again

  def _wrong(self, step):
    """Returns a batch of one environment whose step has this body."""
    path = self.create_tempfile('wrong.py', f"""
import os, sys
import gymnasium
import numpy as np

observation = np.zeros(3, np.float32)

class Wrong(gymnasium.Env):
  action_space = gymnasium.spaces.Discrete(5)
  observation_space = gymnasium.spaces.Box(0, 1, (3,))

  def __init__(self, seed):
    self.steps = 0

  def reset(self, **options):
    return observation, {{}}

  def step(self, action):
    {step}
""").full_path
    return batches.make(
        self, f'{path}:Wrong', streams=1, pool=worker_pool.PoolConfig(
            max_failures_in_a_row=3, backoff_s=0.01))

  def test_an_instruction_that_is_none(self):
    path = self.create_tempfile('silent.py', """
from kickstarting_test.environments import faulty

class Silent(faulty.Talker):
  def __init__(self, seed):
    super().__init__(seed, 1)
    self._text = None
""").full_path
    with self.assertRaisesRegex(ValueError, "(?s)task 'history'"):
      batches.play(batches.make(self, f'{path}:Silent'), 100)

  def test_a_builder_that_exits(self):
    target, flag = self._level('  sys.exit("no licence")\n')
    with self.assertRaisesRegex(
        worker_pool.EnvironmentFailed,
        "(?s)task 'history' cannot be made: .*SystemExit: no licence"):
      batches.make(self, target, flag=flag)

  def test_kills_by_others_are_no_failures_of_an_environment(self):
    batch = batches.make(self, streams=1, pool=worker_pool.PoolConfig(
        max_failures_in_a_row=1))
    batch.reset()
    for _ in range(3):
      os.kill(batch.pids[0], signal.SIGKILL)
      batch.send(np.zeros(1, np.int32))
      batch.receive()
    self.assertEqual(batch.restarts, 3)

  def test_the_dead_do_not_wait_for_the_slow(self):
    batch = batches.make(self, streams=3, pool=worker_pool.PoolConfig(
        streams_per_worker=1))
    batch.reset()
    stopped, *dead = batch.pids
    os.kill(stopped, signal.SIGSTOP)
    for pid in dead:
      os.kill(pid, signal.SIGKILL)
    batch.send(np.zeros(3, np.int32))
    receiving = threading.Thread(target=batch.receive)
    receiving.start()
    are_mended = processes.wait(
        lambda: len(batch.pids) == 3 and not {*dead} & {*batch.pids})
    os.kill(stopped, signal.SIGCONT)
    receiving.join()
    self.assertTrue(are_mended)
    self.assertEqual(batch.restarts, 2)
    self.assertEqual(batch.pids[0], stopped)

  @parameterized.parameters(
      ({'streams_per_worker': -1}, 'streams_per_worker is -1'),
      ({'step_timeout_s': 0.0}, 'step_timeout_s is 0.0'),
      ({'max_restarts': -1}, 'max_restarts is -1'),
      ({'max_failures_in_a_row': 0}, 'max_failures_in_a_row is 0'),
  )
  def test_config(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      worker_pool.PoolConfig(**fields)


if __name__ == '__main__':
  absltest.main()
