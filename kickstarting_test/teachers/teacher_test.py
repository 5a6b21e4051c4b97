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
"""Tests of teachers: what is checked, and who teaches which task."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import types
from kickstarting.networks import build
from kickstarting.teachers import policy_file
from kickstarting.teachers import teacher as teacher_lib
from kickstarting_test.networks import examples

_A = 5
_CONFIG = build.NetworkConfig(
    'flat', 4, reads_instruction=False, reads_previous=False)
_AGENT = agent_lib.make_agent(_CONFIG, examples.FLAT_SPEC, _A)


def _policy(config=_CONFIG, seed=0, params=None):
  agent = agent_lib.make_agent(config, examples.FLAT_SPEC, _A)
  return policy_file.Policy(
      network=config,
      params=params or examples.params(agent.init, seed),
      num_actions=_A,
      observation=examples.FLAT_SPEC,
      max_words=4,
      tasks=('a', 'b'),
  )


def _teacher(*tasks):
  policy = dataclasses.replace(_policy(), tasks=tasks)
  return teacher_lib.from_policy(f'expert of {tasks}', policy)


class FromPolicyTest(absltest.TestCase):

  def test_speaks_as_the_agent_did(self):
    policy = _policy()
    teacher = teacher_lib.from_policy('expert', policy)
    self.assertEqual(
        (teacher.name, teacher.num_actions, teacher.tasks),
        ('expert', _A, ('a', 'b')))
    timesteps = examples.timesteps(1, examples.FLAT_SPEC, (2, 3), _A)
    outputs = []
    for side in (teacher, _AGENT):
      context = side.encode(policy.params, examples.TOKENS)
      outputs.append(side.unroll(
          policy.params, timesteps, context, side.initial_state(3)))
    jax.tree.map(np.testing.assert_array_equal, *outputs)

  def test_equal_networks_have_equal_architectures(self):
    first, second, other = (
        teacher_lib.from_policy('expert', policy).architecture
        for policy in (
            _policy(), _policy(seed=1),
            _policy(dataclasses.replace(_CONFIG, core_size=5))))
    self.assertEqual(first, second)
    self.assertEqual(hash(first), hash(second))
    self.assertNotEqual(first, other)


class ValueTest(parameterized.TestCase):
  """A teacher has a value only where it is that of the rewards."""

  def _has_value(self, **info):
    policy = dataclasses.replace(_policy(), info=info)
    return teacher_lib.from_policy('expert', policy).has_value

  @parameterized.parameters(
      'baseline', 'on_policy_distill_plus_r', 'v_gated', 'v_gated_plus_r')
  def test_methods_that_learn_it(self, method):
    self.assertTrue(self._has_value(method=method))
    self.assertTrue(self._has_value())  # of an agent that was trained alone

  @parameterized.parameters(
      'n_distill_plus_r', 'entropy_regularised_plus_r',
      'expected_entropy_regularised_plus_r', 'expected_kl_regularised_plus_r',
      'kl_regularised_plus_r', 'teacher_v_reward', 'td_teacher_v', 'td_zero_v',
      'on_policy_distill', 'entropy_regularised')
  def test_methods_that_learn_the_value_of_something_else(self, method):
    self.assertFalse(self._has_value(method=method))

  def test_what_the_file_says_is_what_counts(self):
    self.assertFalse(
        self._has_value(method='on_policy_distill_plus_r', has_value=False))
    self.assertTrue(
        self._has_value(method='on_policy_distill', has_value=True))


class CheckParamsTest(parameterized.TestCase):

  def test_other_network(self):
    other = dataclasses.replace(_CONFIG, core_size=6)
    with self.assertRaisesRegex(
        ValueError,
        r"'expert' holds parameters of another network: 4 arrays differ, the"
        r" first is 'baseline\|w' with shape \(6, 1\), expected \(4, 1\)"):
      teacher_lib.from_policy('expert', _policy(params=_policy(other).params))

  @parameterized.parameters(
      ('baseline', {'w': np.zeros((4, 1))}, r'shape None, expected \(1,\)'),
      ('extra', {'w': np.zeros(2)}, r'shape \(2,\), expected None'),
  )
  def test_missing_or_left_over(self, module, arrays, message):
    params = _policy().params | {module: arrays}
    with self.assertRaisesRegex(ValueError, message):
      teacher_lib.check_params('expert', _AGENT, params)

  @parameterized.parameters(np.nan, np.inf)
  def test_not_finite(self, value):
    params = _policy().params
    params['policy']['w'][1, 2] = value
    with self.assertRaisesRegex(
        ValueError,
        r"'expert' has NaN or infinite parameters in 'policy\|w'; take an"
        ' earlier checkpoint'):
      teacher_lib.from_policy('expert', _policy(params=params))


class CheckFitsTest(absltest.TestCase):

  def test_fits(self):
    spec = examples.FLAT_SPEC | examples.GRID_SPEC  # more is no harm
    teacher_lib.check_fits(_teacher('a'), _A, spec)

  def test_other_actions(self):
    with self.assertRaisesRegex(
        ValueError,
        'Teacher .* has 5 actions, but the student has 7; choose tasks with'):
      teacher_lib.check_fits(_teacher('a'), 7, examples.FLAT_SPEC)

  def test_missing_observation(self):
    with self.assertRaisesRegex(
        ValueError,
        r"reads the observation 'x' as ArraySpec\(shape=\(3,\), .*float32.*but"
        r" the student's environment gives only \['direction', 'image'\];"):
      teacher_lib.check_fits(_teacher('a'), _A, examples.GRID_SPEC)

  def test_other_observation(self):
    for shape, dtype in (((4,), np.float32), ((3,), np.uint8)):
      spec = {'x': types.ArraySpec(shape, np.dtype(dtype))}
      with self.assertRaisesRegex(
          ValueError,
          r'as ArraySpec\(shape=\(3,\), .*float32.* gives ArraySpec'
          rf'\(shape=\({shape[0]},\), .*{np.dtype(dtype)}'):
        teacher_lib.check_fits(_teacher('a'), _A, spec)


class RouteTest(parameterized.TestCase):

  @parameterized.parameters(
      # Tasks a teacher was trained on.
      ([('a',), ('b', 'c')], None, [0, 1, 1, -1]),
      # TASK=... replaces them, for this teacher.
      ([('a',), ('b', 'c')], {'d': 1}, [0, -1, -1, 1]),
      # It also overrides another teacher's own task.
      ([('a', 'b'), ('b',)], {'b': 0, 'd': 1}, [-1, 0, -1, 1]),
      # *=... is every task that no other teacher has.
      ([('z',)], {'*': 0}, [0, 0, 0, 0]),
      ([('z',), ('b',)], {'*': 0}, [0, 1, 0, 0]),
      ([('z',), ('z',)], {'*': 0, 'c': 1}, [0, 0, 1, 0]),
  )
  def test_rows(self, trained_on, assignments, expected):
    teachers = [_teacher(*tasks) for tasks in trained_on]
    rows = teacher_lib.route(teachers, ('a', 'b', 'c', 'd'), assignments)
    self.assertEqual(rows.tolist(), expected)
    self.assertEqual(rows.dtype, np.int32)

  def test_unknown_task(self):
    with self.assertRaisesRegex(
        ValueError,
        r"assigned to \['e'\], which are not tasks of the student; its tasks"
        r" are \['a', 'b'\]"):
      teacher_lib.route([_teacher('a')], ('a', 'b'), {'e': 0, '*': 0})

  def test_useless_teacher(self):
    with self.assertRaisesRegex(
        ValueError,
        r"Teacher .* speaks on none of the student's tasks \['a'\]: it was"
        r" trained on \['z'\]. Name its task as TASK=PATH, or every task as"):
      teacher_lib.route([_teacher('a'), _teacher('z')], ('a',))


class WhatTeachersGiveTest(absltest.TestCase):

  def test_features_of_a_policy(self):
    policy = _policy()
    teacher = teacher_lib.from_policy('a', policy, gives_features=True)
    self.assertEqual(teacher.feature_size, policy.network.core_size)
    timesteps = examples.timesteps(
        0, dict(policy.observation), (2, 3), policy.num_actions)
    output, _ = teacher.unroll(
        teacher.params, timesteps,
        teacher.encode(teacher.params, examples.TOKENS),
        teacher.initial_state(3))
    self.assertEqual(output.features.shape, (2, 3, policy.network.core_size))
    self.assertEqual(teacher_lib.check_features([teacher]), 4)

  def test_teachers_without_the_same_features(self):
    teacher = teacher_lib.from_policy('a', _policy(), gives_features=True)
    with self.assertRaisesRegex(
        ValueError, "teacher 'b' gives no features, which are to be regressed"):
      teacher_lib.check_features([
          teacher, teacher_lib.from_policy('b', _policy())])
    with self.assertRaisesRegex(ValueError, "sizes, {'a': 4, 'b': 9}"):
      teacher_lib.check_features([
          teacher, dataclasses.replace(teacher, name='b', feature_size=9)])
    with self.assertRaisesRegex(ValueError, 'there are no teachers'):
      teacher_lib.check_features([])

  def test_a_teacher_without_action_values(self):
    teacher = teacher_lib.from_policy('expert', _policy())
    teacher_lib.check_q([teacher], 'forward_kl')
    teacher_lib.check_q(
        [dataclasses.replace(teacher, has_q=True)], 'squared_error')
    with self.assertRaisesRegex(
        ValueError, "compares action values, but teacher 'expert' has a"
        ' policy.*expected one whose logits are Q-values'):
      teacher_lib.check_q([teacher], 'squared_error')
    policy = dataclasses.replace(_policy(), info={'has_q': True})
    self.assertTrue(teacher_lib.from_policy('q', policy).has_q)

  def test_a_teacher_without_a_value_function(self):
    teacher = _teacher('a')
    teacher_lib.check_value([teacher], 'teacher_v_reward')
    with self.assertRaisesRegex(
        ValueError, "method 'teacher_v_reward' reads .* teacher 'mute' has"):
      teacher_lib.check_value(
          [teacher, dataclasses.replace(teacher, name='mute', has_value=False)],
          'teacher_v_reward')


if __name__ == '__main__':
  absltest.main()
