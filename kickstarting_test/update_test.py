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
"""Tests of the update: purity, wiring of the loss, optimisers.

The student is a linear agent, small enough for oracles. Not here: the terms of
the loss (`losses/`).
"""

import contextlib
import copy
import dataclasses
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import losses
from kickstarting import types
from kickstarting import update as update_lib
from kickstarting import update_config
from kickstarting.networks import build as networks
from kickstarting_test import update_cases as cases
from kickstarting_test.networks import examples


class PurityTest(parameterized.TestCase):

  def test_inputs_are_unchanged_and_results_repeat(self):
    state, update, _ = cases.make_update()
    args = state, cases.HYPERS, cases.TRAJECTORY
    before = copy.deepcopy(jax.device_get(args))
    first = update(*args)
    cases.assert_same(before, args)
    cases.assert_same(first, update(*args))
    self.assertEqual(int(first[0].updates), 1)

  def test_the_optimiser_goes_on_where_it_was(self):
    start, update, _ = cases.make_update()
    state, _ = update(start, cases.HYPERS, cases.TRAJECTORY)
    next_state, _ = update(state, cases.HYPERS, cases.TRAJECTORY)
    forgetful, _ = update(
        state._replace(opt_state=start.opt_state), cases.HYPERS,
        cases.TRAJECTORY)
    self.assertTrue(cases.differs(next_state.params, forgetful.params))

  def test_one_trace_for_all_hypers(self):
    state, update, traces = cases.make_update()
    state, _ = update(state, cases.HYPERS, cases.TRAJECTORY)
    before = len(traces)
    for i in range(3):
      hypers = jax.tree.map(lambda x, i=i: x * np.float32(i), cases.HYPERS)
      state, _ = update(state, hypers, cases.TRAJECTORY)
    self.assertEqual(int(state.updates), 4)
    self.assertLen(traces, before)

  def test_a_mapped_population_equals_its_members(self):
    state, update, _ = cases.make_update()
    states = jax.tree.map(lambda x: jnp.stack([x, x]), state)
    hypers = jax.tree.map(
        lambda x: np.stack([x, x * np.float32(0.5)]), cases.HYPERS)
    mapped, _ = jax.jit(jax.vmap(update, in_axes=(0, 0, None)))(
        states, hypers, cases.TRAJECTORY)
    for i in range(2):
      alone, _ = cases.run(jax.tree.map(lambda x, i=i: x[i], hypers))
      jax.tree.map(
          lambda x, y, i=i: np.testing.assert_allclose(x[i], y, rtol=1e-4),
          mapped.params, alone)


class ReuseTest(parameterized.TestCase):
  """Several steps of a batch are as many updates of its parts, in order."""

  @parameterized.parameters((1, 3), (2, 1), (2, 3))
  def test_equals_updates_of_the_parts(self, epochs, minibatches):
    _, update, _ = cases.make_update(epochs=epochs, minibatches=minibatches)
    start, single, _ = cases.make_update()
    state, metrics = update(start, cases.HYPERS, cases.TRAJECTORY)
    self.assertEqual(int(state.updates), 1)
    expected, losses_of_steps = start, []
    for step in range(epochs * minibatches):
      expected, one = single(
          expected, cases.HYPERS,
          cases.streams(slice(step % minibatches, None, minibatches)))
      losses_of_steps.append(one['loss'])
    jax.tree.map(
        lambda x, y: np.testing.assert_allclose(x, y, rtol=2e-5, atol=1e-6),
        (state.params, state.opt_state), (expected.params, expected.opt_state))
    np.testing.assert_allclose(
        metrics['loss'], np.mean(losses_of_steps), rtol=1e-5)

  def test_what_is_observed_counts_once(self):
    agent = cases.linear_agent()._replace(absorb=lambda params, timesteps: {
        **params, 'u': params['u'] + jnp.sum(timesteps.step_type) * 0 + 1})
    update = update_lib.make_update(
        update_config.UpdateConfig(epochs=3, minibatches=3), agent)
    state, _ = update.update(
        update.init(cases.PARAMS), cases.HYPERS._replace(
            learning_rate=np.float32(0)), cases.TRAJECTORY)
    np.testing.assert_allclose(state.params['u'], cases.PARAMS['u'] + 1)

  def test_there_are_as_many_parts_as_divide_the_streams(self):
    expected, _ = cases.run()
    params, _ = cases.run(minibatches=2)  # of three streams
    cases.assert_same(params, expected)
    expected, _ = cases.run(minibatches=3)
    params, _ = cases.run(minibatches=5)
    cases.assert_same(params, expected)


