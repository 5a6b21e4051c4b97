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
"""Tests of acting.py: what is stored is what was executed, by whom it says.

Students and teachers are the recurrent agents of `runtime/taped.py`; an oracle
replays both over the trajectories that actors hand over.
"""

import itertools

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import losses
from kickstarting import types
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import parameter_store
from kickstarting.teachers import acting
from kickstarting.teachers import labelling
from kickstarting.teachers import teacher as teacher_lib
from kickstarting_test.runtime import taped

jax.config.update('jax_numpy_rank_promotion', 'raise')

_AGENT = taped.make_agent()
_FUNCTIONS = actor_lib.make_actor_functions(_AGENT)
_PARAMS = _AGENT.init(jax.random.key(0))
_T = 3
_LENGTHS = (3, 4, 6, 2, 5, 5)
_TEACHER_OF_STREAM = np.array([0, 0, 1, 1, -1, -1], np.int32)


def _teacher(seed, scale=5.0):
  params = _AGENT.init(jax.random.key(seed))
  return teacher_lib.Teacher(
      name=f'teacher {seed}', params=params | {
          'policy': scale * params['policy'], 'value': np.ones(5, np.float32)},
      encode=_AGENT.encode, unroll=_AGENT.unroll,
      initial_state=_AGENT.initial_state, architecture='taped',
      num_actions=taped.NUM_ACTIONS, observation={})


def _labeller(**kwargs):
  return labelling.make_labeller(
      [_teacher(5, **kwargs), _teacher(6, **kwargs)], _TEACHER_OF_STREAM)


def _take(control, count, seed=0, **kwargs):
  """Returns the batch that was played, and the first trajectories."""
  batch = taped.TapedBatch(_LENGTHS)
  actor = actor_lib.StreamActor(
      _FUNCTIONS, batch, acting.let_act(_labeller(**kwargs), control),
      jax.random.key(seed))
  rollouts = actor_lib.rollouts(
      [actor], parameter_store.ParameterStore(0, _PARAMS), _T)
  return batch, [
      r.trajectory for r in itertools.islice(rollouts, count)]


def _softmax(x):
  weights = np.exp(np.float64(x) - np.max(x, axis=-1, keepdims=True))
  return weights / weights.sum(axis=-1, keepdims=True)


