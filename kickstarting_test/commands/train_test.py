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
"""Tests of train.py with environments and suites of a user."""

import csv
import json
import pathlib

from absl.testing import absltest

from experiments.examples import corridor
from experiments.examples import corridors
from kickstarting import figures
from kickstarting.runtime import logger
from kickstarting.teachers import policy_file
from kickstarting_test.experiments import binaries

_ENVIRONMENT, _SUITE = corridor.__file__, corridors.__file__
_SHORT = ('--streams=8', '--unroll_steps=10', '--frames=1.6e3',
          '--record_frames=400', '--evaluation_episodes=8',
          '--streams_per_worker=4')


class OwnEnvironmentTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'run'

  def _train(self, *flags):
    return binaries.run(
        'experiments.train', f'--workdir={self.folder}', *_SHORT, *flags)

  def test_a_suite_with_defaults_of_flags(self):
    result = binaries.last_line(self._train(f'--suite={_SUITE}'))
    self.assertEqual(list(result['tasks']), ['short', 'long'])
    config = json.loads((self.folder / 'config.json').read_text())
    self.assertEqual(config['flags']['network'], 'flat')
    self.assertEqual(config['flags']['learning_rate'], 0.003)
    self.assertEqual(logger.read_records(self.folder)[-1]['cuts'], 0)

  def test_a_flag_wins_over_its_suite_s_default_also_when_resumed(self):
    binaries.last_line(self._train(
        f'--suite={_SUITE}', '--tasks=short', '--learning_rate=0.01'))
    path = self.folder / 'config.json'
    config = json.loads(path.read_text())
    self.assertEqual(config['flags']['learning_rate'], 0.01)
    config['flags']['learning_rate'] = 0.02  # as an older version had it
    path.write_text(json.dumps(config))
    binaries.last_line(binaries.run(
        'experiments.train', f'--workdir={self.folder}', '--resume'))
    self.assertEqual(
        json.loads(path.read_text())['flags']['learning_rate'], 0.02)

  def test_a_run_that_has_ended_goes_on_with_a_larger_budget(self):
    again = lambda *flags: binaries.run(
        'experiments.train', f'--workdir={self.folder}', '--resume', *flags)
    first = self._train(f'--suite={_SUITE}', '--tasks=short')
    result = binaries.last_line(first)
    policy = (self.folder / 'policy.npz').read_bytes()
    self.assertEqual(binaries.last_line(again()), result)
    self.assertEqual((self.folder / 'policy.npz').read_bytes(), policy)
    longer = again('--frames=2400')
    self.assertIn('grows from 1,600 to 2,400 frames', longer.stdout)
    self.assertGreaterEqual(binaries.last_line(longer)['frames'], 2400)
    config = json.loads((self.folder / 'config.json').read_text())
    self.assertEqual(
        [config[kind]['frames'] for kind in ('flags', 'description')],
        [2400, 2400])
    self.assertIn('--frames=1.6e3', config['command'])
    self.assertEqual(
        logger.read_records(self.folder)[-1]['frames'],
        binaries.last_line(longer)['frames'])

  def test_an_environment_with_settings(self):
    result = binaries.last_line(self._train(
        f'--env={_ENVIRONMENT}:Corridor', '--env_settings=length=2',
        '--network=flat'))
    self.assertEqual(list(result['tasks']), ['Corridor'])
    # Without references a score is the return.
    row = result['tasks']['Corridor']
    self.assertEqual(row['score'], row['return'])
    self.assertTrue(figures.are_returns([self.folder]))

  def test_a_student_begins_where_another_ended(self):
    flags = (f'--suite={_SUITE}', '--tasks=short')
    binaries.last_line(self._train(*flags))
    folder = self.folder.with_name('again')
    done = binaries.run(
        'kickstarting', 'train', *flags, *_SHORT, f'--workdir={folder}',
        f'--init={self.folder}/policy.npz')
    self.assertGreater(binaries.last_line(done)['score'], 0.0)
    first = policy_file.load_policy(self.folder).info['frames']
    self.assertGreater(
        policy_file.load_policy(folder).info['frames'], first)
    description = json.loads(
        (folder / 'config.json').read_text())['description']
    self.assertEqual(description['init'], f'{self.folder}/policy.npz')

  def test_random_returns(self):
    path = self.create_tempfile('table.csv', (
        'name,random_return,random_episodes\nshort,0,0\n')).full_path
    result = binaries.last_line(binaries.run(
        'experiments.random_returns', f'--suite={_SUITE}', '--tasks=short',
        '--episodes=40', '--streams=20', '--streams_per_worker=20',
        f'--output={path}'))
    row = result['tasks']['short']
    self.assertEqual((row['episodes'], row['cut']), (40, 0))
    # The mean time to one end of 2 * 3 cells, the other end reflecting.
    self.assertBetween(row['return'], 0.3, 0.95)
    with open(path, encoding='utf-8') as file:
      [written] = csv.DictReader(file)
    self.assertEqual(written, {
        'name': 'short', 'random_return': str(row['return']),
        'random_episodes': '40'})

  def test_errors(self):
    for flags, message in (
        (('--env=x:y', '--suite=minigrid8'), '--env=x:y beside --suite'),
        (('--env=x:y', '--env_settings=3'), "holds '3', which is no setting"),
        (('--env=nothing:make',), "there is no module 'nothing'"),
        ((f'--env={_ENVIRONMENT}:Corridor', '--env_settings=width=3'),
         "an environment of task 'Corridor' cannot be made"),
        (('--suite=nowhere.py',), "there is no file 'nowhere.py'"),
    ):
      done = self._train(*flags)
      self.assertNotEqual(done.returncode, 0)
      self.assertIn(message, done.stderr)
      self.assertFalse(self.folder.exists())


if __name__ == '__main__':
  absltest.main()
