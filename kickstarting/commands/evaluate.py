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

  kickstarting evaluate --policy=results/train-.../policy.npz
  kickstarting evaluate --policy=zoo --suite=minigrid8
  kickstarting evaluate --policy=results/mine --env=envs.py:make --greedy

Not here: training scores, which are over training episodes (`train.py`).
"""

import time
from typing import Any

from absl import flags

from kickstarting import agent as agent_lib
from kickstarting import figures
from kickstarting import playing
from kickstarting.commands import problem_flags
from kickstarting.commands import shared_flags
from kickstarting.commands import workdir as workdir_lib
from kickstarting.environments import suites
from kickstarting.runtime import threads
from kickstarting.teachers import policy_file
from kickstarting.teachers import zoo

flags.adopt_module_key_flags(shared_flags)
_POLICY = flags.DEFINE_string(
    'policy', None, 'A policy file, the folder of a finished run, or "zoo" for '
    'the expert of each task; one of a network of your own needs --network.')
_EPISODES = flags.DEFINE_integer(
    'episodes', 200, 'Episodes per task.', lower_bound=1)
_GREEDY = flags.DEFINE_bool(
    'greedy', False, 'Take the most probable action, in place of sampling.')
READ = frozenset({
    'env', 'env_settings', 'suite', 'tasks', 'network', 'seed', 'workdir',
    'resume', 'evaluation_max_steps', 'streams', 'splits',
    'streams_per_worker', 'max_restarts', 'start_timeout_s', 'step_timeout_s'})


def _jobs(
    name: str, suite: suites.Suite
) -> list[tuple[policy_file.Policy, suites.Suite]]:
  """Returns each policy with the tasks that it plays."""
  if name == 'zoo':
    return [(zoo.load_expert(task), suite.select([task]))
            for task in suite.task_names]
  return [(problem_flags.policy(name), suite)]


def _acting(agent: agent_lib.Agent) -> agent_lib.Agent:
  return agent_lib.greedy(agent) if _GREEDY.value else agent


def main(argv):
  del argv
  name = problem_flags.given(_POLICY)
  folder = workdir_lib.choose('evaluate')
  described = problem_flags.describe(teachers=())
  suite = described.suite
  agents = [
      (_acting(playing.agent_for(policy, tasks, f'--policy={name}')),
       policy.params, tasks)
      for policy, tasks in _jobs(name, suite)]
  workdir_lib.begin(folder, 'evaluate')  # there is no student to describe
  start = time.monotonic()
  table: dict[str, dict[str, Any]] = {}
  frames = 0
  for agent, params, tasks in agents:
    try:
      evaluation = playing.evaluate(
          agent, tasks, params, _EPISODES.value, described.config.seed,
          manner=described.manner)
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
      title=f'{name}: {score:.1f}')
  workdir_lib.finish(folder, {
      'ended': 'finished', 'score': score, 'frames': frames,
      'frames_per_second': frames / seconds, 'seconds': seconds,
      'tasks': table, 'workdir': str(folder), 'figure': str(figure)})
