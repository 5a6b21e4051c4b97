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
"""Tests of `runtime/actor.py`, over a scripted batch of streams."""

import itertools
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.distributions import categorical
from kickstarting.environments import base
from kickstarting.environments import instructions
from kickstarting.environments import python_batch
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import parameter_store
from kickstarting.teachers import labelling
from kickstarting_test.environments import fakes
from kickstarting_test.runtime import taped

jax.config.update('jax_numpy_rank_promotion', 'raise')

_AGENT = taped.make_agent()
_FUNCTIONS = actor_lib.make_actor_functions(_AGENT)
_UNROLL = jax.jit(_AGENT.unroll)
_T = 5


def _params(seed: int) -> types.Params:
  return _AGENT.init(jax.random.key(seed))


class _Talker(fakes.Scripted):
  """Says another word at every step, and shows which."""

  def __init__(self, seed):
    super().__init__(length=7)
    self._count = seed % 1000 * 1000

  def _observe(self):
    self._count += 1
    return {'x': np.full(2, self._count, np.float32),
            'mission': f'{self._count}'}


def _actor(batch, labeller=None, seed=0):
  return actor_lib.StreamActor(
      _FUNCTIONS, batch, labeller, jax.random.key(seed))


def _take(actors, count, store=None, unroll_steps=_T):
  """Returns the first rollouts of some actors."""
  store = store or parameter_store.ParameterStore(0, _params(0))
  rollouts = actor_lib.rollouts(actors, store, unroll_steps)
  return list(itertools.islice(rollouts, count))


