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
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import loop
from kickstarting.runtime import program as program_lib
from kickstarting.runtime import threads
from kickstarting_test.runtime import taped
from kickstarting_test.runtime import tiny

jax.config.update('jax_numpy_rank_promotion', 'raise')

_AGENT = taped.make_agent()
_UPDATE = update_lib.make_update(update_lib.UpdateConfig(), _AGENT)


class _Steering:
  """Writes each call onto a tape; evolves when told to."""

  def __init__(self):
    self.tape = []
    self.metrics = []
    self.new_state = None
    self.must_restart = False
    self.must_wait = False
    self.must_wait_at = None  # while it judges

  def begin(self, state):
    self.tape.append('begin')
    self.first = state

  def hypers(self, frames):
    self.tape.append(f'hypers {frames}')
    return types.Hypers(*np.float32([0.1, 0.0, 0.5, 1.0]), np.ones(1))

  def observe(self, frames, episodes):
    del episodes
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
    return state, self.must_restart

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

  @parameterized.parameters(True, False)
  def test_actors_restart_when_what_they_hold_is_worthless(self, lockstep):
    batches = []

    def make_environment(block):
      batches.append(taped.TapedBatch([2, 3], task=[0, 1], words=[b'go']))
      return batches[-1]

    steering = _Steering()
    steering.must_restart = True
    self._run(
        steering, _program(make_environment=make_environment),
        frames=3 * tiny.ROLLOUT, config={'lockstep': lockstep})
    self.assertLen(batches, 3)  # one start, and two decisions
    self.assertTrue(all(batch.is_closed for batch in batches))

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
    layout = layout_lib.Layout(num_members=2)
    program = _program(
        layout=layout,
        # Both members are one student here: only the counting is looked at.
        act=actor_lib.make_actor_functions(_AGENT._replace(
            encode=lambda params, tokens: tokens[:, 0] / 1000.0)))
    steering = _Steering()
    ending = self._run(steering, program, frames=tiny.ROLLOUT // 2)
    self.assertEqual(ending.frames, tiny.ROLLOUT // 2)
    self.assertIn('record 4', steering.tape)

  def test_metrics_of_members_are_named_and_averaged(self):
    def update(state, hypers, trajectory):
      state, metrics = _UPDATE.update(state, hypers, trajectory)
      return state, jax.tree.map(lambda x: np.float32([1, 3]) + 0 * x, metrics)

    steering = _Steering()
    self._run(steering, _program(update=update))
    self.assertEqual(self.records[0]['loss'], 2.0)
    self.assertEqual(self.records[0]['member_loss'], {'0': 1.0, '1': 3.0})
    self.assertEqual(steering.metrics[0]['loss'].tolist(), [1.0, 3.0])


if __name__ == '__main__':
  absltest.main()
