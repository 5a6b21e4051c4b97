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
"""Tests of one step of evolution."""


from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import pbt
from kickstarting_test.pbt import cases

_MOVING = cases.make_rules(evolutions={'x': cases.MOVES})


class ToyTest(absltest.TestCase):
  """Source: Jaderberg et al. (2017), Figure 2, arXiv:1711.09846.

  Q(theta) = 1.2 - |theta|^2 is to be maximised; a member descends on
  h . theta^2 instead. Members [1, 0] and [0, 1] each see one direction only.
  """

  def _run(self, every):
    rules = pbt.Rules(
        pbt.Ready(every), pbt.Margin(window=1, points=0.0),
        {'h': pbt.Evolution(
            pbt.Uniform(0.0, 1.0), probability=1.0, space='linear',
            changes=(0.1, -0.1), high=1.0)})
    population = pbt.make_population(
        params=np.full((2, 2), 0.9, np.float32), opt_state=(),
        hypers={'h': np.eye(2, dtype=np.float32)}, window=1)

    @jax.jit
    def train(population, key):
      theta = population['params']
      theta -= 0.02 * 2 * population['hypers']['h'] * theta
      value = 1.2 - jnp.sum(theta ** 2, axis=1)
      population = population | {
          'params': theta, 'returns': value[:, None],
          'frames': population['frames'] + 1}
      return pbt.step(population, key, rules)[0], value

    for key in jax.random.split(jax.random.key(0), 200):
      population, value = train(population, key)
    return np.asarray(value)

  def test_without_pbt(self):
    np.testing.assert_allclose(self._run(every=1000), 0.39, atol=1e-3)

  def test_with_pbt(self):
    np.testing.assert_allclose(self._run(every=4), 1.2, atol=1e-3)


class ReadyTest(parameterized.TestCase):

  @parameterized.named_parameters(
      ('too_early', pbt.Ready(30), [9, 10, 39], [False, False, True]),
      ('burn_in', pbt.Ready(1, burn_in=40), [39, 40, 41], [False, True, True]))
  def test_frames(self, ready, frames, expected):
    population = cases.make_population(
        [[1.0], [1.0], [1.0]], frames=jnp.asarray(frames))
    population['lineage'] = population['lineage'] | {
        'ready_frames': jnp.full(3, 9, jnp.int32)}
    self.assertEqual(
        pbt.ready(population, cases.make_rules(ready=ready)).tolist(), expected)

  def test_episodes(self):
    population = cases.make_population(
        [[1.0], [1.0], [1.0]], num_episodes=jnp.asarray([11, 12, 13]))
    population['lineage'] = population['lineage'] | {
        'ready_episodes': jnp.asarray([2, 2, 2])}
    rules = cases.make_rules(ready=pbt.Ready(10, 'episodes'))
    self.assertEqual(
        pbt.ready(population, rules).tolist(), [False, True, True])

  def test_only_with_returns_to_judge(self):
    population = cases.make_population([[np.nan, 1.0], [1.0, 1.0]])
    rules = cases.make_rules(exploit=pbt.TTest(window=2))
    self.assertEqual(pbt.ready(population, rules).tolist(), [False, True])
    self.assertEqual(pbt.is_due(population, rules).tolist(), [True, True])


class CopyTest(absltest.TestCase):

  def test_takes_what_was_learnt_and_leaves_what_was_counted(self):
    population = cases.make_population(
        [[1.0], [2.0], [3.0]], frames=jnp.asarray([7, 8, 9]),
        num_episodes=jnp.asarray([4, 5, 6]))
    before = jax.tree.map(np.array, population)
    copied = pbt.copy(population, np.asarray([2, 1, 1]))
    chex.assert_trees_all_equal(population, before)
    self.assertEqual(
        copied['params']['w'].tolist(), [[2, -2], [1, -1], [1, -1]])
    self.assertEqual(copied['opt_state'][0].tolist(), [2, 1, 1])
    self.assertEqual(copied['hypers']['x'].tolist(), [2, 1, 1])
    self.assertEqual(copied['returns'].tolist(), [[3], [2], [2]])
    self.assertEqual(copied['frames'].tolist(), [7, 8, 9])
    self.assertEqual(copied['num_episodes'].tolist(), [4, 5, 6])


