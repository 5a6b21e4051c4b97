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
"""Tests of `runtime/threads.py`: every wait ends, every error surfaces."""

import threading
import time

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting.runtime import threads

_DEADLINE_S = 10.0  # of a test; a stop is noticed within a tenth of a second


def _outcome(call):
  """Returns the exception or the result of a call that might never end."""
  outcome = []

  def run():
    try:
      outcome.append(call())
    except Exception as error:  # pylint: disable=broad-except
      outcome.append(error)

  thread = threading.Thread(target=run, daemon=True)
  thread.start()
  thread.join(_DEADLINE_S)
  if not outcome:
    raise AssertionError(f'still waiting after {_DEADLINE_S} seconds')
  return outcome[0]


class ThreadsTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.group = threads.ThreadGroup()
    self.addCleanup(self.group.join, _DEADLINE_S)

  def test_items_arrive_in_order(self):
    queue = threads.TimedQueue(3, self.group.stop)
    for i in range(3):
      queue.put(i)
    self.assertLen(queue, 3)
    self.assertEqual([queue.get() for _ in range(3)], [0, 1, 2])

  def test_stop_while_the_queue_is_full(self):
    queue = threads.TimedQueue(1, self.group.stop)
    is_full = threading.Event()

    def produce():
      queue.put(0)
      is_full.set()
      queue.put(1)

    self.group.start('producer', produce)
    self.assertTrue(is_full.wait(_DEADLINE_S))
    self.assertEqual(self.group.join(_DEADLINE_S), [])
    self.group.check()  # being stopped is no failure
    self.assertLen(queue, 1)

  def test_stop_while_the_queue_is_empty(self):
    queue = threads.TimedQueue(1, self.group.stop)
    self.group.start('consumer', queue.get)
    self.assertEqual(self.group.join(_DEADLINE_S), [])
    self.group.check()

  def test_after_a_stop_calls_give_up_at_once(self):
    queue = threads.TimedQueue(1, self.group.stop)
    queue.put(0)
    self.group.join()
    self.assertIsInstance(_outcome(queue.get), threads.Stopped)
    self.assertIsInstance(_outcome(lambda: queue.put(0)), threads.Stopped)

  def test_consumer_may_give_up(self):
    queue = threads.TimedQueue(1, self.group.stop)
    asked = []

    def give_up():
      asked.append(True)
      return len(asked) == 2

    self.assertIsInstance(
        _outcome(lambda: queue.get(give_up)), threads.Stopped)
    self.assertFalse(self.group.stop.is_set())
    queue.put('item')
    self.assertEqual(queue.get(lambda: True), 'item')  # what is there counts

  def test_first_error_stops_all_and_is_raised_with_the_name(self):
    queue = threads.TimedQueue(1, self.group.stop)
    cause = KeyError('lost')

    def fail():
      raise cause

    self.group.start('consumer', queue.get)
    self.group.start('actor 3', fail)
    self.assertIsInstance(
        _outcome(lambda: queue.get(lambda: False)), threads.Stopped)
    with self.assertRaisesRegex(
        threads.ThreadError, r"actor 3 failed: 'lost'") as raised:
      self.group.check()
    self.assertIs(raised.exception.__cause__, cause)
    self.assertEqual(self.group.join(_DEADLINE_S), [])

  def test_later_errors_do_not_hide_the_first(self):
    has_failed = threading.Event()

    def first():
      try:
        raise ValueError('first')
      finally:
        has_failed.set()

    def second():
      self.group.stop.wait(_DEADLINE_S)
      raise ValueError('second')

    self.group.start('b', second)
    self.group.start('a', first)
    self.assertTrue(has_failed.wait(_DEADLINE_S))
    self.assertEqual(self.group.join(_DEADLINE_S), [])
    with self.assertRaisesRegex(threads.ThreadError, 'a failed: first'):
      self.group.check()

  def test_system_exit_of_a_thread_is_an_error(self):
    def leave():
      raise SystemExit(3)

    self.group.start('actor 0', leave)
    self.assertTrue(self.group.stop.wait(_DEADLINE_S))
    with self.assertRaisesRegex(threads.ThreadError, 'actor 0 failed'):
      self.group.check()

  def test_stragglers_are_reported_within_the_deadline(self):
    release = threading.Event()
    self.addCleanup(release.set)
    self.group.start('slow', lambda: release.wait(_DEADLINE_S))
    self.group.start('fast', lambda: None)
    began = time.monotonic()
    self.assertEqual(self.group.join(0.2), ['slow'])
    self.assertBetween(time.monotonic() - began, 0.2, _DEADLINE_S / 2)

  def test_waiting_times_are_counted_on_both_sides(self):
    queue = threads.TimedQueue(1, self.group.stop)

    def produce():
      time.sleep(0.3)  # the consumer waits
      queue.put(0)
      queue.put(1)  # waits for the consumer

    self.group.start('producer', produce)
    _outcome(queue.get)
    self.assertGreater(queue.get_wait_s, 0.2)
    self.assertLess(queue.put_wait_s, 0.2)
    waited = queue.get_wait_s
    queue.put_wait_s = 0.0
    queue.get()
    self.group.start('blocked', lambda: [queue.put(2), queue.put(3)])
    time.sleep(0.3)
    queue.get()
    queue.get()
    self.assertGreater(queue.put_wait_s, 0.2)
    self.assertLess(queue.get_wait_s, waited + 0.2)

  @parameterized.parameters(0, -1)
  def test_unbounded_queue_is_refused(self, size):
    with self.assertRaisesRegex(
        ValueError, f'queue size is {size}; expected at least 1'):
      threads.TimedQueue(size, self.group.stop)


if __name__ == '__main__':
  absltest.main()
