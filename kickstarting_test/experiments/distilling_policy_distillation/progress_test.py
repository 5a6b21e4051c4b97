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
"""Tests of progress.py: lines, the time that is left, what is repeated."""

from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from experiments.distilling_policy_distillation import progress


class LinesTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.lines = []
    self.now = self.enter_context(
        mock.patch.object(progress.time, 'monotonic', return_value=100.0))
    self.progress = progress.Lines(self.lines.append, 4)

  def _after(self, seconds):
    self.now.return_value = 100.0 + seconds

  def test_time_that_is_left(self):
    self.progress.say('teachers')
    self._after(10)
    self.progress.finish('a', 'return 1')
    self._after(25)
    self.progress.update('b', 0.5)
    self.progress.update('c', 1.0)
    self._after(100)
    for name in 'bcd':
      self.progress.finish(name, 'return 2')
    self.assertEqual(self.lines, [
        'teachers',
        'a | return 1 | 0:30 left',  # 10 s for one of four
        'b |  50% | 0:42 left',  # 25 s for 1.5 of four: 41.7 more
        # 'c' came too soon after 'b'
        'b | return 2 | 0:33 left',  # 100 s for three, with all of c
        'c | return 2 | 0:33 left',
        'd | return 2 | 0:00 left',
    ])


class RelayTest(parameterized.TestCase):

  def test_is_repeated(self):
    written, told = [], mock.Mock()
    relay = progress.Relay(written.append)
    relay.say('teachers')
    relay.update('a', 0.25)
    relay.update('a', 0.26)  # too soon
    relay.finish('a', 'return "1"')
    for line in written:
      progress.repeat(line, told)
    self.assertEqual(told.mock_calls, [
        mock.call.say('teachers'), mock.call.update('a', 0.25),
        mock.call.finish('a', 'return "1"')])

  @parameterized.parameters('a warning', '["delete", "all"]', '[]', '7', '')
  def test_other_lines_are_said(self, line):
    told = mock.Mock()
    progress.repeat(line, told)
    self.assertEqual(told.mock_calls, [mock.call.say(line)])


if __name__ == '__main__':
  absltest.main()