class ScaleFreeTest(parameterized.TestCase):
  """Rewards in another unit change nothing but the unit of the value."""

  def _update(self, factor, method=losses.KICKSTARTING, **fields):
    network = dataclasses.replace(
        networks.get_network('flat'), core_size=8, scales_value=True)
    agent = agent_lib.make_agent(network, examples.FLAT_SPEC, cases.A)
    update = update_lib.make_update(update_config.UpdateConfig(
        scale_free=True, method=method, **fields), agent)
    params = agent.init(jax.random.key(0))
    params['return_scale'] = {
        'mean_square': jnp.asarray(9.0 * factor**2), 'count': jnp.asarray(5.0)}
    timesteps = cases.TRAJECTORY.timesteps
    trajectory = cases.TRAJECTORY._replace(
        initial_core_state=agent.initial_state(cases.B),
        timesteps=timesteps._replace(reward=factor * timesteps.reward),
        teacher=cases.TRAJECTORY.teacher._replace(
            value=factor * cases.normal(8, cases.T + 1, cases.B)))
    output, _ = agent.unroll(
        params, trajectory.timesteps,
        agent.encode(params, trajectory.instructions),
        trajectory.initial_core_state)
    state, metrics = jax.jit(update.update)(
        update.init(params), cases.HYPERS, trajectory)
    return output, state.params, metrics

  @parameterized.parameters(
      (losses.KICKSTARTING, 1), ('v_gated_plus_r', 1),
      ('teacher_v_reward', 1), (losses.KICKSTARTING, 3))
  def test_rewards_times_a_number(self, method, epochs):
    output, params, metrics = self._update(1.0, method, epochs=epochs)
    for factor in (2.0**-7, 2.0**7):  # which floats hold exactly
      other, found, its = self._update(factor, method, epochs=epochs)
      np.testing.assert_allclose(
          other.value, factor * output.value, rtol=1e-5)
      scale, its_scale = params.pop('return_scale', None), found.pop(
          'return_scale')
      if scale is not None:
        mean_square = scale['mean_square']
      np.testing.assert_allclose(
          its_scale['mean_square'], factor**2 * mean_square, rtol=1e-4)
      jax.tree.map(
          lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6),
          found, params)
      for name in set(metrics) - {'return_scale'}:
        unit = factor if name == 'teacher_value' else 1.0  # in rewards
        np.testing.assert_allclose(
            its[name], unit * metrics[name], rtol=1e-5, atol=1e-6,
            err_msg=name)

  def test_without_it_they_do_change_it(self):
    params, _ = cases.run()
    timesteps = cases.TRAJECTORY.timesteps
    other, _ = cases.run(trajectory=cases.TRAJECTORY._replace(
        timesteps=timesteps._replace(reward=100 * timesteps.reward)))
    self.assertTrue(cases.differs(params, other))

  def test_ratio_clip_reaches_the_loss(self):
    params, _ = cases.run()
    clipped, _ = cases.run(ratio_clip=0.01)
    self.assertTrue(cases.differs(params, clipped))
    with self.assertRaisesRegex(checks.UserError, 'ratio_clip is -1'):
      update_config.UpdateConfig(ratio_clip=-1.0)


class HypersTest(parameterized.TestCase):

  def test_learning_rate_zero_leaves_the_parameters(self):
    params, _ = cases.run(cases.HYPERS._replace(learning_rate=np.float32(0)))
    cases.assert_same(params, cases.PARAMS)

  @parameterized.parameters(  # the others: update_mixture_test.py
      *sorted(set(types.Hypers._fields) - {'mixing', 'transfer_cost'}))
  def test_every_one_matters(self, field):
    other = cases.HYPERS._replace(
        **{field: getattr(cases.HYPERS, field) * np.float32(0.5)})
    self.assertTrue(cases.differs(cases.run(other)[0], cases.run()[0]))

  def test_metrics_add_up(self):
    _, metrics = cases.run()
    np.testing.assert_allclose(
        metrics['loss'],
        metrics['policy_gradient'] + 0.5 * metrics['baseline']
        - 0.3 * metrics['entropy'] + metrics['distillation_weighted'],
        rtol=1e-5)
    self.assertAlmostEqual(
        float(metrics['learnable_fraction']), 1 - 1 / (cases.T * cases.B),
        places=6)


