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
"""Distils teachers, then learns on from the reward alone.

  python -m experiments.distil_then_tune                    # shipped experts
  python -m experiments.distil_then_tune --method=teacher_distill \
      --divergence=forward_kl --teacher_temperature=0.1 --epsilon=0.05
  python -m experiments.distil_then_tune --feature_cost=0.01 --epsilon=0.1

The usual way to profit from teachers, to be compared with kickstarting, which
does both at once: the policy is distilled with the first part of the frames,
and its parameters start a student from scratch with the rest. Its value is
learnt from the beginning (`--nolearns_value`: only then), for one that knows
nothing spoils the policy that it is to improve. The second line is Policy
Distillation, the third Actor-Mimic. The learning rate falls to 0 in either
part. `records.jsonl` in the work folder has both parts in a row. Not here: the
comparison (`relatives.py`).
"""

import json
import pathlib

from absl import flags

from kickstarting import checks
from kickstarting import figures
from kickstarting import files
from kickstarting import losses
from kickstarting import problems
from kickstarting import runs
from kickstarting.commands import cli
from kickstarting.commands import problem_flags
from kickstarting.commands import run_flags
from kickstarting.commands import shared_flags
from kickstarting.commands import workdir as workdir_lib
from kickstarting.runtime import logger as logger_lib

flags.adopt_module_key_flags(shared_flags)
_TUNED = flags.DEFINE_float(
    'tuned_share', 0.5, 'Share of the frames that are for the second part.',
    lower_bound=0.0, upper_bound=1.0)

flags.FLAGS.set_default('teachers', ['zoo'])
flags.FLAGS.set_default('weights', 'constant:1')
flags.FLAGS.set_default('method', 'on_policy_distill')
flags.FLAGS.set_default('learns_value', True)


def main(argv):
  del argv
  folder = workdir_lib.choose('distil_then_tune')
  method = shared_flags.FLAGS.method
  if losses.get_method(method).adds_reward:
    raise checks.UserError(
        f'--method={method} adds the reward; expected one that does not, as'
        ' on_policy_distill. For both at once take experiments.kickstart.')
  frames = shared_flags.FLAGS.frames
  tuned = int(frames * _TUNED.value)
  if not 0 < tuned < frames:
    raise checks.UserError(
        f'--tuned_share={_TUNED.value} leaves a part without frames; expected'
        ' more than 0 and less than 1.')
  first = problem_flags.describe(frames=frames - tuned)
  second = problem_flags.describe_alone(frames=tuned)
  problem, next_problem = first.problem(), second.problem()
  suite, teaching = first.suite, first.teaching
  stop = workdir_lib.begin(folder, 'distil_then_tune', first)
  print(f'{suite.name}: {len(suite.tasks)} tasks, {len(teaching.teachers)}'
        f' teachers, {first.config.frames:,} frames of distillation'
        f' and {tuned:,} of reward; results in {folder}', flush=True)
  resume = run_flags.RESUME.value
  outcomes = [runs.run(
      problem, first.config, folder / 'distilled', resume=resume,
      should_stop=stop, label='distilled   ')]
  if not stop():
    outcomes.append(runs.run(
        problems.start_from(next_problem, outcomes[0].params), second.config,
        folder / 'tuned', resume=resume, should_stop=stop,
        label='tuned       '))
  last = outcomes[-1]
  problem_flags.export(
      folder / 'policy.npz', first if len(outcomes) == 1 else second,
      last.params, last.frames, {'teacher_frames': teaching.frames})
  _join(folder, outcomes[0].frames)
  figure = figures.draw_curves(
      folder / 'score_against_frames', {'distilled, then tuned': [folder]},
      title=f'{suite.name}, seed {first.config.seed}')
  workdir_lib.finish(folder, workdir_lib.summary(*outcomes) | {
      'ended': 'interrupted' if stop() else 'finished',
      'score_distilled': outcomes[0].score, 'workdir': str(folder),
      'figure': str(figure)})


def _join(folder: pathlib.Path, frames: int) -> None:
  """Writes the records of both parts, the second after so many frames."""
  records = logger_lib.read_records(folder / 'distilled') + [
      record | {'frames': record['frames'] + frames}
      for record in logger_lib.read_records(folder / 'tuned')]
  files.write_text(folder / logger_lib.RECORDS, ''.join(
      json.dumps(record) + '\n' for record in records))


if __name__ == '__main__':
  cli.run(main)
