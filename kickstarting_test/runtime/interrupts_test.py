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
"""Tests of interrupts.py: Ctrl-C is noted once, and only inside."""

import os
import signal
import threading

from absl.testing import absltest

from kickstarting.runtime import interrupts


class RequestedTest(absltest.TestCase):

  def _press(self):
    os.kill(os.getpid(), signal.SIGINT)

  def test_the_first_is_noted_and_the_second_raises(self):
    before = signal.getsignal(signal.SIGINT)
    with self.assertRaises(KeyboardInterrupt):
      with interrupts.requested() as should_stop:
        self.assertFalse(should_stop())
        self._press()
        self.assertTrue(should_stop())
        self._press()
    self.assertIs(signal.getsignal(signal.SIGINT), before)

  def test_other_threads_do_without(self):
    found = []

    def ask():
      with interrupts.requested() as should_stop:
        found.append(should_stop())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    self.assertEqual(found, [False])


if __name__ == '__main__':
  absltest.main()
