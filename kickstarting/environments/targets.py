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
"""Functions and files that a user names in a text.

Loads neither JAX nor the rest of the package. Not here: what is called then
(`worker.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import importlib
import importlib.util
import inspect
import os
import pathlib
import sys
import traceback
import types
from typing import Any

from kickstarting import checks
from kickstarting import files

_WHAT = 'a file of Python with an environment or a suite'
_MAX_BYTES = 2**24
_MAX_TEXT = 300  # of what an error says


def resolve(target: str, stand_ins: Sequence[str] = ()) -> Callable[..., Any]:
  """Returns what `module:name` or `file.py:name` names, to be called.

  Raises:
    ValueError: it names nothing that can be called.
  """
  made = find(target, stand_ins)
  if not callable(made):
    place, _, name = target.rpartition(':')
    raise checks.UserError(
        f'environment {target!r}: {place} has no function {name!r};'
        ' expected one of (seed, **arguments). Correct the name.')
  return made


def find(
    target: str, stand_ins: Sequence[str] = (), what: str = 'environment'
) -> Any:
  """Returns what `module:name` or `file.py:name` names; None if nothing.

  This runs the code of the module or file.

  Args:
    target: of a user.
    stand_ins: modules to be forgotten before one that is not ours is loaded.
    what: is named, for messages.

  Raises:
    ValueError: there is no such module or file.
  """
  module_name, _, name = target.rpartition(':')
  if not module_name.startswith(tuple(f'{x}.' for x in stand_ins)):
    for stand_in in stand_ins:
      sys.modules.pop(stand_in, None)
  if not module_name or not name:
    raise checks.UserError(
        f'{what} {target!r}; expected module:function or'
        ' path/to/file.py:function. Write for example my_levels:make.')
  if module_name.endswith('.py'):
    module = load(pathlib.Path(module_name))
  else:
    try:
      module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
      if error.name and module_name.startswith(error.name):
        raise checks.UserError(
            f'{what} {target!r}: there is no module {error.name!r};'
            ' expected one on the Python path. Install it, or write'
            ' path/to/file.py:function.') from error
      raise
  return getattr(module, name, None)


def check_signature(
    make: Callable[..., Any], task_name: str, seed: int,
    arguments: Mapping[str, Any],
) -> None:
  """Checks that what a user names can be called with a seed and settings.

  What it raises when it is called is not looked at: that is of the user's code.

  Raises:
    ValueError: it takes other arguments.
  """
  try:
    signature = inspect.signature(make)
  except (TypeError, ValueError):  # of a builtin, it may be unknown
    return
  try:
    signature.bind(seed, **arguments)
  except TypeError as error:
    name = getattr(make, '__name__', type(make).__name__)
    raise checks.UserError(
        f'an environment of task {task_name!r} cannot be made: {error} where'
        f' {name}{signature} is called with a seed'
        + ''.join(f', {argument}' for argument in arguments)
        + '; expected a function of (seed, **settings). Give it these'
        ' parameters, or correct the settings.') from None


def in_a_line(error: BaseException) -> str:
  """Returns what code of a user raised, and where, in one line."""
  try:
    text = ' '.join(str(error).split())[:_MAX_TEXT]
  except Exception:  # its own text is code of the user as well
    text = 'it has no text'
  place = ''
  for frame in traceback.extract_tb(error.__traceback__)[-1:]:
    place = f' ({frame.filename}, line {frame.lineno}, in {frame.name})'
  return f'{type(error).__name__}: {text}{place}'


def load(path: pathlib.Path) -> types.ModuleType:
  """Returns the module of a file.

  This runs the code of the file, whatever it does.

  Raises:
    ValueError: it is no file of Python.
  """
  if not os.path.lexists(path):
    raise checks.UserError(
        f'there is no file {files.shown(path)}; expected one of Python. Correct'
        ' the path.')
  source = files.read_bytes(path, _WHAT, max_bytes=_MAX_BYTES)
  try:
    compile(source, str(path), 'exec', dont_inherit=True)
  except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
    reason = ' '.join(str(error).split())[:200] or type(error).__name__
    raise checks.UserError(
        f'{files.shown(path)} is no Python ({reason}); expected {_WHAT}.'
        ' Correct it, or name the right one.') from error
  name = f'of_a_user_{path.stem}'  # in nobody's way
  spec = importlib.util.spec_from_file_location(name, path)
  assert spec and spec.loader
  module = importlib.util.module_from_spec(spec)
  sys.modules[name] = module
  spec.loader.exec_module(module)
  return module
