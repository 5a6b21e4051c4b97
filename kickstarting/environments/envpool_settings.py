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
"""What a user may set of EnvPool, checked before a pool is made.

EnvPool refuses values of another type with a page of signatures, and takes true
for the number 1. Not here: what is made then (`envpool_batch.py`, `doom.py`).
"""

from collections.abc import Mapping, Sequence
import difflib
import types
from typing import Any

from kickstarting import checks
from kickstarting.environments import engines

_OURS = ('num_envs', 'batch_size', 'num_threads', 'max_num_players', 'seed',
         'env_seed')  # they follow from the streams and the seed of a run
_LARGEST = 2**31 - 1
# What a setting may be, by the type of its default.
_KINDS: Mapping[type, tuple[tuple[type, ...], str]] = types.MappingProxyType({
    bool: ((bool,), 'true or false'),
    int: ((int,), 'a whole number of 32 bits'),
    float: ((int, float), 'a number'),
    str: ((str,), 'text; put double quotes around what looks like a number'),
    list: ((list, tuple), 'a list'),
    tuple: ((list, tuple), 'a list'),
    dict: ((dict,), 'an object, such as {"a":1}'),
})


def check(
    levels: Sequence[str],
    settings: Mapping[str, Any],
    ours: Sequence[str] = (),
) -> dict[str, Any]:
  """Returns settings in the types that EnvPool takes.

  Args:
    levels: names that EnvPool should know.
    settings: beside those that we make.
    ours: further settings that are not for a user to choose.

  Raises:
    UserError: an unknown level or setting, one that is not to be chosen, a
      value of another type, or a level that lacks something of the system's.
  """
  envpool = engines.load_envpool()
  known = envpool.list_all_envs()
  found = dict(settings)
  for level in levels:
    if level not in known:
      close = difflib.get_close_matches(level, known, n=3)
      raise checks.UserError(
          f'EnvPool has no level {level!r}; close names:'
          f' {", ".join(close) or "none"}; see envpool.list_all_envs().')
    defaults = _defaults(level)
    for name, value in settings.items():
      found[name] = _checked(level, name, value, defaults, ours)
  return found


def _defaults(level: str) -> dict[str, Any]:
  """Returns the settings of a level as they are by themselves."""
  try:
    return engines.load_envpool().make_spec(level).config._asdict()
  except ImportError as error:
    raise checks.UserError(
        f'level {level} cannot be loaded; expected all that it needs on this'
        f' system. {error}') from error


def _checked(
    level: str, name: str, value: Any, defaults: Mapping[str, Any],
    ours: Sequence[str],
) -> Any:
  """Returns the value of a setting, of the type of its default."""
  if name in (*_OURS, *ours):
    raise checks.UserError(
        f'setting {name!r} of {level} is not to be chosen: the library makes'
        ' it itself; expected others. Leave it out; flags of the run say how'
        ' many streams there are, and their seed.')
  checks.check_name(
      f'setting of {level}', name,
      [known for known in defaults if known not in (*_OURS, *ours)])
  default = defaults[name]
  accepted, wanted = _KINDS[type(default)]
  is_of_kind = isinstance(value, accepted) and (
      bool in accepted or not isinstance(value, bool))
  if not is_of_kind or isinstance(value, int) and abs(value) > _LARGEST:
    raise checks.UserError(
        f'setting {name!r} of {level} is {value!r}; expected {wanted}, such as'
        f' its default {default!r}. Correct the setting.')
  return tuple(value) if isinstance(default, tuple) else value
