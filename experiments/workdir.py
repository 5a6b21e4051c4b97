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

Here: `choose`, `begin`, `finish`, `StopRequest`. Not here: reading
that back (`run_files.py`, `resuming.py`), what a run does.
"""

import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys
from typing import Any

from experiments import flag_values
from experiments import resuming
from experiments import run_files
from experiments import run_flags
from kickstarting import checks

CONFIG, RESULT = run_files.CONFIG, run_files.RESULT


def choose(program: str) -> pathlib.Path:
  """Returns the folder of a run; changes nothing on disk.

  With --resume the flags of the run are taken from its folder; flags given on
  the command line must agree with them. Call `begin` once the other flags have
  proved good.

  Args:
    program: name of the binary, for a fresh folder.

  Raises:
    ValueError: the folder is in use, or there is nothing to resume in it.
  """
  name = run_flags.WORKDIR.value
  if name is None:
    if run_flags.RESUME.value:
      raise checks.UserError(
          '--resume needs --workdir: the folder of the run to continue.')
    stamp = datetime.datetime.now().strftime('%Y%m%d-%H%M%S')
    name = os.path.join('results', f'{program}-{stamp}-{os.getpid()}')
  folder = flag_values.path('workdir', name)
  if run_flags.RESUME.value:
    resuming.adopt(folder, program)
  elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
    raise checks.UserError(
        f'--workdir {str(folder)!r} is not an empty folder; name another one,'
        ' or add --resume to continue the run in it. Nothing was changed.')
  return folder


def begin(folder: pathlib.Path, program: str) -> None:
  """Creates the folder of a new run and describes the run in it.

  Raises:
    ValueError: the folder cannot be written.
  """
  if run_flags.RESUME.value:
    return
  try:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text(json.dumps({
        'program': program,
        'flags': {
            k: v for k, v in run_flags.own_flags().items()
            if k not in resuming.MAY_DIFFER
        },
        'command': command(),
        'git_revision': git_revision(),
    }, indent=2) + '\n')
  except OSError as e:
    raise checks.UserError(
        f'--workdir {str(folder)!r} cannot be written ({e.strerror}); name a'
        ' folder that you may write to.') from e


def command() -> str:
  """Returns the command line, as one would type it."""
  return ' '.join(['python', *program()[1:], *sys.argv[1:]])


def program() -> list[str]:
  """Returns what starts this binary once more; flags are to be added."""
  spec = getattr(sys.modules['__main__'], '__spec__', None)
  return [sys.executable, *(('-m', spec.name) if spec else sys.argv[:1])]


def git_revision() -> str | None:
  """Returns the revision of the checkout; None outside of one."""
  try:
    done = subprocess.run(
        ['git', 'describe', '--always', '--dirty', '--abbrev=40'],
        cwd=pathlib.Path(__file__).parent, capture_output=True, text=True,
        check=True, timeout=10)
  except (OSError, subprocess.SubprocessError):
    return None
  return done.stdout.strip()


def finish(folder: pathlib.Path, result: dict[str, Any]) -> None:
  """Keeps the result beside the run and prints it as the last line."""
  temporary = folder / f'.{RESULT}.tmp'
  temporary.write_text(json.dumps(result, indent=2) + '\n')
  temporary.replace(folder / RESULT)
  print(json.dumps(result), flush=True)


class StopRequest:
  """Turns Ctrl-C and SIGTERM into a request that the loop polls.

  The second Ctrl-C ends the process at once.
  """

  def __init__(self):
    self._is_set = False
    signal.signal(signal.SIGINT, self._handle)
    signal.signal(signal.SIGTERM, self._handle)

  def _handle(self, number: int, frame: Any) -> None:
    del frame
    self._is_set = True
    signal.signal(number, signal.SIG_DFL)
    print('stopping: the run is saved; once more ends it at once',
          file=sys.stderr, flush=True)

  def __call__(self) -> bool:
    return self._is_set
