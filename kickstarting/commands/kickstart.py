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
"""The main job: a kickstarted student against one trained from scratch.

  kickstarting kickstart                            # minigrid8, shipped experts
  kickstarting kickstart --method=on_policy_distill           # no reward
  kickstarting kickstart --feature_cost=0.01                  # Actor-Mimic's
  kickstarting kickstart --weights=constant:1 --seed=2

Both students have the same network, budget and settings; they are trained one
after the other. The comparison is in frames of the student, as in the paper;
`teacher_frames` says what the teachers cost, null if that is not known. Not
here: several seeds (`experiments/study.py`).
"""

from absl import flags

from kickstarting import checks
from kickstarting import figures
from kickstarting import losses
from kickstarting import runs
from kickstarting.commands import comparison
from kickstarting.commands import flag_groups
from kickstarting.commands import problem_flags
from kickstarting.commands import run_flags
from kickstarting.commands import shared_flags
from kickstarting.commands import workdir as workdir_lib
from kickstarting.runtime import training

flags.adopt_module_key_flags(shared_flags)
flag_groups.grouped('teachers', flags.DEFINE_float(
    'flipped', 0.0, 'Share of the observations in which the best action of the '
    'teachers is another one.', lower_bound=0.0, upper_bound=1.0))
_BASELINE = flags.DEFINE_bool(
    'baseline', True, 'Also train the student from scratch.')

flags.FLAGS.set_default('teachers', ['zoo'])


def main(argv):
  del argv
  folder = workdir_lib.choose('kickstart', can_grow=True)
  if workdir_lib.has_ended(folder):
    return
  described = problem_flags.describe()
  teaching, suite = described.teaching, described.suite
  student = 'kickstarted' if losses.get_method(
      described.update.method).adds_reward else 'distilled'
  jobs = {student: described}
  if _BASELINE.value:
    jobs = {'scratch': problem_flags.describe_alone(), **jobs}
  # All of them now: what is wrong must not show after the first.
  problems = {name: job.problem() for name, job in jobs.items()}
  if not teaching.teachers:
    raise checks.UserError(
        '--teachers names nobody; expected at least one teacher, whose student'
        ' is compared with one that has none. Name a path or zoo, or train one'
        ' student with the command train.')
  stop = workdir_lib.begin(folder, 'kickstart', described)
  print(f'{suite.name}: {len(suite.tasks)} tasks, {len(teaching.teachers)}'
        f' teachers, {described.config.frames:,} frames a student;'
        f' results in {folder}', flush=True)
  outcomes: dict[str, training.Outcome] = {}
  for name, job in jobs.items():
    if not (outcomes and stop()):
      outcomes[name] = runs.run(
          problems[name], job.config, folder / name,
          resume=run_flags.RESUME.value, should_stop=stop, label=f'{name:12}')
      problem_flags.export(
          folder / name / 'policy.npz', job, outcomes[name].params,
          outcomes[name].frames)
  result = workdir_lib.summary(*outcomes.values()) | {
      'ended': 'interrupted' if stop() else 'finished', 'suite': suite.name,
      'teacher_frames': teaching.frames, 'workdir': str(folder)}
  marks = None
  if result['ended'] == 'finished' and 'scratch' in outcomes:
    summary = comparison.summarise(folder / 'scratch', folder / student)
    result |= summary
    marks = {
        'score': summary['score_scratch'],
        'frames': {student: summary['frames_to_scratch_score']}}
  figure = figures.draw_curves(
      folder / 'score_against_frames', {n: [folder / n] for n in outcomes},
      title=f'{suite.name}, seed {described.config.seed}', marks=marks)
  workdir_lib.finish(folder, result | {'figure': str(figure)})
