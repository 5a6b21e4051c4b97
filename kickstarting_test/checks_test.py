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
"""Tests of checks.py: what is refused, and in which words."""

import dataclasses
import fractions
from typing import Any

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

from kickstarting import checks


class ChecksTest(parameterized.TestCase):

  @parameterized.parameters(0, 0.0, -1, float('nan'), np.float32(-2))
  def test_positive_refuses(self, value):
    with self.assertRaisesRegex(
        ValueError, f'clip is {value}; expected a number greater than 0. Pass'
    ):
      checks.check_positive('clip', value)

  @parameterized.parameters(1, 1e-9, float('inf'), np.float32(2))
  def test_positive_accepts(self, value):
    checks.check_positive('clip', value)

  def test_positive_finite(self):
    checks.check_positive_finite('temperature', 0.01)
    with self.assertRaisesRegex(ValueError, 'temperature is 0; expected'):
      checks.check_positive_finite('temperature', 0)
    with self.assertRaisesRegex(
        ValueError, 'temperature is inf; expected a finite number'
    ):
      checks.check_positive_finite('temperature', float('inf'))

  @parameterized.parameters(-0.1, float('inf'), float('nan'), np.float64(-2))
  def test_not_negative_refuses(self, value):
    with self.assertRaisesRegex(
        ValueError, f'cost is {value}; expected a finite number, 0 or more'):
      checks.check_not_negative('cost', value)

  @parameterized.parameters(0, 0.0, 5, np.float32(2))
  def test_not_negative_accepts(self, value):
    checks.check_not_negative('cost', value)

  @parameterized.parameters(-0.1, 1.1, float('nan'), np.float64(2))
  def test_fraction_refuses(self, value):
    with self.assertRaisesRegex(
        ValueError, rf'beta is {value}; expected a number in \[0, 1\]. Pass a'
    ):
      checks.check_fraction('beta', value)

  @parameterized.parameters(0, 1, 0.5, np.float16(1))
  def test_fraction_accepts(self, value):
    checks.check_fraction('beta', value)

  @parameterized.product(
      value=(jnp.float32(0), jnp.zeros(()), np.zeros((), np.float32),
             np.float16(0), ml_dtypes.bfloat16(0), np.int64(0), 1e-45),
      check=(checks.check_positive, checks.check_positive_finite))
  def test_numbers_of_any_library_are_checked_alike(self, value, check):
    with self.assertRaisesRegex(ValueError, 'clip is .*; expected a'):
      check('clip', value)

  @parameterized.product(
      value=('0.5', b'0', None, True, np.bool_(True), [0.5], {}, 1j,
             np.ones(1), jnp.ones((1, 1)), np.array('a')),
      check=(checks.check_positive, checks.check_positive_finite,
             checks.check_not_negative, checks.check_fraction,
             checks.check_finite))
  def test_what_is_no_number_is_refused(self, value, check):
    with self.assertRaisesRegex(
        checks.UserError, 'share is .*; expected a number'):
      check('share', value)

  @parameterized.parameters(
      (jnp.float32(1), 1.0), (np.int64(1), 1.0), (np.float16(0.5), 0.5),
      (fractions.Fraction(1, 2), 0.5))
  def test_numbers_come_back_as_floats(self, value, expected):
    for check in (checks.check_positive, checks.check_positive_finite,
                  checks.check_not_negative, checks.check_fraction,
                  checks.check_finite):
      number = check('share', value)
      self.assertIs(type(number), float)
      self.assertEqual(number, expected)

  @parameterized.parameters(
      checks.check_positive_finite, checks.check_finite,
      checks.check_not_negative)
  def test_numbers_that_float32_does_not_hold(self, check):
    for value in (10**400, -10**400, 10**5000, 1e300):
      with self.assertRaisesRegex(checks.UserError, 'cost is .*; expected a'):
        check('cost', value)

  @parameterized.product(value=(0, -1, 1.5, True, '2', None, jnp.ones(())))
  def test_count_refuses(self, value):
    with self.assertRaisesRegex(
        checks.UserError, 'num is .*; expected a whole number, 1 or more'):
      checks.check_count('num', value)

  def test_count_accepts(self):
    checks.check_count('num', 2)
    checks.check_count('num', np.int64(2))

  @parameterized.parameters(0, 1, None, 'True')
  def test_bool_refuses(self, value):
    with self.assertRaisesRegex(checks.UserError, 'expected True or False'):
      checks.check_bool('is_on', value)

  def test_records_and_functions(self):
    checks.check_record('config', _Config(), _Config)
    with self.assertRaisesRegex(
        checks.UserError, "config is 'a', of type str; expected a record"):
      checks.check_record('config', 'a', _Config)
    checks.check_callable('f', len)
    with self.assertRaisesRegex(checks.UserError, 'f is 1; expected a func'):
      checks.check_callable('f', 1)

  def test_short_is_a_line(self):
    self.assertEqual(checks.short('a'), "'a'")
    self.assertLen(checks.short(list(range(99))), 60)
    self.assertNotIn('\n', checks.short(np.ones((3, 3))))

  def test_traced_numbers_pass(self):

    @jax.jit
    def f(x):
      checks.check_positive('x', x)
      checks.check_positive_finite('x', x)
      checks.check_fraction('x', x)
      checks.check_not_negative('x', x)
      return x

    self.assertEqual(f(jnp.float32(-1)), -1)

  def test_name(self):
    checks.check_name('fruit', 'pear', {'pear': 1, 'apple': 2})
    with self.assertRaisesRegex(
        ValueError,
        "unknown fruit 'nut'; expected one of apple, pear. Pass one of these",
    ):
      checks.check_name('fruit', 'nut', {'pear': 1, 'apple': 2})

  def test_close_name(self):
    with self.assertRaisesRegex(
        ValueError,
        "unknown fruit 'appel'; expected one of apple, pear. Did you mean 'ap",
    ):
      checks.check_name('fruit', 'appel', ('pear', 'apple'))


@dataclasses.dataclass(frozen=True)
class _Config:
  count: int = 1
  rate: float = 1.0
  name: str = 'a'
  is_on: bool = True
  anything: Any = None

  def __post_init__(self):
    checks.check_fields(self)


class FieldsTest(parameterized.TestCase):

  @parameterized.parameters(
      {}, {'count': np.int64(3)}, {'rate': 2}, {'rate': np.float32(0.5)},
      {'is_on': np.bool_(False)}, {'anything': 'x'})
  def test_accepted(self, **fields):
    _Config(**fields)

  @parameterized.parameters(
      ({'count': '1'}, "count is '1', of type str; expected a whole number. P"),
      ({'count': 1.0}, 'count is 1.0, of type float; expected a whole number.'),
      ({'count': True}, 'count is True, of type bool; expected a whole number'),
      ({'rate': '1.0'}, "rate is '1.0', of type str; expected a number. Pass"),
      ({'rate': None}, 'rate is None, of type NoneType; expected a number'),
      ({'rate': 1j}, 'rate is 1j, of type complex'),
      ({'name': 1}, 'name is 1, of type int; expected a text'),
      ({'is_on': 'no'}, "is_on is 'no', of type str; expected True or False"))
  def test_refused(self, fields, text):
    with self.assertRaisesRegex(checks.UserError, text):
      _Config(**fields)


if __name__ == '__main__':
  absltest.main()
