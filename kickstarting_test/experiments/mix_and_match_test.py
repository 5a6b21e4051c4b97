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
"""Tests of `experiments/mix_and_match.py` end to end: tiny runs."""

import json
import os
import pathlib
import signal
import tempfile

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting.networks import build as networks
from kickstarting.runtime import logger
from kickstarting.teachers import policy_file
from kickstarting_test.experiments import binaries

_PROGRAM = 'experiments.mix_and_match'
_FLAGS = (
    '--suite=minigrid_all', '--tasks=Empty-Random-6x6,LavaGapS5',
    '--network=flat', '--streams=8', '--unroll_steps=10', '--frames=1.6e3',
    '--record_frames=400', '--evaluation_episodes=2')


class MixAndMatchTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(
        tempfile.mkdtemp(dir=absltest.TEST_TMPDIR.value)) / 'run'

  def _run(self, *flags):
    return binaries.run(
        _PROGRAM, *_FLAGS, f'--workdir={self.folder}', *flags)

  @parameterized.parameters(
      ('action_space', 343, 3), ('core', 7, 1), ('multitask', 7, 1))
  def test_case(self, case, num_actions, frames_per_step):
    done = self._run(f'--case={case}', '--mixing=piecewise:0=0,50%=1')
    result = binaries.last_line(done)
    self.assertEqual(result['ended'], 'finished')
    update = 80 * frames_per_step
    self.assertEqual(result['frames'], 3 * -(-1600 // update) * update)
    self.assertGreater(pathlib.Path(result['figure']).stat().st_size, 5000)
    agents = ['simple', 'complex', 'mix_and_match']
    for name in ('scores_of_training', 'evaluation_scores'):
      self.assertEqual(list(result[name]), agents)
    self.assertRegex(done.stdout, r'mix_and_match .* score .* mixing 1.00 \|')
    records = logger.read_records(self.folder / 'mix_and_match')
    self.assertLen(records, 4)
    for record in records:  # the share of the last update before each
      expected = min(1.0, (record['frames'] - update) / 800)
      self.assertAlmostEqual(record['mixing'], expected, places=5)
    self.assertEqual(records[-1]['transfer_weighted'], 0.0)  # nobody is left
    self.assertGreater(records[0]['transfer'], 0.0)
    for agent in agents:
      policy = policy_file.load_policy(self.folder / agent)
      self.assertEqual(policy.num_actions, num_actions)
      self.assertLen(policy.network.branches, 1)
    self.assertNotIn('mixture', policy.params)
    self.assertEqual(
        policy.network, networks.from_json(networks.to_json(policy.network)))

  def test_a_policy_that_is_no_product(self):
    binaries.last_line(self._run(
        '--case=action_space', '--agents=complex', '--nofactorised'))
    policy = policy_file.load_policy(self.folder / 'complex')
    self.assertEqual(policy.network.action_factors, ())
    self.assertEqual(policy.params['policy']['w'].shape[-1], 343)

  def test_a_population_evolves_the_mixing(self):
    rule = self._run(
        '--case=multitask', '--agents=mix_and_match', '--mixing=pbt',
        '--population=2', '--ready_frames=400', '--burn_in_frames=0',
        '--returns=2')
    result = binaries.last_line(rule)
    self.assertEqual(result['frames'], 2 * 1600)
    records = logger.read_records(self.folder / 'mix_and_match')
    shares = [tuple(r['mixing'].values()) for r in records]
    self.assertTrue(all(0 <= x <= 1 for row in shares for x in row))
    self.assertGreater(len(set(shares)), 1)
    self.assertGreater(pathlib.Path(result['figure']).stat().st_size, 5000)

  def test_distral(self):
    agents = ['distral_one_column', 'distral_two_columns']
    done = self._run(
        '--case=multitask', f'--agents={",".join(agents)}',
        '--transfer_cost=0.01')
    result = binaries.last_line(done)
    self.assertEqual(list(result['evaluation_scores']), agents)
    for agent in agents:
      self.assertGreater(
          logger.read_records(self.folder / agent)[0]['distral'], 0.0)
      policy = policy_file.load_policy(self.folder / agent)
      self.assertLen(policy.network.branches, 2)
    self.assertNotIn(' mixing ', done.stdout)

  def test_interrupted_and_resumed(self):
    process = binaries.start(
        _PROGRAM, *_FLAGS, '--case=core', '--frames=6e4', '--lockstep',
        '--record_frames=4e3', '--agents=simple,mix_and_match',
        f'--workdir={self.folder}')
    binaries.wait_for(
        lambda: logger.read_records(self.folder / 'mix_and_match'), process)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60.0)
    self.assertEqual(process.returncode, 128 + signal.SIGINT, error)
    result = json.loads(out.splitlines()[-1])
    self.assertEqual(result['ended'], 'interrupted')
    self.assertEqual(list(result['evaluation_scores']), ['simple'])
    result = binaries.last_line(binaries.run(
        _PROGRAM, f'--workdir={self.folder}', '--resume'))
    self.assertEqual(result['ended'], 'finished')
    self.assertEqual(
        list(result['evaluation_scores']), ['simple', 'mix_and_match'])
    self.assertIn('policy.npz', os.listdir(self.folder / 'mix_and_match'))

  @parameterized.parameters(
      (('--agents=simple,FF',), 'agents is .*FF.*; expected one or more of'),
      (('--mixing=sine',), "schedule 'sine': unknown schedule"),
      (('--nofactorised',), 'factorised is False in the case core'),
  )
  def test_mistakes_are_one_line(self, flags, message):
    done = self._run('--case=core', *flags)
    self.assertEqual(done.returncode, 2)
    self.assertRegex(done.stderr, f'error: .*{message}')
    self.assertNotIn('Traceback', done.stderr)
    self.assertFalse(self.folder.exists())


if __name__ == '__main__':
  absltest.main()
