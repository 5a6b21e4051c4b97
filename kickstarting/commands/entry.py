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
"""`kickstarting COMMAND --flags`: the commands that come with the library.

Not here: what they do (a module each). This module imports nothing that takes
long.
"""

import importlib
import sys

import kickstarting
from kickstarting.commands import stopping

NAME = 'kickstarting'
_STATUS = 2  # of a mistake, see cli.py
COMMANDS = {
    'train': 'Trains one agent, from scratch or helped by teachers.',
    'kickstart': 'Trains a student with teachers, and one without, to compare.',
    'pbt': 'Trains a population whose teacher weights evolve.',
    'evaluate': 'Scores a policy, task by task.',
    'watch': 'Makes a moving picture of an episode.',
    'export': 'Writes a policy to a file of its own.',
}


def usage() -> str:
  """Returns what the commands are."""
  width = max(map(len, COMMANDS))
  return '\n'.join([
      f'{NAME} COMMAND [--flag=value ...]', '',
      *(f'  {name:{width}}  {text}' for name, text in COMMANDS.items()), '',
      f'{NAME} COMMAND --help lists the flags of a command.'])


def main() -> None:
  """Runs the command that the first argument names."""
  stopping.at_start()
  arguments = sys.argv[1:]
  if not arguments or arguments[0] in ('-h', '-help', '--help', 'help'):
    print(usage(), flush=True)
    sys.exit(0 if arguments else _STATUS)
  if arguments[0] == '--version':
    print(kickstarting.__version__, flush=True)
    sys.exit(0)
  if arguments[0] not in COMMANDS:
    print(f'error: there is no command {arguments[0][:80]!r}; expected one of'
          f' {", ".join(COMMANDS)}. ({NAME} --help says what they do.)',
          file=sys.stderr, flush=True)
    sys.exit(_STATUS)
  sys.argv = [f'{NAME} {arguments[0]}', *arguments[1:]]

  from kickstarting.runtime import processor  # it takes long

  processor.share()
  from kickstarting.commands import cli

  cli.run(importlib.import_module(
      f'kickstarting.commands.{arguments[0]}').main)
