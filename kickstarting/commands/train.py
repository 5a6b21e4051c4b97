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
r"""Trains one agent: from scratch, or an expert, or helped by easier experts.

  kickstarting train --env=gymnasium:CartPole-v1 --frames=1e5
  kickstarting train --suite=minigrid_all --tasks=DoorKey-8x8 \
      --teachers='*=results/doorkey5'

The best parameters of the run and the last ones are evaluated on their own at
the end; the better ones become `policy.npz` in the work folder, which other
runs take as a teacher. Not here: the comparison with a student from scratch
(`kickstart.py`).
"""

from absl import flags

from kickstarting import figures
from kickstarting import playing
from kickstarting import runs
from kickstarting.commands import problem_flags
from kickstarting.commands import run_flags
from kickstarting.commands import shared_flags
from kickstarting.commands import workdir as workdir_lib
from kickstarting.runtime import threads

flags.adopt_module_key_flags(shared_flags)
_EVALUATION_EPISODES = flags.DEFINE_integer(
    'evaluation_episodes', 200, 'Episodes per task that judge the policy at '
    'the end.', lower_bound=1)


def main(argv):
  del argv
  folder = workdir_lib.choose('train', can_grow=True)
  if workdir_lib.has_ended(folder):
    return
  described = problem_flags.describe()
  problem = described.problem()
  stop = workdir_lib.begin(folder, 'train', described)
  print(f'{described.suite.name}: {len(described.suite.tasks)} tasks,'
        f' {described.config.frames:,} frames; results in {folder}', flush=True)
  outcome = runs.run(
      problem, described.config, folder, resume=run_flags.RESUME.value,
      should_stop=stop)
  figure = figures.draw_curves(
      folder / 'curve', {described.suite.name: [folder]}, title='Training')
  result = {
      **workdir_lib.summary(outcome), 'workdir': str(folder),
      'figure': str(figure)}
  if outcome.ended == 'interrupted':  # the user waits; resumed, it is judged
    workdir_lib.finish(folder, result)
    return
  candidates = {
      'last': (outcome.frames, outcome.params),
      'best': (outcome.best_frames, outcome.best_params)}
  try:
    chosen, evaluation = playing.better(
        problem.agent, described.suite,
        {name: params for name, (_, params) in candidates.items()},
        _EVALUATION_EPISODES.value, described.config.seed,
        manner=described.manner)
  except threads.Stopped:
    workdir_lib.finish(folder, result | {'ended': 'interrupted'})
    return
  frames, params = candidates[chosen]
  problem_flags.export(
      folder / 'policy.npz', described, params, frames,
      {'run_frames': outcome.frames, 'evaluation': evaluation})
  workdir_lib.finish(folder, result | {
      'evaluation_score': evaluation['score'], 'chosen': chosen,
      'tasks': evaluation['tasks'], 'policy': str(folder / 'policy.npz')})
