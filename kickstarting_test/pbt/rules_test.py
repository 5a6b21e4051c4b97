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
"""Tests of rules as data."""

import math

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import checks
from kickstarting.pbt import priors
from kickstarting.pbt import rules

_PRIOR = priors.LogUniform(0.1, 0.2)


class ActsTest(parameterized.TestCase):
  """Rules that cannot do anything, whatever happens, are refused."""

  @parameterized.named_parameters(
      ('zero_in_log', lambda: rules.Evolution(
          priors.Categorical((0.0, 1.0))),
       'prior .* reaches 0.0 in.*space=.linear'),
      ('uniform_from_zero', lambda: rules.Evolution(priors.Uniform(0.0, 1.0)),
       'prior .* reaches 0.0 in'),
      ('one_in_one_minus', lambda: rules.Evolution(
          priors.Categorical((1.0,)), space='one_minus', changes=(1.2, 0.8),
          high=1.0), 'prior .* reaches 1.0 in'),
      ('below_zero_in_log', lambda: rules.Evolution(
          priors.Uniform(-1.0, -0.5), low=-1.0), 'prior .* reaches -1.0'),
      ('above_one_in_one_minus', lambda: rules.Evolution(
          priors.Uniform(1.5, 2.0), space='one_minus', changes=(1.2, 0.8)),
       'prior .* reaches 2.0'),
      ('factor_1', lambda: rules.Evolution(_PRIOR, changes=(1.0,)),
       r'changes is \(1.0,\) in .*; expected one other than 1'),
      ('only_factors_1', lambda: rules.Evolution(
          _PRIOR, space='one_minus', changes=(1.0, 1.0)), 'other than 1'),
      ('summand_0', lambda: rules.Evolution(
          _PRIOR, space='linear', changes=(0.0,)), 'other than 0'),
      ('factor_in_float32', lambda: rules.Evolution(
          _PRIOR, changes=(1.0 + 1e-9,)), 'other than 1'),
      ('no_room', lambda: rules.Evolution(
          priors.Categorical((0.5,)), low=0.5, high=0.5), 'low is 0.5 and high'
       ' is 0.5; expected'),
      ('bounds_of_another_order', lambda: rules.Evolution(
          _PRIOR, low=1.0, high=0.0), 'low is 1.0 and high is 0.0'),
      ('bound_is_no_number', lambda: rules.Evolution(_PRIOR, high=math.nan),
       'high is nan'),
      ('p_value_0', lambda: rules.TTest(p_value=0.0), 'p_value is 0.0; expected'
       ' more than 0'),
      ('one_value_drawn_anew', lambda: rules.Evolution(
          priors.Categorical((0.5,)), resample=1.0), 'resample is 1 and'))
  def test_refused(self, call, text):
    with self.assertRaisesRegex(checks.UserError, text):
      call()

  @parameterized.named_parameters(
      ('resampled', lambda: rules.Evolution(
          priors.Uniform(0.0, 1.0), resample=0.5)),
      ('linear', lambda: rules.Evolution(
          priors.Uniform(0.0, 1.0), space='linear', changes=(0.1,))),
      ('meant_to_stay', lambda: rules.Evolution(
          priors.Categorical((0.0,)), probability=0.0)),
      ('one_of_the_changes', lambda: rules.Evolution(
          _PRIOR, changes=(1.0, 1.2))))
  def test_allowed(self, call):
    call()

  def test_types(self):
    for call in (
        lambda: rules.Ready('5'), lambda: rules.Ready(2.5),
        lambda: rules.Ready(5, burn_in='0'), lambda: rules.Margin(window=2.5),
        lambda: rules.Margin(points='5'), lambda: rules.TTest(p_value='0.1'),
        lambda: rules.Truncation(share='0.2'),
        lambda: rules.Evolution(_PRIOR, probability='1'),
        lambda: rules.Evolution(_PRIOR, changes=('1.2',)),
        lambda: rules.Evolution(_PRIOR, low='0'),
        lambda: rules.Evolution('uniform'),
        lambda: rules.Rules(rules.Ready(1), 'margin', {}),
        lambda: rules.Rules(rules.Ready(1), rules.Margin(), {'x': _PRIOR})):
      with self.assertRaises(checks.UserError):
        call()


class ChangesTest(absltest.TestCase):

  def test_bias_of_the_operators(self):
    self.assertAlmostEqual(np.log(rules.MULTIPLY_OR_DIVIDE).mean(), 0.0)
    self.assertAlmostEqual(np.log(rules.UP_OR_DOWN).mean(), -0.0204, delta=5e-5)


class MistakesTest(parameterized.TestCase):

  @parameterized.parameters(
      (lambda: rules.Ready(0), 'every is 0; expected a number greater than 0'),
      (lambda: rules.Ready(1, 'days'),
       "unknown unit 'days'.*episodes, frames"),
      (lambda: rules.Ready(1, burn_in=-1), 'burn_in is -1; expected 0 to'),
      (lambda: rules.Ready(2**31), 'every is 2147483648; expected at most'),
      (lambda: rules.TTest(window=1), 'window is 1; expected at least 2'),
      (lambda: rules.TTest(p_value=5.0), 'p_value is 5.0; expected'),
      (lambda: rules.Margin(window=0), 'window is 0; expected at least 1'),
      (lambda: rules.Margin(points=-1.0), 'points is -1.0; expected'),
      (lambda: rules.Truncation(share=0.6), 'share is 0.6; expected more than'),
      (lambda: rules.Evolution(_PRIOR, probability=1.5), 'probability is 1.5'),
      (lambda: rules.Evolution(_PRIOR, resample=-1.0), 'resample is -1.0'),
      (lambda: rules.Evolution(_PRIOR, space='cubic'), "unknown space 'cubic'"),
      (lambda: rules.Evolution(_PRIOR, changes=()), r'changes is \(\); expect'),
      (lambda: rules.Evolution(_PRIOR, changes=(1.2, -0.1)),
       "in space 'log'; expected factors above 0"),
      (lambda: rules.Evolution(_PRIOR, changes=(math.nan,)), 'finite number'),
      (lambda: rules.Evolution(_PRIOR, low=0.15),
       r'leaves the bounds \[0.15, inf\]'),
      (lambda: rules.Evolution(_PRIOR, high=0.15),
       r'leaves the bounds \[0.0, 0.15\]'),
      (lambda: rules.Rules(rules.Ready(1), rules.Margin(), {}, 'never'),
       "unknown explore_when 'never'.*after_copy, always"))
  def test_message(self, call, text):
    with self.assertRaisesRegex(ValueError, text):
      call()


if __name__ == '__main__':
  absltest.main()
