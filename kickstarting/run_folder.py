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
"""The folder that a run owns: its lock, its description and its result.

Here: `named`, `owned`. Not here: the records, checkpoints and policy in it
(`runs.py`).
"""

from collections.abc import Callable, Iterator, Mapping
import contextlib
import os
import pathlib
from typing import Any

from kickstarting import checks
from kickstarting import files
from kickstarting.runtime import exchange
from kickstarting.runtime import logger

CONFIG, RESULT = 'config.json', 'result.json'
_LOCK = '.lock'
_WAIT_S = 2.0  # in which a process that only looks at a lock lets go of it
_WHAT = 'the description of a run'
# What a resumed run may change: a larger budget, and what follows it.
_OF_BUDGET = (
    'frames', 'window_frames', 'record_frames', 'checkpoint_frames')


def named(
    workdir: str | os.PathLike[str] | None, *, resume: bool
) -> pathlib.Path | None:
  """Returns the folder that a user names for a run, if any.

  Raises:
    ValueError: it is no path, or there is none to resume in.
  """
  if workdir is not None:
    return files.user_path('workdir', os.fspath(workdir))
  if resume:
    raise checks.UserError(
        'resume is True without a workdir; expected the folder of the run to'
        ' continue. Name it.')
  return None


@contextlib.contextmanager
def owned(
    folder: pathlib.Path | None,
    program: str,
    description: Mapping[str, Any],
    *,
    resume: bool,
    say: Callable[[str], None] = logger.say,
) -> Iterator[Callable[[Mapping[str, Any]], None]]:
  """Takes a folder for a run, and describes the run in it.

  Args:
    folder: of the run; None: there is none, and nothing is done.
    program: name of what runs.
    description: of the run, as JSON has it.
    resume: whether the run is in the folder already.
    say: told what a larger budget changes.

  Yields:
    What writes the result.

  Raises:
    ValueError: the folder is not empty, or another process has it; or the run
      in it, which is to be resumed, is another one.
    files.OutputError: it cannot be written.
  """
  if folder is None:
    yield lambda result: None
    return
  _check(folder, resume)
  lock = exchange.Lock(folder / _LOCK)
  lock.acquire(lambda: False, _WAIT_S)
  try:
    _check(folder, resume)  # nobody was there first
    if resume:
      before = _check_same(folder, description)
      if description.get('frames') != before.get('frames'):
        say(growth(before['frames'], description['frames']))
        files.remove(folder / RESULT)  # that of the smaller budget
    files.write_json(
        folder / CONFIG, {'program': program, 'description': description},
        indent=2)

    def finish(result: Mapping[str, Any]) -> None:
      lock.check()
      files.write_json(
          folder / RESULT, files.without_nan(dict(result)), indent=2)

    yield finish
  finally:
    lock.release()


def _check(folder: pathlib.Path, resume: bool) -> None:
  """Raises ValueError unless a folder is empty, or has a run to resume."""
  if resume:
    if not os.path.lexists(folder / CONFIG):
      raise checks.UserError(
          f'workdir {files.shown(folder)} holds no run to resume ({CONFIG} is'
          ' missing); expected the folder of one. Name it, or leave resume'
          ' out.')
    return
  if folder.exists() and (not folder.is_dir() or any(
      path.name != _LOCK for path in folder.iterdir())):
    raise checks.UserError(
        f'workdir {files.shown(folder)} is not an empty folder; expected a new'
        ' or an empty one. Name another one, or pass resume=True to continue'
        ' the run in it. Nothing was changed.')


def growth(before: int, now: int) -> str:
  """Says what a larger budget of frames changes."""
  return (f'the budget grows from {before:,} to {now:,} frames; the learning'
          ' rate, and weights in shares of the budget, follow the new one')


def _check_same(
    folder: pathlib.Path, description: Mapping[str, Any]
) -> Mapping[str, Any]:
  """Returns how the run in a folder was described; the same, or smaller.

  Raises:
    ValueError: it was described otherwise.
  """
  saved = files.read_json(folder / CONFIG, _WHAT, kind=dict)
  files.check_fields(
      saved, {'description': dict}, files.shown(folder / CONFIG), _WHAT)
  before = saved['description']
  for name in sorted(before.keys() | description.keys()):
    old, new = before.get(name), description.get(name)
    if old == new and (name in before) == (name in description):
      continue
    is_larger = name == 'frames' and isinstance(old, int) and (
        isinstance(new, int) and old <= new)
    if is_larger or name in _OF_BUDGET[1:]:
      continue
    raise checks.UserError(
        f'{files.shown(name, 60)[1:-1]} is {files.shown(new, 80)}, but the run'
        f' in {files.shown(folder)} has {files.shown(old, 80)}; expected the'
        ' same, or a larger budget of frames. Describe it as before, or name'
        ' another folder.')
  return before