class StreamActorTest(parameterized.TestCase):

  def test_shapes_and_dtypes(self):
    batch = taped.TapedBatch([3, 4])
    trajectory = _take([_actor(batch)], 1)[0].trajectory
    steps = trajectory.timesteps
    self.assertEqual(steps.observation['x'].shape, (_T + 1, 2, 2))
    for name, dtype in (
        ('instruction', np.int32), ('previous_action', np.int32),
        ('reward', np.float32), ('discount', np.float32),
        ('step_type', np.int32)):
      with self.subTest(name):
        self.assertEqual(getattr(steps, name).shape, (_T + 1, 2))
        self.assertEqual(getattr(steps, name).dtype, dtype)
    self.assertEqual(trajectory.actions.shape, (_T, 2))
    self.assertEqual(trajectory.actions.dtype, np.int32)
    self.assertEqual(trajectory.behaviour_log_prob.shape, (_T, 2))
    self.assertEqual(trajectory.initial_core_state.shape, (2,))
    np.testing.assert_array_equal(trajectory.task, [0, 0])
    self.assertIsNone(trajectory.teacher)

  def test_instructions_that_are_always_new(self):
    batch = python_batch.task_batch(
        {'maze': lambda seed: _Talker(seed)}, 2, seed=0, max_words=1,
        instruction_every_step=True)
    with mock.patch.object(instructions, 'MAX_KEPT', 0):
      rollouts = _take([_actor(batch)], 8)
    self.assertLess(len(batch.instructions), 2 * 2 * (_T + 1))
    for rollout in rollouts:
      steps = rollout.trajectory.timesteps
      words = rollout.trajectory.instructions[steps.instruction][..., 0]
      expected = [
          [instructions.word_bucket(b'%d' % x) for x in row]
          for row in steps.observation['x'][..., 0].astype(int)]
      np.testing.assert_array_equal(words, expected)

  def test_an_environment_that_the_agent_was_not_made_for(self):
    agent = _AGENT._replace(num_actions=taped.NUM_ACTIONS + 1)
    with self.assertRaisesRegex(checks.UserError, 'an agent of 4 actions meet'):
      actor_lib.StreamActor(
          actor_lib.make_actor_functions(agent), taped.TapedBatch([3]), None,
          jax.random.key(0))

  @parameterized.parameters(1, 5)
  def test_trajectories_overlap_by_one_timestep(self, unroll_steps):
    batch = taped.TapedBatch([3, 4])
    rollouts = _take([_actor(batch)], 4, unroll_steps=unroll_steps)
    seen = [r.trajectory.timesteps for r in rollouts]
    for before, after in itertools.pairwise(seen):
      for name in ('observation', 'reward', 'step_type', 'previous_action'):
        jax.tree.map(
            np.testing.assert_array_equal,
            jax.tree.map(lambda x: x[-1], getattr(before, name)),
            jax.tree.map(lambda x: x[0], getattr(after, name)))
    # Nothing is dropped and nothing twice: the batch returned just this.
    for name in ('reward', 'step_type', 'discount'):
      np.testing.assert_array_equal(
          np.concatenate([getattr(seen[0], name)[:1]]
                         + [getattr(s, name)[1:] for s in seen]),
          np.stack([getattr(t, name) for t in batch.returned]))

  def test_stored_actions_are_those_executed(self):
    batch = taped.TapedBatch([3, 4])
    rollouts = _take([_actor(batch)], 3)
    actions = np.concatenate([r.trajectory.actions for r in rollouts])
    np.testing.assert_array_equal(actions, batch.sent)
    # An action comes back with the timestep it led to, 0 at the start.
    for rollout in rollouts:
      steps = rollout.trajectory.timesteps
      np.testing.assert_array_equal(
          steps.previous_action[1:],
          np.where(steps.step_type[1:] == base.FIRST, 0,
                   rollout.trajectory.actions))

  def test_probabilities_are_those_of_the_acting_parameters(self):
    # Replaying each unroll from its initial core state, with the parameters of
    # its version and its own table of instructions, reproduces the policy.
    params = {version: _params(version) for version in range(3)}
    store = parameter_store.ParameterStore(0, params[0])
    batch = taped.TapedBatch([3, 4, 6])
    rollouts = actor_lib.rollouts([_actor(batch)], store, _T)
    for version in range(3):
      store.publish(version, params[version])
      rollout = next(rollouts)
      self.assertEqual(rollout.version, version)
      trajectory = rollout.trajectory
      output, _ = _UNROLL(
          params[version], trajectory.timesteps,
          _AGENT.encode(params[version], trajectory.instructions),
          trajectory.initial_core_state)
      np.testing.assert_allclose(
          categorical.log_prob(output.policy[:-1], trajectory.actions),
          trajectory.behaviour_log_prob, atol=1e-6)

  def test_members_that_took_others_weights_remember_nothing_of_theirs(self):
    layout = layout_lib.Layout(num_members=2)
    params = _params(0)
    store = parameter_store.ParameterStore(0, params, np.array([0, 0]))
    actor = actor_lib.StreamActor(
        _FUNCTIONS, taped.TapedBatch([9, 9, 2, 2]), None, jax.random.key(0),
        layout)
    # Both members are one student here.
    rollouts = actor_lib.rollouts([actor], store, 4)
    first = next(rollouts)
    store.publish(1, params, np.array([1, 0]))
    second, third = next(rollouts), next(rollouts)
    self.assertEqual(second.copies.tolist(), [1, 0])
    state = np.asarray(second.trajectory.initial_core_state)
    self.assertEqual((state[:2] != 0).tolist(), [False, True])
    # It is forgotten once.
    self.assertTrue(np.asarray(third.trajectory.initial_core_state)[:2].all())
    # Episodes of before the copy, and of after it.
    copies = [[(e.stream, e.copies) for e in r.episodes if e.stream != 3]
              for r in (first, second, third)]
    self.assertEqual(copies[0], [(2, 0)])
    self.assertEqual(copies[1], [(2, 0), (2, 1)])
    self.assertIn((0, 0), copies[2])  # began before
    self.assertIn((1, 0), copies[2])
    self.assertNotIn((2, 0), copies[2])

  def test_parameters_published_inside_an_unroll_wait_for_the_next(self):
    store = parameter_store.ParameterStore(7, _params(0))
    actor = _actor(taped.TapedBatch([3]))
    actor.begin(store.get())
    actor.step()
    store.publish(8, _params(1))
    actor.step()
    rollout = actor.finish()
    self.assertEqual(rollout.version, 7)
    output, _ = _UNROLL(
        _params(0), rollout.trajectory.timesteps,
        _AGENT.encode(_params(0), rollout.trajectory.instructions),
        rollout.trajectory.initial_core_state)
    np.testing.assert_allclose(
        categorical.log_prob(
            output.policy[:-1], rollout.trajectory.actions),
        rollout.trajectory.behaviour_log_prob, atol=1e-6)

  def test_actions_follow_the_logits(self):
    # Zero weights: all actions are equally likely in every stream and step.
    params = jax.tree.map(jnp.zeros_like, _params(0))
    store = parameter_store.ParameterStore(0, params)
    batch = taped.TapedBatch([3] * 20)
    rollouts = _take([_actor(batch)], 10, store)
    actions = np.concatenate([r.trajectory.actions for r in rollouts])
    share = np.bincount(actions.reshape(-1), minlength=3) / actions.size
    # 1,000 draws: the standard deviation of a share is 0.015.
    np.testing.assert_allclose(share, 1 / 3, atol=0.06)
    self.assertGreater(actions.std(axis=1).min(), 0)  # streams differ
    self.assertGreater(actions.std(axis=0).min(), 0)  # steps differ

  def test_same_key_same_actions_other_key_others(self):
    def actions(seed):
      batch = taped.TapedBatch([3] * 8)
      return _take([_actor(batch, seed=seed)], 1)[0].trajectory.actions

    np.testing.assert_array_equal(actions(0), actions(0))
    self.assertTrue((actions(0) != actions(1)).any())

  def test_episodes_with_automatic_resets(self):
    # Lengths 2 and 3; a reset takes one more step and counts for neither
    # return nor length. Rewards are 1 and 2 a step. Written out by hand:
    #   step      1  2  3  4  5 | 6  7  8  9  10
    #   stream 0  M  L  F  M  L | F  M  L  F  M
    #   stream 1  M  M  L  F  M | M  L  F  M  M
    batch = taped.TapedBatch([2, 3], task=[0, 1])
    first, second = _take([_actor(batch)], 2)
    self.assertEqual(first.episodes, [
        actor_lib.Episode(0, 0, 2.0, 2),
        actor_lib.Episode(1, 1, 6.0, 3),
        actor_lib.Episode(0, 0, 2.0, 2),
    ])
    self.assertEqual(second.episodes, [
        actor_lib.Episode(1, 1, 6.0, 3),  # began in the unroll before
        actor_lib.Episode(0, 0, 2.0, 2),
    ])

  def test_arrays_are_not_views_of_the_next_rollout(self):
    batch = taped.TapedBatch([3, 4])
    first, second = _take([_actor(batch)], 2)
    for a, b in zip(
        jax.tree.leaves(first.trajectory.timesteps),
        jax.tree.leaves(second.trajectory.timesteps)):
      self.assertFalse(np.shares_memory(a, b))

  def test_teacher_labels_are_carried_from_unroll_to_unroll(self):
    calls = []

    def label(carry, timesteps, tokens):
      calls.append((carry, timesteps, tokens))
      output = types.TeacherOutput(
          np.full((_T + 1, 2, 3), carry), np.zeros((_T + 1, 2)),
          np.zeros(2, np.int32))
      return output, carry + 1

    batch = taped.TapedBatch([3, 4])
    labeller = labelling.Labeller(lambda: 10, label)
    rollouts = _take([_actor(batch, labeller)], 3)
    self.assertEqual([carry for carry, _, _ in calls], [10, 11, 12])
    for (carry, timesteps, tokens), rollout in zip(calls, rollouts):
      trajectory = rollout.trajectory
      np.testing.assert_array_equal(trajectory.teacher.policy, carry)
      # Teachers see the trajectory that the learner gets.
      self.assertIs(timesteps, trajectory.timesteps)
      self.assertIs(tokens, trajectory.instructions)

  def test_instructions_survive_the_narrowed_table(self):
    batch = taped.TapedBatch([1, 2, 3])
    for i, rollout in enumerate(_take([_actor(batch)], 4)):
      trajectory = rollout.trajectory
      tokens = trajectory.instructions[trajectory.timesteps.instruction]
      expected = batch.instructions.tokens[np.stack([
          t.instruction for t in batch.returned[i * _T:(i + 1) * _T + 1]])]
      width = tokens.shape[-1]
      np.testing.assert_array_equal(tokens, expected[..., :width])
      self.assertFalse(expected[..., width:].any())


