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
"""Tests of rules as data, and of the papers' settings."""

import dataclasses
import math

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import types
from kickstarting.pbt import priors
from kickstarting.pbt import rules

_PRIOR = priors.LogUniform(0.1, 0.2)


class PresetsTest(parameterized.TestCase):
  """Against the table of the papers' operators."""

  def test_names(self):
    self.assertSameElements(rules.PRESETS, [
        'kickstarting', 'kickstarting_short', 'impala', 'mix_and_match',
        'mix_and_match_short', 'pbt_t_test', 'pbt_truncation'])

  @parameterized.parameters(*rules.PRESETS)
  def test_hyper_parameters_are_hypers_of_the_learner(self, name):
    self.assertContainsSubset(
        rules.PRESETS[name].evolutions, types.Hypers._fields)

  def test_impala(self):
    preset = rules.get_preset('impala')
    self.assertEqual(preset.ready, rules.Ready(5000, 'episodes', 20_000_000))
    self.assertEqual(preset.exploit.points, 5.0)
    self.assertEqual(preset.explore_when, 'always')
    rate = preset.evolutions['learning_rate']
    self.assertEqual(rate.prior, priors.LogUniform(5e-6, 5e-3))
    self.assertEqual(rate.probability, 0.33)
    self.assertEqual(rate.changes, (1.2, 1 / 1.2))
    cost = preset.evolutions['entropy_cost']
    self.assertEqual(cost.prior, priors.LogUniform(5e-5, 1e-2))

  def test_kickstarting_evolves_the_weights_as_well(self):
    preset = rules.get_preset('kickstarting')
    self.assertSameElements(
        preset.evolutions, ['learning_rate', 'entropy_cost', 'alpha', 'rho'])
    self.assertEqual(preset.evolutions['alpha'].prior,
                     priors.LogUniform(0.5, 2.0))
    self.assertEqual(preset.ready, rules.get_preset('impala').ready)

  def test_short_runs_move_weights_further(self):
    short, whole = map(
        rules.get_preset, ('kickstarting_short', 'kickstarting'))
    self.assertEqual(short.ready, rules.Ready(25_000, burn_in=200_000))
    self.assertEqual(short.exploit, rules.Margin(window=20, points=5.0))
    for name in ('learning_rate', 'entropy_cost'):
      self.assertEqual(short.evolutions[name], dataclasses.replace(
          whole.evolutions[name], prior=priors.LogUniform(3e-4, 3e-3)))
    for name, prior, probability, factor in (
        ('alpha', priors.LogUniform(0.5, 2.0), 1.0, 3.0),
        ('rho', priors.LogUniform(0.1, 1.0), 0.1, 10.0)):
      self.assertEqual(short.evolutions[name], rules.Evolution(
          prior, probability, changes=(factor, 1 / factor), high=2.0))

  def test_mix_and_match(self):
    preset = rules.get_preset('mix_and_match')
    self.assertEqual(preset.ready, rules.Ready(300, 'episodes'))
    self.assertEqual(preset.exploit, rules.TTest(30, 0.05))
    self.assertEqual(preset.explore_when, 'always')
    alpha = preset.evolutions['mixing']
    self.assertEqual(
        (alpha.space, alpha.changes, alpha.probability, alpha.low, alpha.high),
        ('linear', (0.05, -0.05), 0.25, 0.0, 1.0))
    self.assertEqual(alpha.prior, priors.LogUniform(1e-3, 1e-2))
    rate = preset.evolutions['learning_rate']
    self.assertEqual((rate.changes, rate.probability), ((1.2, 0.8), 0.25))

  def test_short_runs_mix_faster(self):
    short, whole = map(
        rules.get_preset, ('mix_and_match_short', 'mix_and_match'))
    self.assertEqual(set(short.evolutions), {'mixing'})
    mixing = short.evolutions['mixing']
    self.assertEqual((mixing.space, mixing.low, mixing.high), ('linear', 0, 1))
    self.assertGreater(
        max(mixing.changes) * mixing.probability,
        max(whole.evolutions['mixing'].changes))
    self.assertEqual(short.ready.unit, 'frames')

  def test_pbt(self):
    for name, exploit in (('pbt_t_test', rules.TTest(10)),
                          ('pbt_truncation', rules.Truncation(10, 0.2))):
      preset = rules.get_preset(name)
      self.assertEqual(preset.exploit, exploit)
      self.assertEqual(preset.explore_when, 'after_copy')
      rate = preset.evolutions['learning_rate']
      self.assertEqual((rate.changes, rate.probability), ((1.2, 0.8), 1.0))

  def test_bias_of_the_operators(self):
    self.assertAlmostEqual(np.log(rules.MULTIPLY_OR_DIVIDE).mean(), 0.0)
    self.assertAlmostEqual(np.log(rules.UP_OR_DOWN).mean(), -0.0204, delta=5e-5)

  def test_adapt(self):
    preset = rules.adapt(
        rules.get_preset('impala'), every=100, burn_in=7, window=3)
    self.assertEqual(preset.ready, rules.Ready(100, 'frames', 7))
    self.assertEqual(preset.exploit, rules.Margin(window=3, points=5.0))
    same = rules.adapt(rules.get_preset('impala'))
    self.assertEqual(same, rules.get_preset('impala'))


class MistakesTest(parameterized.TestCase):

  @parameterized.parameters(
      (lambda: rules.get_preset('imapla'), "unknown preset 'imapla'.*'impala'"),
      (lambda: rules.Ready(0), 'every is 0; expected a number greater than 0'),
      (lambda: rules.Ready(1, 'steps'),
       "unknown unit 'steps'.*episodes, frames"),
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
