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
"""Tests of `runtime/parameter_store.py`."""

import threading

from absl.testing import absltest

from kickstarting.runtime import parameter_store


class ParameterStoreTest(absltest.TestCase):

  def test_newest_pair_is_returned(self):
    store = parameter_store.ParameterStore(4, {'w': 4})
    self.assertEqual(store.get(), (4, {'w': 4}, None))
    store.publish(5, {'w': 5})
    self.assertEqual(store.get(), (5, {'w': 5}, None))

  def test_a_pair_in_hand_does_not_change(self):
    store = parameter_store.ParameterStore(0, {'w': 0})
    held = store.get()
    store.publish(1, {'w': 1})
    self.assertEqual(held, (0, {'w': 0}, None))

  def test_readers_never_see_half_a_pair(self):
    store = parameter_store.ParameterStore(0, 0)
    seen = []

    def read():
      newest = store.get()
      while newest.version < 2000:
        seen.append(newest)
        newest = store.get()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    for version in range(1, 2001):
      store.publish(version, version)
    reader.join(10.0)
    self.assertFalse(reader.is_alive())
    self.assertTrue(all(version == params for version, params, _ in seen))
    versions = [newest.version for newest in seen]
    self.assertEqual(versions, sorted(versions))


if __name__ == '__main__':
  absltest.main()
