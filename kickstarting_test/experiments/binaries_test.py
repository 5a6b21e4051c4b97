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
"""Tests of the binaries end to end: tiny runs on a real task.

A run from scratch makes a policy, which then teaches and is evaluated. Not
here: killed runs (`kill_test.py`), the text of errors (`cli_test.py`).
"""

import json
import os
import pathlib
import signal
import tempfile

from absl.testing import absltest

from kickstarting.runtime import logger
from kickstarting.teachers import policy_file
from kickstarting_test.experiments import binaries

_TASK = 'Empty-Random-6x6'
_FLAGS = (
    '--suite=minigrid_all', f'--tasks={_TASK}', '--network=flat',
    '--streams=8', '--unroll_steps=10', '--frames=1.6e3', '--record_frames=400')
_KEYS = ('ended', 'score', 'frames', 'frames_per_second', 'seconds', 'workdir',
         'figure')


class BinariesTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.root = pathlib.Path(tempfile.mkdtemp(dir=absltest.TEST_TMPDIR.value))
    cls.trained = binaries.run(
        'experiments.train', *_FLAGS, '--evaluation_episodes=8',
        f'--workdir={cls.root / "scratch"}')

  def _assert_result(self, result, folder):
    self.assertContainsSubset(_KEYS, result)
    self.assertEqual(result['ended'], 'finished')
    self.assertGreater(result['frames'], 0)
    self.assertEqual(result['workdir'], str(folder))
    self.assertGreater(pathlib.Path(result['figure']).stat().st_size, 5000)
    self.assertEqual(
        json.loads((folder / 'result.json').read_text()), result)
    config = json.loads((folder / 'config.json').read_text())
    self.assertStartsWith(config['command'], 'python -m experiments.')
    self.assertEqual(config['flags']['tasks'], [_TASK])

  def test_train(self):
    folder = self.root / 'scratch'
    result = binaries.last_line(self.trained)
    self._assert_result(result, folder)
    self.assertEqual(result['frames'], 1600)
    self.assertEqual(list(result['tasks']), [_TASK])
    self.assertRegex(
        self.trained.stdout, r'[Mk] frames \| +\d+ frames/s \| score .* left')
    self.assertEqual(
        [r['frames'] for r in logger.read_records(folder)],
        [400, 800, 1200, 1600])
    self.assertContainsSubset(
        ['checkpoints', 'config.json', 'curve.pdf', 'curve.png', 'policy.npz',
         'records.jsonl', 'result.json', 'tensorboard'], os.listdir(folder))

  def test_kickstart_with_that_teacher(self):
    folder = self.root / 'kickstart'
    result = binaries.last_line(binaries.run(
        'experiments.kickstart', *_FLAGS, f'--workdir={folder}',
        f'--teachers=*={self.root / "scratch"}', '--weights=linear:1:50%'))
    self._assert_result(result, folder)
    self.assertContainsSubset(
        ['speedup', 'score_scratch', 'score_kickstarted',
         'frames_to_scratch_score'], result)
    self.assertEqual(result['frames'], 3200)  # of both students
    records = logger.read_records(folder / 'kickstarted')
    [teacher] = records[0]['lambda']
    weights = [r['lambda'][teacher] for r in records]
    # The weight of the last update before each record; 80 frames an update.
    for weight, expected in zip(weights, [0.6, 0.1, 0.0, 0.0], strict=True):
      self.assertAlmostEqual(weight, expected, places=5)
    self.assertContainsSubset(['teacher_agreement', 'teacher_kl'], records[0])
    self.assertEqual(
        logger.read_records(folder / 'scratch')[0]['lambda'], {})

  def test_distil_where_that_teacher_goes(self):
    folder = self.root / 'teacher_driven'
    result = binaries.last_line(binaries.run(
        'experiments.kickstart', *_FLAGS, f'--workdir={folder}',
        f'--teachers=*={self.root / "scratch"}', '--weights=constant:1',
        '--method=teacher_distill', '--epsilon=0.05', '--nobaseline',
        '--divergence=forward_kl', '--teacher_temperature=0.1'))
    self._assert_result(result, folder)
    records = logger.read_records(folder / 'distilled')
    self.assertNotIn('policy_gradient', records[0])
    # The student alone plays ten episodes before each record.
    self.assertEqual(
        {tuple(r['episodes'].values()) for r in records}, {(10,)})
    distances = [r['distillation'] for r in records]
    self.assertLess(distances[-1], distances[0])

  def test_mimic_that_teacher(self):
    folder = self.root / 'mimic'
    result = binaries.last_line(binaries.run(
        'experiments.kickstart', *_FLAGS, f'--workdir={folder}',
        f'--teachers=*={self.root / "scratch"}', '--weights=constant:1',
        '--method=on_policy_distill', '--epsilon=0.1', '--feature_cost=0.1'))
    self._assert_result(result, folder)
    records = logger.read_records(folder / 'distilled')
    errors = [r['feature_regression'] for r in records]
    self.assertLess(errors[-1], errors[0])
    self.assertNotIn(
        'feature_regression', logger.read_records(folder / 'scratch')[0])
    policy = policy_file.load_policy(folder / 'distilled')
    self.assertNotIn('features_0', policy.params)
    self.assertNotIn('task', policy.observation)

  def test_distil_that_teacher_and_tune(self):
    policy = policy_file.load_policy(self.root / 'scratch')
    policy.params['policy']['w'] *= 1000  # a teacher that is sure
    policy_file.save_policy(self.root / 'sure.npz', policy)
    folder = self.root / 'tuned'
    flags = (
        *_FLAGS, f'--workdir={folder}', f'--teachers=*={self.root}/sure.npz',
        '--feature_cost=0.1', '--learning_rate=0.005')
    result = binaries.last_line(binaries.run(
        'experiments.distil_then_tune', *flags, '--tuned_share=0.25'))
    self._assert_result(result, folder)
    self.assertEqual(result['frames'], 1600)
    records = logger.read_records(folder)
    self.assertEqual(
        [r['frames'] for r in records], [400, 800, 1200, 1600])
    self.assertEqual(
        ['feature_regression' in r for r in records], [True] * 3 + [False])
    distilled = logger.read_records(folder / 'distilled')
    self.assertNotIn('policy_gradient', distilled[-1])
    # The second part began where the first one ended, not from scratch.
    fresh = logger.read_records(self.root / 'scratch')[0]['entropy']
    self.assertLess(records[3]['entropy'], 0.8 * fresh)
    self.assertNotIn('features_0', policy_file.load_policy(folder).params)
    again = binaries.last_line(binaries.run(
        'experiments.distil_then_tune', f'--workdir={folder}', '--resume'))
    self.assertEqual(again['frames'], 1600)
    self.assertEqual(logger.read_records(folder), records)

  def test_mistakes_of_distillation_and_tuning(self):
    for flag, message in (
        ('--method=n_distill_plus_r', 'adds the reward'),
        ('--tuned_share=0', 'leaves a part without frames'),
        ('--tuned_share=1', 'leaves a part without frames')):
      done = binaries.run('experiments.distil_then_tune', flag)
      self.assertEqual(done.returncode, 2)
      self.assertRegex(done.stderr, f'error: .*{message}')

  def test_pbt_with_that_teacher_and_its_replay(self):
    folder = self.root / 'pbt'
    done = binaries.run(
        'experiments.pbt', *_FLAGS, '--population=2', '--ready_frames=400',
        '--burn_in_frames=0', '--returns=1', f'--workdir={folder}',
        f'--teachers=*={self.root / "scratch"}', '--weighting=per_teacher',
        '--separate_evaluation')
    result = binaries.last_line(done)
    self._assert_result(result, folder)
    self.assertContainsSubset(
        ['score_top3', 'lambda_start', 'lambda_end', 'copies', 'figures'],
        result)
    self.assertEqual(result['frames_per_member'], 1600)
    self.assertEqual(result['frames'], 3200)
    for picture in result['figures'].values():
      self.assertGreater(pathlib.Path(picture).stat().st_size, 5000)
    self.assertRegex(done.stdout, r'score .* median .* copies \d+ .* lambda')
    self.assertContainsSubset(
        ['checkpoints', 'lineage.jsonl', 'policy.npz', 'schedule.json'],
        os.listdir(folder))
    schedule = json.loads((folder / 'schedule.json').read_text())
    self.assertEqual(set(schedule['alpha']['values']), {1.0})  # rho alone moves
    replayed = self.root / 'replayed'
    binaries.last_line(binaries.run(
        'experiments.kickstart', *_FLAGS, f'--workdir={replayed}',
        f'--teachers=*={self.root / "scratch"}', '--nobaseline',
        f'--weights=replay:{folder / "schedule.json"}',
        f'--learner_schedule={folder / "schedule.json"}'))
    records = logger.read_records(replayed / 'kickstarted')
    [first] = records[0]['lambda'].values()
    self.assertAlmostEqual(
        first, schedule['alpha']['values'][0] * schedule['rho']['values'][0][0],
        places=5)
    for name in ('learning_rate', 'entropy_cost'):
      self.assertAlmostEqual(
          records[0][name], schedule[name]['values'][0], places=7)
    done = binaries.run(
        'experiments.kickstart', '--teachers=zoo',
        f'--weights=replay:{folder / "schedule.json"}')
    self.assertRegex(
        done.stderr, 'error: rho has 1 factors but there are 8 teachers')

  def test_evaluate_that_policy(self):
    folder = self.root / 'evaluate'
    done = binaries.run(
        'experiments.evaluate', f'--policy={self.root / "scratch"}',
        '--suite=minigrid_all', f'--tasks={_TASK}', '--episodes=8',
        f'--workdir={folder}')
    self._assert_result(binaries.last_line(done), folder)
    self.assertRegex(done.stdout, rf'{_TASK} +return .* score .* episodes 8\n')

  def test_ctrl_c_saves_and_says_so(self):
    folder = self.root / 'interrupted'
    process = binaries.start(
        'experiments.train', *_FLAGS, '--frames=1e9', f'--workdir={folder}')
    binaries.wait_for(
        lambda: len(logger.read_records(folder)) > 1, process)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60.0)
    self.assertEqual(process.returncode, 128 + signal.SIGINT, error)
    result = json.loads(out.splitlines()[-1])
    self.assertEqual(result['ended'], 'interrupted')
    self.assertContainsSubset(_KEYS, result)
    self.assertIn(str(result['frames']), os.listdir(folder / 'checkpoints'))
    self.assertIn('stopping', error)
    self.assertNotIn('Traceback', error)

  def test_mistakes_are_one_line(self):
    used = self.root / 'scratch'
    before = sorted(used.rglob('*'))
    for module, flag, text in (
        ('experiments.train', '--tasks=Mars', "unknown task .*'Mars'"),
        ('experiments.train', f'--workdir={used}', 'is not an empty folder'),
        ('experiments.kickstart', 'frames=5', r"\['frames=5'\] are no flags"),
        ('experiments.evaluate', '--policy=nowhere.npz', 'No policy at'),
        ('experiments.pbt', '--teachers=', "weighting is 'shared' without"),
        ('experiments.kickstart', '--teachers=', '--teachers names nobody'),
        ('experiments.methods', "--extra=--x='1", 'No closing quotation'),
        ('experiments.architectures', '--shares=-1,2', "holds '-1'; expected"),
        ('benchmarks.laboratory', '--actions=0', "holds '0'; expected"),
        ('benchmarks.process_pool', '--rounds=0', 'flag --rounds=0: 0 is not'),
        ('benchmarks.throughput', 'nonsense', r"\['nonsense'\] are no flags"),
        ('experiments.pbt', '--preset=kickstarting', 'after 20000000 frames'),
        ('experiments.pbt', '--weights=constant:2', 'has no effect on a popul'),
        ('experiments.task_table', 'nowhere', "'nowhere' holds no records"),
    ):
      with self.subTest(module + flag):
        done = binaries.run(module, flag)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr.splitlines()[-1], f'^error: .*{text}')
        self.assertNotIn('Traceback', done.stderr)
        self.assertEqual(done.stdout, '')
    self.assertEqual(sorted(used.rglob('*')), before)

  def test_an_unknown_update_of_a_study(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    done = binaries.run(
        'experiments.methods', f'--workdir={folder}', '--methods=clone')
    self.assertEqual(done.returncode, 2)
    self.assertRegex(done.stderr, "error: unknown method 'clone'; expected one")
    self.assertFalse(folder.exists())

  def test_flags_of_every_run_may_hold_spaces(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    done = binaries.run(
        'experiments.methods', f'--workdir={folder}', '--seeds=1',
        "--extra='--suite=my levels.py'")
    self.assertEqual(done.returncode, 2)
    self.assertIn("'--suite=my levels.py'", done.stdout)  # as one would type it
    self.assertIn('my levels.py', done.stderr)

  def test_nothing_to_learn_from(self):
    done = binaries.run('experiments.train', '--method=on_policy_distill')
    self.assertEqual(done.returncode, 2)
    self.assertRegex(
        done.stderr, "method 'on_policy_distill' without teachers: there is")


if __name__ == '__main__':
  absltest.main()
