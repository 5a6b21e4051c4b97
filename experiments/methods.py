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
"""Which update a kickstarted student should use, and when.

  python -m experiments.methods --workdir=results/methods
  python -m experiments.methods --workdir=results/flipped --flipped=0.25

Students of `minigrid8` and the shipped experts, at one budget and with one
schedule of the weight, differ in the update alone: rows of Table 1 of Czarnecki
et al. (2019), arXiv:1902.02186, on a network. With `--flipped` the teachers err
in that share of the observations. Not here: training (`kickstart.py`), the
updates (`kickstarting/losses/distillation.py`).
"""

from collections.abc import Sequence

from absl import flags

from experiments import ablation
from experiments import study_flags
from kickstarting import losses
from kickstarting.commands import cli

flags.adopt_module_key_flags(study_flags)
flags.FLAGS.set_default('workdir', 'results/methods')
_FLIPPED = flags.DEFINE_float(
    'flipped', 0.0, 'Share of the observations in which the best action of the '
    'teachers is another one.', lower_bound=0.0, upper_bound=1.0)
_THRESHOLD = flags.DEFINE_float(
    'threshold', 60.0, 'Score whose frames are counted.')

METHODS = (
    'on_policy_distill_plus_r', 'n_distill_plus_r',
    'expected_entropy_regularised_plus_r', 'v_gated_plus_r',
    'teacher_v_reward', 'on_policy_distill')
_METHODS = flags.DEFINE_list('methods', list(METHODS), 'Which updates.')


def settings(names: Sequence[str], flipped: float) -> list[ablation.Setting]:
  """Returns the lines of the table.

  Raises:
    ValueError: there is no update of that name.
  """
  suffix = f', {100 * flipped:g} % flipped' if flipped else ''
  return [
      ablation.Setting(
          name + suffix, 'experiments.kickstart',
          ('--nobaseline', f'--flipped={flipped}', f'--method={name}'),
          'kickstarted' if losses.get_method(name).adds_reward
          else 'distilled')
      for name in names]


def main(argv):
  del argv
  folder = study_flags.folder()
  runs = ablation.run_all(
      folder, settings(_METHODS.value, _FLIPPED.value), study_flags.seeds(),
      study_flags.extra())
  ablation.report(
      folder, runs, name='methods', threshold=_THRESHOLD.value,
      title=f'Updates, {100 * _FLIPPED.value:g} % of the best actions flipped')


if __name__ == '__main__':
  cli.run(main)
