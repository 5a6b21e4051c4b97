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
"""Kills and stops in the middle, resume, and end as if nothing had happened.

  python kickstarting_test/experiments/kill_test.py --num_signals=40

Not here: interruptions within one process
(`kickstarting_test/runtime/resume_test.py`), populations
(`kill_population_test.py`).
"""

import os
import pathlib
import signal
import time

from absl import flags
from absl.testing import absltest
import jax
import numpy as np
import orbax.checkpoint as ocp

from kickstarting.runtime import logger
from kickstarting_test.experiments import binaries

# Not `num_interruptions`, which `resume_test` defines.
_NUM_INTERRUPTIONS = flags.DEFINE_integer(
    'num_signals', 3, 'How often runs in lockstep are stopped or killed.',
    lower_bound=1)
# Under `nohup` a run ignores SIGHUP, as it should.
_SIGNALS = tuple(
    number for number in (
        signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGHUP)
    if signal.getsignal(number) is not signal.SIG_IGN)
_FLAGS = (
    '--suite=minigrid_all', '--tasks=Empty-Random-6x6', '--network=flat',
    '--streams=8', '--unroll_steps=10', '--frames=8000', '--record_frames=80',
    '--checkpoint_frames=800', '--evaluation_episodes=8', '--seed=3')
_WORST = 1200  # frames between two interruptions


def _checkpoints(folder: pathlib.Path) -> list[int]:
  names = os.listdir(folder / 'checkpoints')
  return sorted(int(name) for name in names if name.isdigit())


def _last_frame(folder: pathlib.Path) -> int:
  records = logger.read_records(folder)
  return records[-1]['frames'] if records else 0


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

  def test_lockstep_is_exact(self):
    whole = self.root / 'whole'
    expected = binaries.last_line(binaries.run(
        'experiments.train', *_FLAGS, '--lockstep', f'--workdir={whole}'))
    rng = np.random.default_rng(0)
    num = 0
    while num < _NUM_INTERRUPTIONS.value:
      interrupted = self.root / f'interrupted {num}'
      result, num = self._interrupt(interrupted, num, rng)
      jax.tree.map(
          np.testing.assert_array_equal, _final_state(interrupted),
          _final_state(whole))
      for key in ('ended', 'frames', 'score', 'evaluation_score', 'tasks'):
        self.assertEqual(result[key], expected[key], key)
      curves = [
          [(r['frames'], r['score']) for r in logger.read_records(folder)]
          for folder in (whole, interrupted)
      ]
      self.assertEqual(*curves)

  def _interrupt(self, folder, num, rng):
    """Interrupts a run again and again until it ends.

    Returns:
      Its result, and how often runs were interrupted so far.
    """
    process = binaries.start(
        'experiments.train', *_FLAGS, '--lockstep', f'--workdir={folder}')
    while num < _NUM_INTERRUPTIONS.value:
      frames = _last_frame(folder) + int(rng.integers(80, _WORST))
      binaries.wait_for(
          lambda: _last_frame(folder) > frames or process.poll() is not None,  # noqa: B023
          process)
      time.sleep(rng.uniform(0.0, 0.1))
      if process.poll() is not None or _last_frame(folder) >= 8000:
        break
      number = _SIGNALS[num % len(_SIGNALS)]
      process.send_signal(number)
      out, error = process.communicate(timeout=binaries.DEADLINE_S)
      num += 1
      if number == signal.SIGKILL:
        self.assertEqual(process.returncode, -9)
      else:
        self.assertEqual(
            process.returncode, 0 if 'finished' in out else 128 + number, error)
        self.assertIn('stopping', error)
      if 'finished' in out:
        break
      process = binaries.start(
          'experiments.train', '--resume', f'--workdir={folder}')
    process.communicate(timeout=binaries.DEADLINE_S)
    return binaries.last_line(binaries.run(
        'experiments.train', '--resume', f'--workdir={folder}')), num

  def test_threads_lose_no_frames(self):
    folder = self.root / 'threaded'
    process = binaries.start(
        'experiments.train', *_FLAGS, f'--workdir={folder}')
    binaries.wait_for(lambda: _last_frame(folder) > 1840, process)
    process.kill()
    process.communicate()
    self.assertEqual(process.returncode, -9)
    self.assertNotIn('result.json', os.listdir(folder))
    self.assertLess(_checkpoints(folder)[-1], 8000)
    result = binaries.last_line(binaries.run(
        'experiments.train', '--resume', f'--workdir={folder}'))
    self.assertEqual((result['ended'], result['frames']), ('finished', 8000))
    self.assertEqual(
        [r['frames'] for r in logger.read_records(folder)],
        list(range(80, 8001, 80)))


if __name__ == '__main__':
  absltest.main()
