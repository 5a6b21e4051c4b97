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
"""Tests of training a population: counts, evolution, resumption, errors.

Not here: whether it learns (`experiments.pbt`).
"""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import pbt
from kickstarting.environments import scores
from kickstarting.networks import branches
from kickstarting.networks import build
from kickstarting.populations import training
from kickstarting.runtime import loop
from kickstarting.weights import controllers
from kickstarting_test.runtime import taped
from kickstarting_test.runtime import tiny

jax.config.update('jax_numpy_rank_promotion', 'raise')

_SIZE = 2
_RULES = pbt.Rules(
    pbt.Ready(2 * tiny.ROLLOUT), pbt.Margin(window=1, points=0.0), {
        'learning_rate': pbt.Evolution(pbt.LogUniform(0.01, 0.1)),
        'alpha': pbt.Evolution(pbt.LogUniform(0.5, 2.0), probability=1.0),
        'rho': pbt.Evolution(pbt.Categorical((1.0,)), probability=0.5)})
_POPULATION = training.PopulationConfig(_RULES, _SIZE)


def setUpModule():
  tiny.compile_once()


def tearDownModule():
  tiny.compile_always()


def _make_problem(size=_SIZE, **changes):
  # Episodes of different lengths, so that members' returns differ.
  return tiny.make_problem(**({
      'make_environment': lambda block: taped.TapedBatch(
          [2 + i % (size + 1) + block % 3 for i in range(2 * size)],
          task=[0] * size + [1] * size, words=[b'go', b'look']),
  } | changes))


def _recurrent(step):
  """Makes what an agent remembers depend on its parameters."""

  def call(params, rng_key, timestep, context, state):
    result, state = step(params, rng_key, timestep, context, state)
    return result, state + 0.0 * params['policy'].sum()

  return call


class TestCase(tiny.TestCase):

  def train_all(self, config=tiny.LOCKSTEP, problem=None,
                population=_POPULATION, **kwargs):
    return training.train(
        problem or _make_problem(), config, population,
        **({'on_record': self.records.append} | kwargs))


class RunTest(TestCase):

  @parameterized.parameters(tiny.LOCKSTEP, tiny.THREADED)
  def test_every_member_spends_the_budget(self, config):
    outcome = self.train_all(config)
    self.assertEqual(outcome.ended, 'finished')
    self.assertEqual(outcome.frames, tiny.FRAMES)
    self.assertEqual(outcome.params['policy'].shape[0], _SIZE)
    self.assertEqual(outcome.scores.shape, (_SIZE,))
    self.assertEqual(outcome.hypers['rho'].shape, (_SIZE, 1))
    self.assertEqual(outcome.stragglers, [])
    self.assertEqual(self.records[-1]['frames'], tiny.FRAMES)

  def test_evolves(self):
    outcome = self.train_all()
    steps = {r['step'] for r in outcome.records}
    # The start, and every second of 19 updates once there are returns.
    self.assertBetween(len(steps), 8, 10)
    copies = [r for r in outcome.records if r['parent'] != r['member']]
    self.assertNotEmpty(copies)
    self.assertEqual(self.records[-1]['copies'], len(copies))
    for member in range(_SIZE):
      segments = pbt.ancestry(outcome.records, member, outcome.frames)
      for name, now in outcome.hypers.items():
        np.testing.assert_array_equal(
            np.float32(segments[-1].hypers[name]), now[member])

  def test_records_name_members(self):
    self.train_all()
    last = self.records[-1]
    for name in ('member_score', 'member_loss', 'learning_rate', 'alpha'):
      self.assertEqual(list(last[name]), ['0', '1'], name)
    self.assertGreaterEqual(last['score'], last['score_median'])
    self.assertEqual(list(last['lambda']), ['expert'])

  def test_what_was_mutated_reaches_the_loss(self):
    evolutions = {'alpha': _RULES.evolutions['alpha']}
    rules = dataclasses.replace(_RULES, evolutions=evolutions)
    self.train_all(population=training.PopulationConfig(rules, _SIZE))
    seen = set()
    for record in self.records:
      for member in ('0', '1'):
        alpha = record['alpha'][member]
        np.testing.assert_allclose(
            record['member_distillation_weighted'][member],
            alpha * record['member_distillation'][member], rtol=1e-5)
        seen.add(alpha)
    self.assertGreater(len(seen), 2 * _SIZE)

  def test_a_population_of_one(self):
    outcome = self.train_all(
        problem=_make_problem(1),
        population=training.PopulationConfig(_RULES, 1))
    self.assertEqual(outcome.best_member, 0)
    self.assertTrue(all(r['parent'] == 0 for r in outcome.records))

  def test_both_axes_give_the_same(self):
    outcomes = [
        self.train_all(population=dataclasses.replace(
            _POPULATION, member_axis=axis)) for axis in ('vmap', 'map')]
    np.testing.assert_allclose(
        outcomes[0].params['policy'], outcomes[1].params['policy'], rtol=1e-3,
        atol=1e-4)


