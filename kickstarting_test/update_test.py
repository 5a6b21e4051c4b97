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
import functools
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import losses
from kickstarting import types
from kickstarting import update as update_lib
from kickstarting.environments import base
from kickstarting_test.networks import examples

jax.config.update('jax_numpy_rank_promotion', 'raise')

_T, _B, _A, _D = 4, 3, 5, 3
_DEAD = (1, 2)  # the transition out of the LAST timestep
_HYPERS = types.Hypers(
    learning_rate=np.float32(0.1),
    entropy_cost=np.float32(0.3),
    baseline_cost=np.float32(0.5),
    alpha=np.float32(2.0),
    rho=np.array([1.0, 0.25], np.float32),
)


def _normal(seed, *shape):
  return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def _linear_agent():
  """Logits and value linear in the observation; the core state scales it."""

  def unroll(params, timesteps, context, state):
    x = timesteps.observation['x']  # [T, B, D]
    logits = x @ params['w'] * state[None, :, None]
    return types.AgentOutput(
        logits, (x @ params['v'])[..., 0] + context[timesteps.instruction]
    ), state

  return agent_lib.Agent(
      init=lambda key: _PARAMS,
      initial_state=jnp.zeros,
      encode=lambda params, tokens: tokens @ params['u'],
      step=lambda *args: None,
      unroll=unroll,
  )


_PARAMS = {'w': _normal(0, _D, _A), 'v': _normal(1, _D, 1),
           'u': _normal(2, examples.TOKENS.shape[1]) / 1000}


def _trajectory():
  step_type = np.full((_T + 1, _B), base.MID, np.int32)
  step_type[_DEAD] = base.LAST
  step_type[_DEAD[0] + 1, _DEAD[1]] = base.FIRST
  timesteps = examples.timesteps(
      3, examples.FLAT_SPEC, (_T + 1, _B), _A)
  rng = np.random.default_rng(4)
  return types.Trajectory(
      timesteps=timesteps._replace(
          step_type=step_type,
          reward=3 * timesteps.reward,
          discount=(step_type != base.LAST).astype(np.float32)),
      actions=rng.integers(0, _A, (_T, _B)).astype(np.int32),
      behaviour_logits=_normal(5, _T, _B, _A),
      initial_core_state=_normal(6, _B),
      instructions=examples.TOKENS,
      task=np.array([0, 1, 1], np.int32),
      teacher=types.TeacherOutput(
          logits=_normal(7, _T + 1, _B, _A),
          value=np.zeros((_T + 1, _B), np.float32),
          index=np.array([1, -1, 0], np.int32)),
  )


_TRAJECTORY = _trajectory()


@functools.cache
def _update(**fields):
  """Returns an initial state, the jitted update and a list of its traces."""
  update = update_lib.make_update(
      update_lib.UpdateConfig(**fields), _linear_agent())
  traces = []

  def traced(*args):
    traces.append(args)
    return update.update(*args)

  return update.init(_PARAMS), jax.jit(traced), traces


def _run(hypers=_HYPERS, trajectory=_TRAJECTORY, **fields):
  state, update, _ = _update(**fields)
  state, metrics = update(state, hypers, trajectory)
  return state.params, metrics


def _assert_same(x, y):
  jax.tree.map(np.testing.assert_array_equal, x, y)


def _differs(x, y):
  return jax.tree.reduce(
      lambda a, b: a or b,
      jax.tree.map(lambda a, b: bool(np.any(a != b)), x, y))


def _with_rubbish(part, where):
  """Returns the trajectory with other numbers at `where` of one array."""
  trajectory = copy.deepcopy(_TRAJECTORY)
  array = {
      'reward': trajectory.timesteps.reward,
      'discount': trajectory.timesteps.discount,
      'actions': trajectory.actions,
      'behaviour_logits': trajectory.behaviour_logits,
      'teacher': trajectory.teacher.logits,
      'initial_core_state': trajectory.initial_core_state,
      'instructions': trajectory.instructions,
  }[part]
  array[where] = (array[where] + 1) % _A
  return trajectory


