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
"""Makes a moving picture of an episode that a policy plays.

  kickstarting watch --policy=results/mine --env=gymnasium:CartPole-v1
  kickstarting watch --policy=policy.npz --tasks=FourRooms --output=rooms.gif

Not here: how it is made (`kickstarting/watching.py`).
"""

import json

from absl import flags

from kickstarting import watching
from kickstarting.commands import problem_flags
from kickstarting.commands import shared_flags

flags.adopt_module_key_flags(shared_flags)
_POLICY = flags.DEFINE_string(
    'policy', None, 'A policy file, or the folder of a finished run; one of a '
    'network of your own needs --network.')
_OUTPUT = flags.DEFINE_string('output', 'episode.gif', 'Path of the GIF.')
_GREEDY = flags.DEFINE_bool(
    'greedy', False, 'Take the most probable action, in place of sampling.')
_MAX_STEPS = flags.DEFINE_integer(
    'max_steps', 1000, 'Steps after which the episode is cut.', lower_bound=1)
READ = frozenset({'env', 'env_settings', 'suite', 'tasks', 'network', 'seed'})


def main(argv):
  del argv
  name = problem_flags.given(_POLICY)
  _, env, settings = problem_flags.environment()
  tasks = shared_flags.TASKS.value
  print(json.dumps(watching.watch(
      problem_flags.policy(name), env, _OUTPUT.value,
      task=tasks[0] if tasks else None, settings=settings,
      greedy=_GREEDY.value, seed=shared_flags.FLAGS.seed,
      max_steps=_MAX_STEPS.value)), flush=True)