class StepTest(parameterized.TestCase):

  @parameterized.parameters(('always', [True] * 3), ('after_copy', None))
  def test_who_explores(self, when, expected):
    population = cases.make_population([[1.0], [5.0], [3.0]], x=[0.1, 0.2, 0.3])
    rules = cases.make_rules(
        exploit=pbt.Truncation(1, 0.34), evolutions={'x': cases.MOVES},
        explore_when=when)
    new, events = pbt.step(population, jax.random.key(0), rules)
    self.assertEqual(events.parent.tolist(), [1, 1, 2])
    inherited = np.asarray(population['hypers']['x'])[events.parent]
    moved = np.asarray(new['hypers']['x']) != inherited
    self.assertEqual(moved.tolist(), expected or [True, False, False])
    chex.assert_trees_all_equal(events.old_hypers, population['hypers'])
    chex.assert_trees_all_equal(events.new_hypers, new['hypers'])

  def test_members_that_are_not_ready_are_left_alone(self):
    population = cases.make_population(
        [[1.0], [5.0]], x=[0.1, 0.2], frames=jnp.asarray([9, 10]))
    rules = cases.make_rules(ready=pbt.Ready(10), evolutions={'x': cases.MOVES})
    new, events = pbt.step(population, jax.random.key(0), rules)
    self.assertEqual(events.ready.tolist(), [False, True])
    self.assertEqual(events.parent.tolist(), [0, 1])
    self.assertEqual(new['hypers']['x'][0], np.float32(0.1))
    self.assertEqual(new['lineage']['ready_frames'].tolist(), [0, 10])
    self.assertEqual(new['lineage']['ready_episodes'].tolist(), [0, 1])
    again, events = pbt.step(new, jax.random.key(1), rules)
    self.assertEqual(events.ready.tolist(), [False, False])
    chex.assert_trees_all_equal(again, new)

  def test_lumps_of_frames_do_not_add_up_to_delays(self):
    rules = cases.make_rules(ready=pbt.Ready(25))
    population = cases.make_population([[1.0], [5.0]])
    ready = []
    for frames in range(0, 200, 16):  # 16 an update
      population = population | {'frames': jnp.full(2, frames)}
      population, events = pbt.step(population, jax.random.key(0), rules)
      ready += [frames] * bool(events.ready.all())
    self.assertEqual(ready, [32, 64, 80, 112, 128, 160, 176])

  def test_failed_members_are_rescued_at_once(self):
    population = cases.make_population(
        [[9.0], [5.0], [1.0]], x=[0.1, 0.2, 0.3], frames=jnp.asarray([3, 3, 3]))
    population['params'] = {'w': np.asarray([[np.nan], [1.0], [2.0]])}
    rules = cases.make_rules(ready=pbt.Ready(10), evolutions={'x': cases.NEVER})
    rescuers = set()
    for seed in range(20):
      new, events = pbt.step(
          population, jax.random.key(seed), rules,
          failed=np.asarray([True, False, False]))
      self.assertEqual(events.rescued.tolist(), [True, False, False])
      self.assertEqual(events.parent.tolist()[1:], [1, 2])
      rescuers.add(int(events.parent[0]))
      chex.assert_tree_all_finite(new['params'])
    self.assertEqual(rescuers, {1, 2})

  def test_nobody_copies_a_failed_member(self):
    population = cases.make_population([[9.0], [5.0]])
    _, events = pbt.step(
        population, jax.random.key(0), cases.make_rules(),
        failed=np.asarray([True, False]))
    self.assertEqual(events.parent.tolist(), [1, 1])

  def test_alone(self):
    population = cases.make_population([[1.0]], x=[0.5])
    new, events = pbt.step(population, jax.random.key(0), _MOVING)
    self.assertEqual(events.parent.tolist(), [0])
    self.assertNotEqual(float(new['hypers']['x'][0]), 0.5)

  def test_jitted_is_the_same_and_compiles_once(self):
    rules = cases.make_rules(
        exploit=pbt.TTest(3), evolutions={'x': cases.MOVES})

    @jax.jit
    @chex.assert_max_traces(n=1)
    def stepper(population, key):
      return pbt.step(population, key, rules)

    rng = np.random.default_rng(0)
    for seed in range(3):
      population = cases.make_population(
          rng.normal(size=(4, 3)), x=rng.uniform(size=4))
      expected = pbt.step(population, jax.random.key(seed), rules)
      chex.assert_trees_all_close(
          stepper(population, jax.random.key(seed)), expected, rtol=1e-6)

  def test_input_is_not_changed(self):
    population = cases.make_population([[1.0], [5.0]], x=[0.1, 0.2])
    before = jax.tree.map(np.array, population)
    pbt.step(population, jax.random.key(0), _MOVING)
    chex.assert_trees_all_equal(population, before)


if __name__ == '__main__':
  absltest.main()