class PurityTest(parameterized.TestCase):

  def test_inputs_are_unchanged_and_results_repeat(self):
    state, update, _ = _update()
    args = state, _HYPERS, _TRAJECTORY
    before = copy.deepcopy(jax.device_get(args))
    first = update(*args)
    _assert_same(before, args)
    _assert_same(first, update(*args))
    self.assertEqual(int(first[0].updates), 1)

  def test_the_optimiser_goes_on_where_it_was(self):
    start, update, _ = _update()
    state, _ = update(start, _HYPERS, _TRAJECTORY)
    next_state, _ = update(state, _HYPERS, _TRAJECTORY)
    forgetful, _ = update(
        state._replace(opt_state=start.opt_state), _HYPERS, _TRAJECTORY)
    self.assertTrue(_differs(next_state.params, forgetful.params))

  def test_one_trace_for_all_hypers(self):
    state, update, traces = _update()
    state, _ = update(state, _HYPERS, _TRAJECTORY)
    before = len(traces)
    for i in range(3):
      hypers = jax.tree.map(lambda x, i=i: x * np.float32(i), _HYPERS)
      state, _ = update(state, hypers, _TRAJECTORY)
    self.assertEqual(int(state.updates), 4)
    self.assertLen(traces, before)

  def test_a_mapped_population_equals_its_members(self):
    state, update, _ = _update()
    states = jax.tree.map(lambda x: jnp.stack([x, x]), state)
    hypers = jax.tree.map(
        lambda x: np.stack([x, x * np.float32(0.5)]), _HYPERS)
    mapped, _ = jax.jit(jax.vmap(update, in_axes=(0, 0, None)))(
        states, hypers, _TRAJECTORY)
    for i in range(2):
      alone, _ = _run(jax.tree.map(lambda x, i=i: x[i], hypers))
      jax.tree.map(
          lambda x, y, i=i: np.testing.assert_allclose(x[i], y, rtol=1e-4),
          mapped.params, alone)


class HypersTest(parameterized.TestCase):

  def test_learning_rate_zero_leaves_the_parameters(self):
    params, _ = _run(_HYPERS._replace(learning_rate=np.float32(0)))
    _assert_same(params, _PARAMS)

  @parameterized.parameters(*types.Hypers._fields)
  def test_every_one_matters(self, field):
    other = _HYPERS._replace(
        **{field: getattr(_HYPERS, field) * np.float32(0.5)})
    self.assertTrue(_differs(_run(other)[0], _run()[0]))

  def test_metrics_add_up(self):
    _, metrics = _run()
    np.testing.assert_allclose(
        metrics['loss'],
        metrics['policy_gradient'] + 0.5 * metrics['baseline']
        - 0.3 * metrics['entropy'] + metrics['distillation_weighted'],
        rtol=1e-5)
    self.assertAlmostEqual(
        float(metrics['learnable_fraction']), 1 - 1 / (_T * _B), places=6)


class ConfigTest(parameterized.TestCase):

  def test_settings_reach_the_losses(self):
    config = update_lib.UpdateConfig(
        divergence='reverse_kl', reward_transform='clip_unit', discount=0.5,
        teacher_floor=0.2,
        vtrace_lambda=0.6, rho_clip=3.0, c_clip=0.7, pg_rho_clip=4.0,
        reduction='sum')
    spies = {}
    with contextlib.ExitStack() as stack:
      for name in ('split_transitions', 'vtrace_actor_critic', 'a2c',
                   'apply_method', 'total'):
        spies[name] = stack.enter_context(mock.patch.object(
            losses, name, wraps=getattr(losses, name)))
      for algorithm in update_lib.ALGORITHMS:
        update = update_lib.make_update(
            dataclasses.replace(config, algorithm=algorithm), _linear_agent())
        jax.eval_shape(
            update.update, update.init(_PARAMS), _HYPERS, _TRAJECTORY)
    self.assertEqual(
        {name: spy.call_args.kwargs for name, spy in spies.items()},
        {
            'split_transitions': {
                'discount': 0.5, 'reward_transform': losses.clip_unit},
            'vtrace_actor_critic': {
                'lambda_': 0.6, 'rho_clip': 3.0, 'c_clip': 0.7,
                'pg_rho_clip': 4.0},
            'a2c': {'lambda_': 0.6},
            'apply_method': {'divergence': 'reverse_kl', 'floor': 0.2},
            'total': {'reduction': 'sum'},
        })

  def test_sum_is_the_mean_times_the_learnable_steps(self):
    _, mean = _run()
    _, whole = _run(reduction='sum')
    steps = _T * _B - 1
    for name in ('loss', 'grad_norm', 'distillation_weighted'):
      np.testing.assert_allclose(whole[name], steps * mean[name], rtol=1e-5)
    np.testing.assert_allclose(whole['entropy'], mean['entropy'], rtol=1e-6)

  @parameterized.parameters(
      ('algorithm', 'ppo', "algorithm is 'ppo'; expected one of vtrace, a2c"),
      ('method', 'copy', "unknown method 'copy'"),
      ('method', 'teacher_distill',
       'the policy that acts is the teacher; expected a method in which it is'),
      ('teacher_floor', -0.1, 'teacher_floor is -0.1; expected a number in'),
      ('divergence', 'l2', "divergence is 'l2'; expected one of cross_entropy"),
      ('reward_transform', 'log', "reward_transform is 'log'; expected one of"),
      ('reduction', 'max', "reduction is 'max'; expected one of mean, sum"),
      ('optimizer', 'sgd', "optimizer is 'sgd'; expected one of adam, rmsprop"),
      ('discount', 1.5, r'discount is 1.5; expected a number in \[0, 1\]'),
      ('vtrace_lambda', -1.0, r'vtrace_lambda is -1.0; expected .* \[0, 1\]'),
      ('rho_clip', 0.0, 'rho_clip is 0.0; expected a number greater than 0'),
      ('c_clip', -1.0, 'c_clip is -1.0; expected a number greater than 0'),
      ('pg_rho_clip', 0.0, 'pg_rho_clip is 0.0; expected a number greater'),
      ('max_grad_norm', 0.0,
       'max_grad_norm is 0.0; expected a positive number, or inf'),
  )
  def test_errors(self, field, value, message):
    with self.assertRaisesRegex(ValueError, message):
      update_lib.UpdateConfig(**{field: value})


