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
"""The folder of a run: fresh or resumed, and what describes the run in it.

Here: `choose`, `begin`, `finish`. Not here: what a run does, who has a folder
(`folder_lock.py`), signals (`stopping.py`), reading a run's files back
(`run_files.py`, `resuming.py`).
"""

from collections.abc import Callable
import datetime
import json
import os
import pathlib
import shlex
import subprocess
import sys
from typing import Any

from kickstarting import checks
from kickstarting import description as description_lib
from kickstarting import files
from kickstarting import run_folder
from kickstarting.commands import entry
from kickstarting.commands import flag_values
from kickstarting.commands import folder_lock
from kickstarting.commands import resuming
from kickstarting.commands import run_files
from kickstarting.commands import run_flags
from kickstarting.commands import stopping
from kickstarting.runtime import logger

CONFIG, RESULT = run_files.CONFIG, run_files.RESULT


def choose(
    program: str, *, owns: bool = True, can_grow: bool = False
) -> pathlib.Path:
  """Returns the folder of a run; changes nothing on disk.

  With --resume the flags of the run are taken from its folder; flags given on
  the command line must agree with them. Call `begin` once the other flags have
  proved good.

  Args:
    program: name of the binary, for a fresh folder.
    owns: whether the folder is to belong to this process; False for those that
      work in the folder of the one that started them.
    can_grow: whether a run that is resumed may get a larger budget.

  Raises:
    ValueError: the folder is in use, or there is nothing to resume in it.
  """
  folder_lock.release()
  name = run_flags.WORKDIR.value
  if not name:
    if run_flags.RESUME.value:
      raise checks.UserError(
          '--resume needs --workdir: the folder of the run to continue.')
    stamp = datetime.datetime.now().strftime('%Y%m%d-%H%M%S')
    name = os.path.join('results', f'{program}-{stamp}-{os.getpid()}')
  folder = flag_values.path('workdir', name)
  if owns:
    folder_lock.check_free(folder)
  if run_flags.RESUME.value:
    resuming.adopt(folder, program, can_grow=can_grow)
  else:
    _check_empty(folder)
  return folder


def begin(
    folder: pathlib.Path,
    program: str,
    described: description_lib.Description | None = None,
) -> Callable[[], bool]:
  """Takes the folder of a run, and describes a run in it that is new or grows.

  Args:
    folder: of the run.
    program: name of the command.
    described: what the student of the run learns from, if there is one.

  Returns:
    Whether the process was asked to stop; see `folder_lock.take`.

  Raises:
    ValueError: the folder cannot be written, or another process has it.
  """
  stop = folder_lock.take(folder)
  config = {
      'flags': {
          k: v for k, v in run_flags.own_flags().items()
          if k not in resuming.MAY_DIFFER
      },
      **({} if described is None else {'description': described.to_json()}),
  }
  if not run_flags.RESUME.value:
    _check_empty(folder)  # nobody was there first
    files.write_json(folder / CONFIG, {
        'program': program, **config, **origin()}, indent=2)
  elif _grows(folder):
    before = run_files.config(folder)
    logger.say(run_folder.growth(
        before['flags']['frames'], config['flags']['frames']))
    files.remove(folder / RESULT)  # that of the smaller budget
    files.write_json(folder / CONFIG, {**before, **config}, indent=2)
  return stop


def has_ended(folder: pathlib.Path) -> bool:
  """Prints the result of a run that is resumed and has no more to do, if so."""
  if not run_flags.RESUME.value or _grows(folder):
    return False
  result = run_files.result(folder)
  if result is None or result['ended'] != 'finished':
    return False
  print(json.dumps(result), flush=True)
  return True


def _grows(folder: pathlib.Path) -> bool:
  """Returns whether a run that is resumed has a larger budget by now."""
  now = run_flags.own_flags().get('frames')
  return now != run_files.config(folder)['flags'].get('frames')


def _check_empty(folder: pathlib.Path) -> None:
  """Raises ValueError if there is anything but a lock in the folder."""
  if folder.exists() and (not folder.is_dir() or any(
      path.name != folder_lock.NAME for path in folder.iterdir())):
    raise checks.UserError(
        f'--workdir {str(folder)!r} is not an empty folder; name another one,'
        ' or add --resume to continue the run in it. Nothing was changed.')


def origin() -> dict[str, str | None]:
  """Returns what says of a file where it comes from."""
  return {'command': command(), 'git_revision': git_revision()}


def command() -> str:
  """Returns the command line, as one would type it."""
  return shlex.join(['python', *program()[1:], *sys.argv[1:]])


def program() -> list[str]:
  """Returns what starts this binary once more; flags are to be added."""
  name, *command = sys.argv[0].split(' ')
  if name == entry.NAME and command:
    return [sys.executable, '-m', name, *command]
  spec = getattr(sys.modules['__main__'], '__spec__', None)
  return [sys.executable, *(('-m', spec.name) if spec else sys.argv[:1])]


def git_revision() -> str | None:
  """Returns the revision of the checkout; None outside of one."""
  root = pathlib.Path(__file__).parents[2]
  if not (root / '.git').exists():  # installed, perhaps inside another checkout
    return None
  try:
    done = subprocess.run(
        ['git', 'describe', '--always', '--dirty', '--abbrev=40'],
        cwd=root, capture_output=True, text=True,
        check=True, timeout=10)
  except (OSError, subprocess.SubprocessError):
    return None
  return done.stdout.strip()


def summary(*outcomes: Any) -> dict[str, Any]:
  """Returns what a result says of runs, one after the other."""
  last = outcomes[-1]
  return {
      'ended': last.ended,
      'score': last.score,
      'frames': sum(outcome.frames for outcome in outcomes),
      'frames_per_second': last.frames_per_second,
      'seconds': sum(outcome.seconds for outcome in outcomes),
  }


def finish(folder: pathlib.Path, result: dict[str, Any]) -> None:
  """Keeps the result beside the run and prints it as the last line.

  Numbers that do not exist, such as a score before any episode ended, are null.

  Raises:
    files.OutputError: it cannot be written, or the folder is gone.
  """
  folder_lock.check()
  result = files.without_nan(result)
  files.write_json(folder / RESULT, result, indent=2)
  if result.get('ended') == 'finished':
    stopping.forget()
  print(json.dumps(result), flush=True)