class _OnceInfinite(taped.TapedBatch):
  """Gives one infinite reward, in the second unroll, to the first stream."""

  def receive(self):
    timestep = super().receive()
    if len(self.sent) == tiny.STEPS + 2:
      timestep.reward[0] = np.inf
    return timestep


class RescueTest(TestCase):

  @parameterized.product(
      config=[tiny.LOCKSTEP, tiny.THREADED], is_recurrent=[True, False])
  def test_one_infinite_reward_is_one_rescue(self, config, is_recurrent):
    batches = []

    def make_environment(block):
      cls = taped.TapedBatch if batches else _OnceInfinite
      batches.append(cls([2, 3, 2, 3], task=[0, 0, 1, 1], words=[b'go']))
      return batches[-1]

    agent = taped.make_agent()
    if is_recurrent:  # its state keeps what is not finite
      agent = agent._replace(step=_recurrent(agent.step))
    outcome = self.train_all(
        # Decisions are rarer than updates: rollouts wait meanwhile.
        dataclasses.replace(config, record_frames=6 * tiny.ROLLOUT),
        _make_problem(agent=agent, make_environment=make_environment))
    rescued = [r['member'] for r in outcome.records if r['rescued']]
    self.assertEqual(rescued, [0])
    self.assertTrue(np.isfinite(outcome.scores).all())
    for leaf in jax.tree.leaves(outcome.params):
      self.assertTrue(np.isfinite(leaf).all())

  def test_who_failed_at_the_end_has_no_score(self):
    outcome = self.train_all(
        dataclasses.replace(tiny.LOCKSTEP, record_frames=10 * tiny.ROLLOUT),
        # Actors start anew at every checkpoint, lastly after the last decision.
        _make_problem(make_environment=lambda block: (
            _OnceInfinite if block == 2 else taped.TapedBatch)(
                [2, 3, 2, 3], task=[0, 0, 1, 1], words=[b'go'])))
    self.assertEqual(np.isfinite(outcome.scores).tolist(), [False, True])
    self.assertTrue(np.isnan(self.records[-1]['member_score']['0']))
    self.assertEqual(self.records[-1]['best_member'], 1)


class SimpleAgentAloneTest(TestCase):
  """Members whose mixing moves to exactly 0, with a smaller set of actions."""

  _MIXING = {'mixing': pbt.Evolution(
      pbt.Categorical((0.5,)), probability=1.0, space='linear',
      changes=(-0.5,), high=1.0)}

  def _train(self, config):
    network = build.NetworkConfig('flat', 4, branches=(
        branches.Branch(policy='small', actions=(0, 2)), branches.Branch()))
    problem = _make_problem(
        agent=agent_lib.make_agent(
            network, taped.TapedBatch([1]).spec.observation,
            taped.NUM_ACTIONS),
        make_labeller=lambda task: None, teacher_names=(),
        controller=controllers.scheduled(1.0))
    rules = pbt.Rules(
        pbt.Ready(3 * tiny.ROLLOUT), pbt.Margin(window=1, points=0.0),
        self._MIXING)
    return self.train_all(
        dataclasses.replace(config, transfer_cost=0.1), problem,
        training.PopulationConfig(rules, _SIZE))

  @parameterized.parameters(
      # Unrolls of an earlier mixing, with the actions that are gone, wait.
      dataclasses.replace(tiny.LOCKSTEP, batches_per_actor=3), tiny.THREADED)
  def test_they_live_keep_their_returns_and_are_chosen(self, config):
    outcome = self._train(config)
    np.testing.assert_array_equal(outcome.hypers['mixing'], [0.0] * _SIZE)
    self.assertFalse(any(r['rescued'] for r in outcome.records))
    at_0 = [r for r in outcome.records
            if r.get('old_hypers', {}).get('mixing') == 0.0]
    self.assertNotEmpty(at_0)
    self.assertNotIn(None, [r['score'] for r in at_0])
    self.assertTrue(any(r['parent'] != r['member'] for r in at_0))
    self.assertTrue(np.isfinite(outcome.scores).all())
    for record in self.records:
      self.assertTrue(np.isfinite(list(record['member_loss'].values())).all())