class LossTest(parameterized.TestCase):

  def test_weight_zero_equals_no_teacher_bit_for_bit(self):
    with_teacher, _ = _run(_HYPERS._replace(alpha=np.float32(0)))
    without, _ = _run(trajectory=_TRAJECTORY._replace(teacher=None))
    _assert_same(with_teacher, without)
    self.assertTrue(_differs(without, _run()[0]))

  @parameterized.parameters('vtrace', 'a2c')
  def test_dead_transitions_teach_nothing(self, algorithm):
    t, b = _DEAD
    for part, where in (
        ('reward', (t + 1, b)), ('discount', (t + 1, b)), ('actions', (t, b)),
        ('behaviour_logits', (t, b)), ('teacher', (t, b))):
      other, _ = _run(
          trajectory=_with_rubbish(part, where), algorithm=algorithm)
      _assert_same(other, _run(algorithm=algorithm)[0])

  def test_algorithms_differ(self):
    self.assertTrue(_differs(_run(algorithm='a2c')[0], _run()[0]))

  @parameterized.parameters('reward', 'discount', 'actions', 'behaviour_logits')
  def test_distillation_ignores_what_was_earned(self, part):
    trajectory = _with_rubbish(part, slice(None))
    params, _ = _run(trajectory=trajectory, method='on_policy_distill')
    _assert_same(params, _run(method='on_policy_distill')[0])
    self.assertTrue(_differs(_run(trajectory=trajectory)[0], _run()[0]))

  @parameterized.parameters('initial_core_state', 'instructions')
  def test_student_starts_where_the_actor_did(self, part):
    trajectory = _with_rubbish(part, slice(None))
    self.assertTrue(_differs(_run(trajectory=trajectory)[0], _run()[0]))

  def test_distillation_equals_a_slow_update(self):
    # Cross-entropy has the gradient lambda (student - teacher) on the logits;
    # stream 1 has no teacher, stream 0 weighs 0.5 and stream 2 weighs 2.
    softmax = lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    x = _TRAJECTORY.timesteps.observation['x'].astype(np.float64)
    x = x * _TRAJECTORY.initial_core_state[None, :, None]
    student = softmax(x @ _PARAMS['w'])
    teacher = softmax(_TRAJECTORY.teacher.logits.astype(np.float64))
    gradient = np.zeros((_D, _A))
    for t in range(_T):
      for b, weight in enumerate((0.5, 0, 2)):
        if (t, b) != _DEAD:
          gradient += weight * np.outer(x[t, b], (student - teacher)[t, b])
    norm = np.linalg.norm(gradient)
    self.assertGreater(norm, 1)
    clipped = gradient / norm
    expected = _PARAMS['w'] - 0.1 * clipped / np.sqrt(
        0.99 + 0.01 * clipped**2 + 0.1)
    params, metrics = _run(
        method='on_policy_distill', reduction='sum', optimizer='rmsprop')
    np.testing.assert_allclose(metrics['grad_norm'], norm, rtol=1e-5)
    np.testing.assert_allclose(params['w'], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(params['v'], _PARAMS['v'])

  def test_distillation_without_teachers(self):
    with self.assertRaisesRegex(
        ValueError,
        "method is 'on_policy_distill' but the trajectory has no teacher"):
      _run(trajectory=_TRAJECTORY._replace(teacher=None),
           method='on_policy_distill')

  def test_default_is_the_kickstarting_loss(self):
    output, _ = _linear_agent().unroll(
        _PARAMS, _TRAJECTORY.timesteps, examples.TOKENS @ _PARAMS['u'],
        _TRAJECTORY.initial_core_state)
    transitions = losses.split_transitions(output, _TRAJECTORY, discount=0.99)
    weights = np.array([0.5, 0.0, 2.0], np.float32)
    terms = losses.kickstarting_terms(
        losses.vtrace_actor_critic(transitions), transitions,
        _TRAJECTORY.teacher, weights)
    loss, _ = losses.total(
        terms, {'policy_gradient': 1.0, 'baseline': 0.5,
                'negative_entropy': 0.3, 'distillation': weights},
        transitions.is_learnable_tm1)
    np.testing.assert_allclose(_run()[1]['loss'], loss, rtol=1e-6)

  @parameterized.parameters(
      *(name for name, method in losses.METHODS.items()
        if method.control == 'student'))
  def test_every_method_moves_the_policy(self, method):
    params, metrics = _run(
        _HYPERS._replace(entropy_cost=np.float32(0)), method=method)
    self.assertTrue(np.isfinite(metrics['grad_norm']))
    self.assertTrue(_differs(params['w'], _PARAMS['w']))
    self.assertEqual(
        'policy_gradient' in metrics, losses.METHODS[method].has_return)

  @parameterized.parameters(
      *(name for name, method in losses.METHODS.items()
        if method.control == 'student' and not method.adds_reward))
  def test_without_reward_and_weight_there_is_nothing_to_learn(self, method):
    hypers = _HYPERS._replace(alpha=np.float32(0))
    _assert_same(_run(hypers, method=method)[0], _PARAMS)

  def test_the_gate_compares_with_a_value_that_is_learnt(self):
    params, metrics = _run(method='v_gated')
    self.assertTrue(_differs(params['v'], _PARAMS['v']))
    self.assertNotIn('policy_gradient', metrics)
    # It is of the rewards: other rewards, another value.
    other, _ = _run(
        trajectory=_with_rubbish('reward', slice(None)), method='v_gated')
    self.assertTrue(_differs(params['v'], other['v']))

  def test_bootstrapping_from_nothing_needs_no_teacher(self):
    alone = _TRAJECTORY._replace(teacher=None)
    one, _ = _run(trajectory=alone, method='td_zero_v')
    other, _ = _run(trajectory=alone, method='baseline', discount=0.0)
    _assert_same(one, other)

  def test_methods_differ(self):
    methods = [name for name, method in losses.METHODS.items()
               if method.control == 'student']
    trajectory = _TRAJECTORY._replace(teacher=_TRAJECTORY.teacher._replace(
        value=_normal(8, _T + 1, _B)))
    found = {
        np.asarray(_run(trajectory=trajectory, method=method)[0]['w']).tobytes()
        for method in methods}
    self.assertLen(found, len(methods))


class OptimizerTest(parameterized.TestCase):

  def _directions(self, config, *gradients):
    optimizer = update_lib.make_optimizer(config)
    state = optimizer.init(gradients[0])
    directions = []
    for gradient in gradients:
      direction, state = optimizer.update(gradient, state)
      directions.append(direction)
    return directions

  def test_rmsprop_in_tensorflow_form(self):
    config = update_lib.UpdateConfig(
        optimizer='rmsprop', max_grad_norm=float('inf'))
    gradients = _normal(0, 3, 2) * 100
    accumulator = np.ones(2)
    for gradient, direction in zip(
        gradients, self._directions(config, *gradients)):
      accumulator = 0.99 * accumulator + 0.01 * gradient**2
      np.testing.assert_allclose(
          direction, gradient / np.sqrt(accumulator + 0.1), rtol=1e-5)

  def test_adam(self):
    config = update_lib.UpdateConfig(max_grad_norm=float('inf'))
    gradients = _normal(1, 3, 2)
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
    make = lambda norm: update_lib.UpdateConfig(
        optimizer='rmsprop', max_grad_norm=norm)
    jax.tree.map(
        lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-6),
        self._directions(make(max_grad_norm), gradient),
        self._directions(make(float('inf')), scaled))


if __name__ == '__main__':
  absltest.main()
