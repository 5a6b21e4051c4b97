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
"""Kickstarting beside what it is compared with, several seeds each.

  python -m experiments.relatives --workdir=results/relatives

Students of `minigrid8` with one budget: from scratch, Policy Distillation alone
and tuned by the reward afterwards, Actor-Mimic and tuning, Distral (which has
no teachers), and kickstarting with A2C and with V-trace. Prints a table of
final scores and of frames to a threshold, a picture, JSON. Not here: the
students (`train.py`, `kickstart.py`, `distil_then_tune.py`,
`mix_and_match.py`).
"""

from collections.abc import Sequence

from absl import flags

from experiments import ablation
from experiments import study_flags
from kickstarting import checks
from kickstarting.commands import cli

flags.adopt_module_key_flags(study_flags)
flags.FLAGS.set_default('workdir', 'results/relatives')
_THRESHOLD = flags.DEFINE_float(
    'threshold', 60.0, 'Score whose frames are counted.')

_DISTIL = ('--method=teacher_distill', '--epsilon=0.05',
           '--divergence=forward_kl', '--teacher_temperature=0.1',
           '--record_frames=150000')
_MIMIC = ('--epsilon=0.1', '--feature_cost=0.01', '--record_frames=150000')

SETTINGS = {setting.name: setting for setting in (
    ablation.Setting(
        'from scratch', 'experiments.train', ('--evaluation_episodes=1',)),
    ablation.Setting(
        'Policy Distillation', 'experiments.kickstart',
        (*_DISTIL, '--weights=constant:1', '--nobaseline'), 'distilled'),
    ablation.Setting(
        'Policy Distillation and tuning', 'experiments.distil_then_tune',
        _DISTIL),
    ablation.Setting(
        'Actor-Mimic and tuning', 'experiments.distil_then_tune', _MIMIC),
    ablation.Setting(
        'Distral', 'experiments.mix_and_match',
        ('--case=multitask', '--agents=distral_two_columns',
         '--transfer_cost=0.001', '--evaluation_episodes=1'),
        'distral_two_columns'),
    ablation.student(
        'kickstarting with A2C', '--algorithm=a2c', '--lockstep', '--splits=1'),
    ablation.student('kickstarting with V-trace'),
)}
_SETTINGS = flags.DEFINE_list('settings', [], 'Which of them; empty for all.')


def chosen(names: Sequence[str]) -> list[ablation.Setting]:
  """Returns the lines of the table.

  Raises:
    ValueError: there is no line of that name.
  """
  for name in names:
    checks.check_name('setting', name, SETTINGS)
  return [SETTINGS[name] for name in names or SETTINGS]


def main(argv):
  del argv
  folder = study_flags.folder()
  runs = ablation.run_all(
      folder, chosen(_SETTINGS.value), study_flags.seeds(),
      study_flags.extra())
  ablation.report(
      folder, runs, name='relatives', threshold=_THRESHOLD.value,
      title=f'Relatives of kickstarting, {len(study_flags.seeds())} seeds')


if __name__ == '__main__':
  cli.run(main)
