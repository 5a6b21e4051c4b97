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
"""Tests of the records: what jit sees of them."""

from absl.testing import absltest
import jax
import numpy as np

from kickstarting import checks
from kickstarting import types


class TypesTest(absltest.TestCase):

  def test_records_are_trees_of_their_fields(self):
    for record in (types.Timestep, types.AgentOutput, types.TeacherOutput,
                   types.Trajectory, types.Hypers, types.LearnerState):
      values = record(*np.arange(len(record._fields)))
      leaves, structure = jax.tree.flatten(values)
      self.assertEqual(leaves, list(range(len(record._fields))))
      self.assertIsInstance(jax.tree.unflatten(structure, leaves), record)

  def test_a_trajectory_without_teachers_has_a_structure_of_its_own(self):
    values = dict.fromkeys(types.Trajectory._fields, 0.0)
    teacher = types.TeacherOutput(0.0, 0.0, 0)
    self.assertNotEqual(
        jax.tree.structure(types.Trajectory(**values | {'teacher': None})),
        jax.tree.structure(types.Trajectory(**values | {'teacher': teacher})))

  def test_index_of_a_teacher_is_an_array(self):
    output = types.TeacherOutput(0.0, 0.0, np.array([1, -1]))
    np.testing.assert_array_equal(output.index, [1, -1])


class HypersTest(absltest.TestCase):

  def test_texts_are_no_numbers(self):
    numbers = dict.fromkeys(types.Hypers._fields, 1.0)
    for name in types.Hypers._fields:
      with self.assertRaisesRegex(
          checks.UserError, f"{name} is the text 'piecewise:0=0'; expected a"):
        types.Hypers(**(numbers | {name: 'piecewise:0=0'}))
    self.assertEqual(types.Hypers(*numbers.values())._asdict(), numbers)

  def test_is_a_tree(self):
    hypers = types.Hypers(**dict.fromkeys(types.Hypers._fields, 1.0))
    doubled = jax.tree.map(lambda x: 2 * x, hypers)
    self.assertIsInstance(doubled, types.Hypers)
    self.assertEqual(doubled.mixing, 2.0)


class MapStreamsTest(absltest.TestCase):
  """Whatever a stream has of a trajectory goes with it."""

  def _trajectory(self, has_teacher=True):
    steps, streams = 3, 5
    ids = np.arange(streams)
    of_steps = np.broadcast_to(ids, (steps + 1, streams))
    return types.Trajectory(
        timesteps=types.Timestep({'a': of_steps}, *[of_steps] * 5),
        actions=of_steps[1:], behaviour_log_prob=of_steps[1:],
        initial_core_state=(ids, {'b': ids[:, None]}),
        instructions=np.zeros((2, 3)), task=ids,
        teacher=types.TeacherOutput(
            of_steps[..., None], of_steps, ids) if has_teacher else None)

  def test_choosing(self):
    for has_teacher in (True, False):
      whole = self._trajectory(has_teacher)
      part = types.map_streams(
          lambda axis, x: np.take(x, [3, 1], axis), whole)
      self.assertIs(part.instructions, whole.instructions)
      for leaf in jax.tree.leaves(part._replace(instructions=())):
        self.assertEqual(set(np.ravel(leaf).tolist()), {1, 3})
        self.assertIn(2, leaf.shape)

  def test_joining(self):
    whole = self._trajectory()
    both = types.map_streams(
        lambda axis, *x: np.concatenate(x, axis), whole, whole)
    self.assertEqual(both.actions.shape, (3, 10))
    self.assertEqual(both.teacher.policy.shape, (4, 10, 1))
    self.assertEqual(both.teacher.index.shape, (10,))
    self.assertIsNone(both.teacher.features)


if __name__ == '__main__':
  absltest.main()
