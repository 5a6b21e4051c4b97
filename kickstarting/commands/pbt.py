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
"""Kickstarts a population whose teacher weights evolve.

  kickstarting pbt                               # minigrid8, shipped experts
  kickstarting pbt --preset=kickstarting --frames=1e9
  kickstarting pbt --weighting=per_teacher
  kickstarting pbt --processes                   # one process for each member

Population Based Training moves the learning rate, the entropy cost and the
weights of the teachers; all members learn as one program on one device.
`--frames` are those of each member. With `--processes` each member has a
process of its own. Any of those may be killed, it is started again; if the
first one is killed, `--resume` goes on. Beside curves, checkpoints and policies
the folder gets the lineage (`lineage.jsonl`) and the hyper-parameters over the
life of the best member's weights (`schedule.json`). Not here: what a population
is (`kickstarting/evolution.py`), how it is run (`pbt_program.py`,
`pbt_processes.py`).
"""

from absl import flags

from kickstarting import checks
from kickstarting import evolution
from kickstarting import pbt
from kickstarting.commands import pbt_processes
from kickstarting.commands import pbt_program
from kickstarting.commands import problem_flags
from kickstarting.commands import rules_flags
from kickstarting.commands import shared_flags
from kickstarting.commands import workdir as workdir_lib

flags.adopt_module_key_flags(shared_flags)
flags.adopt_module_key_flags(rules_flags)
_POPULATION = flags.DEFINE_integer(
    'population', 8, 'Members.', lower_bound=1)
_PRESET = flags.DEFINE_enum(
    'preset', evolution.PRESET, list(pbt.PRESETS), 'Rules; all but this '
    'one are a paper\'s, for hundreds of millions of frames.')
_WEIGHTING = flags.DEFINE_enum(
    'weighting', 'shared', list(evolution.WEIGHTINGS),
    'shared: one weight for all teachers (alpha); per_teacher: one of its own '
    'for each (rho); none: the weight stays 1.')
_SEPARATE = flags.DEFINE_bool(
    'separate_evaluation', False, 'Compare members by episodes that they play '
    'for that alone, not by those that they learn from.')
_PROCESSES = flags.DEFINE_bool(
    'processes', False, 'Each member in a process of its own, for members that '
    'do not fit into one program.')
_MEMBER = flags.DEFINE_integer(
    'member', -1, 'For the processes that this program starts.')

flags.FLAGS.set_default('teachers', ['zoo'])
flags.FLAGS.set_default('record_frames', evolution.RECORD_FRAMES)


def main(argv):
  del argv
  folder = workdir_lib.choose('pbt', owns=_MEMBER.value < 0)
  for flag in (shared_flags.WEIGHTS, shared_flags.LEARNER_SCHEDULE):
    if flag.present:
      raise checks.UserError(
          f'--{flag.name}={flag.value} has no effect on a population, whose'
          ' rules move the weights. Leave it out, or see --weighting.')
  weights = (
      {'weights': evolution.WEIGHTS} if shared_flags.TEACHERS.value else {})
  population = evolution.describe(
      problem_flags.describe(**weights),
      members=_POPULATION.value, preset=_PRESET.value,
      weighting=_WEIGHTING.value, separate_evaluation=_SEPARATE.value,
      **rules_flags.values())
  if _MEMBER.value >= 0:
    pbt_processes.run_member(_MEMBER.value, population, folder)
    return
  more = {'members_per_batch': 1} if _PROCESSES.value else {}
  problem = population.problem(**more)
  population.check(problem, processes=_PROCESSES.value)
  stop = workdir_lib.begin(folder, 'pbt', population.student)
  print(f'{len(problem.task_names)} tasks, {len(problem.teacher_names)}'
        f' teachers, {_POPULATION.value} members of'
        f' {population.student.config.frames:,} frames; results in'
        f' {folder}', flush=True)
  run = pbt_processes.run if _PROCESSES.value else pbt_program.run
  result = run(population, problem, folder, stop)
  workdir_lib.finish(folder, result | evolution.report(
      folder, problem.teacher_names, result.pop('records'), result['scores'],
      result['frames_per_member']))
