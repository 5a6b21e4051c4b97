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

  python -m experiments.kickstart                   # minigrid8, shipped experts
  python -m experiments.kickstart --method=on_policy_distill  # no reward
  python -m experiments.kickstart --feature_cost=0.01         # Actor-Mimic's
  python -m experiments.kickstart --weights=constant:1 --seed=2

Both students have the same network, budget and settings; they are trained one
after the other. The comparison is in frames of the student, as in the paper;
`teacher_frames` says what the teachers cost, null if that is not known. Not
here: several seeds (`study.py`).
"""

from collections.abc import Callable
import pathlib

from absl import flags

from experiments import cli
from experiments import comparison
from experiments import erring
from experiments import problem_flags
from experiments import run_flags
from experiments import shared_flags
from experiments import workdir as workdir_lib
from kickstarting import checks
from kickstarting import figures
from kickstarting import losses
from kickstarting import runs
from kickstarting.environments import suites
from kickstarting.runtime import training
from kickstarting.runtime import training_config

flags.adopt_module_key_flags(shared_flags)
_FLIPPED = flags.DEFINE_float(
    'flipped', 0.0, 'Share of the observations in which the best action of the '
    'teachers is another one.', lower_bound=0.0, upper_bound=1.0)
_BASELINE = flags.DEFINE_bool(
    'baseline', True, 'Also train the student from scratch.')

flags.FLAGS.set_default('teachers', ['zoo'])


def _train(
    name: str,
    folder: pathlib.Path,
    suite: suites.Suite,
    problem: training.Problem,
    teacher_frames: int | None,
    stop: Callable[[], bool],
) -> training.Outcome:
  config = run_flags.config_from_flags(training_config.TrainingConfig)
  outcome = runs.run(
      problem, config, folder / name, resume=run_flags.RESUME.value,
      should_stop=stop, label=f'{name:12}')
  problem_flags.export(
      folder / name / 'policy.npz', problem_flags.network_from_flags(suite),
      suite, outcome.params, problem.update,
      {'frames': outcome.frames, 'teacher_frames': teacher_frames})
  return outcome


def main(argv):
  del argv
  folder = workdir_lib.choose('kickstart')
  suite = problem_flags.suite_from_flags()
  frames = shared_flags.FLAGS.frames
  update = shared_flags.update_from_flags()
  config = run_flags.config_from_flags(training_config.TrainingConfig)
  method = losses.get_method(update.method)
  student = 'kickstarted' if method.adds_reward else 'distilled'
  teaching = erring.flip(
      problem_flags.teaching_from_flags(
          suite, frames, gives_features=bool(update.feature_cost)
          or erring.plays(_FLIPPED.value, update)),
      suite, _FLIPPED.value, update)
  jobs = {}  # all of them now: what is wrong must not show after the first
  if _BASELINE.value:
    jobs['scratch'], _ = problem_flags.make_student_alone(suite)
  jobs[student] = problem_flags.make_problem(
      suite, problem_flags.network_from_flags(suite), update, config, teaching)
  if not teaching.teachers:
    raise checks.UserError(
        '--teachers names nobody; expected at least one teacher, whose student'
        ' is compared with one that has none. Name a path or zoo, or train one'
        ' student with experiments.train.')
  stop = workdir_lib.begin(folder, 'kickstart')
  print(f'{suite.name}: {len(suite.tasks)} tasks, {len(teaching.teachers)}'
        f' teachers, {frames / 1e6:.2f} M frames a student; results in'
        f' {folder}', flush=True)
  outcomes: dict[str, training.Outcome] = {}
  for name, problem in jobs.items():
    if not (outcomes and stop()):
      outcomes[name] = _train(
          name, folder, suite, problem,
          0 if name == 'scratch' else teaching.frames, stop)
  ended = 'interrupted' if stop() else 'finished'
  last = outcomes[list(outcomes)[-1]]
  result = {
      'ended': ended,
      'score': last.score,
      'frames': sum(o.frames for o in outcomes.values()),
      'frames_per_second': last.frames_per_second,
      'seconds': sum(o.seconds for o in outcomes.values()),
      'suite': suite.name,
      'teacher_frames': teaching.frames,
      'workdir': str(folder),
  }
  marks = None
  if ended == 'finished' and 'scratch' in outcomes:
    summary = comparison.summarise(folder / 'scratch', folder / student)
    result |= summary
    marks = {
        'score': summary['score_scratch'],
        'frames': {student: summary['frames_to_scratch_score']},
    }
  figure = figures.draw_curves(
      folder / 'score_against_frames', {n: [folder / n] for n in outcomes},
      title=f'{suite.name}, seed {shared_flags.FLAGS.seed}', marks=marks)
  workdir_lib.finish(folder, result | {'figure': str(figure)})


if __name__ == '__main__':
  cli.run(main)
