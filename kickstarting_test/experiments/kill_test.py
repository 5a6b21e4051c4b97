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
"""Kill -9 in the middle, resume, and end as if nothing had happened."""

import os
import pathlib

from absl.testing import absltest
import jax
import numpy as np
import orbax.checkpoint as ocp

from kickstarting.runtime import logger
from kickstarting_test.experiments import binaries

_FLAGS = (
    '--suite=minigrid_all', '--tasks=Empty-Random-6x6', '--network=flat',
    '--streams=8', '--unroll_steps=10', '--frames=8000', '--record_frames=80',
    '--checkpoint_frames=800', '--evaluation_episodes=8', '--seed=3')


def _checkpoints(folder: pathlib.Path) -> list[int]:
  names = os.listdir(folder / 'checkpoints')
  return sorted(int(name) for name in names if name.isdigit())


def _final_state(folder: pathlib.Path):
  path = folder / 'checkpoints' / str(_checkpoints(folder)[-1]) / 'arrays'
  with ocp.StandardCheckpointer() as checkpointer:
    state = checkpointer.restore(path)
  del state["['progress']"]  # holds the seconds
  return state


class KillTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def _kill(self, folder, *flags):
    """Starts a run and kills it between its second and third checkpoint."""
    process = binaries.start(
        'experiments.train', *_FLAGS, *flags, f'--workdir={folder}')

    def is_beyond_checkpoint():
      records = logger.read_records(folder)
      return records and records[-1]['frames'] > 1840

    binaries.wait_for(is_beyond_checkpoint, process)
    process.kill()
    process.communicate()
    self.assertEqual(process.returncode, -9)
    self.assertNotIn('result.json', os.listdir(folder))
    self.assertLess(_checkpoints(folder)[-1], 8000)

  def test_lockstep_is_exact(self):
    whole, killed = self.root / 'whole', self.root / 'killed'
    expected = binaries.last_line(binaries.run(
        'experiments.train', *_FLAGS, '--lockstep', f'--workdir={whole}'))
    self._kill(killed, '--lockstep')
    result = binaries.last_line(binaries.run(
        'experiments.train', '--resume', f'--workdir={killed}'))
    jax.tree.map(
        np.testing.assert_array_equal, _final_state(killed),
        _final_state(whole))
    for key in ('ended', 'frames', 'score', 'evaluation_score', 'tasks'):
      self.assertEqual(result[key], expected[key], key)
    curves = [
        [(r['frames'], r['score']) for r in logger.read_records(folder)]
        for folder in (whole, killed)
    ]
    self.assertEqual(*curves)

  def test_threads_lose_no_frames(self):
    folder = self.root / 'threaded'
    self._kill(folder)
    result = binaries.last_line(binaries.run(
        'experiments.train', '--resume', f'--workdir={folder}'))
    self.assertEqual((result['ended'], result['frames']), ('finished', 8000))
    self.assertEqual(
        [r['frames'] for r in logger.read_records(folder)],
        list(range(80, 8001, 80)))


if __name__ == '__main__':
  absltest.main()
