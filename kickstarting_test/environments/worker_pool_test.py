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

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.environments import worker_pool
from kickstarting_test.environments import history_batches as batches


class WorkerPoolTest(parameterized.TestCase):

  def _level(self, body):
    """Returns what makes an environment, after some lines, and a path."""
    folder = self.create_tempdir()
    path = folder.create_file('levels.py', (
        'import os\n'
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
        RuntimeError, r'(?s)could not be started again in 5 trials; the last:'
        ' .*OSError: no level'):
      batch.receive()

  def test_one_that_dies_at_its_first_start(self):
    target, flag = self._level(
        '  if not os.path.exists(flag):\n'
        '    open(flag, "w").close()\n'
        '    os.abort()\n')
    batch = batches.make(self, target, flag=flag)
    np.testing.assert_array_equal(batch.reset().step_type, 0)
    self.assertBetween(batch.restarts, 1, 2)

  @parameterized.parameters(
      ({'streams_per_worker': -1}, 'streams_per_worker is -1'),
      ({'step_timeout_s': 0.0}, 'step_timeout_s is 0.0'),
      ({'max_restarts': -1}, 'max_restarts is -1'),
  )
  def test_config(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      worker_pool.PoolConfig(**fields)


if __name__ == '__main__':
  absltest.main()
