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
"""Tests of mdp.py: the processes, and what is refused."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib

_NEVER_ENDS = mdp_lib.Dynamics(2, 0.0, 0.0)


class GridWorldTest(absltest.TestCase):

  def test_an_empty_grid_by_hand(self):
    mdp = mdp_lib.grid_world(
        mdp_lib.GridConfig(3, 0.0, 0.0, 0.0), np.random.default_rng(0))
    self.assertEqual(int(mdp.start), 4)
    # Cells of a row follow each other; the last state is the end.
    self.assertEqual(mdp.successor[0].tolist(), [0, 1, 0, 3])
    self.assertEqual(mdp.successor[4].tolist(), [3, 5, 1, 7])
    self.assertEqual(mdp.successor[8].tolist(), [7, 8, 5, 8])
    self.assertEqual(mdp.successor[9].tolist(), [9] * 4)
    self.assertEqual(np.flatnonzero(mdp.is_terminal).tolist(), [9])

  def test_walls_are_not_entered(self):
    mdp = mdp_lib.grid_world(
        mdp_lib.GridConfig(3, wall=1.0), np.random.default_rng(0))
    self.assertEqual(mdp.successor[4].tolist(), [4] * 4)  # the start is none

  def test_densities(self):
    mdps = mdp_lib.grid_worlds(200, mdp_lib.GridConfig(), 0)
    cells = mdps.reward[:, :-1]
    for reward in (10, -10, 5, -5):
      # 0.9 * 0.01, a little less for the later kinds; 80,000 cells.
      share = (cells == reward).mean()
      self.assertBetween(share, 0.0075, 0.0100)
    self.assertBetween((cells == -1).mean(), 0.083, 0.090)
    self.assertEqual(
        mdps.is_terminal[:, :-1].sum(), (np.abs(cells) >= 5).sum())

  def test_a_world_does_not_depend_on_how_many_there_are(self):
    few = mdp_lib.grid_worlds(2, mdp_lib.GridConfig(), 7)
    many = mdp_lib.grid_worlds(5, mdp_lib.GridConfig(), 7)
    np.testing.assert_array_equal(few.reward, many.reward[:2])
    self.assertTrue((many.reward[1] != many.reward[2]).any())


class ChainTest(absltest.TestCase):

  def test_by_hand(self):
    mdp = mdp_lib.chain(2)
    self.assertEqual(mdp.reward.tolist(), [-1, 0, 0, 0, 1, 0])
    self.assertEqual(
        mdp.is_terminal.tolist(), [True, False, False, False, True, True])
    self.assertEqual(mdp.successor[2].tolist(), [1, 3])
    self.assertEqual(int(mdp.start), 2)


class CheckTest(parameterized.TestCase):

  def test_good_ones(self):
    mdp_lib.check(mdp_lib.chain(3), _NEVER_ENDS)
    mdp_lib.check(mdp_lib.oscillation(), _NEVER_ENDS)

  def test_no_terminal_in_reach(self):
    mdp = mdp_lib.chain(3)
    mdp = mdp._replace(is_terminal=np.arange(8) == 7)
    with self.assertRaisesRegex(
        ValueError, 'no terminal state can be reached from state 0.*Add a'):
      mdp_lib.check(mdp, _NEVER_ENDS)
    mdp_lib.check(mdp, mdp_lib.Dynamics(2, 0.0, 0.01))

  @parameterized.parameters(
      ({'successor': np.full((8, 2), 9)}, 'outside 0 to 7'),
      ({'reward': np.full(8, np.nan)}, 'reward is not finite'),
      ({'reward': np.ones(8)}, 'the last state, 7, is no terminal one of rew'),
      ({'is_terminal': np.zeros(8, bool)}, 'the last state, 7, is no term'),
      ({'start': np.array(0)}, 'start is 0; expected a state that is not'),
      ({'start': np.array(9)}, 'start is 9; expected a state'),
  )
  def test_broken_tables(self, change, message):
    with self.assertRaisesRegex(ValueError, message):
      mdp_lib.check(mdp_lib.chain(3)._replace(**change), _NEVER_ENDS)

  def test_fewer_actions_than_moves(self):
    with self.assertRaisesRegex(ValueError, '2 moves but num_actions is 1'):
      mdp_lib.check(mdp_lib.chain(3), mdp_lib.Dynamics(1))

  @parameterized.parameters(
      (lambda: mdp_lib.Dynamics(noise=1.5), r'noise is 1.5; .*\[0, 1\]'),
      (lambda: mdp_lib.Dynamics(end_probability=-0.1), 'end_probability is -0'),
      (lambda: mdp_lib.Dynamics(num_actions=0), 'num_actions is 0; expected'),
      (lambda: mdp_lib.GridConfig(wall=2.0), 'wall is 2.0; expected'),
      (lambda: mdp_lib.GridConfig(size=1), 'size is 1; expected at least 2'),
      (lambda: mdp_lib.chain(0), 'length is 0; expected at least 1'),
      (lambda: mdp_lib.stack([]), 'expected at least one MDP'),
      (lambda: mdp_lib.stack([mdp_lib.chain(2), mdp_lib.chain(3)]),
       'one shape'),
  )
  def test_errors(self, make, message):
    with self.assertRaisesRegex(ValueError, message):
      make()


class RestartTest(absltest.TestCase):

  def test_moves_to_an_end_lead_to_the_start(self):
    mdp = mdp_lib.chain(2)
    found = mdp_lib.restarting(mdp)
    self.assertEqual(
        found.successor[1:4].tolist(), [[2, 2], [1, 3], [2, 2]])
    self.assertEqual(found.successor[5].tolist(), [5, 5])  # the last state
    np.testing.assert_array_equal(found.reward, mdp.reward)

  def test_the_value_of_a_corridor_without_end(self):
    # One step to the end that pays 1, again and again: with 0.9 each step goes
    # on, so that V = 0.9 (1 + 0.8 V).
    mdp, dynamics = mdp_lib.chain(1), mdp_lib.Dynamics(2, 0.0, 0.1)
    found = exact.value(
        mdp_lib.restarting(mdp), dynamics, np.eye(2)[[1, 1, 1, 1]],
        exact.rewards(mdp, dynamics), 0.8)
    self.assertAlmostEqual(float(found[1]), 0.9 / (1 - 0.9 * 0.8), places=5)


if __name__ == '__main__':
  absltest.main()
