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
"""Tests of `runtime/loop.py`: what it asks of a steering, and when.

Not here: runs of one student (`training_test.py`), killed and resumed runs
(`resume_test.py`), whose loop this is as well.
"""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import types
from kickstarting import update as update_lib
from kickstarting import update_config
from kickstarting.distributions import categorical
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import loop
from kickstarting.runtime import program as program_lib
from kickstarting.runtime import threads
from kickstarting_test.runtime import taped
from kickstarting_test.runtime import tiny

jax.config.update('jax_numpy_rank_promotion', 'raise')

_AGENT = taped.make_agent()
_UPDATE = update_lib.make_update(update_config.UpdateConfig(), _AGENT)


class _Steering:
  """Writes each call onto a tape; evolves when told to."""

  def __init__(self):
    self.tape = []
    self.metrics = []
    self.new_state = None
    self.is_new = np.array([False])
    self.episodes = []
    self.mixing = lambda frames: 1.0
    self.must_wait = False
    self.must_wait_at = None  # while it judges

  def begin(self, state):
    self.tape.append('begin')
    self.first = state

  def hypers(self, frames):
    self.tape.append(f'hypers {frames}')
    return self.preview(frames)

  def preview(self, frames):
    return types.Hypers(
        *np.float32([0.1, 0.0, 0.5, 1.0]), np.ones(1),
        np.float32(self.mixing(frames)))

  def observe(self, frames, episodes):
    self.episodes += [(frames, episode) for episode in episodes]
    self.tape.append(f'observe {frames}')

  def check(self, frames, metrics):
    self.tape.append(f'check {frames}')
    self.metrics.append(metrics)

  def record(self, frames, params):
    self.tape.append(f'record {frames}')
    self.recorded = params
    if frames == self.must_wait_at:
      raise threads.Stopped()
    return {'mine': 7}

  def evolve(self, frames, state):
    self.tape.append(f'evolve {frames}')
    if self.must_wait:
      raise threads.Stopped()
    if self.new_state is not None:  # the loop donates it
      state = jax.tree.map(jnp.copy, self.new_state)
    return state, self.is_new

  def snapshot(self):
    return {'count': np.array(len(self.tape))}

  def restore(self, saved):
    self.tape.append(f'restore {saved["count"]}')


def _program(**changes):
  values = {
      'init': lambda key: _UPDATE.init(_AGENT.init(key)),
      'update': _UPDATE.update,
      'act': actor_lib.make_actor_functions(_AGENT),
      'make_environment': lambda block: taped.TapedBatch(
          [2, 3], task=[0, 1], words=[b'go']),
      'make_labeller': tiny.make_labeller,
      'layout': layout_lib.WHOLE,
  }
  return program_lib.Program(**(values | changes))


