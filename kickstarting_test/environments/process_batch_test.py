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
"""Tests of process_batch.py: what its streams return, whatever workers do.

Not here: how often workers are started again (`worker_pool_test.py`).
"""

import os
import signal

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import checks
from kickstarting.environments import seeds
from kickstarting_test.environments import faulty
from kickstarting_test.environments import history_batches as batches


class FaultsTest(parameterized.TestCase):

  @parameterized.parameters(
      ({},), ({'crash': 0.02},), ({'fail': 0.02},), ({'stall': 0.01},))
  def test_no_stream_contradicts_itself(self, faults):
    batch = batches.make(self, **faults)
    *play, actions = batches.play(batch, 150)
    cuts = faulty.check(*play, actions)
    self.assertEqual(batch.restarts > 0, bool(faults))
    # Both streams of a worker begin anew; some may just have ended.
    self.assertBetween(cuts, batch.restarts, 2 * batch.restarts)

  def test_a_worker_that_is_killed_between_steps(self):
    batch = batches.make(self)
    batch.reset()
    os.kill(batch.pids[1], signal.SIGKILL)
    batch.send(np.zeros(4, np.int32))
    timestep = batch.receive()
    np.testing.assert_array_equal(timestep.step_type, [1, 1, 0, 0])
    np.testing.assert_array_equal(timestep.discount, 1.0)
    np.testing.assert_array_equal(timestep.previous_action, 0)
    self.assertEqual(batch.restarts, 1)

  def test_new_seeds_after_a_restart(self):
    batch = batches.make(self, seed=3)
    first = seeds.first_seed(3)
    seen = [batch.reset().observation['observation'][:, 0]]
    for _ in range(2):
      os.kill(batch.pids[0], signal.SIGKILL)
      batch.send(np.zeros(4, np.int32))
      seen.append(batch.receive().observation['observation'][:, 0])
    np.testing.assert_array_equal(np.array(seen) - first, [
        [0, 1, 2, 3], [4, 5, 2, 3], [8, 9, 2, 3]])

  def test_no_process_is_left(self):
    batch = batches.make(self)
    pids = batch.pids
    batch.close()
    batch.close()
    for pid in pids:
      with self.assertRaises(ProcessLookupError):
        os.kill(pid, 0)


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
      batches.make(self, target)

  def test_what_it_raises_is_a_line_and_its_traceback_is_shown_before(self):
    with self.assertLogs(level='WARNING') as logs, self.assertRaisesRegex(
        RuntimeError, r"^an environment of task 'history' cannot be made:"
        r' TypeError: .*multiply.* \(.*faulty.py, line \d+, in __init__\);'
        ' expected .*'):
      batches.make(
          self, 'kickstarting_test.environments.faulty:Talker', words='many')
    self.assertRegex(
        logs.output[0], '(?s)Traceback.*TypeError: .*multiply')

  def test_settings_that_it_does_not_take(self):
    with self.assertRaisesRegex(
        checks.UserError, "an environment of task 'history' cannot be made: got"
        " an unexpected keyword argument 'wrong' where History"):
      batches.make(self, wrong=1)

  @parameterized.parameters(
      ('nan', "observed nan in 'x' in stream 0; expected finite numbers"),
      ('large float', "observed inf in 'x' in stream 0; expected finite"),
      ('large integer', "observed 1099511627778 in 'n' in stream [02]"),
      ('reward', 'returned reward None of type NoneType; expected one number'),
      ('short', r'returned 4 values \(dict, bool, bool, dict\) from step'),
      ('mission', "observes 'mission' of type NoneType"),
  )
  def test_what_it_may_not_return_ends_the_run(self, what, message):
    with self.assertRaisesRegex(checks.UserError, f"task 'history' {message}"):
      batch = batches.make(
          self, 'kickstarting_test.environments.faulty:Odd', what=what)
      batch.reset()
      batch.send(np.zeros(4, np.int32))
      batch.receive()


if __name__ == '__main__':
  absltest.main()
