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
"""Tests how a worker process begins."""

import json
import os
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

from experiments.examples import corridor
from kickstarting.environments import launch


class LaunchTest(parameterized.TestCase):

  @parameterized.parameters(
      'kickstarting.environments.dmlab:Lab',
      'kickstarting.environments.doom:Scenario',
      'kickstarting_test.environments.faulty:History',
      f'{corridor.__file__}:Corridor',
  )
  def test_no_jax_in_a_worker(self, target):
    code = (
        'import json, runpy, sys\n'
        f'launch = runpy.run_path({launch.__file__!r})\n'
        'launch["_stand_in"]()\n'
        'from kickstarting.environments import targets, worker\n'
        f'made = targets.resolve({target!r}, launch["PACKAGES"])\n'
        'print(json.dumps([made.__name__, "jax" in sys.modules]))\n')
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True,
        check=True, env=os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)})
    self.assertEqual(
        json.loads(done.stdout), [target.rpartition(':')[2], False])

  def test_descriptors_that_nobody_serves(self):
    done = subprocess.run(
        [sys.executable, launch.__file__, '98', '99'], capture_output=True,
        text=True, check=False, timeout=60)
    self.assertNotEqual(done.returncode, 0)
    self.assertIn('Bad file descriptor', done.stderr)


if __name__ == '__main__':
  absltest.main()
