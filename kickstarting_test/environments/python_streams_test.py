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

from absl.testing import absltest
from absl.testing import parameterized
import dm_env
from dm_env import specs
import numpy as np

from kickstarting.environments import python_streams
from kickstarting_test.environments import fakes


class _WithActions(fakes.Catch):
  """Catch with another action spec."""

  def __init__(self, spec):
    super().__init__(seed=0)
    self._spec = spec

  def action_spec(self):
    return self._spec


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
