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
"""Trains one agent: from scratch, or an expert, or helped by easier experts.

  python -m experiments.train --suite=minigrid_all --tasks=DoorKey-5x5
  python -m experiments.train --suite=minigrid_all --tasks=DoorKey-8x8 \
      --teachers='*=results/doorkey5'

The best parameters of the run and the last ones are evaluated on their own at
the end; the better ones become `policy.npz` in the work folder, which other
runs take as a teacher. Not here: the comparison with a student from scratch
(`kickstart.py`).
"""

from absl import flags

from experiments import cli
from experiments import problem_flags
from experiments import run_flags
from experiments import shared_flags
from experiments import workdir as workdir_lib
from kickstarting import figures
from kickstarting import playing
from kickstarting import runs
from kickstarting.runtime import threads
from kickstarting.runtime import training_config

flags.adopt_module_key_flags(shared_flags)
_EVALUATION_EPISODES = flags.DEFINE_integer(
    'evaluation_episodes', 200, 'Episodes per task that judge the policy at '
    'the end.', lower_bound=1)


def main(argv):
  del argv
  folder = workdir_lib.choose('train')
  suite = problem_flags.suite_from_flags()
  network = problem_flags.network_from_flags(suite)
  config = run_flags.config_from_flags(training_config.TrainingConfig)
  update = shared_flags.update_from_flags()
  teaching = problem_flags.teaching_from_flags(
      suite, config.frames, gives_features=bool(update.feature_cost))
  problem = problem_flags.make_problem(
      suite, network, update, config, teaching)
  stop = workdir_lib.begin(folder, 'train')
  outcome = runs.run(
      problem, config, folder, resume=run_flags.RESUME.value,
      should_stop=stop)
  figure = figures.draw_curves(
      folder / 'curve', {suite.name: [folder]}, title='Training')
  result = {
      'ended': outcome.ended,
      'score': outcome.score,
      'frames': outcome.frames,
      'frames_per_second': outcome.frames_per_second,
      'seconds': outcome.seconds,
      'workdir': str(folder),
      'figure': str(figure),
  }
  if outcome.ended == 'interrupted':  # the user waits; resumed, it is judged
    workdir_lib.finish(folder, result)
    return
  candidates = {
      'last': (outcome.frames, outcome.params),
      'best': (outcome.best_frames, outcome.best_params),
  }
  try:
    evaluations = {
        name: playing.evaluate(
            problem.agent, suite, params, _EVALUATION_EPISODES.value,
            config.seed, manner=problem_flags.manner(),
            label=f'{name} parameters: ')
        for name, (_, params) in candidates.items()
    }
  except threads.Stopped:
    workdir_lib.finish(folder, result | {'ended': 'interrupted'})
    return
  chosen = max(evaluations, key=lambda name: evaluations[name]['score'])
  frames, params = candidates[chosen]
  problem_flags.export(folder / 'policy.npz', network, suite, params, update, {
      'frames': frames,
      'run_frames': outcome.frames,
      'teacher_frames': teaching.frames,
      'evaluation': evaluations[chosen],
  })
  workdir_lib.finish(folder, result | {
      'evaluation_score': evaluations[chosen]['score'],
      'chosen': chosen,
      'tasks': evaluations[chosen]['tasks'],
      'policy': str(folder / 'policy.npz'),
  })


if __name__ == '__main__':
  cli.run(main)
