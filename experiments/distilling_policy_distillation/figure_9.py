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
"""Figure 9: corridors of other lengths.

  python -m experiments.distilling_policy_distillation.figure_9
  python -m experiments.distilling_policy_distillation.figure_9 \
      --mdps=100 --steps=3000

Every MDP is the same corridor here, so --mdps is the number of repetitions.
Czarnecki et al. (2019), Figure 9, arXiv:1902.02186. Not here: the corridor and
its students (`corridor.py`).
"""

from absl import flags

from experiments.distilling_policy_distillation import corridor
from experiments.distilling_policy_distillation import figure
from kickstarting.commands import cli
from kickstarting.commands import flag_values

flags.adopt_module_key_flags(corridor)
_LENGTHS = flags.DEFINE_list(
    'lengths', ['3', '5', '10', '15'], 'Cells on each side of the start.')


def main(argv):
  del argv
  figure.main(
      'figure_9', 'An optimal and an adversarial teacher',
      lambda: corridor.make_groups(
          flag_values.counts('lengths', _LENGTHS.value)),
      corridor.draw)


if __name__ == '__main__':
  cli.run(main)
