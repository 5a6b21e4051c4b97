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
"""Tests of the update of a mixture of agents. Not here: its losses alone."""

import functools

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import losses
from kickstarting import types
from kickstarting import update as update_lib
from kickstarting import update_config
from kickstarting.environments import base
from kickstarting.networks import agents as agents_lib
from kickstarting.networks import branches
from kickstarting.networks import build
from kickstarting_test import update_cases as cases
from kickstarting_test.networks import examples

_CONFIG = build.NetworkConfig('flat', 4, branches=(
    branches.Branch(policy='small', actions=(0, 2)), branches.Branch()))
_AGENT = agent_lib.make_agent(_CONFIG, examples.FLAT_SPEC, cases.A)
_PARAMS = examples.params(_AGENT.init, 1)
_TRAJECTORY = cases.TRAJECTORY._replace(
    initial_core_state=_AGENT.initial_state(cases.B),
    actions=np.where(cases.TRAJECTORY.actions == 2, 2, 0).astype(np.int32),
    teacher=None)
_HYPERS = cases.HYPERS._replace(
    mixing=np.float32(0.3), transfer_cost=np.float32(2.0))


@functools.cache
def _update(**fields):
  update = update_lib.make_update(update_config.UpdateConfig(**fields), _AGENT)
  return update.init(_PARAMS), jax.jit(update.update)


def _run(hypers=_HYPERS, trajectory=_TRAJECTORY, **fields):
  state, update = _update(**fields)
  state, metrics = update(state, hypers, trajectory)
  return state.params, metrics


class MixtureTest(parameterized.TestCase):

  @parameterized.parameters(*losses.TRANSFERS)
  def test_is_the_loss_of_the_mixture_and_the_transfer(self, transfer):
    params = agents_lib.with_mixing(_PARAMS, 0.3)
    output, _ = _AGENT.unroll(
        params, _TRAJECTORY.timesteps,
        _AGENT.encode(params, _TRAJECTORY.instructions),
        _TRAJECTORY.initial_core_state)
    transitions = losses.split_transitions(output, _TRAJECTORY, discount=0.99)
    terms = losses.vtrace_actor_critic(transitions) | {
        'transfer': losses.TRANSFERS[transfer](
            output.policies[:-1], np.float32([0.7, 0.3]))}
    expected, _ = losses.total(
        terms, {'policy_gradient': 1.0, 'baseline': 0.5,
                'negative_entropy': 0.3, 'transfer': 2.0},
        transitions.is_learnable_tm1)
    _, metrics = _run(transfer=transfer)
    np.testing.assert_allclose(metrics['loss'], expected, rtol=1e-5)
    self.assertGreater(metrics['transfer'], 0.0)

  @parameterized.parameters('mixing', 'transfer_cost')
  def test_every_one_matters(self, field):
    other = _HYPERS._replace(
        **{field: getattr(_HYPERS, field) * np.float32(0.5)})
    self.assertTrue(cases.differs(
        _run(other)[0]['policy'], _run()[0]['policy']))

  def test_parameters_carry_the_mixing_that_made_them(self):
    for mixing in (0.3, 0.8):
      params, _ = _run(_HYPERS._replace(mixing=np.float32(mixing)))
      self.assertEqual(params['mixture']['mixing'], np.float32(mixing))

  def test_hypers_do_not_trace_anew(self):
    traces = []
    update = update_lib.make_update(update_config.UpdateConfig(), _AGENT)
    call = jax.jit(lambda *args: (traces.append(0), update.update(*args))[1])
    state = update.init(_PARAMS)
    for mixing in (0.0, 0.5, 1.0):
      state, metrics = call(
          state, _HYPERS._replace(mixing=np.float32(mixing)), _TRAJECTORY)
      for name, value in metrics.items():
        self.assertTrue(np.isfinite(value), name)
    self.assertLen(traces, 1)

  def test_actions_of_an_agent_that_lost_its_share(self):
    # The trajectory was made while the final agent, which has all actions,
    # had a share; now the first acts alone and has two of them.
    actions = np.arange(cases.T * cases.B, dtype=np.int32).reshape(
        cases.T, cases.B) % cases.A
    trajectory = _TRAJECTORY._replace(actions=actions)
    for transfer in losses.TRANSFERS:
      state, update = _update(transfer=transfer)
      state, metrics = update(
          state, _HYPERS._replace(mixing=np.float32(0.0)), trajectory)
      for name, value in metrics.items():
        self.assertTrue(np.isfinite(value), name)
      for leaf in jax.tree.leaves(state.params):
        self.assertTrue(np.isfinite(leaf).all())

  @parameterized.parameters(*losses.DIVERGENCES)
  def test_a_teacher_that_takes_actions_which_the_student_lacks(
      self, divergence):
    # The first agent alone, which has two actions of four.
    hypers = _HYPERS._replace(mixing=np.float32(0.0))
    params, metrics = _run(
        hypers, _TRAJECTORY._replace(teacher=cases.TRAJECTORY.teacher),
        divergence=divergence)
    for name, value in metrics.items():
      self.assertTrue(np.isfinite(value), name)
    self.assertGreater(metrics['teacher_kl'], 0.0)
    for leaf in jax.tree.leaves(params):
      self.assertTrue(np.isfinite(leaf).all())

  def test_alone_the_final_agent_learns_as_if_there_were_no_other(self):
    hypers = _HYPERS._replace(mixing=np.float32(1.0))
    params, _ = _run(hypers, optimizer='rmsprop')  # Adam magnifies rounding
    final = agent_lib.make_agent(
        build.final_agent(_CONFIG), examples.FLAT_SPEC, cases.A)
    update = update_lib.make_update(
        update_config.UpdateConfig(optimizer='rmsprop'), final)
    mine = {name: _PARAMS[name] for name in final.init(jax.random.key(0))}
    state, _ = jax.jit(update.update)(update.init(mine), hypers, _TRAJECTORY)
    for name, arrays in state.params.items():
      jax.tree.map(functools.partial(np.testing.assert_allclose, atol=2e-6),
                   params[name], arrays)
    cases.assert_same(params['small'], _PARAMS['small'])

  def test_dead_steps_transfer_nothing(self):
    timesteps = _TRAJECTORY.timesteps
    _, expected = _run()
    for step_type, differs in ((base.LAST, False), (base.MID, True)):
      observation = timesteps.observation['x'].copy()
      where = timesteps.step_type == step_type
      self.assertTrue(where.any())
      observation[where] += 100
      _, metrics = _run(trajectory=_TRAJECTORY._replace(
          timesteps=timesteps._replace(observation={'x': observation})))
      changes = abs(metrics['transfer'] - expected['transfer'])
      self.assertEqual(changes > 1e-3, differs)

  def test_actors_play_what_v_trace_takes_for_the_behaviour(self):
    # The ratio of the mixture that acted and the same one that learns is 1.
    params = agents_lib.with_mixing(_PARAMS, 0.3)
    context = _AGENT.encode(params, _TRAJECTORY.instructions)
    state = _TRAJECTORY.initial_core_state
    logits, actions = [], []
    for t in range(cases.T):
      timestep = jax.tree.map(lambda x, t=t: x[t], _TRAJECTORY.timesteps)
      (action, output), state = _AGENT.step(
          params, jax.random.key(t), timestep, context, state)
      logits.append(output.policy)
      actions.append(action)
    trajectory = _TRAJECTORY._replace(
        behaviour_log_prob=losses.log_prob(
            np.stack(logits), np.stack(actions)), actions=np.stack(actions))
    output, _ = _AGENT.unroll(
        params, trajectory.timesteps, context,
        trajectory.initial_core_state)
    np.testing.assert_allclose(
        losses.log_importance_ratios(
            output.policy[:-1], trajectory.behaviour_log_prob,
            trajectory.actions), 0.0, atol=1e-5)

  def test_unknown_transfer(self):
    with self.assertRaisesRegex(
        ValueError, "transfer is 'kl'; expected one of knowledge, masked,"):
      update_config.UpdateConfig(transfer='kl')


