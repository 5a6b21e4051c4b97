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
"""Tests of schedules.py: values at chosen frames, and what is refused."""

import math

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting.weights import schedules


class SchedulesTest(parameterized.TestCase):

  @parameterized.product(value=('1', None, True, [1.0], 1e39, 10**400))
  def test_what_is_no_weight(self, value):
    for make in (schedules.constant, lambda x: schedules.linear(x, 5.0),
                 lambda x: schedules.piecewise([0, 1], [1.0, x])):
      with self.assertRaisesRegex(checks.UserError, 'expected a'):
        make(value)

  @parameterized.product(value=(np.float32(0.5), jnp.float32(0.5)))
  def test_numbers_of_any_library(self, value):
    self.assertEqual(schedules.constant(value)(0), 0.5)
    self.assertIs(type(schedules.linear(value, 5)(0)), float)

  def test_a_traced_weight(self):
    with self.assertRaisesRegex(
        checks.UserError, 'start is traced; expected a number that is known'):
      jax.jit(lambda x: schedules.linear(x, 5.0)(0))(1.0)

  @parameterized.parameters(
      (3, [1.0]), ([0], 'a'), (['a', 'b'], [1.0, 1.0]), ([None], [1.0]))
  def test_points_that_are_no_lists_of_numbers(self, boundaries, values):
    with self.assertRaisesRegex(
        checks.UserError, '(boundaries|values) is .* expected a'):
      schedules.piecewise(boundaries, values)

  def test_cut_of_what_is_no_schedule(self):
    with self.assertRaisesRegex(checks.UserError, 'schedule is .* a function'):
      schedules.cut('linear:1:5', 3.0)

  def _assert_values(self, schedule, expected):
    for frames, value in expected.items():
      self.assertAlmostEqual(schedule(frames), value, places=9, msg=frames)

  def test_constant(self):
    self._assert_values(schedules.constant(2), {0: 2.0, 1e12: 2.0})

  def test_linear(self):
    # Schmitt et al. (2018), Table 2, "1 -> 0 at 2 B".
    schedule = schedules.linear(1.0, 2e9)
    self._assert_values(schedule, {0: 1.0, 1e9: 0.5, int(1.5e9): 0.25})
    for frames in (2e9, 2_000_000_001, 1e12):
      self.assertEqual(schedule(frames), 0.0)
    self._assert_values(schedules.linear(2.0, 4e9), {1e9: 1.5})

  def test_linear_counts_beyond_int32(self):
    schedule = schedules.linear(1.0, 2**40)
    self.assertEqual(schedule(2**39), 0.5)
    self.assertLess(schedule(2**39 + 1), 0.5)

  def test_cosine(self):
    # 1/4 of the way: (1 + cos(45 degrees)) / 2 = 0.853553.
    schedule = schedules.cosine(1.0, 100, end=0.2)
    self._assert_values(
        schedule, {0: 1.0, 25: 0.2 + 0.8 * 0.8535533905932737, 50: 0.6}
    )
    self.assertEqual(schedule(100), 0.2)
    self.assertEqual(schedule(101), 0.2)
    self.assertEqual(schedules.cosine(1.0, 100)(100), 0.0)

  def test_exponential(self):
    schedule = schedules.exponential(4.0, 10, floor=0.75)
    self._assert_values(
        schedule, {0: 4.0, 5: 4 * math.sqrt(0.5), 10: 2.0, 20: 1.0, 30: 0.75}
    )
    self.assertGreater(schedules.exponential(1.0, 10)(1000), 0.0)
    self.assertEqual(schedules.exponential(1.0, 1e-3)(1e12), 0.0)

  def test_piecewise_linear(self):
    schedule = schedules.piecewise([10, 20, 40], [1.0, 0.5, 2.0])
    self._assert_values(
        schedule, {0: 1.0, 10: 1.0, 15: 0.75, 20: 0.5, 30: 1.25, 40: 2.0, 99: 2}
    )

  def test_piecewise_step(self):
    schedule = schedules.piecewise(
        [0, 20, 40], [1.0, 0.5, 0.0], interpolation='step'
    )
    self._assert_values(
        schedule, {0: 1.0, 19: 1.0, 20: 0.5, 39: 0.5, 40: 0.0, 1e9: 0.0}
    )

  def test_one_point_is_constant(self):
    schedule = schedules.piecewise([5], [0.3])
    self._assert_values(schedule, {0: 0.3, 5: 0.3, 9: 0.3})

  def test_cut(self):
    schedule = schedules.cut(schedules.constant(1.0), 100)
    self.assertEqual(schedule(99), 1.0)
    self.assertEqual(schedule(100), 0.0)
    self.assertEqual(schedule(1e12), 0.0)

  @parameterized.parameters(
      (lambda: schedules.constant(-1.0), 'value is -1.0'),
      (lambda: schedules.constant(math.nan), 'value is nan'),
      (lambda: schedules.linear(math.inf, 10), 'start is inf'),
      (lambda: schedules.cosine(-2, 10), 'start is -2'),
      (lambda: schedules.cosine(1, 10, end=-3), 'end is -3'),
      (lambda: schedules.exponential(-1, 10), 'start is -1'),
      (lambda: schedules.exponential(1, 10, floor=-1), 'floor is -1'),
      (lambda: schedules.piecewise([0], [-1]), 'one of values is -1'),
  )
  def test_weight_errors(self, make, found):
    with self.assertRaisesRegex(
        ValueError,
        f'{found}; expected a finite weight of at least 0. Pass 0 to switch a '
        'teacher off.',
    ):
      make()

  @parameterized.parameters(
      (lambda: schedules.linear(1, 0), 'frames is 0'),
      (lambda: schedules.cosine(1, -5), 'frames is -5'),
      (lambda: schedules.exponential(1, 0), 'half_life_frames is 0'),
      (lambda: schedules.cut(schedules.constant(1), math.nan), 'frames is nan'),
      (lambda: schedules.linear(1, math.inf), 'frames is inf'),
  )
  def test_frames_errors(self, make, found):
    with self.assertRaisesRegex(
        ValueError,
        f'{found}; expected a finite number of environment frames above 0. Use '
        'a constant schedule',
    ):
      make()

  @parameterized.parameters(([], []), ([0, 1], [1.0]), ([0], [1.0, 2.0]))
  def test_piecewise_lengths(self, boundaries, values):
    with self.assertRaisesRegex(
        ValueError,
        f'piecewise schedule has {len(boundaries)} boundaries and '
        f'{len(values)} values; expected as many of each, at least one. Give',
    ):
      schedules.piecewise(boundaries, values)

  @parameterized.parameters(
      ([1, 0],), ([0, 0],), ([-1, 0],), ([0, math.inf],), ([0, math.nan],)
  )
  def test_piecewise_boundaries(self, boundaries):
    with self.assertRaisesRegex(
        ValueError, r'boundaries are \[.*\]; expected finite frames that increa'
    ):
      schedules.piecewise(boundaries, [1.0, 2.0])

  def test_piecewise_interpolation(self):
    with self.assertRaisesRegex(
        ValueError, "interpolation is 'cubic'; expected 'linear' or 'step'. Pas"
    ):
      schedules.piecewise([0], [1.0], interpolation='cubic')


class FramesTest(parameterized.TestCase):

  @parameterized.parameters(-3, float('nan'), 'x', True)
  def test_what_are_no_frames(self, frames):
    for schedule in (
        schedules.constant(1.0), schedules.linear(1.0, 5.0),
        schedules.cosine(1.0, 5.0), schedules.exponential(1.0, 5.0),
        schedules.piecewise([0, 5], [1.0, 0.0]),
        schedules.cut(schedules.constant(1.0), 5.0)):
      with self.assertRaisesRegex(ValueError, 'frames'):
        schedule(frames)

  def test_so_many_that_no_float_holds_them(self):
    self.assertEqual(schedules.linear(1.0, 5.0)(10**400), 0.0)


if __name__ == '__main__':
  absltest.main()