class RolloutsTest(parameterized.TestCase):

  def test_one_batch_sends_and_receives_in_turn(self):
    tape = []
    _take([_actor(taped.TapedBatch([3], tape=tape))], 2, unroll_steps=2)
    self.assertEqual(
        tape, ['batch reset'] + ['batch send', 'batch receive'] * 4)

  def test_two_batches_alternate_and_are_offset(self):
    # b starts when a is half through; while one is stepped, the other acts.
    tape = []
    actors = [
        _actor(taped.TapedBatch([3], tape=tape, name=name)) for name in 'ab'
    ]
    rollouts = _take(actors, 3, unroll_steps=2)
    self.assertLen(rollouts, 3)
    self.assertEqual(tape, [
        'a reset', 'b reset',
        'a send',
        'a receive', 'a send', 'a receive',  # finished: a's first
        'b send',
        'a send',
        'b receive', 'b send', 'b receive',  # b's first
        'a receive', 'a send', 'a receive',  # a's second
    ])

  @parameterized.parameters(2, 3, 4)
  def test_rollouts_come_from_all_batches_in_turn(self, count):
    actors = [
        _actor(taped.TapedBatch([3], task=[i])) for i in range(count)
    ]
    rollouts = _take(actors, 3 * count, unroll_steps=4)
    self.assertEqual(
        [int(r.trajectory.task[0]) for r in rollouts], 3 * list(range(count)))

  def test_each_batch_takes_the_newest_parameters_when_it_begins(self):
    store = parameter_store.ParameterStore(0, _params(0))
    actors = [_actor(taped.TapedBatch([3])) for _ in range(2)]
    rollouts = actor_lib.rollouts(actors, store, 4)
    versions = []
    for version in range(1, 7):
      versions.append(next(rollouts).version)
      store.publish(version, _params(0))
    # Both begin before the first update; later ones act with parameters that
    # are one rollout old, that of the other batch.
    self.assertEqual(versions, [0, 0, 1, 2, 3, 4])

  def test_close_closes_the_environments(self):
    batch = taped.TapedBatch([3])
    _actor(batch).close()
    self.assertTrue(batch.is_closed)


