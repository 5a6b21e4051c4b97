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
"""Tests of the dict that a population is."""


from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import numpy as np

from kickstarting import pbt
from kickstarting_test.pbt import cases


class MakeTest(parameterized.TestCase):

  def test_a_name_draws_the_same_whatever_stands_beside_it(self):
    a = pbt.Evolution(cases.PRIOR)
    one = pbt.draw_hypers(
        cases.make_rules(evolutions={'x': a, 'y': a}), {'x': (), 'y': ()}, 4,
        jax.random.key(0))
    other = pbt.draw_hypers(
        cases.make_rules(evolutions={'y': a, 'x': a}), {'x': (), 'y': (2,)}, 4,
        jax.random.key(0))
    np.testing.assert_array_equal(one['x'], other['x'])
    self.assertEqual(other['y'].shape, (4, 2))
    self.assertFalse(np.array_equal(one['x'], one['y']))

  def test_starts_with_nothing_done(self):
    population = pbt.make_population(
        {'w': np.zeros((3, 2))}, (), {'x': np.zeros(3)}, window=4)
    self.assertEqual(population['returns'].shape, (3, 4))
    self.assertFalse(pbt.ready(population, cases.make_rules()).any())
    self.assertTrue(np.isnan(pbt.scores(population, 4)).all())

  def test_add_returns(self):
    population = cases.make_population([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    added = pbt.add_returns(population, [[7.0, 8.0, 9.0], [], [10.0]])
    self.assertEqual(added['returns'].tolist(), [[8, 9], [3, 4], [6, 10]])
    self.assertEqual(added['returns'].dtype, np.float32)
    self.assertEqual(added['num_episodes'].tolist(), [5, 2, 3])
    self.assertEqual(population['returns'].tolist(), [[1, 2], [3, 4], [5, 6]])

  def test_returns_of_several_episodes(self):
    population = pbt.add_returns(
        cases.make_population([[1.0], [2.0]], num_episodes=np.array([5, 6])),
        [[3.0], []], np.array([7, 1]))
    self.assertEqual(population['returns'].tolist(), [[3], [2]])
    self.assertEqual(population['num_episodes'].tolist(), [12, 7])

  @parameterized.parameters(
      (5, 0), (2**31 - 1, 0), (2**31, 2**30), (10**10, 8 * 2**30))
  def test_frames_relative_to_a_base(self, frames, expected):
    population = pbt.absolute(cases.make_population([[1.0], [2.0]]), 0)
    population['frames'] = np.array([frames, frames - 3])
    population['lineage'] = population['lineage'] | {
        'ready_frames': np.array([frames - 2, 0])}
    near, base = pbt.relative(population)
    self.assertEqual(base, expected)
    self.assertEqual(near['frames'].dtype, np.int32)
    self.assertEqual(
        near['frames'].tolist(), [frames - base, frames - 3 - base])
    marks = near['lineage']['ready_frames'].tolist()
    self.assertEqual(marks, [frames - 2 - base, 0])
    self.assertEqual(
        pbt.absolute(near, base)['frames'].tolist(), [frames, frames - 3])

  def test_stack_and_unstack(self):
    population = cases.make_population([[1.0], [5.0]])
    chex.assert_trees_all_equal(pbt.stack(pbt.unstack(population)), population)

  @parameterized.named_parameters(
      ('size', lambda: pbt.draw_hypers(
          cases.make_rules(), {'x': ()}, 0, jax.random.key(0)),
       'num_members is 0; expected at least 1'),
      ('name', lambda: pbt.draw_hypers(
          cases.make_rules(), {'y': ()}, 1, jax.random.key(0)),
       'evolve x, which the population lacks'),
      ('axes', lambda: pbt.make_population(
          np.zeros((3, 2)), (), {'x': np.zeros(2)}, 1),
       r'leading axes of the members are \[\(2,\), \(3,\)\]; expected one'),
      ('scalars', lambda: pbt.make_population((), (), {'x': 1.0}, 1),
       r'leading axes of the members are \[\(\)\]'),
      ('returns', lambda: pbt.add_returns(
          cases.make_population([[1.0], [2.0]]), [[1.0]]),
       'returns are of 1 members; expected those of 2'),
      ('nobody', lambda: pbt.stack([]), 'members is empty; expected at least'),
      ('structures', lambda: pbt.stack(
          pbt.unstack(cases.make_population([[1.0]]))
          + pbt.unstack(cases.make_population([[1.0]], x=[[1.0, 2.0]]))),
       'member 1 has another structure than member 0'))
  def test_mistakes(self, call, text):
    with self.assertRaisesRegex(ValueError, text):
      call()


if __name__ == '__main__':
  absltest.main()