class ResumeTest(TestCase):

  @parameterized.parameters(6, 7, 13)
  def test_lockstep_is_exact(self, updates):
    whole = self.train_all(checkpointer=self.checkpointer('whole'))
    self.records = []
    with self.assertRaises(tiny.Killed):
      self.train_all(
          checkpointer=self.checkpointer(),
          on_record=self.kill_after(updates * tiny.ROLLOUT))
    outcome = self.train_all(checkpointer=self.checkpointer(), resume=True)
    for name in ('params', 'hypers', 'scores', 'best_params'):
      tiny.assert_same(getattr(outcome, name), getattr(whole, name))
    for name in ('frames', 'best_score', 'best_member', 'records'):
      self.assertEqual(getattr(outcome, name), getattr(whole, name), name)

  def test_population_of_another_size(self):
    checkpointer = self.checkpointer()
    config = dataclasses.replace(tiny.LOCKSTEP, frames=3 * tiny.ROLLOUT)
    self.train_all(config, checkpointer=checkpointer)
    with self.assertRaisesRegex(ValueError, 'Resume with the same flags'):
      self.train_all(
          problem=_make_problem(3), checkpointer=checkpointer, resume=True,
          population=training.PopulationConfig(_RULES, 3))


class MistakesTest(TestCase):

  def test_nobody(self):
    with self.assertRaisesRegex(ValueError, 'num_members is 0; expected at'):
      training.PopulationConfig(_RULES, 0)

  def test_fields_are_of_their_types(self):
    for fields in (
        {'num_members': '2'}, {'num_members': 2.0}, {'rules': 'kickstarting'}):
      with self.assertRaisesRegex(checks.UserError, 'is .*, of type'):
        training.PopulationConfig(**({'rules': _RULES} | fields))

  @parameterized.parameters(
      ({'exploit': pbt.Margin(points=5.0)}, float('inf'), 'raw returns'),
      ({'exploit': pbt.Margin(points=200.0)}, 100.0, 'scores of these tasks'),
      ({'ready': pbt.Ready(tiny.FRAMES)}, 100.0, 'ready_frames is 160'),
      ({'ready': pbt.Ready(tiny.FRAMES // 4, 'steps')}, 100.0,
       'ready_frames is 160'),
      ({'ready': pbt.Ready(1, burn_in=tiny.FRAMES)}, 100.0,
       'burn_in_frames is 160'),
      ({'exploit': pbt.TTest(window=81)}, 100.0, 'window is 81 rounds of 2'))
  def test_rules_that_cannot_do_anything(self, rules, cap, text):
    problem = _make_problem(
        frames_per_step=4, make_window=lambda frames: scores.ScoreWindow(
            [0.0, 0.0], [1.0, 1.0], frames, cap))
    rules = dataclasses.replace(_RULES, **rules)
    with self.assertRaisesRegex(checks.UserError, text):
      self.train_all(
          problem=problem, population=training.PopulationConfig(rules, _SIZE))

  def test_streams_that_do_not_share_out(self):
    problem = _make_problem(
        make_environment=lambda block: taped.TapedBatch([2, 3, 4]))
    with self.assertRaisesRegex(
        ValueError, 'a batch has 3 streams; expected a multiple of 2'):
      self.train_all(problem=problem)

  def test_every_loss_is_infinite(self):
    problem = _make_problem(
        make_environment=lambda block: taped.TapedBatch(
            [2, 3, 2, 3], task=[0, 0, 1, 1], reward=np.inf))
    with self.assertRaisesRegex(loop.TrainingError, 'every member'):
      self.train_all(problem=problem)


if __name__ == '__main__':
  absltest.main()
