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
"""Figure 5: teachers that err.

  python -m experiments.distilling_policy_distillation.figure_5
  python -m experiments.distilling_policy_distillation.figure_5 \
      --mdps=100 --steps=3000

In a share of the states the teacher's best action is another one. Updates that
clone copy the errors; those that use the reward or the teacher's value recover.
Czarnecki et al. (2019), Figure 5, arXiv:1902.02186. Not here: students
(`sampling.py`), teachers (`teachers.py`).
"""

from absl import flags

from experiments.distilling_policy_distillation import figure
from experiments.distilling_policy_distillation import lab_flags
from experiments.distilling_policy_distillation import tabular
from kickstarting.commands import cli
from kickstarting.commands import flag_values
from kickstarting.losses import distillation

flags.adopt_module_key_flags(lab_flags)
flags.FLAGS.set_default('teacher_steps', 1_000_000)  # as good as the paper's
_TEMPERATURE = flags.DEFINE_float(
    'temperature', 0.0, 'Of the teachers; 0: greedy.', lower_bound=0.0)
_FLIPPED = flags.DEFINE_list(
    'flipped', ['0', '0.15', '0.25'], 'Shares of the states.')
_RETURNS = flags.DEFINE_list(
    'returns', list(tabular.RETURNS), 'What the students learn from.')

METHODS = (
    'on_policy_distill', 'on_policy_distill_plus_r', 'n_distill',
    'n_distill_plus_r', 'entropy_regularised', 'entropy_regularised_plus_r',
    'expected_entropy_regularised', 'expected_entropy_regularised_plus_r',
    'kl_regularised', 'kl_regularised_plus_r', 'expected_kl_regularised',
    'expected_kl_regularised_plus_r', 'v_gated_plus_r', 'teacher_v_reward',
    'td_teacher_v', 'td_zero_v', 'baseline')
_METHODS = flags.DEFINE_list(
    'methods', list(METHODS), 'Updates of the students.')


def _has_returns(name):
  method = distillation.get_method(name)
  return method.has_return and not method.is_one_step


def make_groups():
  """Returns all students for each share and each kind of return.

  Updates without a sum of rewards learn alike from either kind: they are in the
  first alone.
  """
  return [
      figure.grid_group(
          f'{100 * share:g} % flipped, {returns}',
          {name: figure.update(name, returns=returns)
           for name in _METHODS.value
           if returns == tabular.RETURNS[0] or _has_returns(name)},
          temperature=_TEMPERATURE.value, flipped=share)
      for returns in _RETURNS.value
      for share in flag_values.numbers(
          'flipped', _FLIPPED.value, low=0, high=1)]


def draw(found, steps):
  """Returns a row for each kind of return, a column for each share."""
  panels = [figure.panel(group, curves, steps, 'return', 'return')
            for group, curves in found.items()]
  width = len(_FLIPPED.value)
  return [panels[i:i + width] for i in range(0, len(panels), width)]


def main(argv):
  del argv
  figure.main('figure_5', 'Teachers that err', make_groups, draw)


if __name__ == '__main__':
  cli.run(main)