class DistralTest(parameterized.TestCase):

  def _run(self, combination, hypers=_HYPERS):
    agents = (branches.Branch('own', 'own_policy', 'own_value'),
              branches.Branch())
    agent = agent_lib.make_agent(
        build.NetworkConfig('flat', 4, branches=agents,
                            combination=combination),
        examples.FLAT_SPEC, cases.A)
    trajectory = cases.TRAJECTORY._replace(
        initial_core_state=agent.initial_state(cases.B), teacher=None)
    update = update_lib.make_update(update_config.UpdateConfig(), agent)
    params = examples.params(agent.init, 1)
    state, metrics = jax.jit(update.update)(
        update.init(params), hypers, trajectory)
    return agent, params, trajectory, state.params, metrics

  @parameterized.parameters('one_column', 'two_columns')
  def test_is_the_loss_of_regularised_rewards(self, combination):
    agent, params, trajectory, _, metrics = self._run(combination)
    params = agent.adopt(params, _HYPERS)
    output, _ = agent.unroll(
        params, trajectory.timesteps,
        agent.encode(params, trajectory.instructions),
        trajectory.initial_core_state)
    transitions = losses.split_transitions(output, trajectory, discount=0.99)
    transitions, loss = losses.apply_distral(
        transitions, output.distilled[:-1], kl_cost=2.0, entropy_cost=0.3)
    terms = losses.vtrace_actor_critic(transitions) | {'distral': loss}
    expected, _ = losses.total(
        terms, {'policy_gradient': 1.0, 'baseline': 0.5,
                'negative_entropy': 0.0, 'distral': 2.0},
        transitions.is_learnable_tm1)
    np.testing.assert_allclose(metrics['loss'], expected, rtol=1e-5)
    self.assertEqual(metrics['negative_entropy_weighted'], 0.0)

  def test_both_columns_learn(self):
    for combination in ('one_column', 'two_columns'):
      _, before, _, after, _ = self._run(combination)
      for name in ('own_policy', 'policy'):
        self.assertTrue(cases.differs(before[name], after[name]))

  @parameterized.parameters('entropy_cost', 'transfer_cost')
  def test_every_cost_matters(self, field):
    other = _HYPERS._replace(
        **{field: getattr(_HYPERS, field) * np.float32(0.5)})
    self.assertTrue(cases.differs(
        self._run('one_column', other)[3]['own_policy'],
        self._run('one_column')[3]['own_policy']))


class DefaultsTest(absltest.TestCase):

  def test_a_single_agent_has_no_mixture(self):
    hypers = types.Hypers(*cases.HYPERS[:5])
    self.assertEqual((hypers.mixing, hypers.transfer_cost), (1.0, 0.0))
    other = cases.HYPERS._replace(
        mixing=np.float32(0.2), transfer_cost=np.float32(3.0))
    cases.assert_same(cases.run(other)[0], cases.run()[0])


if __name__ == '__main__':
  absltest.main()
