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
"""What `--help` says: the command, and its flags in groups with their defaults.

Not here: the texts, which stand beside what they are about.
"""

import re
import textwrap

from absl import flags

from kickstarting import options
from kickstarting.commands import flag_groups

_WIDTH = 80
_FOR_READERS = re.compile(r'\s*Not here:.*', re.DOTALL)  # of the source
_INDENT = 6


def render(
    doc: str, read: frozenset[str] | None = None, of: str = ''
) -> str:
  """Returns the help of a command.

  Args:
    doc: of its module.
    read: the flags of others that it reads; None for all.
    of: whose defaults are listed; empty: the same whatever is named.
  """
  mine: list[flags.Flag] = []
  groups: dict[str, list[flags.Flag]] = {name: [] for name in options.GROUPS}
  for flag in flag_groups.ours():
    if flag.name not in flag_groups.HIDDEN and flag_groups.is_read(
        flag.name, read):
      groups.get(flag_groups.GROUP_OF.get(flag.name, ''), mine).append(flag)
  parts = [_FOR_READERS.sub('', doc).strip()]
  if of:
    parts.append(textwrap.fill(
        f'Defaults are those of {of}; beside --env or --suite, --help lists'
        ' theirs.', _WIDTH))
  for title, found in (('this command', mine), *groups.items()):
    if found:
      parts.append('\n'.join([f'{title}:', *map(
          _entry, sorted(found, key=lambda flag: flag.name))]))
  return '\n\n'.join([*parts, '--helpfull lists the flags of libraries, too.'])


def _entry(flag: flags.Flag) -> str:
  """Returns the lines of a flag."""
  default = flag.default
  if isinstance(default, list):
    default = ','.join(default)
  if isinstance(default, bool):
    head = f'  --[no]{flag.name}  ({str(default).lower()})'
  elif default in (None, ''):
    head = f'  --{flag.name}'
  else:
    head = f'  --{flag.name}={default}'
  text = ' '.join(flag.help.split())
  pad = ' ' * _INDENT
  return head + '\n' + textwrap.fill(
      text, _WIDTH, initial_indent=pad, subsequent_indent=pad)
