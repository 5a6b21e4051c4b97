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
"""Compares updates of every kind with what they were."""

import json

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting_test import update_goldens

_GOLDENS = json.loads(update_goldens.PATH.read_text('utf-8'))


class GoldensTest(parameterized.TestCase):

  def test_every_case_has_numbers(self):
    self.assertCountEqual(_GOLDENS, update_goldens.CASES)
    self.assertGreaterEqual(len(_GOLDENS) * update_goldens.SEEDS, 200)

  @parameterized.parameters(*update_goldens.CASES)
  def test_nothing_changed(self, name):
    for seed, (found, expected) in enumerate(zip(
        update_goldens.numbers(name), _GOLDENS[name], strict=True)):
      self.assertCountEqual(found, expected)
      for key, value in expected.items():
        # Sums of a step cancel, so that they are as exact as the largest; other
        # compilers and other machines differ by 3e-6 of it.
        size = max(abs(x) for other, x in expected.items()
                   if ('step' in other) == ('step' in key))
        np.testing.assert_allclose(
            found[key], value, rtol=1e-5, atol=1e-5 * size,
            err_msg=f'{name}, seed {seed}, {key}')


if __name__ == '__main__':
  absltest.main()
