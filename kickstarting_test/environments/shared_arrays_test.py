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
"""Tests arrays that processes share."""

import os
import subprocess
import sys

from absl.testing import absltest
import numpy as np

from kickstarting.environments import shared_arrays

_FIELDS = (
    shared_arrays.Field('odd', (3,), 'uint8'),
    *shared_arrays.COMMON,
    shared_arrays.Field('image', (5, 7, 3), 'float32'),
    shared_arrays.Field('nothing', (0,), 'int32'),
)


class SharedArraysTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.memory = shared_arrays.allocate()
    self.addCleanup(os.close, self.memory)
    shared_arrays.resize(self.memory, _FIELDS, 4)

  def test_shapes_and_dtypes(self):
    arrays = shared_arrays.attach(self.memory, _FIELDS, 4)
    self.assertEqual(list(arrays), [field.name for field in _FIELDS])
    for field in _FIELDS:
      self.assertEqual(arrays[field.name].shape, (4, *field.shape))
      self.assertEqual(arrays[field.name].dtype, field.dtype)
      self.assertFalse(arrays[field.name].any())

  def test_both_sides_see_the_same(self):
    one, other = (
        shared_arrays.attach(self.memory, _FIELDS, 4) for _ in range(2))
    for i, field in enumerate(_FIELDS):
      one[field.name][...] = i + 1
    for i, field in enumerate(_FIELDS):
      np.testing.assert_array_equal(other[field.name], i + 1)

  def test_across_processes_and_after_the_first_has_let_go(self):
    code = (
        'import sys\n'
        'from kickstarting.environments import shared_arrays\n'
        'field = shared_arrays.Field("odd", (3,), "uint8")\n'
        'arrays = shared_arrays.attach(int(sys.argv[1]), [field], 4)\n'
        'arrays["odd"][2] = 7\n')
    subprocess.run(
        [sys.executable, '-c', code, str(self.memory)], check=True,
        pass_fds=[self.memory])
    arrays = shared_arrays.attach(self.memory, _FIELDS, 4)
    np.testing.assert_array_equal(arrays['odd'][:, 0], [0, 0, 7, 0])

  def test_it_has_no_name(self):
    self.assertEqual(os.fstat(self.memory).st_nlink, 0)


if __name__ == '__main__':
  absltest.main()
