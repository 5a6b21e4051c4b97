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
"""Tests of training.py: a run in a few lines, and what is wrong with one."""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal

from absl.testing import absltest
from absl.testing import parameterized
import chex
import gymnasium
import haiku as hk
import jax.numpy as jnp
import optax

from kickstarting import checks
from kickstarting import description
from kickstarting import losses
from kickstarting import named_networks
from kickstarting import training
from kickstarting.runtime import logger
from kickstarting.teachers import policy_file
from kickstarting_test.networks import frameworks

_TINY = {'frames': 1280, 'streams': 8, 'splits': 1, 'unroll_steps': 8,
         'progress': False}


def _cartpole(seed):
  del seed
  return gymnasium.make('CartPole-v1')


class TrainTest(parameterized.TestCase):

  def test_without_a_folder(self):
    self.enter_context(contextlib.chdir(self.create_tempdir().full_path))
    seen = []
    run = training.train(_cartpole, on_record=seen.append, seed=3, **_TINY)
    self.assertEmpty(os.listdir())
    self.assertEqual((run.ended, run.workdir), ('finished', None))
    self.assertGreaterEqual(run.frames, 1280)
    self.assertEqual(len(run.records), len(seen))
    self.assertEqual(list(run.task_scores), ['_cartpole'])
    self.assertEqual(run.score, run.records[-1]['score'])
    self.assertEqual(run.policy.info['seed'], 3)
    self.assertLess(len(repr(run)) + len(repr(run.policy)), 2000)
    found = run.evaluate(episodes=5)
    self.assertEqual(found['tasks']['_cartpole']['episodes'], 5)

  def test_a_folder_and_what_is_in_it(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    run = training.train(
        'gymnasium:CartPole-v1', workdir=folder, **_TINY)
    self.assertEqual(logger.read_records(folder), list(run.records))
    policy = policy_file.load_policy(folder)
    self.assertEqual(policy.tasks, ('CartPole-v1',))
    picture = run.plot(folder / 'curve.png')
    self.assertEqual(picture, folder / 'curve.png')
    self.assertGreater(picture.stat().st_size, 1000)
    with self.assertRaisesRegex(checks.UserError, 'is not an empty folder'):
      training.train('gymnasium:CartPole-v1', workdir=folder, **_TINY)
    again = training.train(
        'gymnasium:CartPole-v1', workdir=folder, resume=True, **_TINY)
    self.assertEqual(again.frames, run.frames)

  def test_more_frames_in_a_folder(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    run = training.train('envpool:CartPole-v1', workdir=folder, **_TINY)
    longer = run.extend(frames=1280)
    self.assertEqual(longer.description.config.frames, 2560)
    self.assertGreaterEqual(longer.frames, 2560)
    frames = [record['frames'] for record in longer.records]
    self.assertEqual(frames, sorted(set(frames)))
    self.assertEqual(list(longer.records[:len(run.records)]), list(run.records))
    self.assertEqual(
        json.loads((folder / 'config.json').read_text())['description'][
            'frames'], 2560)
    for options, text in (
        ({'seed': 7, 'frames': 2560}, 'seed is 7, but the run in .* has 1;'),
        ({'frames': 640}, 'frames is 640, but the run in .* has 2560')):
      with self.assertRaisesRegex(checks.UserError, text):
        training.train(
            'envpool:CartPole-v1', workdir=folder, resume=True,
            **{**_TINY, **options})
    with self.assertRaisesRegex(checks.UserError, 'frames is 0'):
      run.extend(frames=0)

  def test_more_frames_without_a_folder(self):
    run = training.train('envpool:CartPole-v1', **_TINY)
    longer = run.extend(frames=640)
    self.assertEqual(longer.frames, run.frames + 640)
    frames = [record['frames'] for record in longer.records]
    self.assertEqual(frames, sorted(set(frames)))
    self.assertEqual(longer.policy.info['frames'], longer.frames)
    # The normaliser goes on counting.
    count = lambda run: run.policy.params['torso/normaliser']['count']
    self.assertGreater(count(longer), count(run))

  def test_a_run_teaches_the_next(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    first = training.train(_cartpole, **_TINY)
    first.policy.save(folder / 'first.npz')
    run = training.train(
        'envpool:CartPole-v1', teachers=f'*={folder}/first.npz',
        weights='constant:1', **_TINY)
    self.assertIn('teacher_agreement', run.records[-1])
    self.assertEqual(run.policy.info['teacher_frames'], first.frames)

  def test_ctrl_c_ends_it_cleanly(self):
    def interrupt(record):
      del record
      os.kill(os.getpid(), signal.SIGINT)

    run = training.train(
        _cartpole, on_record=interrupt, **{
            **_TINY, 'frames': 10**6, 'record_frames': 64})
    self.assertEqual(run.ended, 'interrupted')
    self.assertLess(run.frames, 10**5)

  @parameterized.parameters(
      ({'env': 'CartPole-v1'}, 'Write gymnasium:CartPole-v1'),
      ({'env': _cartpole, 'resume': True}, 'resume is True without a workdir'),
      ({'env': _cartpole, 'workdir': ''}, 'workdir names no path'),
      ({'env': _cartpole, 'netwrok': 'flat'}, "unknown option 'netwrok'"))
  def test_what_cannot_be(self, arguments, text):
    with self.assertRaisesRegex(checks.UserError, text):
      training.train(**{**_TINY, **arguments})


class OwnPartsTest(absltest.TestCase):
  """Functions in the place of names."""

  def test_a_method_a_divergence_and_an_optimiser(self):
    teacher = training.train(_cartpole, **_TINY)
    run = training.train(
        _cartpole, teachers={'*': teacher.policy}, weights=0.5,
        method=dataclasses.replace(
            losses.METHODS['on_policy_distill'], name='mine'),
        divergence=lambda *logits, **how: losses.reverse_kl(*logits, **how),
        optimizer=optax.scale_by_lion(), **_TINY)
    self.assertEqual(run.policy.info['method'], 'mine')
    told = run.description.to_json()
    self.assertEqual(told['method'], {'no_data': 'mine'})
    self.assertIsInstance(json.dumps(told), str)
    self.assertNotIn('policy_gradient', run.records[-1])

  def test_policies_on_the_way(self):
    seen = []
    run = training.train(
        _cartpole, on_policy=seen.append, record_frames=640, **_TINY)
    self.assertEqual([policy.info['frames'] for policy in seen], [640, 1280])
    self.assertEqual([r['frames'] for r in run.records], [640, 1280])
    chex.assert_trees_all_equal(seen[-1].params, run.policy.params)


class OwnNetworkTest(parameterized.TestCase):
  """Networks of one's own are trained, saved, loaded, played, and teach."""

  @parameterized.parameters(
      'haiku_features', 'CARTPOLE_NNX', 'CARTPOLE_EQUINOX')
  def test_from_training_to_teaching(self, name):
    path = pathlib.Path(self.create_tempdir().full_path) / 'policy.npz'
    network = f'kickstarting_test.networks.frameworks:{name}'
    run = training.train(_cartpole, network=network, **_TINY)
    run.policy.save(path)
    with self.assertRaisesRegex(
        checks.UserError, f"has a network of its own, '{network}', whose code"):
      named_networks.load_policy(path)
    policy = named_networks.load_policy(path, network)
    self.assertEqual(
        training.evaluate(policy, _cartpole, episodes=3)['score'],
        run.evaluate(episodes=3)['score'])
    student = training.train(
        _cartpole, teachers={'*': policy}, weights='constant:1', **_TINY)
    self.assertIn('teacher_agreement', student.records[-1])
    # By its path, and the network beside it; one that is shipped needs none.
    shipped = path.with_name('shipped.npz')
    student.policy.save(shipped)
    described = description.describe(
        _cartpole, teachers={'*': str(path)}, teacher_network=network)
    self.assertLen(described.teaching.teachers, 1)
    with self.assertRaisesRegex(
        checks.UserError, 'teacher_network is given, but no teacher has'):
      description.describe(
          _cartpole, teachers={'*': str(shipped)}, teacher_network=network)

  @parameterized.parameters('haiku_features', 'CARTPOLE_NNX')
  def test_a_policy_of_another_network(self, name):
    path = pathlib.Path(self.create_tempdir().full_path) / 'policy.npz'
    place = 'kickstarting_test.networks.frameworks'
    training.train(
        _cartpole, network=f'{place}:CARTPOLE_EQUINOX', **_TINY
    ).policy.save(path)
    for network in (f'{place}:{name}', lambda x: hk.Linear(3)(x)):
      with self.assertRaisesRegex(
          checks.UserError, 'does not fit the network .*: parameters of another'
          ' network: .* Build the network that it was trained with.'):
        named_networks.load_policy(path, network)

  def test_a_network_that_gives_no_numbers(self):
    for wrong in (lambda x: x * jnp.nan, lambda x: jnp.log(-jnp.abs(x) - 1)):
      with self.assertRaisesRegex(
          checks.UserError, 'policy itself is no number; .* in the network'):
        training.train(_cartpole, **_TINY, network=lambda x: (
            wrong(hk.Linear(2)(x)), x[:, 0]))  # noqa: B023

  def test_functions_teach(self):
    run = training.train(
        _cartpole, weights='constant:10', **_TINY,
        teachers={'*': lambda observation: 9 * jnp.stack(
            [observation[:, 2] < 0, observation[:, 2] >= 0], axis=-1)})
    self.assertGreater(run.records[-1]['teacher_agreement'], 0.5)

  def test_a_network_of_a_notebook_is_not_saved(self):
    run = training.train(
        _cartpole, network=lambda x: hk.Linear(4)(x), **_TINY)
    path = pathlib.Path(self.create_tempdir().full_path) / 'policy.npz'
    with self.assertRaisesRegex(
        checks.UserError, 'Put it into a file, and name it: network='):
      run.policy.save(path)
    self.assertFalse(path.exists())

  @parameterized.parameters(
      ({'network': lambda x: x['observation']},
       r'the network raised TypeError .*observation \(1, 4\): the array its'),
      ({'network': lambda: 3}, 'the network raised TypeError'),
      ({'observation_keys': ['foo']}, "unknown observation_keys 'foo'"),
      ({'on_policy': 3}, 'on_policy is 3; expected a function'),
      ({'on_record': 'x'}, "on_record is 'x'; expected a function"),
      ({'settings': 'a'}, "settings is 'a'; expected a dict"),
      ({'network': 'json:nothing'}, "json has no network 'nothing'"),
      ({'network': 'nowhere:net'}, "network 'nowhere:net': there is no module"),
      ({'network': lambda x: x, 'observation_keys': ['x']}, 'observation_keys'),
      ({'network': frameworks.CARTPOLE_NNX, 'teacher_discount': 0.5,
        'method': 'expected_kl_regularised_plus_r',
        'teachers': {'*': lambda x: x[:, :2]}},
       'teacher_discount needs a part'),
      ({'teachers': {'*': 3}}, 'teachers has 3; expected a path'),
      ({'teachers': [lambda x: x]}, "teachers={'[*]': function}"),
      ({'teachers': {'CratPole': 'x.npz'}}, "unknown task of .*'CratPole'"))
  def test_what_cannot_be(self, options, text):
    with self.assertRaisesRegex(checks.UserError, text):
      training.train(_cartpole, **_TINY, **options)


class EvaluateTest(absltest.TestCase):

  def test_greedy_is_repeatable_and_better_informed(self):
    run = training.train(_cartpole, **_TINY)
    first, second = (
        run.evaluate(episodes=4, greedy=True)['score'] for _ in range(2))
    self.assertEqual(first, second)
    self.assertNotEqual(
        first, run.evaluate(episodes=4, greedy=True, seed=7)['score'])

  def test_a_policy_of_another_environment(self):
    run = training.train(_cartpole, **_TINY)
    with self.assertRaisesRegex(
        checks.UserError, 'policy has 2 actions and reads .* have 3 actions'):
      training.evaluate(run.policy, 'gymnasium:Acrobot-v1')


if __name__ == '__main__':
  absltest.main()
