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
"""Tests of a population as one program, against its members one by one."""

import itertools

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import types
from kickstarting import update as update_lib
from kickstarting import update_config
from kickstarting.distributions import categorical
from kickstarting.populations import vectorised
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import parameter_store
from kickstarting_test.runtime import taped

jax.config.update('jax_numpy_rank_promotion', 'raise')

_AGENT = taped.make_agent()
_UPDATE = update_lib.make_update(update_config.UpdateConfig(), _AGENT)
_SIZE, _SPLITS, _STREAMS, _T = 3, 2, 12, 5
_LAYOUT = layout_lib.Layout(_SPLITS, _SIZE)


def _state():
  """Returns members that differ in everything, also in how words are read."""
  init = vectorised.make_init(_AGENT, _UPDATE, _SIZE)
  state = init(jax.random.key(0))
  return state._replace(params=state.params | {
      'word': jnp.asarray([1.0, -2.0, 5.0])})


def _hypers(**changes):
  ones = np.ones(_SIZE, np.float32)
  return types.Hypers(**({
      'learning_rate': 0.1 * ones,
      'entropy_cost': 0.01 * ones,
      'baseline_cost': 0.5 * ones,
      'alpha': ones,
      'rho': np.ones((_SIZE, 2), np.float32),
      'mixing': ones,
      'transfer_cost': ones,
  } | changes))


