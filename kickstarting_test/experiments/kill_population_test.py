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
"""Kills and stops of members and of the controller: the run ends alike.

  python kickstarting_test/experiments/kill_population_test.py --num_kills=20

Not here: exchange and generations without processes
(`kickstarting_test/populations/member_test.py`).
"""

import os
import pathlib
import signal
import time

from absl import flags
from absl.testing import absltest
import numpy as np

from kickstarting.runtime import exchange
from kickstarting.teachers import policy_file
from kickstarting_test.experiments import binaries

_NUM_KILLS = flags.DEFINE_integer(
    'num_kills', 2, 'How often a process is killed or stopped.', lower_bound=1)
_SIGNALS = (signal.SIGKILL, signal.SIGTERM)
_SIZE = 2
_FLAGS = (
    '--suite=minigrid_all', '--tasks=Empty-Random-6x6', '--network=flat',
    '--streams=8', '--splits=1', '--unroll_steps=10', '--record_frames=400',
    '--ready_frames=1600', '--burn_in_frames=0', '--returns=1', '--seed=3',
    '--processes', f'--population={_SIZE}', '--teachers=', '--weighting=none',
    '--lockstep')


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

  def test_ends_as_if_nobody_had_been_interrupted(self):
    num_kills = _NUM_KILLS.value
    args = (*_FLAGS, f'--frames={9_000 * num_kills}')
    whole, killed = self.root / 'whole', self.root / 'killed'
    expected = binaries.last_line(binaries.run(
        'experiments.pbt', *args, f'--workdir={whole}'))
    rng = np.random.default_rng(0)
    process = binaries.start(
        'experiments.pbt', *args, f'--workdir={killed}')
    kills = 0
    while kills < num_kills:
      # Once its configuration is there, a run can be resumed.
      binaries.wait_for((killed / 'config.json').exists, process)
      time.sleep(rng.uniform(0.0, 6.0))
      victims = [process.pid, *_members(killed)]
      victim = int(rng.choice(victims))
      self.assertIsNone(process.poll(), 'the run ended before all kills')
      try:
        os.kill(victim, _SIGNALS[kills % len(_SIGNALS)])
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

if __name__ == '__main__':
  absltest.main()
