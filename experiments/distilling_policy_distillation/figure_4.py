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
"""Figure 4: what more actions do to the variance of an update.

  python -m experiments.distilling_policy_distillation.figure_4
  python -m experiments.distilling_policy_distillation.figure_4 \
      --actions=4,40 --rates=0.02 --mdps=100 --steps=3000

The added actions do nothing. Updates that sum over actions hardly notice them;
those that learn from the one action that was taken do. How much depends on the
step size, which the paper does not print: there is a row for each. Czarnecki et
al. (2019), Figure 4, arXiv:1902.02186. Not here: students (`sampling.py`).
"""

from absl import flags

from experiments.distilling_policy_distillation import figure
from experiments.distilling_policy_distillation import lab_flags
from experiments.distilling_policy_distillation import paper
from kickstarting.commands import cli
from kickstarting.commands import flag_values

flags.adopt_module_key_flags(lab_flags)
flags.FLAGS.set_default('teacher_steps', 100_000)  # as good as the paper's
_TEMPERATURE = flags.DEFINE_float(
    'temperature', 0.0, 'Of the teachers; 0: greedy.', lower_bound=0.0)
_ACTIONS = flags.DEFINE_list(
    'actions', ['4', '40', '400', '4000'], 'Numbers of actions.')
_RATES = flags.DEFINE_list(
    'rates', ['0.0018', '0.02'], 'Step sizes of the students.')
_FEW = flags.DEFINE_integer(
    'mdps_of_many', 100, 'Decision processes with 1,000 actions and more, at '
    'most.', lower_bound=1)

METHODS = (
    'on_policy_distill', 'expected_entropy_regularised', 'entropy_regularised',
    'baseline')
_METHODS = flags.DEFINE_list(
    'methods', list(METHODS), 'Updates of the students.')


def make_groups():
  """Returns the students of each step size and each number of actions.

  Raises:
    ValueError: there is a step size beside those.
  """
  lab_flags.refuse(
      ['learning_rate'], 'on Figure 4, which has a row for each of --rates')
  return [
      figure.grid_group(
          f'{actions:g} actions{paper.RATE}{rate:g}',
          {name: figure.update(name, learning_rate=rate)
           for name in _METHODS.value},
          temperature=_TEMPERATURE.value, num_actions=actions,
          needs_value=False, max_mdps=_FEW.value if actions >= 1000 else None)
      for rate in flag_values.numbers('rates', _RATES.value, low=0)
      for actions in flag_values.counts('actions', _ACTIONS.value)]


def draw(found, steps):
  """Returns a row for each step size, a column for each number of actions."""
  panels = [figure.panel(group, curves, steps, 'return', 'return')
            for group, curves in found.items()]
  width = len(_ACTIONS.value)
  return [panels[i:i + width] for i in range(0, len(panels), width)]


def main(argv):
  del argv
  figure.main('figure_4', 'More actions', make_groups, draw)


if __name__ == '__main__':
  cli.run(main)