class ConfigTest(parameterized.TestCase):

  def test_settings_reach_the_losses(self):
    # A method that reads both the distance and the floored teacher.
    method = dataclasses.replace(
        losses.METHODS['expected_entropy_regularised_plus_r'],
        reward_now=lambda step: step.distance)
    self.enter_context(mock.patch.object(
        losses, 'get_method', return_value=method))
    clips = {'rho_clip': 3.0, 'c_clip': 0.7, 'pg_rho_clip': 4.0}
    limited = {**clips, 'ratio_clip': 0.3}
    config = update_config.UpdateConfig(
        divergence='reverse_kl', reward_transform='clip_unit', discount=0.5,
        teacher_floor=0.2, teacher_temperature=0.5,
        vtrace_lambda=0.6, reduction='sum', scale_free=True, **limited)
    spies = {}
    with contextlib.ExitStack() as stack:
      for name in ('split_transitions', 'vtrace_actor_critic', 'a2c',
                   'apply_method', 'total'):
        spies[name] = stack.enter_context(mock.patch.object(
            losses, name, wraps=getattr(losses, name)))
      for algorithm in update_config.ALGORITHMS:
        update = update_lib.make_update(
            config if algorithm == 'vtrace' else dataclasses.replace(
                config, algorithm=algorithm, ratio_clip=0.0,
                **dict.fromkeys(clips, 1.0)),
            cases.linear_agent())
        jax.eval_shape(
            update.update, update.init(cases.PARAMS), cases.HYPERS,
            cases.TRAJECTORY)
    self.assertEqual(
        {name: spy.call_args.kwargs for name, spy in spies.items()},
        {
            'split_transitions': {
                'discount': 0.5, 'reward_transform': losses.clip_unit},
            'vtrace_actor_critic': {
                'lambda_': 0.6, 'normalise_advantages': True, **limited},
            'a2c': {'lambda_': 0.6, 'normalise_advantages': True},
            'apply_method': {
                'divergence': 'reverse_kl', 'teacher_temperature': 0.5,
                'floor': 0.2, 'teacher_discount': None},
            'total': {'reduction': 'sum', 'applies_to': mock.ANY},
        })

  def test_sum_is_the_mean_times_the_learnable_steps(self):
    _, mean = cases.run()
    _, whole = cases.run(reduction='sum')
    steps = cases.T * cases.B - 1
    for name in ('loss', 'grad_norm', 'distillation_weighted'):
      np.testing.assert_allclose(whole[name], steps * mean[name], rtol=1e-5)
    np.testing.assert_allclose(whole['entropy'], mean['entropy'], rtol=1e-6)


