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
"""Whether each teacher needs a weight of its own.

  python -m experiments.weighting --workdir=results/weighting

After Figure 5 of Schmitt et al. (2018), arXiv:1803.03835, with many teachers:
a weight per teacher moved by Population Based Training, one for all moved so, a
constant one, and pure distillation. The population of the constant weight
evolves learning rate and entropy cost alone. Not here: training (`pbt.py`,
`kickstart.py`).
"""

import pathlib

from absl import app
from absl import flags

from experiments import ablation

_WORKDIR = flags.DEFINE_string(
    'workdir', 'results/weighting', 'Folder of the study.')
_SEEDS = flags.DEFINE_list('seeds', ['1', '2', '3'], 'Seeds.')
_EXTRA = flags.DEFINE_string(
    'extra', '', 'Further flags for every run, space-separated.')

_SETTINGS = (
    ablation.Setting('PBT per teacher', 'pbt', ('--weighting=per_teacher',)),
    ablation.Setting('PBT shared', 'pbt', ('--weighting=shared',)),
    ablation.Setting('constant 1', 'pbt', ('--weighting=none',)),
    ablation.Setting(
        'distillation', 'kickstart',
        ('--nobaseline', '--method=distill', '--weights=constant:1'),
        'distilled'),
)


def main(argv):
  del argv
  folder = pathlib.Path(_WORKDIR.value)
  runs = ablation.run_all(
      folder, _SETTINGS, _SEEDS.value, _EXTRA.value.split())
  ablation.report(
      folder, runs, name='weighting', title='One weight, or one per teacher')


if __name__ == '__main__':
  app.run(main)
