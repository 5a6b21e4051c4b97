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
"""The suite of whatever a user calls an environment: `suite_of`.

Not here: the shipped suites by name (`get_suite`), suites of one's own
(`own.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import difflib
import re
from typing import Any, TypeAlias

from kickstarting import checks
from kickstarting import files
from kickstarting.environments import envpool_batch
from kickstarting.environments import gymnasium_maker
from kickstarting.environments import worker_process
from kickstarting.environments.suites import own
from kickstarting.environments.suites import suite as suite_lib

GYMNASIUM, ENVPOOL = 'gymnasium', 'envpool'
_ID = re.compile(r'(?:.*/)?[\w:.-]+-v\d+')  # as Gymnasium and EnvPool have them

Env: TypeAlias = 'str | suite_lib.Suite | Callable[[int], Any]'


def suite_of(
    env: Env,
    known: Mapping[str, Callable[[], suite_lib.Suite]],
    tasks: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> suite_lib.Suite:
  """Returns the suite of an environment, or of several.

  Args:
    env: one of
      - the name of a shipped suite, such as minigrid8;
      - gymnasium:ID or envpool:ID, such as gymnasium:CartPole-v1;
      - module:function or PATH.py:function, called as function(seed,
        **settings) in processes of its own;
      - PATH.py of a suite, see `own.load`;
      - a function of a seed, called in this process;
      - a suite.
    known: makes the shipped suites, by name.
    tasks: names of some of its tasks; None for all.
    settings: of the environments.

  Raises:
    ValueError: there is no such environment, with a close name.
  """
  suite = _find(env, known)
  if settings is not None and not isinstance(settings, Mapping):
    raise checks.UserError(
        f'settings is {checks.short(settings)}; expected a dict of what the'
        " environments are made with, such as {'size': 9}. Pass one.")
  if settings:
    suite = suite._replace(settings={**suite.settings, **settings})
  return suite.select(tasks) if tasks else suite_lib.complete(suite)


def _find(env, known) -> suite_lib.Suite:
  if isinstance(env, suite_lib.Suite):
    return env
  if isinstance(env, str):
    return _of_text(env, known)
  if not callable(env):
    raise checks.UserError(
        f'env is {_what(env)}; expected the name of a suite, gymnasium:ID,'
        ' envpool:ID, PATH.py:function, module:function, a suite, or a function'
        ' of a seed that makes an environment. Each stream needs one of its'
        ' own: write lambda seed: gymnasium.make(...).')
  return own.of_function(env)


def _what(env: Any) -> str:
  if hasattr(env, 'reset') and hasattr(env, 'step'):
    return f'an environment that is made already ({type(env).__name__})'
  return files.shown(env, 80)


def _of_text(text: str, known) -> suite_lib.Suite:
  kind, _, rest = text.partition(':')
  if kind == GYMNASIUM:
    return own.of_builders(rest, {rest: worker_process.Builder(
        gymnasium_maker.TARGET, {'id': rest})})
  if kind == ENVPOOL:
    return _of_envpool(rest)
  place = text.rpartition(':')[0]
  if place.endswith('.py'):
    path = files.user_path('env', place)
    return own.of_environment(f'{path}:{text.rpartition(":")[2]}')
  if text.endswith('.py'):
    return own.load(str(files.user_path('env', text)))
  if place:
    return own.of_environment(text)
  if text not in known and _ID.fullmatch(text):
    raise checks.UserError(
        f'env is {files.shown(text, 80)}, which may be an environment of'
        ' Gymnasium or of EnvPool; expected the one or the other. Write'
        f' gymnasium:{files.shown(text, 80)[1:-1]} or'
        f' envpool:{files.shown(text, 80)[1:-1]}.')
  if text not in known:
    close = difflib.get_close_matches(text, known, n=1)
    raise checks.UserError(
        f'unknown suite {files.shown(text, 80)}'
        + (f'; did you mean {close[0]!r}?' if close else ';')
        + f' Expected one of {", ".join(known)}, or an environment as'
        ' gymnasium:ID, envpool:ID, PATH.py:function or module:function.')
  return suite_lib.complete(known[text]())


def _of_envpool(level: str) -> suite_lib.Suite:
  """Returns the suite of one of EnvPool's levels, whose score is its return."""

  def make(tasks, streams, settings):
    return envpool_batch.task_batch(
        [task.level for task in tasks], streams.per_task, settings=settings,
        **streams.keywords())

  return suite_lib.complete(suite_lib.Suite(
      level, (suite_lib.Task(level, level, reference_source='user'),), make,
      defaults=own.DEFAULTS, score_cap=own.NO_CAP,
      make_one=lambda task, seed, settings: gymnasium_maker.make(
          seed, task.level, render_mode='rgb_array', **settings)))
