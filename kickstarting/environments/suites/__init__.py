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
"""Suites by name: `get_suite`, `suite_names`, `suite_of`, `of_environment`.

What a suite is: `suite.py`. Who plays which levels: `minigrid_levels.py`,
`atari_games.py`, `procgen_games.py`, `doom_scenarios.py`, `lab_levels.py`, and
`own.py` for yours.
"""

from collections.abc import Callable, Mapping, Sequence
import functools
import types
from typing import Any

from kickstarting import checks
from kickstarting.environments.suites import atari_games
from kickstarting.environments.suites import doom_scenarios
from kickstarting.environments.suites import lab_levels
from kickstarting.environments.suites import minigrid_levels
from kickstarting.environments.suites import named
from kickstarting.environments.suites import own
from kickstarting.environments.suites import procgen_games
from kickstarting.environments.suites import suite as suite_lib

Streams = suite_lib.Streams
Suite = suite_lib.Suite
Task = suite_lib.Task
Env = named.Env
of_environment = own.of_environment

_SUITES: Mapping[str, Callable[[], Suite]] = types.MappingProxyType({
    **{name: functools.partial(minigrid_levels.make_suite, name)
       for name in minigrid_levels.NAMES},
    'atari57': atari_games.make_suite,
    'dmlab30': lab_levels.make_dmlab30,
    'dmlab_curricula': lab_levels.make_curricula,
    'procgen16': procgen_games.make_suite,
    'vizdoom': doom_scenarios.make_suite,
})


def suite_names() -> tuple[str, ...]:
  """Returns the names that `get_suite` knows."""
  return tuple(_SUITES)


def get_suite(name: str, tasks: Sequence[str] | None = None) -> Suite:
  """Returns a suite, or some of its tasks.

  Args:
    name: one of `suite_names()`, or a Python file with a suite, see `own.py`.
    tasks: names of tasks of the suite, or of their levels, in the wanted
      order; all of them if None.

  Raises:
    ValueError: unknown suite or task (with a close name), or a task twice.
  """
  if name.endswith('.py'):
    suite = own.load(name)
  else:
    checks.check_name('suite', name, _SUITES)
    suite = suite_lib.complete(_SUITES[name]())
  return suite if tasks is None else suite.select(tasks)


def suite_of(
    env: Env,
    tasks: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Suite:
  """Returns the suite of whatever a user calls an environment.

  Args:
    env: name of a suite, gymnasium:ID, envpool:ID, PATH.py:function,
      module:function, PATH.py of a suite, a function of a seed, or a suite;
      see `named.suite_of`.
    tasks: names of some of its tasks; None for all.
    settings: of the environments.

  Raises:
    ValueError: there is no such environment, with a close name.
  """
  return named.suite_of(env, _SUITES, tasks, settings)
