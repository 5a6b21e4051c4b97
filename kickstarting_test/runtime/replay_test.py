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
"""Tests of replay.py: what is kept, what is drawn, what stands beside it."""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import numpy as np

from kickstarting import checks
from kickstarting import description
from kickstarting import problems
from kickstarting import types
from kickstarting.runtime import replay

_T, _A, _L = 3, 2, 4


def _batch(first, num=4, words=_L, teacher=True):
  """Returns unrolls whose numbers say which ones they are: first, first + 1."""
  ids = first + np.arange(num)
  of_steps = np.broadcast_to(ids, (_T + 1, num))
  timesteps = types.Timestep(
      observation={'x': of_steps[..., None].astype(np.float32)},
      instruction=of_steps % 3, previous_action=of_steps % _A,
      reward=of_steps.astype(np.float32), discount=np.ones((_T + 1, num)),
      step_type=np.ones((_T + 1, num), np.int32))
  # Row i of the table has the words of those whose number is i modulo 3.
  instructions = np.zeros((4, words), np.int32)
  instructions[:3, 0] = [10, 11, 12]
  return types.Trajectory(
      timesteps=timesteps, actions=of_steps[:-1],
      behaviour_log_prob=of_steps[:-1],
      initial_core_state=(ids[:, None],), instructions=instructions,
      task=ids % 2,
      teacher=types.TeacherOutput(
          policy=np.repeat(of_steps[..., None], _A, axis=2),
          value=of_steps.astype(np.float32), index=ids % 2)
      if teacher else None)


def _ids(trajectory):
  return np.asarray(trajectory.initial_core_state[0])[:, 0]


def _make(share=0.5, capacity=100, seed=0):
  return replay.Replay(share, capacity, np.random.default_rng(seed))


class ReplayTest(parameterized.TestCase):

  @parameterized.parameters(
      (4, 0.0, 0), (4, 0.5, 4), (4, 0.2, 1), (4, 0.75, 12))
  def test_share(self, num, share, expected):
    self.assertEqual(replay.num_replayed(num, share), expected)
    both = _make(share)(_batch(0, num))
    self.assertLen(both.task, num + expected)

  def test_nothing_is_replayed(self):
    batch = _batch(0)
    self.assertIs(_make(0.0)(batch), batch)

  @parameterized.parameters(True, False)
  def test_all_of_an_unroll_stays_together(self, teacher):
    memory = _make()
    for first in (0, 4, 8):
      both = memory(_batch(first, teacher=teacher))
    ids = _ids(both)
    np.testing.assert_array_equal(ids[:4], [8, 9, 10, 11])
    of_steps = np.broadcast_to(ids, (_T + 1, len(ids)))
    for found in (both.timesteps.observation['x'][..., 0],
                  both.timesteps.reward):
      np.testing.assert_array_equal(found, of_steps)
    np.testing.assert_array_equal(both.actions, of_steps[:-1])
    np.testing.assert_array_equal(both.behaviour_log_prob, of_steps[:-1])
    np.testing.assert_array_equal(both.task, ids % 2)
    if teacher:
      np.testing.assert_array_equal(both.teacher.policy[..., 0], of_steps)
      np.testing.assert_array_equal(both.teacher.value, of_steps)
      np.testing.assert_array_equal(both.teacher.index, ids % 2)
    # The words, though every batch has a table of its own.
    np.testing.assert_array_equal(
        both.instructions[both.timesteps.instruction][..., 0],
        10 + of_steps % 3)

  def test_tables_of_other_widths_and_rows(self):
    memory = _make()
    memory(_batch(0, words=2))
    wide = _batch(4, words=9)
    wide.instructions[:3, 8] = 7
    both = memory(wide)
    words = both.instructions[both.timesteps.instruction[0]]
    ids = _ids(both)
    self.assertTrue((ids < 4).any())
    padded = np.zeros((len(ids), 9), np.int32)
    padded[:, :words.shape[1]] = words[:, :9]
    np.testing.assert_array_equal(padded[:, 0], 10 + ids % 3)
    np.testing.assert_array_equal(padded[:, 8], np.where(ids < 4, 0, 7))

  def test_the_oldest_are_forgotten_first(self):
    memory = _make(capacity=6)
    seen = set()
    for first in range(0, 40, 4):
      both = memory(_batch(first))
      if first:
        self.assertBetween(_ids(both)[4:].min(), first - 6, first - 1)
        seen |= set(_ids(both)[4:] - first)
    self.assertEqual(seen, {-6, -5, -4, -3, -2, -1})

  @parameterized.parameters(3, 4)
  def test_a_memory_no_larger_than_a_batch(self, capacity):
    memory = _make(capacity=capacity)
    self.assertTrue(set(_ids(memory(_batch(0)))[4:]) <= {0, 1, 2, 3})
    self.assertTrue(set(_ids(memory(_batch(4)))[4:]) <= {0, 1, 2, 3})
    self.assertTrue(set(_ids(memory(_batch(8)))[4:]) <= {4, 5, 6, 7})

  def test_draws_are_even(self):
    memory = _make(share=0.998)  # 1,996 beside 4
    for first in range(0, 44, 4):
      both = memory(_batch(first))
    counts = np.bincount(_ids(both)[4:], minlength=40)
    # As of 40 numbers drawn evenly: 49.9 each, with a deviation of 7.
    self.assertBetween(counts.min(), 25, 45)
    self.assertBetween(counts.max(), 55, 80)

  def test_the_same_seed_draws_the_same(self):
    runs = []
    for _ in range(2):
      memory = _make(seed=3)
      runs.append([memory(_batch(first)) for first in (0, 4)])
    chex.assert_trees_all_equal(*runs)

  def test_arrays_of_jax(self):
    both = _make()(jax.tree.map(jax.numpy.asarray, _batch(0)))
    self.assertLen(both.task, 8)

  @parameterized.parameters(
      ({'replay_share': 1.0}, 'replay_share is 1.0, which leaves nothing'),
      ({'replay_share': -0.1}, 'replay_share is -0.1'),
      ({'replay_unrolls': 0}, 'replay_unrolls is 0'),
      ({'replay_unrolls': 5}, 'replay_unrolls is 5 without replay_share'),
      ({'replay_share': 0.01}, 'replay_share is 0.01 with 16 streams .* none'),
      ({'replay_share': 0.99999}, 'replay_share=0.99999 make 16'),
      ({'replay_share': 0.5, 'algorithm': 'a2c', 'epochs': 1, 'minibatches': 1,
        'ratio_clip': 0.0, 'lockstep': True, 'splits': 1},
       'but replay_share is 0.5; expected 0'))
  def test_what_cannot_be(self, options, text):
    with self.assertRaisesRegex(checks.UserError, text):
      description.describe(
          'gymnasium:CartPole-v1', frames=100, **options).problem()

  def test_more_than_the_machine_can_hold(self):
    with self.assertRaisesRegex(
        checks.UserError, 'replay_unrolls is 9007199254740992, for which .* GiB'
        ' are needed'):
      _make(capacity=2**53)(_batch(0))

  def test_members_of_one_program_replay_nothing(self):
    described = description.describe(
        'gymnasium:CartPole-v1', frames=100, replay_share=0.5)
    with self.assertRaisesRegex(checks.UserError, 'replay nothing; expected 0'):
      problems.make_problem(
          described.suite, described.network, described.update,
          described.config, num_members=2)


if __name__ == '__main__':
  absltest.main()