class LetActTest(parameterized.TestCase):

  @parameterized.parameters(
      (acting.Control(teacher_share=1.0),),
      (acting.Control(teacher_share=0.3),),
      (acting.Control(epsilon=0.2),),
      (acting.Control(teacher_share=0.6, epsilon=0.1, temperature=0.5),))
  def test_behaviour_is_the_mixture_of_who_acts(self, control):
    _, trajectories = _take(control, 4)
    labeller, carry = _labeller(), None
    for trajectory in trajectories:
      # Teachers as they would speak of the finished trajectory.
      teacher, carry = labeller.label(
          carry, trajectory.timesteps, trajectory.instructions)
      np.testing.assert_allclose(
          trajectory.teacher.policy, teacher.policy, atol=1e-4)
      np.testing.assert_allclose(
          trajectory.teacher.value, teacher.value, atol=1e-4)
      np.testing.assert_array_equal(trajectory.teacher.index, teacher.index)
      student, _ = _AGENT.unroll(
          _PARAMS, trajectory.timesteps,
          _AGENT.encode(_PARAMS, trajectory.instructions),
          trajectory.initial_core_state)
      share = np.where(
          _TEACHER_OF_STREAM >= 0, control.teacher_share, 0.0)[:, None]
      expected = (1 - control.epsilon) * (
          share * _softmax(teacher.policy[:-1] / control.temperature)
          + (1 - share) * _softmax(student.policy[:-1])
      ) + control.epsilon / taped.NUM_ACTIONS
      chosen = np.take_along_axis(
          expected, trajectory.actions[..., None], axis=-1)[..., 0]
      np.testing.assert_allclose(
          np.exp(trajectory.behaviour_log_prob), chosen, atol=1e-5)
      # V-trace's ratio is that of the student to who acted.
      np.testing.assert_allclose(
          losses.log_importance_ratios(
              student.policy[:-1], trajectory.behaviour_log_prob,
              trajectory.actions),
          losses.log_prob(student.policy[:-1], trajectory.actions)
          - np.log(chosen), atol=1e-4)

  @parameterized.parameters(0.0, 0.5, 1.0)
  def test_stored_actions_are_those_executed(self, share):
    batch, trajectories = _take(acting.Control(share, 0.1), 3)
    np.testing.assert_array_equal(
        np.concatenate([x.actions for x in trajectories]), batch.sent)

  def test_a_sure_teacher_is_followed_on_its_streams(self):
    _, trajectories = _take(acting.Control(1.0), 6, scale=1e4)
    num_other = 0
    for trajectory in trajectories:
      best = np.argmax(trajectory.teacher.policy[:-1], axis=-1)
      has = _TEACHER_OF_STREAM >= 0
      np.testing.assert_array_equal(trajectory.actions[:, has], best[:, has])
      num_other += np.sum(trajectory.actions[:, ~has] != best[:, ~has])
    self.assertGreater(num_other, 0)

  def test_actions_follow_the_behaviour(self):
    # A teacher that is sure, and a student that is not: with epsilon 0.6 the
    # others have 0.2 each. 240 draws: the standard deviation is 0.032.
    _, trajectories = _take(acting.Control(1.0, 0.6), 20, scale=1e4)
    has = _TEACHER_OF_STREAM >= 0
    agrees = [
        x.actions[:, has] == np.argmax(x.teacher.policy[:-1], axis=-1)[:, has]
        for x in trajectories]
    self.assertAlmostEqual(np.mean(agrees), 0.6, delta=0.12)

  def test_draws_are_not_the_student_s(self):
    # The student's own draw of the same step takes another key.
    params = jax.tree.map(np.zeros_like, _PARAMS)
    batch = taped.TapedBatch([3] * 64)
    labeller = labelling.make_labeller(
        [_teacher(5, scale=0.0)], np.zeros(64, np.int32))
    actions = []
    for wrapped in (labeller, acting.let_act(labeller, acting.Control(1.0))):
      actor = actor_lib.StreamActor(
          _FUNCTIONS, batch, wrapped, jax.random.key(0))
      actor.begin(parameter_store.ParameterStore(0, params).get())
      actor.step()
      actions.append(actor.finish().trajectory.actions)
    self.assertGreater(np.mean(actions[0] != actions[1]), 0.4)

  def test_same_key_same_play(self):
    control = acting.Control(0.5, 0.1)
    take = lambda seed: np.concatenate(
        [x.actions for x in _take(control, 2, seed)[1]])
    np.testing.assert_array_equal(take(0), take(0))
    self.assertTrue(np.any(take(0) != take(1)))

  def test_the_student_alone_needs_nothing(self):
    labeller = _labeller()
    self.assertIs(acting.let_act(labeller, acting.STUDENT), labeller)


class BehaviourTest(parameterized.TestCase):

  def test_by_hand(self):
    # 0.8 (0.25 (1, 0) + 0.75 (1/2, 1/2)) + 0.1: 0.6 and 0.4
    actual = acting.behaviour_log_probs(
        np.zeros((2, 2), np.float32),
        np.array([[0, -np.inf], [np.nan, np.nan]], np.float32),
        np.array([True, False]), acting.Control(0.25, 0.2))
    np.testing.assert_allclose(
        np.exp(actual), [[0.6, 0.4], [0.5, 0.5]], rtol=1e-6)

  @parameterized.parameters(
      ({'teacher_share': 1.5}, r'teacher_share is 1.5; expected .* \[0, 1\]'),
      ({'epsilon': -0.1}, 'epsilon is -0.1'),
      ({'temperature': 0.0}, 'temperature is 0.0'))
  def test_errors(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      acting.Control(**fields)


class StepTest(absltest.TestCase):

  def test_steps_are_what_a_trajectory_is(self):
    batch, trajectories = _take(acting.STUDENT, 2)
    labeller = _labeller()
    carry, outputs = labeller.initial_carry(), []
    for timestep in batch.returned:
      output, carry = labeller.step(
          carry, timestep, batch.instructions.tokens)
      outputs.append(output)
    stacked = np.stack([output.policy for output in outputs])
    for i, trajectory in enumerate(trajectories):
      np.testing.assert_allclose(
          trajectory.teacher.policy, stacked[i * _T:(i + 1) * _T + 1],
          atol=1e-4)
    self.assertIsInstance(outputs[0], types.TeacherOutput)


if __name__ == '__main__':
  absltest.main()
