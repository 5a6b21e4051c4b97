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
"""From flags to the description of a run.

Here: `describe`, `describe_alone`, and the policy that a command leaves. Not
here: the flags (`shared_flags.py`), what is done with a description
(`kickstarting/description.py`).
"""

from collections.abc import Mapping
import dataclasses
import pathlib
import types
from typing import Any

from absl import flags

from kickstarting import checks
from kickstarting import description as description_lib
from kickstarting import files
from kickstarting import named_networks
from kickstarting import types as types_lib
from kickstarting.commands import flag_groups
from kickstarting.commands import flag_values
from kickstarting.commands import run_flags
from kickstarting.commands import shared_flags
from kickstarting.commands import stopping
from kickstarting.commands import workdir as workdir_lib
from kickstarting.environments import suites
from kickstarting.teachers import policy_file

_NOTHING: Mapping[str, Any] = types.MappingProxyType({})


def describe(**overrides: Any) -> description_lib.Description:
  """Returns the run that the flags describe, which take its suite's defaults.

  Args:
    **overrides: what is not taken from flags; see `description.describe`.

  Raises:
    ValueError: something is unknown, or does not fit.
  """
  return _describe(run_flags.fields_with_flags() | shared_flags.OTHERS, {
      'teachers': shared_flags.TEACHERS.value, **overrides})


def describe_alone(**overrides: Any) -> description_lib.Description:
  """Returns the run of a student that nobody helps, else as the flags say.

  Args:
    **overrides: see `describe`.

  Raises:
    ValueError: see `describe`.
  """
  names = run_flags.fields_with_flags() | shared_flags.OTHERS
  of_others = {'epsilon', 'learns_value'} | {
      name for name in names if flag_groups.GROUP_OF.get(name) == 'teachers'}
  return _describe(
      names - of_others, {'method': 'baseline', **overrides})


def _describe(
    names: set[str] | frozenset[str], overrides: Mapping[str, Any]
) -> description_lib.Description:
  """Returns the run that flags of these names describe."""
  suite, env, settings = environment()
  _take_defaults(suite)
  known: dict[str, Any] = {
      name: run_flags.FLAGS[name] for name in names
      if name in run_flags.FLAGS and name not in overrides}
  described = description_lib.describe(
      env, tasks=shared_flags.TASKS.value or None, settings=settings,
      init=shared_flags.INIT.value,
      defaults={name: flag.value for name, flag in known.items()},
      **{**{name: flag.value for name, flag in known.items() if flag.present},
         **overrides})
  return dataclasses.replace(
      described, manner=described.manner._replace(
          should_stop=stopping.requested))


def given(flag: flags.FlagHolder) -> str:
  """Returns the value of a flag that names a policy, and has no default.

  Raises:
    UserError: it is left out.
  """
  if not flag.value:
    raise checks.UserError(
        f'--{flag.name} is missing; expected the path of a policy file, or of'
        f' the folder of a finished run. Add --{flag.name}=PATH.')
  return flag.value


def policy(path: str) -> policy_file.Policy:
  """Returns the policy at a path; --network is that of one of one's own.

  Raises:
    ValueError: see `named_networks.load_policy`.
  """
  network = shared_flags.NETWORK.value
  return named_networks.load_policy(path, network if ':' in network else None)


def environment() -> tuple[suites.Suite, str, dict[str, Any]]:
  """Returns the suite without its settings, what names it, and the settings.

  Raises:
    ValueError: there is none, or two are named.
  """
  env = shared_flags.ENV.value
  if env and (run_flags.FLAGS['suite'].present or shared_flags.TASKS.value):
    raise checks.UserError(
        f'--env={files.shown(env)[1:-1]} beside --suite or --tasks; expected'
        ' one of the two. Several environments of yours make a suite:'
        ' --suite=PATH.py.')
  env = env or shared_flags.SUITE.value
  suite = suites.suite_of(env)
  return suite, env, flag_values.settings(
      'env_settings', shared_flags.ENV_SETTINGS.value, suite.words)


def _take_named() -> str:
  """Takes the defaults of the suite or environment; returns its name."""
  suite, name, _ = environment()
  _take_defaults(suite)
  return name


flag_groups.BEFORE_HELP.append(_take_named)


def _take_defaults(suite: suites.Suite) -> None:
  """Makes the defaults of a suite those of the flags, which a run keeps."""
  for name, value in suite.defaults.items():
    checks.check_name(f'flag in the defaults of {suite.name}', name,
                      run_flags.FLAGS)
    try:
      run_flags.FLAGS.set_default(name, value)
    except (flags.IllegalFlagValueError, TypeError) as error:
      raise checks.UserError(
          f'the defaults of {suite.name} have {files.shown(value, 60)} for'
          f' {name!r}; expected what the flag --{name} takes. Correct the'
          ' suite.') from error


def export(
    path: pathlib.Path,
    described: description_lib.Description,
    params: types_lib.Params,
    frames: int,
    info: Mapping[str, Any] = _NOTHING,
) -> None:
  """Writes a policy file that says which command made it."""
  described.policy(
      params, frames, {**info, **workdir_lib.origin()}).save(path)