class LossTest(parameterized.TestCase):

  def test_weight_zero_equals_no_teacher_bit_for_bit(self):
    with_teacher, _ = cases.run(cases.HYPERS._replace(alpha=np.float32(0)))
    without, _ = cases.run(trajectory=cases.TRAJECTORY._replace(teacher=None))
    cases.assert_same(with_teacher, without)
    self.assertTrue(cases.differs(without, cases.run()[0]))

  @parameterized.parameters('vtrace', 'a2c')
  def test_dead_transitions_teach_nothing(self, algorithm):
    t, b = cases.DEAD
    for part, where in (
        ('reward', (t + 1, b)), ('discount', (t + 1, b)), ('actions', (t, b)),
        ('behaviour_log_prob', (t, b)), ('teacher', (t, b))):
      other, _ = cases.run(
          trajectory=cases.with_rubbish(part, where), algorithm=algorithm)
      cases.assert_same(other, cases.run(algorithm=algorithm)[0])

  def test_algorithms_differ(self):
    self.assertTrue(
        cases.differs(cases.run(algorithm='a2c')[0], cases.run()[0]))

  @parameterized.parameters(
      'reward', 'discount', 'actions', 'behaviour_log_prob')
  def test_distillation_ignores_what_was_earned(self, part):
    trajectory = cases.with_rubbish(part, slice(None))
    params, _ = cases.run(trajectory=trajectory, method='on_policy_distill')
    cases.assert_same(params, cases.run(method='on_policy_distill')[0])
    self.assertTrue(
        cases.differs(cases.run(trajectory=trajectory)[0], cases.run()[0]))

  @parameterized.parameters('initial_core_state', 'instructions')
  def test_student_starts_where_the_actor_did(self, part):
    trajectory = cases.with_rubbish(part, slice(None))
    self.assertTrue(
        cases.differs(cases.run(trajectory=trajectory)[0], cases.run()[0]))

  def test_distillation_equals_a_slow_update(self):
    # Cross-entropy has the gradient lambda (student - teacher) on the logits;
    # stream 1 has no teacher, stream 0 weighs 0.5 and stream 2 weighs 2.
    softmax = lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    x = cases.TRAJECTORY.timesteps.observation['x'].astype(np.float64)
    x = x * cases.TRAJECTORY.initial_core_state[None, :, None]
    student = softmax(x @ cases.PARAMS['w'])
    teacher = softmax(cases.TRAJECTORY.teacher.policy.astype(np.float64))
    gradient = np.zeros((cases.D, cases.A))
    for t in range(cases.T):
      for b, weight in enumerate((0.5, 0, 2)):
        if (t, b) != cases.DEAD:
          gradient += weight * np.outer(x[t, b], (student - teacher)[t, b])
    norm = np.linalg.norm(gradient)
    self.assertGreater(norm, 1)
    clipped = gradient / norm
    expected = cases.PARAMS['w'] - 0.1 * clipped / np.sqrt(
        0.99 + 0.01 * clipped**2 + 0.1)
    params, metrics = cases.run(
        method='on_policy_distill', reduction='sum', optimizer='rmsprop')
    np.testing.assert_allclose(metrics['grad_norm'], norm, rtol=1e-5)
    np.testing.assert_allclose(params['w'], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(params['v'], cases.PARAMS['v'])


class OptimizerTest(parameterized.TestCase):

  def _directions(self, config, *gradients):
    optimizer = update_lib.make_optimizer(config)
    state = optimizer.init(gradients[0])
    directions = []
    for gradient in gradients:
      direction, state = optimizer.update(gradient, state)
      directions.append(direction)
    return directions

  @parameterized.parameters(0.1, 0.01)
  def test_rmsprop_in_tensorflow_form(self, epsilon):
    config = update_config.UpdateConfig(
        optimizer='rmsprop', max_grad_norm=float('inf'),
        rmsprop_epsilon=epsilon)
    gradients = cases.normal(0, 3, 2)
    accumulator = np.ones(2)
    for gradient, direction in zip(
        gradients, self._directions(config, *gradients)):
      accumulator = 0.99 * accumulator + 0.01 * gradient**2
      np.testing.assert_allclose(
          direction, gradient / np.sqrt(accumulator + epsilon), rtol=1e-5)

  def test_adam(self):
    config = update_config.UpdateConfig(max_grad_norm=float('inf'))
    gradients = cases.normal(1, 3, 2)
    mean, square = np.zeros(2), np.zeros(2)
    for i, (gradient, direction) in enumerate(
        zip(gradients, self._directions(config, *gradients)), 1):
      mean = 0.9 * mean + 0.1 * gradient
      square = 0.999 * square + 0.001 * gradient**2
      np.testing.assert_allclose(
          direction,
          mean / (1 - 0.9**i) / (np.sqrt(square / (1 - 0.999**i)) + 1e-8),
          rtol=1e-4)

  @parameterized.parameters((2.5, 0.5), (7.0, 1.0), (float('inf'), 1.0))
  def test_clips_the_global_norm(self, max_grad_norm, scale):
    gradient = {
        'a': np.array([3.0, 0.0], np.float32),
        'b': np.array([4.0], np.float32),
    }
    scaled = jax.tree.map(lambda x: x * np.float32(scale), gradient)
    make = lambda norm: update_config.UpdateConfig(
        optimizer='rmsprop', max_grad_norm=norm)
    jax.tree.map(
        lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-6),
        self._directions(make(max_grad_norm), gradient),
        self._directions(make(float('inf')), scaled))


if __name__ == '__main__':
  absltest.main()