def _rollouts(count=_SPLITS, params=None):
  """Returns learner batches of the population, with two teachers."""
  batch = taped.TapedBatch(
      [2 + i % 3 for i in range(_STREAMS)],
      task=[0] * (_STREAMS // 2) + [1] * (_STREAMS // 2))
  actor = actor_lib.StreamActor(
      vectorised.make_actor_functions(_AGENT, _LAYOUT), batch, None,
      jax.random.key(1), _LAYOUT)
  store = parameter_store.ParameterStore(
      0, _state().params if params is None else params)
  rollouts = list(itertools.islice(
      actor_lib.rollouts([actor], store, _T, _LAYOUT), count))
  return [_with_teachers(r.trajectory) for r in rollouts]


def _with_teachers(trajectory):
  shape = trajectory.timesteps.step_type.shape
  rng = np.random.default_rng(0)
  return trajectory._replace(teacher=types.TeacherOutput(
      rng.normal(size=(*shape, taped.NUM_ACTIONS)).astype(np.float32),
      np.zeros(shape, np.float32),
      np.asarray(trajectory.task, np.int32)))


def _member(tree, i):
  return jax.tree.map(lambda x: x[i], tree)


def _of_member(trajectory, i):
  """Returns the streams of one member, picked out on the host."""
  streams = slice(i, None, _SIZE)
  take = lambda tree: jax.tree.map(lambda x: np.asarray(x)[:, streams], tree)
  teacher = trajectory.teacher
  return trajectory._replace(
      timesteps=take(trajectory.timesteps),
      actions=take(trajectory.actions),
      behaviour_log_prob=take(trajectory.behaviour_log_prob),
      initial_core_state=np.asarray(trajectory.initial_core_state)[streams],
      task=np.asarray(trajectory.task)[streams],
      teacher=types.TeacherOutput(
          take(teacher.policy), take(teacher.value), teacher.index[streams]))


class ActTest(absltest.TestCase):

  def test_every_member_acts_on_its_own_streams(self):
    # Recomputed by the student's own functions: parameters, core states,
    # previous actions and instructions all are the right member's.
    params = _state().params
    for trajectory in _rollouts(3 * _SPLITS):
      for i in range(_SIZE):
        mine = _of_member(trajectory, i)
        output, _ = _AGENT.unroll(
            _member(params, i), mine.timesteps,
            _AGENT.encode(_member(params, i), mine.instructions),
            mine.initial_core_state)
        np.testing.assert_allclose(
            mine.behaviour_log_prob, categorical.log_prob(
                output.policy[:-1], mine.actions), rtol=1e-5, atol=1e-5)

  def test_members_draw_actions_of_their_own(self):
    same = jax.tree.map(
        lambda x: jnp.broadcast_to(x[0], x.shape), _state().params)
    [first, *_] = _rollouts(params=same)
    mine = [_of_member(first, i).actions for i in range(_SIZE)]
    self.assertFalse(np.array_equal(mine[0], mine[1]))

  def test_encoder_that_does_not_read_the_instruction(self):
    agent = _AGENT._replace(
        encode=lambda params, tokens: params['word'] * jnp.ones(1))
    functions = vectorised.make_actor_functions(
        agent._replace(step=lambda params, key, timestep, context, state: (
            (timestep.step_type, types.AgentOutput(
                timestep.reward[:, None] + context, timestep.reward)), state)),
        _LAYOUT)
    tokens = np.zeros((_SIZE * 4, 4), np.int32)
    params = _state().params
    context = functions.slots.encode(params, tokens)
    self.assertEqual(context.shape, (_SIZE,))
    patched = functions.slots.patch(
        params, context, np.zeros(_SIZE * 8, np.int32),
        np.zeros((_SIZE * 8, 4), np.int32))
    np.testing.assert_array_equal(patched, params['word'])


  def test_agent_that_encodes_nothing(self):
    functions = vectorised.make_actor_functions(
        _AGENT._replace(
            encode=lambda params, tokens: (),
            step=lambda params, key, timestep, context, state: (
                (timestep.step_type, types.AgentOutput(
                    jnp.zeros((*timestep.reward.shape, 3)), timestep.reward)),
                state)), _LAYOUT)
    timestep = taped.TapedBatch([2] * _STREAMS).reset()
    params = _state().params
    context = functions.slots.encode(params, np.zeros((_SIZE * 4, 4), np.int32))
    (actions, _, _), _ = functions.step(
        params, jax.random.key(0), np.uint32(0), timestep, context,
        functions.initial_state(_STREAMS))
    np.testing.assert_array_equal(actions, timestep.step_type)


class UpdateTest(parameterized.TestCase):

  @parameterized.parameters(*vectorised.MEMBER_AXES)
  def test_is_the_update_of_each_member(self, member_axis):
    update = jax.jit(vectorised.make_update(_UPDATE, _SIZE, member_axis))
    state, hypers = _state(), _hypers(
        learning_rate=np.float32([0.1, 0.2, 0.0]),
        alpha=np.float32([0.0, 1.0, 2.0]),
        rho=np.float32([[1, 1], [2, 0], [0, 3]]))
    for trajectory in _rollouts():
      together, metrics = update(state, hypers, trajectory)
      for i in range(_SIZE):
        alone, alone_metrics = _UPDATE.update(
            _member(state, i), _member(hypers, i), _of_member(trajectory, i))
        chex.assert_trees_all_close(
            _member(together, i), alone, rtol=1e-4, atol=1e-6)
        chex.assert_trees_all_close(
            _member(metrics, i), alone_metrics, rtol=1e-4, atol=1e-6)

  @parameterized.parameters('learning_rate', 'entropy_cost', 'alpha', 'rho')
  def test_a_value_that_evolved_moves_its_member_and_no_other(self, name):
    update = jax.jit(vectorised.make_update(_UPDATE, _SIZE))
    [trajectory, *_] = _rollouts()
    before = _hypers()
    after = before._replace(**{name: np.array(getattr(before, name))})
    getattr(after, name)[1] *= 1.2
    old, _ = update(_state(), before, trajectory)
    new, _ = update(_state(), after, trajectory)
    for i in range(_SIZE):
      differs = not np.array_equal(
          old.params['policy'][i], new.params['policy'][i])
      self.assertEqual(differs, i == 1)

  def test_no_hyper_parameter_compiles_anew(self):
    update = jax.jit(chex.assert_max_traces(
        lambda *args: vectorised.make_update(_UPDATE, _SIZE)(*args), n=1))
    [trajectory, *_] = _rollouts()
    rng = np.random.default_rng(0)
    for _ in range(3):
      hypers = jax.tree.map(
          lambda x: rng.uniform(size=x.shape).astype(np.float32), _hypers())
      update(_state(), hypers, trajectory)

  def test_members_start_apart(self):
    policy = np.asarray(_state().params['policy'])
    self.assertFalse(np.array_equal(policy[0], policy[1]))
    self.assertEqual(_state().updates.tolist(), [0] * _SIZE)

  def test_unknown_axis(self):
    with self.assertRaisesRegex(
        ValueError, "member_axis is 'pmap'; expected one of vmap, map"):
      vectorised.make_update(_UPDATE, _SIZE, 'pmap')


if __name__ == '__main__':
  absltest.main()
