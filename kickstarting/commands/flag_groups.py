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
"""Which flags are ours, and in which group `--help` lists them.

Here are no flags, so that every binary can load this. Not here: what `--help`
says (`help_text.py`).
"""

from collections.abc import Callable
from typing import TypeVar

from absl import flags

from kickstarting import checks

# What sets defaults that depend on other flags, and returns what they are of.
BEFORE_HELP: list[Callable[[], str]] = []
# Name of a flag -> one of `options.GROUPS`; others are of one command.
GROUP_OF: dict[str, str] = {}
HIDDEN = ('member', 'part', 'helper')  # for processes that we start
_OURS = ('experiments', 'kickstarting.commands')  # modules that define flags

_Holder = TypeVar('_Holder', bound=flags.FlagHolder)


def grouped(group: str, holder: _Holder) -> _Holder:
  """Returns a flag, which `--help` lists in a group from now on."""
  GROUP_OF[holder.name] = group
  return holder


def is_read(name: str, read: frozenset[str] | None) -> bool:
  """Returns whether a flag has an effect on a command.

  Args:
    name: of the flag.
    read: of the flags that commands share, those that it reads, which its
      module has as `READ`; None for all.
  """
  return read is None or name not in GROUP_OF or name in read


def check_read(read: frozenset[str] | None) -> None:
  """Raises UserError if a flag was given that the command does not read."""
  for flag in ours():
    if flag.present and not is_read(flag.name, read):
      raise checks.UserError(
          f'--{flag.name} has no effect on this command; leave it out.')


def ours() -> list[flags.Flag]:
  """Returns all flags that this project defines."""
  return [
      flag
      for module, module_flags in flags.FLAGS.flags_by_module_dict().items()
      if module.startswith(_OURS) or module.endswith('.py')
      for flag in module_flags
  ]
