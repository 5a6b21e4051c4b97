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
"""Tests of `environments/python_streams.py`."""

import math
import re

from absl.testing import absltest
from absl.testing import parameterized
import dm_env
from dm_env import specs
import gymnasium
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting.environments import python_streams
from kickstarting_test.environments import fakes


class _WithActions(fakes.Catch):
  """Catch with another action spec."""

  def __init__(self, spec):
    super().__init__(seed=0)
    self._spec = spec

  def action_spec(self):
    return self._spec


class _Returns(fakes.Catch):
  """Returns what it is told to."""

  def __init__(self, step=None, start=None):
    super().__init__(seed=0)
    self._returned, self._start = step, start or dm_env.restart(0)

  def reset(self):
    return self._start

  def step(self, action):
    return self._returned


class _Validates(_WithActions):
  """Checks its actions, as environments of dm_env may."""

  def step(self, action):
    self._spec.validate(action)
    self.taken = action
    return super().step(int(action))


def _make(env, bootstrap_on_timeout=False, seed=5):
  return python_streams.make_stream('t', env, seed, bootstrap_on_timeout)


class StreamsTest(parameterized.TestCase):

  @parameterized.parameters(
      (specs.DiscreteArray(4), 4),
      (specs.BoundedArray((), np.int32, 0, 6), 7),
  )
  def test_dm_env_num_actions(self, spec, expected):
    self.assertEqual(_make(_WithActions(spec)).num_actions(), expected)

  @parameterized.parameters(
      specs.BoundedArray((), np.int32, 1, 6),
      specs.BoundedArray((), np.float32, 0, 6),
      specs.BoundedArray((2,), np.int32, 0, 6),
      specs.Array((), np.int32),
  )
  def test_dm_env_actions_that_do_not_work(self, spec):
    with self.assertRaisesRegex(ValueError, "task 't' has actions .*discrete"):
      _make(_WithActions(spec)).num_actions()

  def test_gymnasium_num_actions(self):
    self.assertEqual(_make(fakes.Scripted(num_actions=5)).num_actions(), 5)
    with self.assertRaisesRegex(ValueError, 'one discrete action that starts'):
      _make(fakes.Scripted(start=1)).num_actions()
    env = fakes.Scripted()
    env.action_space = object()
    with self.assertRaisesRegex(ValueError, "task 't' has actions"):
      _make(env).num_actions()

  @parameterized.parameters(
      gymnasium.spaces.MultiBinary(4),
      gymnasium.spaces.MultiBinary([2, 2]),
      gymnasium.spaces.MultiDiscrete([2, 3]),
      gymnasium.spaces.Box(-1.0, 1.0, (2,)),
      gymnasium.spaces.Box(-1.0, 1.0, ()),
      (gymnasium.spaces.Tuple([gymnasium.spaces.Discrete(2)]),),
      (gymnasium.spaces.Dict({'n': gymnasium.spaces.Discrete(2)}),),
      gymnasium.spaces.Discrete(3, start=1),
      gymnasium.spaces.Discrete(3, start=-1),
      gymnasium.spaces.Text(3),
      None,
  )
  def test_gymnasium_actions_that_do_not_work(self, space):
    env = fakes.Scripted()
    env.action_space = space
    name = re.escape(str(space))
    with self.assertRaisesRegex(
        checks.UserError, f"task 't' has actions {name}; expected one discr"):
      _make(env).num_actions()

  def test_gymnasium_discrete(self):
    env = fakes.Scripted()
    env.action_space = gymnasium.spaces.Discrete(3)
    self.assertEqual(_make(env).num_actions(), 3)

  @parameterized.parameters(
      [[specs.DiscreteArray(2), specs.DiscreteArray(2)]],
      [{'move': specs.DiscreteArray(2)}],
      [None],
  )
  def test_dm_env_actions_of_several_parts(self, spec):
    with self.assertRaisesRegex(checks.UserError, "task 't' has actions .*"):
      _make(_WithActions(spec)).num_actions()

  @parameterized.parameters(np.int32, np.int64, np.uint8)
  def test_actions_are_of_the_dtype_that_an_environment_validates(self, dtype):
    env = _Validates(specs.BoundedArray((), dtype, 0, 2))
    stream = _make(env)
    stream.reset()
    stream.step(1)
    self.assertEqual(env.taken, 1)
    self.assertEqual(env.taken.dtype, dtype)
    self.assertEqual([5, 6, 7][env.taken], 6)  # an index as well

  def test_dm_env_step(self):
    stream = _make(fakes.Catch(seed=0, rows=3))
    self.assertEqual(stream.reset()[1:], (0.0, 1.0, False))
    self.assertEqual(stream.step(1)[1:], (0.0, 1.0, False))
    _, reward, discount, is_last = stream.step(1)
    self.assertIn(reward, (-1.0, 1.0))
    self.assertEqual((discount, is_last), (0.0, True))

  @parameterized.parameters(
      # terminated, truncated, bootstrap_on_timeout, discount
      (True, False, False, 0.0),
      (True, False, True, 0.0),
      (False, True, False, 0.0),
      (False, True, True, 1.0),
      (True, True, True, 0.0),
  )
  def test_gymnasium_ends(self, terminated, truncated, bootstrap, discount):
    stream = _make(
        fakes.Scripted(length=2, ends=(terminated, truncated)), bootstrap
    )
    stream.reset()
    self.assertEqual(stream.step(0)[1:], (0.5, 1.0, False))
    self.assertEqual(stream.step(0)[1:], (0.5, discount, True))

  @parameterized.parameters(
      (dm_env.transition(0.0, 0, discount=5.0), r'returned discount 5\.0; exp'),
      (dm_env.transition(0.0, 0, discount=-0.1), r'returned discount -0\.1'),
      (dm_env.transition(0.0, 0, discount=math.nan), 'returned discount nan'),
      (dm_env.transition(0.0, 0, discount=None), 'discount None of type None'),
      (dm_env.transition(None, 0), 'returned reward None of type NoneType'),
      (dm_env.transition(1j, 0), 'returned reward 1j of type complex'),
      (dm_env.transition(True, 0), 'returned reward True of type bool'),
      (dm_env.transition(np.bool_(1), 0), 'returned reward .*True.* of type'),
      (dm_env.transition(np.ones(2), 0), r'reward array\(\[1., 1.\]\)'),
      (dm_env.transition(np.ones(1), 0), r'returned reward array\(\[1.\]\)'),
      (dm_env.transition('1', 0), "returned reward '1' of type str"),
      (dm_env.transition(10 ** 400, 0), 'returned reward 1000.* of type int'),
      (dm_env.termination([1.0], 0), r'returned reward \[1.0\] of type list'),
      (dm_env.TimeStep(7, 0.0, 1.0, 0), 'returned step type 7 from step; exp'),
      (dm_env.TimeStep(None, 0.0, 1.0, 0), 'returned step type None'),
      (dm_env.TimeStep(np.ones(2), 0.0, 1.0, 0), 'returned step type array'),
      (dm_env.TimeStep(0, 3.0, 1.0, 0), r'returned FIRST from step, with reward'
       r' 3.0, inside an episode: .*expected MID or LAST'),
      (dm_env.restart(0), 'FIRST from step, with reward None'),
      ((0, 1.0, False, {}), 'returned a tuple from step; expected a dm_env.Ti'),
      (None, 'returned a NoneType from step; expected a dm_env.TimeStep'),
  )
  def test_dm_env_steps_that_cannot_be(self, step, message):
    stream = _make(_Returns(step))
    stream.reset()
    with self.assertRaisesRegex(checks.UserError, f"task 't' .*{message}"):
      stream.step(0)

  @parameterized.parameters(
      (dm_env.TimeStep(0, 1.5, None, 0), r"task 't' returned reward 1\.5 with"
       ' the first step of an episode, .*; expected None or 0'),
      (dm_env.TimeStep(0, math.nan, None, 0), 'reward nan with the first step'),
      (dm_env.TimeStep(0, np.ones(2), None, 0), 'reward array'),
      (dm_env.transition(0.0, 0), 'step of type MID from reset; expected FIR'),
      (dm_env.TimeStep(7, 0.0, 1.0, 0), 'step type 7 from reset'),
      ((np.zeros(3),), 'returned a tuple from reset; expected a dm_env.Time'),
  )
  def test_dm_env_beginnings_that_cannot_be(self, start, message):
    with self.assertRaisesRegex(checks.UserError, message):
      _make(_Returns(start=start)).reset()

  def test_a_reward_of_zero_may_come_with_the_beginning(self):
    stream = _make(_Returns(start=dm_env.TimeStep(0, 0.0, 1.0, 4)))
    self.assertEqual(stream.reset(), (4, 0.0, 1.0, False))

  @parameterized.parameters(
      (3, 3.0), (np.float32(0.5), 0.5), (np.int64(2), 2.0),
      (np.array(0.5), 0.5), (jnp.float32(0.5), 0.5))
  def test_rewards_of_every_kind_of_number(self, reward, expected):
    stream = _make(_Returns(dm_env.transition(reward, 0)))
    self.assertEqual(stream.step(0), (0, expected, 1.0, False))
    self.assertIs(type(stream.step(0).reward), float)

  @parameterized.parameters(
      ((0, 1.0, False, {}), r'returned 4 values \(int, float, bool, dict\)'
       r' from step; expected 5: \(observation, reward, terminated, trunc'),
      (None, 'returned a NoneType from step; expected 5: '),
      ((0, 1.0, None, False, {}), 'terminated None of type NoneType; e'),
      ((0, 1.0, False, None, {}), 'truncated None of type NoneType; ex'),
      ((0, 1.0, 'False', False, {}), "terminated 'False' of type str"),
      ((0, 1.0, np.zeros(2, bool), False, {}), 'terminated array'),
      ((0, 1.0, False, 0.5, {}), 'truncated 0.5 of type float'),
      ((0, None, False, False, {}), 'reward None of type NoneType; exp'),
      ((0, np.ones(1), False, False, {}), 'reward array.* of type ndarray'),
      ((0, 1j, False, False, {}), 'reward 1j of type complex'),
  )
  def test_gymnasium_steps_that_cannot_be(self, returned, message):
    env = fakes.Scripted()
    env.step = lambda action: returned
    with self.assertRaisesRegex(checks.UserError, f"task 't' .*{message}"):
      _make(env).step(0)

  @parameterized.parameters(
      (np.zeros(2), r'returned a ndarray from reset; expected 2: \(obs'),
      ((0,), r'returned 1 values \(int\) from reset; expected 2'),
      (None, 'returned a NoneType from reset'),
  )
  def test_gymnasium_beginnings_that_cannot_be(self, returned, message):
    env = fakes.Scripted()
    env.reset = lambda seed: returned
    with self.assertRaisesRegex(checks.UserError, f"task 't' {message}"):
      _make(env).reset()

  def test_ends_of_every_kind_of_truth(self):
    for end in (True, np.True_, np.array(True), jnp.array(True)):
      env = fakes.Scripted(length=1, ends=(end, False))
      self.assertIs(_make(env).step(0).is_last, True)

  def test_gymnasium_is_seeded_once(self):
    env = fakes.Scripted()
    stream = _make(env, seed=9)
    for _ in range(3):
      stream.reset()
    self.assertEqual(env.seeds, [9, None, None])

  def test_close(self):
    env = fakes.Scripted()
    _make(env).close()
    self.assertTrue(env.is_closed)

  def test_neither_kind(self):
    with self.assertRaisesRegex(
        ValueError, "builder of task 't' made a dict; expected a dm_env.Env"
    ):
      _make({})

  def test_dm_env_wins_over_attributes(self):
    env = fakes.Catch(seed=0)
    env.action_space = env.observation_space = None
    self.assertIsInstance(env, dm_env.Environment)
    self.assertEqual(_make(env).num_actions(), 3)


if __name__ == '__main__':
  absltest.main()
