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
import subprocess
import sys

from absl.testing import absltest

from kickstarting.environments import launch


class LaunchTest(absltest.TestCase):

  def test_no_jax_in_a_worker(self):
    code = (
        'import json, runpy, sys\n'
        f'launch = runpy.run_path({launch.__file__!r})\n'
        'launch["_stand_in"]()\n'
        'from kickstarting.environments import worker\n'
        'print(json.dumps([worker.__name__, "jax" in sys.modules]))\n')
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True,
        check=True)
    self.assertEqual(
        json.loads(done.stdout), ['kickstarting.environments.worker', False])

  def test_descriptors_that_nobody_serves(self):
    done = subprocess.run(
        [sys.executable, launch.__file__, '98', '99'], capture_output=True,
        text=True, check=False, timeout=60)
    self.assertNotEqual(done.returncode, 0)
    self.assertIn('Bad file descriptor', done.stderr)


if __name__ == '__main__':
  absltest.main()
