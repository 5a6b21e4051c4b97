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
"""Writes a policy to a file of its own, for other places.

  kickstarting export --policy=results/mine --output=mine.npz
  kickstarting export --policy=zoo --tasks=DoorKey-8x8 --dtype=float16

Teachers are read from such files, by `--teachers` and `ks.load_policy`. Not
here: the file (`kickstarting/teachers/policy_file.py`).
"""

import json
import os

from absl import flags
import numpy as np

from kickstarting import checks
from kickstarting import files
from kickstarting.commands import flag_values
from kickstarting.commands import problem_flags
from kickstarting.commands import shared_flags
from kickstarting.teachers import policy_file
from kickstarting.teachers import zoo

flags.adopt_module_key_flags(shared_flags)
_POLICY = flags.DEFINE_string(
    'policy', None, 'A policy file, the folder of a finished run, or "zoo" for '
    'the expert of the task in --tasks; one of a network of your own needs '
    '--network.')
_OUTPUT = flags.DEFINE_string('output', 'policy.npz', 'Path of the file.')
_DTYPE = flags.DEFINE_enum(
    'dtype', 'float32', ['float32', 'float16'], 'Of the parameters in the '
    'file; float16 halves it, and is read as float32 again.')
READ = frozenset({'network', 'tasks'})


def _policy(name: str, tasks: list[str]) -> policy_file.Policy:
  """Returns the policy that is to be written.

  Raises:
    ValueError: there is none, or tasks are named in vain.
  """
  if name != 'zoo':
    if tasks:
      raise checks.UserError(
          f'--tasks is {",".join(tasks)}, but --policy is no zoo; expected none'
          ' for a single policy. Leave it out.')
    return problem_flags.policy(name)
  if len(tasks) != 1:
    raise checks.UserError(
        f'--tasks has {len(tasks)} tasks; expected one, whose expert is'
        ' written. Name it.')
  checks.check_name('--tasks', tasks[0], zoo.manifest())
  return zoo.load_expert(tasks[0])


def main(argv):
  del argv
  policy = _policy(problem_flags.given(_POLICY), shared_flags.TASKS.value)
  path = flag_values.path('output', _OUTPUT.value)
  with np.errstate(over='ignore'):
    for name, array in policy_file.flatten(policy.params).items():
      if not policy_file.is_statistic(name) and not np.isfinite(
          np.asarray(array, _DTYPE.value)).all():
        raise checks.UserError(
            f'{files.shown(name, 80)} has numbers that {_DTYPE.value} does not'
            ' hold; expected at most 65504. Leave --dtype out.')
  policy_file.save_policy(path, policy, dtype=_DTYPE.value)
  print(json.dumps({
      'policy': str(path), 'bytes': os.path.getsize(path),
      'tasks': list(policy.tasks)}), flush=True)
