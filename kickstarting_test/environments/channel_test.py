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
"""Tests messages between processes."""

import socket
import threading

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting.environments import channel as channel_lib


class ChannelTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    ends = socket.socketpair()
    self.one, self.other = (
        channel_lib.Channel(end.detach()) for end in ends)
    self.addCleanup(self.one.close)
    self.addCleanup(self.other.close)

  @parameterized.parameters(
      (None,), ({'seed': 3, 'path': ['a', 'b']},), ('\u00e9\n',), (0,),
      ([],), (False,))
  def test_what_is_sent_arrives(self, content):
    self.one.send(b'B', content)
    self.assertEqual(self.other.receive(), (b'B', content))

  def test_in_order(self):
    for i in range(3):
      self.one.send(b'S', i)
    self.assertEqual(
        [self.other.receive() for _ in range(3)], [(b'S', i) for i in range(3)])

  def test_more_than_a_socket_holds(self):
    text = 'x' * (1 << 22)
    sender = threading.Thread(target=self.one.send, args=(b'E', text))
    sender.start()
    self.assertEqual(self.other.receive(), (b'E', text))
    sender.join()

  def test_nobody_sends(self):
    self.one.close()
    with self.assertRaises(channel_lib.Closed):
      self.other.receive()

  def test_an_end_inside_a_message(self):
    one, other = socket.socketpair()
    one.sendall(b'\x00\x00\x00\x08Bhalf')
    one.close()
    reader = channel_lib.Channel(other.detach())
    self.addCleanup(reader.close)
    with self.assertRaises(channel_lib.Closed):
      reader.receive()

  def test_nobody_listens(self):
    self.other.close()
    with self.assertRaises(channel_lib.Closed):
      self.one.send(b'S')


if __name__ == '__main__':
  absltest.main()
