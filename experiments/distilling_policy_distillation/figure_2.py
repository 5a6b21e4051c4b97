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
"""Figure 2: a distillation update that never converges, and one that does.

  python -m experiments.distilling_policy_distillation.figure_2

On-policy distillation with rewards circles around, because it ignores that it
moves the states it meets. N-distillation adds what was ignored. Czarnecki et
al. (2019), Figure 2, arXiv:1902.02186. Not here: the process and its updates
(`oscillation.py`).
"""

from absl import flags
import numpy as np

from experiments.distilling_policy_distillation import oscillation
from experiments.distilling_policy_distillation import panels as panels_lib
from kickstarting.commands import cli
from kickstarting.commands import run_flags
from kickstarting.commands import workdir as workdir_lib

flags.adopt_module_key_flags(run_flags)
_STEPS = flags.DEFINE_integer('steps', 9000, 'Updates.', lower_bound=1)
_RATE = flags.DEFINE_float(
    'learning_rate', 0.025, 'Of plain gradient descent.', lower_bound=0.0)
_START = flags.DEFINE_float('start', -2.0, 'Both parameters at the start.')


def main(argv):
  del argv
  program = 'distilling_policy_distillation.figure_2'
  folder = workdir_lib.choose(program)
  workdir_lib.begin(folder, program)
  steps = np.arange(_STEPS.value + 1)
  curve = lambda y: panels_lib.Curve(steps, y, np.zeros_like(y))
  panels, result = [], {}
  for name, method in oscillation.methods().items():
    start, sides = oscillation.follow(
        method, _START.value, _RATE.value, _STEPS.value).T
    panels.append(panels_lib.Panel(name, {
        'right at the start': curve(start),
        'right at the sides': curve(sides),
        'expected loss': curve(-4 * start * sides),
    }, {'half': 0.5}, 'probability; loss'))
    result[name] = {
        'crossings_start': oscillation.crossings(start),
        'crossings_sides': oscillation.crossings(sides),
        'smallest_loss': float((-4 * start * sides).min()),
        'end': [float(start[-1]), float(sides[-1])],
    }
  picture = panels_lib.draw(
      folder / 'figure_2', [panels], 'Without and with what was ignored')
  table = panels_lib.write_csv(folder / 'figure_2.csv', [panels])
  workdir_lib.finish(folder, {
      'ended': 'finished', **result, 'figure': str(picture), 'csv': str(table),
      'workdir': str(folder)})


if __name__ == '__main__':
  cli.run(main)
