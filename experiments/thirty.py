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
"""Thirty tasks and thirty experts: the headline of kickstarting.

  python -m experiments.thirty --workdir=results/thirty
  python -m experiments.thirty --students='from scratch,many experts' --seeds=1

After Table 3 and Figures 4 and 5 of Schmitt et al. (2018), arXiv:1803.03835.
Students of `minigrid30` with one budget: from scratch, and kickstarted by the
shipped experts, by one agent of all tasks that was itself trained from scratch,
without the reward, and with weights that a population evolves. What costs most
has fewer seeds. Whatever is done is not done again. Prints a table of scores
within the budget and of frames to a score, a picture, JSON. Not here: the
students (`thirty_students.py`), the table (`budget_table.py`), the experts
(`train_experts.py`).
"""

from absl import flags

from experiments import study_flags
from experiments import thirty_students
from kickstarting.commands import cli

flags.adopt_module_key_flags(study_flags)
flags.FLAGS.set_default('workdir', 'results/thirty')
flags.FLAGS.set_default('seeds', ['1', '2', '3', '4', '5'])
_FRAMES = flags.DEFINE_string('frames', '20e6', 'Budget of a student.')
_SUITE = flags.DEFINE_string('suite', 'minigrid30', 'Suite of the tasks.')
_STUDENTS = flags.DEFINE_list('students', [], 'Which of them; empty for all.')


def main(argv):
  del argv
  thirty_students.study(
      _STUDENTS.value or list(thirty_students.STUDENTS), study_flags.folder(),
      _SUITE.value, study_flags.seeds(),
      [f'--frames={_FRAMES.value}', *study_flags.extra()])


if __name__ == '__main__':
  cli.run(main)
