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
"""Evaluates a trained agent on a suite, task by task.

  python -m experiments.evaluate --policy=results/train-.../policy.npz
  python -m experiments.evaluate --policy=zoo --suite=minigrid8

Not here: training scores, which are over training episodes (`train.py`).
"""

import time
from typing import Any, NamedTuple

from absl import flags

from experiments import cli
from experiments import flag_values
from experiments import problem_flags
from experiments import run_flags
from experiments import shared_flags
from experiments import workdir as workdir_lib
from kickstarting import agent as agent_lib
from kickstarting import figures
from kickstarting import playing
from kickstarting import types
from kickstarting.environments import suites
from kickstarting.runtime import threads
from kickstarting.runtime import training_config
from kickstarting.teachers import policy_file
from kickstarting.teachers import zoo

flags.adopt_module_key_flags(shared_flags)
_POLICY = flags.DEFINE_string(
    'policy', None, 'A policy file, the folder of a finished run, or "zoo" for '
    'the expert of each task.', required=True)
_EPISODES = flags.DEFINE_integer(
    'episodes', 200, 'Episodes per task.', lower_bound=1)


class _Job(NamedTuple):
  """A policy and the tasks that it plays."""

  agent: agent_lib.Agent
  params: types.Params
  suite: suites.Suite


def _job(name: str, policy: policy_file.Policy, suite: suites.Suite) -> _Job:
  return _Job(playing.agent_for(policy, suite, name), policy.params, suite)


def _jobs(name: str, suite: suites.Suite) -> list[_Job]:
  """Loads what is to be evaluated."""
  if name == 'zoo':
    return [
        _job(task, zoo.load_expert(task), suites.get_suite(suite.name, [task]))
        for task in suite.task_names
    ]
  path = flag_values.path('policy', name)
  return [_job(
      f'--policy={name}', policy_file.load_policy(path), suite)]


def main(argv):
  del argv
  folder = workdir_lib.choose('evaluate')
  suite = problem_flags.suite_from_flags()
  run_flags.config_from_flags(training_config.TrainingConfig)  # checks --seed
  jobs = _jobs(_POLICY.value, suite)
  workdir_lib.begin(folder, 'evaluate')
  start = time.monotonic()
  table: dict[str, dict[str, Any]] = {}
  frames = 0
  for job in jobs:
    try:
      evaluation = playing.evaluate(
          job.agent, job.suite, job.params, _EPISODES.value,
          shared_flags.FLAGS.seed, manner=problem_flags.manner())
    except threads.Stopped:
      workdir_lib.finish(folder, {
          'ended': 'interrupted', 'tasks': table, 'workdir': str(folder)})
      return
    frames += evaluation['frames']
    table |= evaluation['tasks']
  seconds = time.monotonic() - start
  score = sum(row['score'] for row in table.values()) / len(table)
  figure = figures.draw_table(
      folder / 'scores', {t: row['score'] for t, row in table.items()},
      title=f'{_POLICY.value}: {score:.1f}')
  workdir_lib.finish(folder, {
      'ended': 'finished',
      'score': score,
      'frames': frames,
      'frames_per_second': frames / seconds,
      'seconds': seconds,
      'tasks': table,
      'workdir': str(folder),
      'figure': str(figure),
  })


if __name__ == '__main__':
  cli.run(main)
