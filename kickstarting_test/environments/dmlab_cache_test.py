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
"""Tests the folder of compiled maps."""

import os
import pathlib
import stat
from unittest import mock
import zipfile

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting.environments import dmlab_cache

_KEY = 'explore_maze_noaas_0123'
_EMPTY = b'PK\5\6' + 18 * b'\0'  # an archive of nothing


class DmlabCacheTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.cache = dmlab_cache.LevelCache(self.folder)
    self.map = pathlib.Path(self.create_tempdir().full_path) / 'map.pk3'
    with zipfile.ZipFile(self.map, 'w', zipfile.ZIP_DEFLATED) as archive:
      archive.writestr('maps/maze.bsp', os.urandom(30_000))
      archive.writestr('maps/maze.txt', 'a maze')
    self.target = self.map.with_name('fetched.pk3')

  def _fetch(self):
    return self.cache.fetch(_KEY, str(self.target))

  def test_a_map_comes_back(self):
    self.assertFalse(self._fetch())
    self.cache.write(_KEY, str(self.map))
    self.assertTrue(self._fetch())
    self.assertEqual(self.target.read_bytes(), self.map.read_bytes())

  def test_a_map_that_is_not_whole_is_none(self):
    whole = self.map.read_bytes()
    middle = len(whole) // 2
    for content in (
        b'', _EMPTY, whole[:middle], whole[:-1], b'no archive',
        whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1:]):
      (self.folder / _KEY).write_bytes(content)
      self.assertFalse(self._fetch())
      self.assertFalse(self.target.exists())

  def test_what_is_no_file_is_no_map(self):
    os.mkfifo(self.folder / _KEY)  # reading would wait for ever
    self.assertFalse(self._fetch())
    os.unlink(self.folder / _KEY)
    (self.folder / _KEY).mkdir()
    self.assertFalse(self._fetch())

  def test_others_may_read_as_far_as_the_umask_allows(self):
    old = os.umask(0o022)
    self.addCleanup(os.umask, old)
    self.cache.write(_KEY, str(self.map))
    mode = (self.folder / _KEY).stat().st_mode
    self.assertEqual(stat.S_IMODE(mode), 0o644)

  @parameterized.parameters('replace', 'fsync')
  def test_a_write_that_fails_leaves_nothing(self, name):
    owner = pathlib.Path if name == 'replace' else os
    with mock.patch.object(
        owner, name, side_effect=OSError(28, 'No space left on device')):
      self.cache.write(_KEY, str(self.map))
    self.assertEmpty(list(self.folder.iterdir()))

  @parameterized.parameters('', '..', 'a\0b', 300 * 'x')
  def test_names_that_no_file_can_have(self, key):
    self.cache.write(key, str(self.map))
    self.assertFalse(self.cache.fetch(key, str(self.target)))

  def test_a_map_that_is_gone_is_not_kept(self):
    self.cache.write(_KEY, str(self.map.with_name('gone')))
    self.assertEmpty(list(self.folder.iterdir()))


if __name__ == '__main__':
  absltest.main()