class LoopTest(tiny.TestCase):

  def _run(self, steering, program=None, frames=2 * tiny.ROLLOUT, **kwargs):
    config = dataclasses.replace(
        tiny.LOCKSTEP, frames=frames, **kwargs.pop('config', {}))
    return loop.run(
        program or _program(), steering, config,
        on_record=self.records.append, network={}, **kwargs)

  def test_order_of_calls(self):
    steering = _Steering()
    self._run(steering)
    self.assertEqual(steering.tape, [
        'begin',
        'observe 0', 'hypers 0', 'check 8', 'record 8', 'evolve 8',
        'observe 8', 'hypers 8', 'check 16', 'record 16'])
    self.assertEqual([r['mine'] for r in self.records], [7, 7])

  def test_state_that_evolves_is_learnt_from_and_published(self):
    steering = _Steering()
    steering.new_state = jax.tree.map(
        lambda x: x + 1, _UPDATE.init(_AGENT.init(jax.random.key(5))))
    published = jax.device_get(steering.new_state.params)
    program = _program(update=lambda state, *args: (
        state, _UPDATE.update(state, *args)[1]))
    # The update changes nothing: what is recorded next was published.
    ending = self._run(steering, program)
    tiny.assert_same(steering.recorded, published)
    tiny.assert_same(ending.state.params, published)

  def test_stopped_while_evolving_it_evolves_first_when_resumed(self):
    steering = _Steering()
    steering.must_wait = True
    checkpointer = self.checkpointer()
    first = self._run(
        steering, checkpointer=checkpointer, config={'lockstep': False},
        should_stop=lambda: 'evolve 8' in steering.tape)
    self.assertEqual((first.ended, first.frames), ('interrupted', 8))
    resumed = _Steering()
    ending = self._run(
        resumed, checkpointer=checkpointer, resume=True,
        config={'lockstep': False})
    self.assertEqual(ending.ended, 'finished')
    self.assertEqual(resumed.tape[2:4], ['evolve 8', 'observe 8'])

  @parameterized.parameters(8, 16)
  def test_stopped_while_it_is_judged_it_is_judged_first_when_resumed(
      self, frames):
    steering = _Steering()
    steering.must_wait_at = frames
    checkpointer = self.checkpointer()
    config = {'lockstep': False}
    first = self._run(
        steering, checkpointer=checkpointer, config=config,
        should_stop=lambda: f'record {frames}' in steering.tape)
    self.assertEqual((first.ended, first.frames), ('interrupted', frames))
    resumed = _Steering()
    ending = self._run(
        resumed, checkpointer=checkpointer, resume=True, config=config)
    self.assertEqual((ending.ended, ending.frames), ('finished', 16))
    self.assertEqual(resumed.tape[2], f'record {frames}')
    self.assertEqual([r['frames'] for r in self.records], [8, 16])

  def test_restores_the_steering_after_it_began(self):
    checkpointer = self.checkpointer()
    self._run(_Steering(), checkpointer=checkpointer)
    steering = _Steering()
    self._run(steering, frames=3 * tiny.ROLLOUT, checkpointer=checkpointer,
              resume=True)
    self.assertEqual(steering.tape[:3], ['begin', 'restore 10', 'observe 16'])

  def test_frames_are_those_of_each_member(self):
    steering = _PopulationSteering()
    ending = self._run(
        steering, _population_program(), frames=tiny.ROLLOUT // 2)
    self.assertEqual(ending.frames, tiny.ROLLOUT // 2)
    self.assertIn('record 4', steering.tape)

  def test_metrics_of_members_are_named_and_averaged(self):
    def update(state, hypers, trajectory):
      state, metrics = _update_all(state, hypers, trajectory)
      return state, jax.tree.map(lambda x: np.float32([1, 3]) + 0 * x, metrics)

    steering = _PopulationSteering()
    self._run(steering, _population_program(update=update))
    self.assertEqual(self.records[0]['loss'], 2.0)
    self.assertEqual(self.records[0]['member_loss'], {'0': 1.0, '1': 3.0})
    self.assertEqual(steering.metrics[0]['loss'].tolist(), [1.0, 3.0])


def _update_all(state, hypers, trajectory):
  """Lets both members learn from all streams, with one set of numbers."""
  return jax.vmap(_UPDATE.update, (0, None, None))(state, hypers, trajectory)


def _population_program(**changes):
  """Returns the program of two members; the first one acts for both."""
  agent = _AGENT._replace(
      encode=lambda params, tokens: tokens[:, 0] / 1000.0,
      step=lambda params, *args: _AGENT.step(
          jax.tree.map(lambda x: x[0], params), *args))
  return _program(**({
      'layout': layout_lib.Layout(num_members=2),
      'act': actor_lib.make_actor_functions(agent),
      'init': lambda key: jax.vmap(
          lambda key: _UPDATE.init(_AGENT.init(key)))(jax.random.split(key)),
      'update': _update_all,
  } | changes))


class _PopulationSteering(_Steering):

  def __init__(self):
    super().__init__()
    self.is_new = np.array([False, False])


class OfOtherWeightsTest(tiny.TestCase):
  """What was done with weights that a member has no more."""

  # A decision after every update; the rollout of another batch is under way.
  _CONFIG = dataclasses.replace(
      tiny.LOCKSTEP, frames=6 * tiny.ROLLOUT, batches_per_actor=2,
      checkpoint_frames=100 * tiny.ROLLOUT)

  def _run(self, steering, program, **changes):
    return loop.run(
        program, steering, dataclasses.replace(self._CONFIG, **changes),
        on_record=self.records.append, network={})

  def _steering_that_copies(self, at, is_new=(True,), make=_Steering):
    """Returns a steering with a copy at the decision after `at` frames."""
    steering = make()
    evolve = steering.evolve

    def call(frames, state):
      state, _ = evolve(frames, state)
      if frames != at:
        return state, np.zeros(len(is_new), bool)
      return jax.tree.map(jnp.copy, state), np.array(is_new)

    steering.evolve = call
    return steering

  def test_nothing_is_learned_from_it(self):
    steering = self._steering_that_copies(at=2 * tiny.ROLLOUT)
    self._run(steering, _program())
    # One unroll was under way. Its frames were spent all the same.
    self.assertLen(steering.metrics, 6 - 1)
    self.assertEqual(steering.tape.count('observe 16'), 1)
    self.assertNotIn('check 24', steering.tape)

  def test_nothing_is_dropped_where_nobody_copied(self):
    steering = self._steering_that_copies(at=-1)
    self._run(steering, _program())
    self.assertLen(steering.metrics, 6)

  @parameterized.parameters(True, False)
  def test_episodes_that_others_began_do_not_count(self, lockstep):
    # Long episodes: those that end soon after the copy began before it.
    make = lambda block: taped.TapedBatch(
        [3 * tiny.STEPS, 1], task=[0, 1], words=[b'go'])
    seen = []
    for at in (-1, 2 * tiny.ROLLOUT):
      steering = self._steering_that_copies(at)
      self._run(
          steering, _program(make_environment=make), batches_per_actor=1,
          lockstep=lockstep, frames=20 * tiny.ROLLOUT, queue_size=1)
      seen.append([
          e.copies for frames, e in steering.episodes
          if e.task == 0 and frames >= 2 * tiny.ROLLOUT])
    self.assertEqual(set(seen[0]), {0})
    self.assertEqual(set(seen[1]), {1})
    self.assertLess(len(seen[1]), len(seen[0]))

  def test_others_learn_from_what_is_theirs(self):
    states = []

    def observing(frames, episodes):
      del episodes
      states.append(frames)

    steering = self._steering_that_copies(
        2 * tiny.ROLLOUT // 2, (True, False), _PopulationSteering)
    steering.observe = observing
    ending = self._run(
        steering, _population_program(), frames=6 * tiny.ROLLOUT // 2,
        record_frames=tiny.ROLLOUT // 2)
    self.assertEqual(ending.state.updates.tolist(), [5, 6])
    # The metrics are of those that learned.
    self.assertEqual(
        [list(m['loss'] == 0) for m in steering.metrics],
        [[i == 2, False] for i in range(6)])
    losses = self.records[2]['member_loss']
    self.assertEqual(self.records[2]['loss'], losses['1'])

  def test_what_is_not_finite_stays_where_it_is(self):
    def update(state, hypers, trajectory):
      state, metrics = _update_all(state, hypers, trajectory)
      is_third = state.updates[1] == 3
      spoil = lambda x: x + jnp.where(is_third, jnp.nan, 0.0) * jnp.reshape(
          jnp.array([1.0, 0.0]), (2,) + (1,) * (x.ndim - 1))
      return state._replace(
          params=jax.tree.map(
              lambda x: jnp.where(jnp.reshape(
                  jnp.array([True, False]), (2,) + (1,) * (x.ndim - 1)),
                                  spoil(x), x), state.params)), metrics

    steering = self._steering_that_copies(
        2 * tiny.ROLLOUT // 2, (True, False), _PopulationSteering)
    ending = self._run(
        steering, _population_program(update=update),
        frames=3 * tiny.ROLLOUT // 2, record_frames=tiny.ROLLOUT // 2)
    for leaf in jax.tree.leaves(ending.state.params):
      self.assertTrue(np.isfinite(leaf).all())


class PolicyLagTest(tiny.TestCase):
  """A lag of 0 says that the policy which acted is the one that learns."""

  def _run(self, has_adopt=True, **changes):
    """Returns for each update its lag, and how far the policies are apart."""
    adopt = lambda params, hypers: params | {'word': hypers.mixing}
    update = update_lib.make_update(
        update_config.UpdateConfig(), _AGENT._replace(adopt=adopt))

    def call(state, hypers, trajectory):
      params = adopt(state.params, hypers)
      output, _ = _AGENT.unroll(
          params, trajectory.timesteps,
          _AGENT.encode(params, trajectory.instructions),
          trajectory.initial_core_state)
      state, metrics = update.update(state, hypers, trajectory)
      return state, metrics | {'apart': jnp.max(jnp.abs(
          categorical.log_prob(output.policy[:-1], trajectory.actions)
          - trajectory.behaviour_log_prob))}

    steering = _Steering()
    steering.mixing = lambda frames: 1.0 + frames
    loop.run(
        _program(update=call, adopt=adopt if has_adopt else None), steering,
        dataclasses.replace(tiny.LOCKSTEP, frames=6 * tiny.ROLLOUT, **changes),
        on_record=self.records.append, network={})
    return [(r['policy_lag'], r['apart']) for r in self.records]

  @parameterized.parameters(1, 2)
  def test_mixing_that_changes_moves_the_version(self, batches):
    for lag, apart in self._run(batches_per_actor=batches):
      self.assertEqual(lag == 0, apart < 1e-5, (lag, apart))

  def test_actors_that_are_not_told_the_mixing_are_apart(self):
    self.assertGreater(max(
        apart for lag, apart in self._run(has_adopt=False) if lag == 0), 1e-3)

  def test_decisions_of_a_population_move_it(self):
    steering = _Steering()
    evolve = steering.evolve
    steering.evolve = lambda frames, state: (
        jax.tree.map(jnp.copy, evolve(frames, state)[0]), np.array([False]))
    loop.run(
        _program(), steering, dataclasses.replace(
            tiny.LOCKSTEP, frames=4 * tiny.ROLLOUT, batches_per_actor=2),
        on_record=self.records.append, network={})
    # One update and one decision lie between an unroll and its update.
    self.assertEqual(self.records[-1]['policy_lag'], 2.0)


if __name__ == '__main__':
  absltest.main()
