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
r"""What a policy gets if it forgets everything in mid-episode.

  python -m experiments.forgetting --policy=results/student \
      --suite=minigrid_all --tasks=MemoryS13 --at=1,5,10,20

An intervention that tells memory from luck: the core state of the policy is
exchanged for that of the start of an episode, once, after some steps. One row
for each number of steps, and one for a policy that forgets nothing. Not here:
the agent that forgets (`forgetful.py`), training.
"""

import json

from absl import flags

from experiments import forgetful
from kickstarting import playing
from kickstarting.commands import cli
from kickstarting.commands import flag_values
from kickstarting.commands import problem_flags
from kickstarting.commands import shared_flags

flags.adopt_module_key_flags(shared_flags)
_POLICY = flags.DEFINE_string(
    'policy', None, 'A policy file, or the folder of a finished run.')
_AT = flags.DEFINE_list(
    'at', ['1', '5', '10', '20'], 'Steps of an episode, before each of which '
    'a policy of its own forgets everything.')
_EPISODES = flags.DEFINE_integer(
    'episodes', 200, 'Episodes per task.', lower_bound=1)


def main(argv):
  del argv
  name = problem_flags.given(_POLICY)
  policy = problem_flags.policy(name)
  described = problem_flags.describe(teachers=())
  agent = playing.agent_for(policy, described.suite, f'--policy={name}')
  agents = {'never': agent} | {
      f'before step {at}': forgetful.forgetful(agent, at)
      for at in flag_values.counts('at', _AT.value)}
  found = {
      label: playing.evaluate(
          mine, described.suite, policy.params, _EPISODES.value,
          described.config.seed, manner=described.manner,
          label=f'forgets {label:15} ')
      for label, mine in agents.items()}
  tasks = described.suite.task_names
  print(f'| forgets | {" | ".join(tasks)} |')
  print('| --- ' * (1 + len(tasks)) + '|')
  for label, result in found.items():
    cells = [f'{result["tasks"][task]["score"]:.1f}' for task in tasks]
    print(f'| {label} | {" | ".join(cells)} |', flush=True)
  print(json.dumps({label: x['tasks'] for label, x in found.items()}))


if __name__ == '__main__':
  cli.run(main)
