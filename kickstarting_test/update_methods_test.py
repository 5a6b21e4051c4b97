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
"""Tests of the update: what each method learns from. Not here: the rest."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import losses
from kickstarting import types
from kickstarting import update as update_lib
from kickstarting import update_config
from kickstarting.networks import branches
from kickstarting.networks import build
from kickstarting_test import update_cases as cases
from kickstarting_test.networks import examples


class MethodTest(parameterized.TestCase):

  def test_distillation_without_teachers(self):
    with self.assertRaisesRegex(
        ValueError,
        "method is 'on_policy_distill' but the trajectory has no teacher"):
      cases.run(trajectory=cases.TRAJECTORY._replace(teacher=None),
                method='on_policy_distill')

  def test_default_is_the_kickstarting_loss(self):
    output, _ = cases.linear_agent().unroll(
        cases.PARAMS, cases.TRAJECTORY.timesteps,
        examples.TOKENS @ cases.PARAMS['u'],
        cases.TRAJECTORY.initial_core_state)
    transitions = losses.split_transitions(
        output, cases.TRAJECTORY, discount=0.99)
    weights = np.array([0.5, 0.0, 2.0], np.float32)
    terms = losses.kickstarting_terms(
        losses.vtrace_actor_critic(transitions), transitions,
        cases.TRAJECTORY.teacher, weights)
    loss, _ = losses.total(
        terms, {'policy_gradient': 1.0, 'baseline': 0.5,
                'negative_entropy': 0.3, 'distillation': weights},
        transitions.is_learnable_tm1)
    np.testing.assert_allclose(cases.run()[1]['loss'], loss, rtol=1e-6)

  @parameterized.parameters(
      *(name for name, method in losses.METHODS.items()
        if method.control == 'student'))
  def test_every_method_moves_the_policy(self, method):
    params, metrics = cases.run(
        cases.HYPERS._replace(entropy_cost=np.float32(0)), method=method)
    self.assertTrue(np.isfinite(metrics['grad_norm']))
    self.assertTrue(cases.differs(params['w'], cases.PARAMS['w']))
    self.assertEqual(
        'policy_gradient' in metrics, losses.METHODS[method].has_return)

  @parameterized.parameters(
      *(name for name, method in losses.METHODS.items()
        if method.control == 'student' and not method.adds_reward))
  def test_without_reward_and_weight_there_is_nothing_to_learn(self, method):
    hypers = cases.HYPERS._replace(alpha=np.float32(0))
    cases.assert_same(cases.run(hypers, method=method)[0], cases.PARAMS)

  def test_the_gate_compares_with_a_value_that_is_learnt(self):
    params, metrics = cases.run(method='v_gated')
    self.assertTrue(cases.differs(params['v'], cases.PARAMS['v']))
    self.assertNotIn('policy_gradient', metrics)
    # It is of the rewards: other rewards, another value.
    other, _ = cases.run(
        trajectory=cases.with_rubbish('reward', slice(None)), method='v_gated')
    self.assertTrue(cases.differs(params['v'], other['v']))

  def test_a_value_beside_distillation(self):
    options = {'method': 'on_policy_distill', 'max_grad_norm': np.inf}
    alone, _ = cases.run(**options)
    params, metrics = cases.run(learns_value=True, **options)
    np.testing.assert_array_equal(alone['v'], cases.PARAMS['v'])
    self.assertTrue(cases.differs(params['v'], alone['v']))
    np.testing.assert_allclose(params['w'], alone['w'], rtol=1e-6)
    self.assertNotIn('policy_gradient', metrics)
    # It is what V-gated compares with.
    gated, of_gated = cases.run(method='v_gated', max_grad_norm=np.inf)
    np.testing.assert_allclose(params['v'], gated['v'], rtol=1e-6)
    np.testing.assert_allclose(
        metrics['baseline'], of_gated['baseline'], rtol=1e-6)

  def test_bootstrapping_from_nothing_needs_no_teacher(self):
    alone = cases.TRAJECTORY._replace(teacher=None)
    one, _ = cases.run(trajectory=alone, method='td_zero_v')
    other, _ = cases.run(trajectory=alone, method='baseline', discount=0.0)
    cases.assert_same(one, other)

  def test_methods_differ(self):
    methods = [name for name, method in losses.METHODS.items()
               if method.control == 'student']
    teacher = cases.TRAJECTORY.teacher
    trajectory = cases.TRAJECTORY._replace(teacher=teacher._replace(
        value=cases.normal(8, cases.T + 1, cases.B)))
    run = lambda method: cases.run(trajectory=trajectory, method=method)
    found = {
        np.asarray(run(method)[0]['w']).tobytes() for method in methods}
    self.assertLen(found, len(methods))


class MeasureTest(parameterized.TestCase):
  """What is measured of teachers does not depend on their weights."""

  _NAMES = ('distillation', 'teacher_agreement', 'teacher_kl', 'entropy',
            'learnable_fraction')

  @parameterized.parameters(
      'on_policy_distill', 'on_policy_distill_plus_r', 'n_distill')
  def test_weights_change_no_measure(self, method):
    _, full = cases.run(method=method)
    _, faded = cases.run(
        cases.HYPERS._replace(alpha=np.float32(0)), method=method)
    _, one = cases.run(
        cases.HYPERS._replace(rho=np.array([0, 0.25], np.float32)),
        method=method)
    for name in self._NAMES:
      if name in full:
        for other in (faded, one):
          with self.subTest(name):
            np.testing.assert_allclose(other[name], full[name], rtol=1e-6)
    self.assertGreater(full['distillation'], 0.0)
    self.assertGreater(full['distillation_weighted'], 0.0)
    self.assertEqual(faded['distillation_weighted'], 0.0)

  def test_the_distance_is_a_mean_over_taught_steps(self):
    # Stream 1 has no teacher; one transition of stream 2 is dead.
    x = cases.TRAJECTORY.timesteps.observation['x'].astype(np.float64)
    logits = (x @ cases.PARAMS['w']) * (
        cases.TRAJECTORY.initial_core_state[None, :, None])
    softmax = lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    teacher = softmax(cases.TRAJECTORY.teacher.policy.astype(np.float64))
    distance = -(teacher * np.log(softmax(logits))).sum(-1)
    taught = [distance[t, b] for t in range(cases.T) for b in (0, 2)
              if (t, b) != cases.DEAD]
    np.testing.assert_allclose(
        cases.run()[1]['distillation'], np.mean(taught), rtol=1e-5)


def _assert_close(x, y):
  jax.tree.map(
      lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), x, y)


class TwoDiscountsTest(parameterized.TestCase):
  """A discount and a value of its own for what comes from the teacher."""

  def _update(self, trajectory=cases.TRAJECTORY, hypers=cases.HYPERS, **fields):
    config = build.NetworkConfig(
        'flat', 4, reads_previous=False, taught_value=True)
    agent = agent_lib.make_agent(config, examples.FLAT_SPEC, cases.A)
    update = update_lib.make_update(update_config.UpdateConfig(
        max_grad_norm=np.inf, **fields), agent)
    params = examples.params(agent.init, 1)
    trajectory = trajectory._replace(
        initial_core_state=agent.initial_state(cases.B))
    state, metrics = jax.jit(update.update)(
        update.init(params), hypers, trajectory)
    return params, state.params, metrics

  def test_both_values_learn_and_each_its_own(self):
    before, after, metrics = self._update(
        method='n_distill_plus_r', teacher_discount=0.5)
    _, other, _ = self._update(
        cases.with_rubbish('reward', slice(None)), method='n_distill_plus_r',
        teacher_discount=0.5)
    moved = lambda x, y: cases.differs(x, y)
    self.assertTrue(moved(before['baseline'], after['baseline']))
    self.assertTrue(moved(before['taught_value'], after['taught_value']))
    self.assertTrue(moved(after['baseline'], other['baseline']))
    _assert_close(after['taught_value'], other['taught_value'])
    self.assertTrue(np.isfinite(metrics['loss']))

  def test_the_discount_of_rewards_is_not_that_of_teachers(self):
    run = lambda **fields: self._update(method='n_distill_plus_r', **fields)[1]
    start = run(teacher_discount=0.5)
    teacher = run(teacher_discount=0.9)
    reward = run(teacher_discount=0.5, discount=0.9)
    _assert_close(start['baseline'], teacher['baseline'])
    self.assertTrue(
        cases.differs(start['taught_value'], teacher['taught_value']))
    _assert_close(start['taught_value'], reward['taught_value'])
    self.assertTrue(cases.differs(start['baseline'], reward['baseline']))

  def test_without_the_reward_only_teachers_teach(self):
    run = lambda trajectory: self._update(
        trajectory, method='n_distill', teacher_discount=0.5)
    before, after, _ = run(cases.TRAJECTORY)
    _, other, _ = run(cases.with_rubbish('reward', slice(None)))
    _assert_close(before['baseline'], after['baseline'])
    _assert_close(after, other)
    self.assertTrue(cases.differs(before['policy'], after['policy']))

  def test_weight_zero_equals_no_teacher(self):
    options = {'method': 'n_distill_plus_r', 'teacher_discount': 0.5}
    _, faded, _ = self._update(
        hypers=cases.HYPERS._replace(alpha=np.float32(0)), **options)
    _, alone, _ = self._update(
        cases.TRAJECTORY._replace(teacher=None), **options)
    _assert_close(faded, alone)


class FeatureRegressionTest(absltest.TestCase):

  def _run(self, feature_cost, hypers=cases.HYPERS):
    config = build.NetworkConfig(
        'flat', 4, features=branches.Features(num_tasks=2, size=3))
    spec = examples.FLAT_SPEC | {
        'task': types.ArraySpec((), np.dtype(np.int32))}
    agent = agent_lib.make_agent(config, spec, cases.A)
    timesteps = cases.TRAJECTORY.timesteps
    task = np.tile(cases.TRAJECTORY.task, (cases.T + 1, 1))
    trajectory = cases.TRAJECTORY._replace(
        timesteps=timesteps._replace(
            observation=timesteps.observation | {'task': task}),
        initial_core_state=agent.initial_state(cases.B),
        teacher=cases.TRAJECTORY.teacher._replace(
            features=cases.normal(9, cases.T + 1, cases.B, 3)))
    update = update_lib.make_update(
        update_config.UpdateConfig(feature_cost=feature_cost), agent)
    params = examples.params(agent.init, 1)
    state, metrics = jax.jit(update.update)(
        update.init(params), hypers, trajectory)
    return params, state.params, metrics

  def test_is_one_more_term(self):
    _, _, metrics = self._run(0.1)
    self.assertGreater(metrics['feature_regression_weighted'], 0.0)
    _, _, without = self._run(0.0)
    np.testing.assert_allclose(
        metrics['loss'],
        without['loss'] + metrics['feature_regression_weighted'], rtol=1e-5)

  def test_moves_the_layers_of_tasks_with_a_teacher(self):
    # Stream 0 is of task 0; of task 1 stream 1 has no teacher, stream 2 has.
    before, after, _ = self._run(0.1)
    for task in (0, 1):
      self.assertTrue(cases.differs(
          before[f'features_{task}'], after[f'features_{task}']))

  def test_fades_with_the_weight(self):
    hypers = cases.HYPERS._replace(alpha=np.float32(0))
    before, after, metrics = self._run(0.1, hypers)
    cases.assert_same(before['features_0'], after['features_0'])
    self.assertEqual(metrics['feature_regression_weighted'], 0.0)

  def test_without_features(self):
    with self.assertRaisesRegex(
        ValueError, 'feature_cost is not 0, but the student or its teachers'):
      cases.run(feature_cost=0.1)
    with self.assertRaisesRegex(ValueError, 'feature_cost is -1; expected'):
      update_config.UpdateConfig(feature_cost=-1)


if __name__ == '__main__':
  absltest.main()
