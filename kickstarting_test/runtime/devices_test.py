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
"""Tests where a run computes."""

import os
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting.runtime import devices
from kickstarting_test.runtime import spread

_VIRTUAL = ' --xla_force_host_platform_device_count=8'


class DevicesTest(parameterized.TestCase):

  def _params(self, learner_devices, actor_device, check=True):
    """Returns what a run on virtual devices ends with, or what it says."""
    path = os.path.join(self.create_tempdir().full_path, 'params.npz')
    done = subprocess.run(
        [sys.executable, '-m', 'kickstarting_test.runtime.spread', path,
         str(learner_devices), str(actor_device)],
        env=os.environ | {
            'XLA_FLAGS': os.environ.get('XLA_FLAGS', '') + _VIRTUAL,
            'JAX_PLATFORMS': 'cpu'},
        capture_output=True, text=True, check=False)
    if not check:
      return done.stderr
    self.assertEqual(done.returncode, 0, done.stderr)
    with np.load(path) as file:
      arrays = dict(file)
    np.testing.assert_array_equal(
        arrays.pop('shares'), [spread.NUM_STREAMS // learner_devices])
    return list(arrays.values())

  def test_several_devices_learn_the_same(self):
    expected = self._params(1, 0)
    for learner_devices, actor_device in ((8, 0), (2, 7), (1, 3)):
      found = self._params(learner_devices, actor_device)
      for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)

  def test_streams_that_cannot_be_shared_out(self):
    self.assertRegex(
        self._params(3, 0, check=False),
        'a learner batch has 8 streams, but learner_devices is 3; expected a'
        ' multiple')

  @parameterized.parameters(
      (dict(learner_devices=99), 'learner_devices is 99, but there'),
      (dict(actor_device=99), 'actor_device is 99, but there'),
      (dict(actor_device=-1), 'actor_device is -1, but there'),
  )
  def test_errors(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      devices.make_placement(**fields)

  def test_one_device_is_left_alone(self):
    placement = devices.make_placement()
    params = {'w': jax.numpy.ones(3)}
    self.assertIs(placement.for_actors(params), params)
    self.assertIsNone(placement.replicated)


if __name__ == '__main__':
  absltest.main()
