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
"""Engines that a machine may lack: imported, or what is missing in one line.

An engine that is there may lack a module itself, which is another mistake with
another cure. Loads neither JAX nor the rest of the package. Not here: what is
made with an engine (`dmlab.py`, `doom.py`, `envpool_batch.py`).
"""

from collections.abc import Mapping
import importlib
import types
from typing import Any

from kickstarting import checks

_CURES: Mapping[str, str] = types.MappingProxyType({
    'imp': 'Python 3.12 and later have it no more: use Python 3.11.',
    'pkg_resources': 'Install "setuptools<81", which still has it.',
})


def load(name: str, attribute: str, cure: str) -> Any:
  """Returns the module of an engine.

  Args:
    name: of the module.
    attribute: what is needed of it.
    cure: for a machine that has no such module; a sentence.

  Raises:
    UserError: there is no such module, it lacks another one, it cannot be
      loaded, or it is something else of that name.
  """
  try:
    engine = importlib.import_module(name)
  except ModuleNotFoundError as error:
    if error.name == name:
      raise checks.UserError(
          f'there is no module {name}; expected that engine. {cure}') from error
    missing = str(error.name)
    cause = _CURES.get(
        missing.partition('.')[0], f'Install {missing} beside it.')
    raise checks.UserError(
        f'{name} is there, but needs the module {missing!r}, which is not;'
        f' expected both. {cause}') from error
  except (ImportError, OSError) as error:  # a library of the system's
    raise checks.UserError(
        f'{name} is there, but cannot be loaded ({error}); expected an engine'
        ' that was built for this Python and this system. Install what it'
        ' names, or build it anew.') from error
  if not hasattr(engine, attribute):
    where = getattr(engine, '__file__', None) or list(
        getattr(engine, '__path__', []))
    raise checks.UserError(
        f'{name} at {where} has no {attribute}; expected the engine, not'
        ' something else of its name. Rename that, or remove it from the path'
        ' on which Python looks for modules.')
  return engine


def load_envpool() -> Any:
  """Returns EnvPool, which is slow to import; raises as `load`."""
  return load(
      'envpool', 'make_dm', "Install it with pip install '.[envs]'.")
