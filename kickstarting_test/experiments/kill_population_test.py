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
"""Kill -9 of members and of the controller, at random, and the run ends alike.

Not here: exchange and generations without processes
(`kickstarting_test/populations/member_test.py`).
"""

import os
import pathlib
import signal
import time

from absl.testing import absltest
import numpy as np
import pytest

from kickstarting.runtime import exchange
from kickstarting.teachers import policy_file
from kickstarting_test.experiments import binaries

_SIZE = 2
_FLAGS = (
    '--suite=minigrid_all', '--tasks=Empty-Random-6x6', '--network=flat',
    '--streams=8', '--splits=1', '--unroll_steps=10', '--record_frames=400',
    '--ready_frames=1600', '--burn_in_frames=0', '--returns=1', '--seed=3',
    '--processes', f'--population={_SIZE}', '--teachers=', '--lockstep')


def _members(folder: pathlib.Path) -> list[int]:
  """Returns the processes of the members of a run."""
  found = []
  for entry in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
    try:
      words = entry.read_bytes().decode().split('\0')
    except OSError:
      continue  # it has ended
    if f'--workdir={folder}' in words and any(
        word.startswith('--member=') for word in words):
      found.append(int(entry.parent.name))
  return found


class KillPopulationTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def _assert_ends_alike(self, num_kills: int, frames: int, pause_s: float):
    flags = (*_FLAGS, f'--frames={frames}')
    whole, killed = self.root / 'whole', self.root / 'killed'
    expected = binaries.last_line(binaries.run(
        'experiments.pbt', *flags, f'--workdir={whole}'))
    rng = np.random.default_rng(0)
    process = binaries.start(
        'experiments.pbt', *flags, f'--workdir={killed}')
    kills = 0
    while kills < num_kills:
      # Once its configuration is there, a run can be resumed.
      binaries.wait_for((killed / 'config.json').exists, process)
      time.sleep(rng.uniform(0.0, pause_s))
      victims = [process.pid, *_members(killed)]
      victim = int(rng.choice(victims))
      self.assertIsNone(process.poll(), 'the run ended before all kills')
      try:
        os.kill(victim, signal.SIGKILL)
      except ProcessLookupError:
        continue  # a member that has just ended
      kills += 1
      if victim == process.pid:
        process.communicate()
        process = binaries.start(
            'experiments.pbt', '--resume', f'--workdir={killed}')
    out, error = process.communicate(timeout=binaries.DEADLINE_S)
    self.assertEqual(process.returncode, 0, error)
    self.assertIn('"finished"', out.splitlines()[-1])
    self.assertEqual(
        (killed / 'lineage.jsonl').read_text(),
        (whole / 'lineage.jsonl').read_text())
    result = exchange.read_json(killed / 'result.json')
    for key in ('scores', 'frames', 'copies', 'lambda_end'):
      self.assertEqual(result[key], expected[key], key)
    for member in range(_SIZE):
      one, other = (
          policy_file.load_policy(
              folder / 'members' / str(member) / 'policy.npz').params
          for folder in (whole, killed))
      self.assertEqual(one.keys(), other.keys())
      for module, values in one.items():
        for name, value in values.items():
          np.testing.assert_array_equal(value, other[module][name])

  def test_a_few_times(self):
    self._assert_ends_alike(num_kills=3, frames=16_000, pause_s=4.0)

  @pytest.mark.slow
  def test_twenty_times(self):
    self._assert_ends_alike(num_kills=20, frames=240_000, pause_s=8.0)


if __name__ == '__main__':
  absltest.main()
