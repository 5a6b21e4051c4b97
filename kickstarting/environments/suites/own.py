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
"""Suites of a user's own environments.

Here: `of_environment` for one, `of_builders` for several, `load` for a file
that has one: their environments live in processes of their own, see
`environments/process_batch.py`. `of_function` is for one in this process.
"""

from collections.abc import Callable, Mapping, Sequence
import functools
import math
import pathlib
import types
from typing import Any

from kickstarting import checks
from kickstarting.environments import gymnasium_maker
from kickstarting.environments import process_batch
from kickstarting.environments import python_batch
from kickstarting.environments import targets
from kickstarting.environments import worker_process
from kickstarting.environments.suites import suite as suite_lib

_INSTRUCTION = 'mission'
_NAME = 'SUITE'
_MAX_WORDS = 16  # of an instruction
NO_CAP = math.inf  # of scores that are returns
# How a student learns where nothing is known of the environment: rewards of any
# size, and few frames. The papers' suites have their papers' settings.
DEFAULTS: Mapping[str, Any] = types.MappingProxyType({
    'network': '',  # the one that fits the observation
    'streams': 16,
    'splits': 1,
    'unroll_steps': 32,
    'lockstep': True,
    'epochs': 8,
    'minibatches': 4,
    'ratio_clip': 0.2,
    'scale_free': True,
    'max_grad_norm': 0.5,
    'bootstrap_on_timeout': True,
    # Until its end: a student that is let go earlier may fall again.
    'weights': 'linear:1:100%',
})


def of_environment(
    target: str, settings: Mapping[str, Any] | None = None
) -> suite_lib.Suite:
  """Returns the suite of one environment, whose score is its return.

  Args:
    target: `module:function` or `path/to/file.py:function`, called as
      function(seed, **settings); it returns a `dm_env.Environment` or a
      Gymnasium `Env` with discrete actions. The task is called after the
      class, or after the module of a function.
    settings: for it.
  """
  place, _, function = target.rpartition(':')
  name = function or target
  if not name[:1].isupper():  # of a class it is a name, of a function seldom
    path = place.removesuffix('.py')  # whose folders may have dots
    name = (pathlib.PurePath(path).name if path != place else place.rpartition(
        '.')[2]) or name
  return of_builders(
      name, {name: worker_process.Builder(target)})._replace(
          settings=dict(settings or {}))


def of_function(make_one: Callable[[int], Any]) -> suite_lib.Suite:
  """Returns the suite of one environment that lives in this process.

  Its streams are stepped one after the other; what it raises ends the run.
  Where an environment takes its time, or breaks, name it as `of_environment`
  does: then it lives in processes of its own.

  Args:
    make_one: called as make_one(seed, **settings); see `of_environment`.
  """
  name = getattr(make_one, '__name__', type(make_one).__name__)
  name = 'environment' if name == '<lambda>' else name

  def make(
      tasks: Sequence[suite_lib.Task],
      streams: suite_lib.Streams,
      settings: Mapping[str, Any],
  ) -> python_batch.PythonBatch:
    return python_batch.task_batch(
        {task.name: functools.partial(make_one, **settings) for task in tasks},
        streams.per_task, instruction_key=_INSTRUCTION,
        instruction_every_step=True, **streams.keywords())

  return suite_lib.complete(suite_lib.Suite(
      name, (suite_lib.Task(
          name, name, name, max_words=_MAX_WORDS, reference_source='user'),),
      make, defaults=DEFAULTS, score_cap=NO_CAP,
      make_one=lambda task, seed, settings: make_one(seed, **settings)))


def of_builders(
    name: str,
    builders: Mapping[str, worker_process.Builder],
    references: Mapping[str, tuple[float, float]] | None = None,
    *,
    instruction_key: str = _INSTRUCTION,
    max_words: int = _MAX_WORDS,
    frames_per_step: int = 1,
    defaults: Mapping[str, Any] | None = None,
) -> suite_lib.Suite:
  """Returns a suite of environments.

  Args:
    name: of the suite.
    builders: what makes an environment, by name of the task.
    references: mean returns of the random policy and of a reference player, by
      name of the task. Without them a task's score is its return.
    instruction_key: entry of an observation that is text.
    max_words: of an instruction that are kept.
    frames_per_step: of the environments.
    defaults: of options and flags, by name; in place of `DEFAULTS`.

  Raises:
    ValueError: references are not those of the tasks, or mean nothing.
  """
  if references is not None and set(references) != set(builders):
    raise checks.UserError(
        f'references are of {sorted(references)}, but the tasks are'
        f' {sorted(builders)}; expected both numbers for each task, or none at'
        ' all.')

  def make(
      tasks: Sequence[suite_lib.Task],
      streams: suite_lib.Streams,
      settings: Mapping[str, Any],
  ) -> process_batch.ProcessBatch:
    return process_batch.task_batch(
        {task.name: worker_process.Builder(
            builders[task.name].target,
            {**builders[task.name].arguments, **settings}) for task in tasks},
        streams.per_task, instruction_key=instruction_key,
        instruction_every_step=True, frames_per_step=frames_per_step,
        pool=streams.pool, **streams.keywords())

  def make_one(
      task: suite_lib.Task, seed: int, settings: Mapping[str, Any]
  ) -> Any:
    builder = builders[task.name]
    shown = (
        {'render_mode': 'rgb_array'}
        if builder.target == gymnasium_maker.TARGET else {})
    return targets.resolve(builder.target)(
        seed, **{**shown, **builder.arguments, **settings})

  tasks = []
  for task in builders:
    known = suite_lib.Task(
        task, task, name, max_words=max_words, reference_source='user')
    if references is not None:
      random_return, reference_return = references[task]
      known = known._replace(
          random_return=random_return, reference_return=reference_return)
    tasks.append(known)
  return suite_lib.complete(suite_lib.Suite(
      name, tuple(tasks), make, defaults={**DEFAULTS, **(defaults or {})},
      make_one=make_one,
      score_cap=NO_CAP if references is None else 100.0))


def load(path: str) -> suite_lib.Suite:
  """Returns the suite of a Python file, whose name in it is SUITE.

  Raises:
    ValueError: there is none.
  """
  suite = getattr(targets.load(pathlib.Path(path)), _NAME, None)
  if not isinstance(suite, suite_lib.Suite):
    raise checks.UserError(
        f'{path!r} has no suite called {_NAME}; expected one that'
        ' suites.of_builders returned. See docs/your_own_environment.md.')
  return suite_lib.complete(suite)
