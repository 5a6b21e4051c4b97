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
"""Tests which observations networks can read."""

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import types
from kickstarting.networks import branches
from kickstarting.networks import build
from kickstarting.networks import impala
from kickstarting.networks import reading


def _spec(**entries):
  return {name: types.ArraySpec(shape, np.dtype(dtype))
          for name, (shape, dtype) in entries.items()}


_DIRECTION = {'direction': ((), 'int32')}
_TASKS = (branches.Branch(num_tasks=2),)


class ReadingTest(parameterized.TestCase):

  @parameterized.parameters(
      ('impala_small', (84, 84, 4), 'uint8'),
      ('impala_small', (20, 20, 1), 'float32'),
      ('impala_small', (72, 96, 3), 'float16'),
      ('impala_large', (7, 7, 3), 'uint8'),
      ('impala_large', (1, 1, 1), 'uint8'),
      ('impala_large', (8, 8, 111), 'float32'),
  )
  def test_pictures(self, torso, shape, dtype):
    config = build.NetworkConfig(torso)
    self.assertEqual(
        reading.entries(config, _spec(image=(shape, dtype))), ('image',))

  @parameterized.parameters(
      ('impala_small', (4, 84, 84), 'looks like channels, height, width'),
      ('impala_large', (4, 84, 84), 'looks like channels, height, width'),
      ('impala_large', (1, 84, 84), r'numpy.moveaxis\(image, 0, -1\)'),
      ('impala_small', (7, 7, 3), 'its convolutions leave nothing'),
      ('impala_small', (16, 16, 3), 'leave nothing'),
      ('impala_small', (19, 84, 3), 'at least 20 x 20 pixels'),
      ('impala_small', (84, 19, 3), 'at least 20 x 20 pixels'),
      ('impala_small', (84, 84), 'it is uint8 of shape'),
      ('impala_large', (7,), 'it is uint8 of shape'),
      ('impala_large', (), 'it is uint8 of shape'),
      ('impala_large', (4, 84, 84, 3), 'it is uint8 of shape'),
      ('impala_large', (84, 84, 0), 'at least 1 x 1 pixels of 1 channel'),
      ('impala_large', (0, 84, 3), 'at least 1 x 1 pixels'),
  )
  def test_pictures_of_another_layout(self, torso, shape, message):
    with self.assertRaisesRegex(
        checks.UserError, f"network '{torso}' reads 'image' as a picture, but"
        f' .*{message}') as caught:
      agent_lib.make_agent(
          build.NetworkConfig(torso), _spec(image=(shape, 'uint8')), 3)
    self.assertIn('expected height, width, channels', str(caught.exception))

  @parameterized.parameters(
      {'branches': (branches.Branch(policy='first'), branches.Branch())},
      {'branches': (branches.Branch(core_kind='none'),)},
      {'features': branches.Features(num_tasks=2, size=3)},
      {'torso_dtype': 'bfloat16'},
  )
  def test_whatever_stands_behind_the_torso(self, **fields):
    for shape, message in (
        ((4, 84, 84), 'looks like channels'), ((7, 7, 3), 'leave nothing')):
      with self.assertRaisesRegex(checks.UserError, message):
        agent_lib.make_agent(
            build.NetworkConfig('impala_small', **fields),
            _spec(image=(shape, 'uint8'), task=((), 'int32')), 3)

  @parameterized.product(
      torso=('impala_small', 'impala_large'),
      dtype=('int32', 'int8', 'uint16', 'bool'))
  def test_pictures_of_another_dtype(self, torso, dtype):
    with self.assertRaisesRegex(
        checks.UserError, f'it is {dtype} of shape .*expected uint8, which is'
        ' divided by 255, or floats in'):
      reading.entries(
          build.NetworkConfig(torso), _spec(image=((84, 84, 3), dtype)))

  @parameterized.parameters('impala_small', 'impala_large')
  def test_the_least_picture_leaves_something(self, torso):
    least = impala.LEAST_SIZE[torso]
    agent = agent_lib.make_agent(
        build.NetworkConfig(torso), _spec(image=((least, least, 1), 'uint8')),
        3)
    params = jax.eval_shape(agent.init, jax.random.key(0))
    self.assertEmpty([x for x in jax.tree.leaves(params) if x.size == 0])

  @parameterized.parameters(
      ({'image': ((7, 7, 3), 'uint8')},), ({'image': ((9, 5, 3), 'int32')},))
  def test_symbolic_views(self, image):
    self.assertEqual(
        reading.entries(
            build.NetworkConfig('grid_small'), _spec(**image, **_DIRECTION)),
        ('image', 'direction'))

  @parameterized.parameters(
      (_DIRECTION['direction'], ((3, 7, 7), 'uint8')),
      (_DIRECTION['direction'], ((7, 7, 3), 'float32')),
      (_DIRECTION['direction'], ((7, 7, 4), 'uint8')),
      (_DIRECTION['direction'], ((7, 7), 'uint8')),
      (_DIRECTION['direction'], ((0, 7, 3), 'uint8')),
      (_DIRECTION['direction'], ((210, 160, 3), 'uint8')),
      (((1,), 'int32'), ((7, 7, 3), 'uint8')),
      (((), 'float32'), ((7, 7, 3), 'uint8')),
  )
  def test_symbolic_views_of_another_layout(self, direction, image):
    with self.assertRaisesRegex(
        checks.UserError, "network 'grid_large' reads '.*' as .*, but it is"
        ' (float|u?int).* of shape .*; expected'):
      reading.entries(
          build.NetworkConfig('grid_large'),
          _spec(image=image, direction=direction))

  def test_a_flat_torso_reads_all_numbers(self):
    observation = _spec(
        x=((3,), 'float32'), n=((), 'int32'), door=((2, 2), 'bool'))
    self.assertEqual(
        reading.entries(build.NetworkConfig('flat'), observation),
        ('door', 'n', 'x'))

  @parameterized.parameters(
      ({'x': ((0,), 'float32')}, "observation 'x' has shape .* so no numbers"),
      ({}, "network 'flat' has nothing to read"))
  def test_nothing_to_read(self, entries, message):
    with self.assertRaisesRegex(checks.UserError, message):
      reading.entries(build.NetworkConfig('flat'), _spec(**entries))

  @parameterized.parameters(
      ('impala_small', {}, ['speed']),
      ('impala_large', {}, ['speed']),
      ('grid_small', {}, ['speed']),
      ('impala_small', {'observation_keys': ('image', 'speed')}, ['speed']),
  )
  def test_what_nothing_reads_is_named(self, torso, fields, unread):
    size = 7 if torso == 'grid_small' else 84
    observation = _spec(
        image=((size, size, 3), 'uint8'),
        **dict.fromkeys(unread, ((), 'int32')),
        **(_DIRECTION if torso == 'grid_small' else {}))
    with self.assertRaisesRegex(
        checks.UserError,
        f"nothing in network '{torso}' reads \\['{unread[0]}'\\]: .*"
        'name those that are to be read in observation_keys'):
      agent_lib.make_agent(
          build.NetworkConfig(torso, **fields), observation, 3)

  def test_what_is_ignored_on_purpose(self):
    observation = _spec(
        image=((84, 84, 3), 'uint8'), speed=((), 'float32'),
        task=((), 'int32'))
    for torso in ('impala_small', 'flat'):
      config = build.NetworkConfig(torso, observation_keys=('image',))
      self.assertEqual(reading.entries(config, observation), ('image',))

  def test_parts_of_tasks_read_the_task(self):
    observation = _spec(x=((3,), 'float32'), task=((), 'int32'))
    for branch, reads in (({}, {'x'}), (
        {'branches': _TASKS}, {'x', 'task'})):
      config = build.NetworkConfig('flat', **branch)
      self.assertEqual(reading.entries(config, observation), ('x',))
      agent = agent_lib.make_agent(config, observation, 3)
      self.assertEqual(set(agent.reads), reads)


if __name__ == '__main__':
  absltest.main()
