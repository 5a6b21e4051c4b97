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
"""Runs the main function of a binary and reports mistakes in one line.

Here: `run`. What a user can put right (`checks.UserError`, also in a thread)
ends with `error: text` on standard error and exit status 2. Anything else is a
defect and keeps its traceback. Not here: what the binaries do.
"""

from collections.abc import Callable, Sequence
import sys
from typing import Any

from absl import app

from kickstarting import checks
from kickstarting.runtime import threads

_EXIT_STATUS = 2


def run(
    main: Callable[[Sequence[str]], Any], *, takes_arguments: bool = False
) -> None:
  """Parses the flags and calls `main`; does not return.

  Args:
    main: called with the program's name and what is left beside flags.
    takes_arguments: whether anything may be left beside flags.
  """

  def reporting(argv: Sequence[str]) -> Any:
    try:
      if len(argv) > 1 and not takes_arguments:
        raise checks.UserError(
            f'arguments {argv[1:]} are no flags; flags look like --name=value.')
      return main(argv)
    except (checks.UserError, threads.ThreadError) as error:
      if not is_mistake(error):
        raise
      print(f'error: {error}', file=sys.stderr, flush=True)
      return _EXIT_STATUS

  app.run(reporting)


def is_mistake(error: BaseException) -> bool:
  """Returns whether the text of an error is all that a user needs."""
  if isinstance(error, threads.ThreadError):
    return error.__cause__ is not None and is_mistake(error.__cause__)
  return isinstance(error, checks.UserError)