class SplitterTest(parameterized.TestCase):

  def _whole(self):
    table = np.arange(8, dtype=np.int32).reshape(4, 2)
    streams = np.arange(6)
    steps = taped.TapedBatch([9] * 6).reset()
    timesteps = jax.tree.map(
        lambda x: np.stack([x, x + np.ones((), x.dtype)]), steps)
    timesteps = timesteps._replace(
        instruction=np.stack([streams % 4, (streams + 1) % 4]).astype(np.int32),
        reward=np.tile(streams.astype(np.float32), (2, 1)))
    return actor_lib.Rollout(7, types.Trajectory(
        timesteps=timesteps,
        actions=streams[None].astype(np.int32),
        behaviour_log_prob=np.arange(6, dtype=np.float32).reshape(1, 6),
        initial_core_state=np.arange(6.0),
        instructions=table,
        task=np.array([0, 0, 1, 1, 2, 2], np.int32),
        teacher=types.TeacherOutput(
            np.arange(36, dtype=np.float32).reshape(2, 6, 3),
            np.arange(12, dtype=np.float32).reshape(2, 6),
            np.array([0, 0, 1, 1, -1, -1], np.int32),
            np.arange(24, dtype=np.float32).reshape(2, 6, 2)),
    ), [actor_lib.Episode(s, s // 2, float(s), 1) for s in (0, 3, 5)], 18,
        cuts=3)

  def test_parts_make_up_the_whole(self):
    whole = self._whole()
    parts = actor_lib.Splitter(layout_lib.Layout(2))(whole)
    self.assertLen(parts, 2)
    for i, part in enumerate(parts):
      mine, all_ = part.trajectory, whole.trajectory
      self.assertEqual((part.version, part.frames), (7, 9))
      np.testing.assert_array_equal(mine.task, [0, 1, 2])
      np.testing.assert_array_equal(mine.actions, all_.actions[:, i::2])
      np.testing.assert_array_equal(
          mine.behaviour_log_prob, all_.behaviour_log_prob[:, i::2])
      np.testing.assert_array_equal(
          mine.timesteps.reward, all_.timesteps.reward[:, i::2])
      np.testing.assert_array_equal(
          mine.initial_core_state, all_.initial_core_state[i::2])
      np.testing.assert_array_equal(
          mine.teacher.policy, all_.teacher.policy[:, i::2])
      np.testing.assert_array_equal(
          mine.teacher.value, all_.teacher.value[:, i::2])
      np.testing.assert_array_equal(
          mine.teacher.features, all_.teacher.features[:, i::2])
      np.testing.assert_array_equal(mine.teacher.index, [0, 1, -1])
      words = mine.instructions[mine.timesteps.instruction]
      np.testing.assert_array_equal(
          words, all_.instructions[all_.timesteps.instruction[:, i::2]])
    self.assertEqual(sum(part.cuts for part in parts), 3)
    self.assertEqual([e.stream for e in parts[0].episodes], [0])
    self.assertEqual([e.stream for e in parts[1].episodes], [3, 5])

  def test_one_part_is_the_rollout_itself(self):
    whole = self._whole()
    self.assertIs(actor_lib.Splitter(layout_lib.WHOLE)(whole)[0], whole)

  def test_rollouts_come_in_parts(self):
    rollouts = list(itertools.islice(
        actor_lib.rollouts(
            [_actor(taped.TapedBatch([9] * 4))],
            parameter_store.ParameterStore(0, _params(0)), _T,
            layout_lib.Layout(2)), 4))
    wide = _take([_actor(taped.TapedBatch([9] * 4))], 2)
    for i, part in enumerate(rollouts):
      np.testing.assert_array_equal(
          part.trajectory.actions, wide[i // 2].trajectory.actions[:, i % 2::2])


if __name__ == '__main__':
  absltest.main()
