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
"""Tests of archives that are looked at before they are read."""

import pathlib
import tracemalloc
import zipfile

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import archives
from kickstarting import files


class ArchivesTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'a.npz'

  @parameterized.parameters(np.savez, np.savez_compressed)
  def test_what_numpy_writes_is_read(self, save):
    arrays = {
        'x': np.arange(6.0).reshape(2, 3), 'order': np.asfortranarray(
            np.arange(6).reshape(2, 3)), 'text': np.asarray('abc'),
        'none': np.zeros((0, 2), np.float16), 'number': np.asarray(3)}
    save(self.path, **arrays)
    with archives.opened(self.path, 'arrays') as archive:
      self.assertEqual(set(archive.headers), set(arrays))
      for name, array in arrays.items():
        self.assertEqual(archive.headers[name].shape, array.shape)
        read = archive.read(name)
        np.testing.assert_array_equal(read, array)
        self.assertEqual(read.dtype, array.dtype)

  def test_headers_alone_are_read_first(self):
    np.savez_compressed(self.path, x=np.zeros(10**7))
    tracemalloc.start()
    self.addCleanup(tracemalloc.stop)
    with archives.opened(self.path, 'arrays') as archive:
      self.assertEqual(archive.headers['x'].num_bytes, 8 * 10**7)
    self.assertLess(tracemalloc.get_traced_memory()[1], 10**6)

  @parameterized.parameters(
      ('x.txt', b'hello', 'there twice, or is'), ('x.npy', b'', 'damaged'),
      ('x.npy', b'\x93NUMPY\2\0', 'another version'))
  def test_others(self, name, content, text):
    with zipfile.ZipFile(self.path, 'w') as file:
      file.writestr(name, content)
    with self.assertRaisesRegex(files.InputError, f"a.npz' is not .*{text}"):
      with archives.opened(self.path, 'arrays'):
        pass

  def test_no_archive(self):
    for content in (b'', b'PK', bytes(1000)):
      self.path.write_bytes(content)
      with self.assertRaisesRegex(files.InputError, 'it is no archive'):
        with archives.opened(self.path, 'arrays'):
          pass

  def test_names_of_a_file_do_not_fill_the_error(self):
    np.savez(self.path, **{'n' * 5000: np.array([None])})
    with self.assertRaises(files.InputError) as raised:
      with archives.opened(self.path, 'arrays'):
        pass
    self.assertLess(len(str(raised.exception)), 1500)


if __name__ == '__main__':
  absltest.main()
