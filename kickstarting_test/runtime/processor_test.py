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
"""Tests of `runtime/processor.py`."""

import json
import os
import subprocess
import sys
import threading

from absl.testing import absltest

from kickstarting.runtime import processor

_PROGRAM = """
import json, os
from kickstarting.runtime import processor
processor.share()
processor.share()
import jax
is_async = jax.config.values['jax_cpu_enable_async_dispatch']
print(json.dumps([os.environ['XLA_FLAGS'], os.environ['PJRT_NPROC'], is_async,
                  float(jax.numpy.ones(2).sum())]))
"""


def _settings(**variables):
  """Returns what a fresh process has after `share`."""
  environment = {name: value for name, value in os.environ.items()
                 if name not in ('XLA_FLAGS', 'PJRT_NPROC')}
  done = subprocess.run(
      [sys.executable, '-c', _PROGRAM], env=environment | variables, check=True,
      stdout=subprocess.PIPE, text=True)
  return json.loads(done.stdout.splitlines()[-1])


class ShareTest(absltest.TestCase):

  def test_flags_that_this_version_of_jax_accepts(self):
    flags, threads, is_async, total = _settings()
    self.assertLen(flags.split(), 2)
    self.assertIn('--xla_cpu_multi_thread_eigen=false', flags.split())
    self.assertEqual(threads, '1')
    self.assertIs(is_async, False)
    self.assertEqual(total, 2.0)  # a flag that is unknown ends the process

  def test_what_the_user_has_set_wins(self):
    mine = '--xla_cpu_multi_thread_eigen=true --xla_cpu_enable_fast_math=false'
    flags, threads, _, _ = _settings(XLA_FLAGS=mine, PJRT_NPROC='2')
    self.assertStartsWith(flags, mine + ' --xla_cpu')
    self.assertLen(flags.split(), 3)
    self.assertEqual(threads, '2')


def _cores():
  """Returns the cores of this thread; none where the system cannot tell."""
  return os.sched_getaffinity(0) if hasattr(os, 'sched_getaffinity') else set()


def _cores_of_a_thread_that_leaves(times):
  """Returns the cores of a thread after it has left one that often."""
  cores = []

  def run():
    for _ in range(times):
      processor.leave_a_core()
    cores.append(_cores())

  thread = threading.Thread(target=run)
  thread.start()
  thread.join()
  return cores[0]


class LeaveACoreTest(absltest.TestCase):

  def test_one_core_fewer_in_this_thread_only(self):
    before = _cores()
    left = _cores_of_a_thread_that_leaves(1)
    self.assertEqual(left, set(sorted(before)[:max(1, len(before) - 1)]))
    self.assertEqual(_cores(), before)

  def test_the_last_core_is_kept(self):
    before = _cores()
    left = _cores_of_a_thread_that_leaves(len(before) + 1)
    self.assertEqual(left, set(sorted(before)[:1]))


if __name__ == '__main__':
  absltest.main()
