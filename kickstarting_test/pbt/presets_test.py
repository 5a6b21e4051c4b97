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
"""Tests of the papers' settings, against the table of their operators."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import types
from kickstarting.pbt import fitting
from kickstarting.pbt import presets
from kickstarting.pbt import priors
from kickstarting.pbt import rules


class PresetsTest(parameterized.TestCase):
  def test_names(self):
    self.assertSameElements(presets.PRESETS, [
        'kickstarting', 'kickstarting_short', 'impala', 'mix_and_match',
        'mix_and_match_short', 'pbt_t_test', 'pbt_truncation'])

  @parameterized.parameters(*presets.PRESETS)
  def test_hyper_parameters_are_hypers_of_the_learner(self, name):
    self.assertContainsSubset(
        presets.PRESETS[name].evolutions, types.Hypers._fields)

  def test_impala(self):
    preset = presets.get_preset('impala')
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
    preset = presets.get_preset('kickstarting')
    self.assertSameElements(
        preset.evolutions, ['learning_rate', 'entropy_cost', 'alpha', 'rho'])
    self.assertEqual(preset.evolutions['alpha'].prior,
                     priors.LogUniform(0.5, 2.0))
    self.assertEqual(preset.ready, presets.get_preset('impala').ready)

  def test_short_runs_move_weights_further(self):
    short, whole = map(
        presets.get_preset, ('kickstarting_short', 'kickstarting'))
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
    preset = presets.get_preset('mix_and_match')
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
        presets.get_preset, ('mix_and_match_short', 'mix_and_match'))
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
      preset = presets.get_preset(name)
      self.assertEqual(preset.exploit, exploit)
      self.assertEqual(preset.explore_when, 'after_copy')
      rate = preset.evolutions['learning_rate']
      self.assertEqual((rate.changes, rate.probability), ((1.2, 0.8), 1.0))
      # The paper's lower end, in steps of the agent, not frames.
      self.assertEqual(preset.ready, rules.Ready(1_000_000, 'steps'))
      for frames_per_step in (1, 4):
        self.assertEqual(
            fitting.in_frames(preset, frames_per_step).ready,
            rules.Ready(1_000_000 * frames_per_step))

  def test_unknown_name(self):
    with self.assertRaisesRegex(ValueError, "unknown preset 'imapla'.*'impal"):
      presets.get_preset('imapla')


if __name__ == '__main__':
  absltest.main()
