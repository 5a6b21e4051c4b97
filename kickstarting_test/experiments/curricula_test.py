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
"""Tests of `experiments/curricula.py` end to end: tiny runs."""

import json
import pathlib
import tempfile

from absl.testing import absltest

from kickstarting_test.experiments import binaries

_EXTRA = (
    '--suite=minigrid_all --tasks=Empty-Random-6x6,LavaGapS5 --network=flat'
    ' --streams=8 --unroll_steps=10 --frames=800 --record_frames=400'
    ' --evaluation_episodes=1 --population=2 --ready_frames=400'
    ' --burn_in_frames=0 --returns=2')


class CurriculaTest(absltest.TestCase):

  def test_table_picture_and_json(self):
    folder = pathlib.Path(
        tempfile.mkdtemp(dir=absltest.TEST_TMPDIR.value)) / 'study'
    flags = (
        '--case=core', '--agents=complex,mix_and_match', '--seeds=1',
        '--mixing=schedule,pbt', f'--workdir={folder}', f'--extra={_EXTRA}')
    done = binaries.run('experiments.curricula', *flags)
    result = binaries.last_line(done)
    self.assertRegex(done.stdout, r'interval \| M frames to half of the')
    labels = ['complex', 'mix_and_match', 'mix_and_match by pbt']
    for label in labels[1:]:
      self.assertRegex(done.stdout, rf'\n\| {label} \| .*\|')
    self.assertEqual(list(result['table']), labels)
    reached = result['table']['complex']['frames_to']
    self.assertLen(reached['all of it'], 1)
    mixtures = result['mixtures']
    self.assertEqual(list(mixtures), labels[1:])
    self.assertLen(mixtures['mix_and_match']['complex_agent_alone'], 1)
    self.assertNotIn('rescues', mixtures['mix_and_match'])
    self.assertEqual(mixtures['mix_and_match by pbt']['rescues'], [0])
    self.assertBetween(mixtures['mix_and_match by pbt']['mixing'][0], 0, 1)
    self.assertGreater(pathlib.Path(result['figure']).stat().st_size, 5000)
    self.assertEqual(
        json.loads((folder / 'curricula.json').read_text()), result)
    again = binaries.run('experiments.curricula', *flags)
    self.assertNotIn('-m experiments.mix_and_match', again.stdout)
    self.assertEqual(binaries.last_line(again), result)

  def test_unknown_way_to_mix(self):
    done = binaries.run('experiments.curricula', '--mixing=pbt,sine')
    self.assertEqual(done.returncode, 2)
    self.assertRegex(done.stderr, "error: unknown --mixing 'sine'; expected")

  def test_nothing_to_compare_with(self):
    done = binaries.run('experiments.curricula', '--agents=simple')
    self.assertEqual(done.returncode, 2)
    self.assertRegex(done.stderr, "error: --agents=simple lacks 'complex'")


if __name__ == '__main__':
  absltest.main()
