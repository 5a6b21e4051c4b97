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
"""Odd values of the flags of every binary, without a process for each.

A binary's own entry is called (`cli.run`), up to where a run would get its
folder. Here: `BINARIES`, `cases`. Not here: files (`load_paths.py`).
"""

from collections.abc import Mapping, Sequence
import functools
import importlib
import pathlib
import sys
from typing import Any
from unittest import mock

from absl import flags
from absl.testing import flagsaver

from kickstarting.commands import cli
from kickstarting.commands import folder_lock
from kickstarting.commands import workdir
from kickstarting.environments.suites import batches
from kickstarting.teachers import zoo
from kickstarting_test.hostile import limits

_INTEGERS = ('-1', '0', '99999999999999999999', 'nan', '1e400', '1.5', '',
             ' ', '\u0663', '0x10')
_FLOATS = ('nan', 'inf', '-inf', '1e400', '-1', '', ' ', '1e-400', 'x')
_TEXTS = ('', ' ', 'grid_smal', 'ü', '~', '~nobody/x', 'no/such=path',
          '/dev/zero', 'x' * 5000, 'a,a', '*=', '=', 'replay:', ':', ';', '%',
          'nan', '{"a":', '../..')
# The folder is that of a case; the rest is for processes that we start.
_NOT_OF_USERS = ('workdir', 'member', 'helper')
_NO_NUMBER = ('nan', 'x', '', ' ', '99999999999999999999')


_EXPERT = zoo.default_folder() / 'DoorKey-8x8.npz'


class _Begun(BaseException):
  """A run would get its folder now: its flags have proved good."""


def _begin(*unused_args: Any, **unused_kwargs: Any) -> None:
  raise _Begun()


# Of each binary, flags that make it quick.
_QUICK = ('--suite=minigrid_all', '--tasks=Empty-Random-6x6', '--network=flat')
BINARIES: Mapping[str, Sequence[str]] = {
    'train': _QUICK,
    'evaluate': ('--policy=zoo', '--suite=minigrid_all', '--tasks=DoorKey-8x8'),
    'kickstart': ('--suite=minigrid_all', '--tasks=DoorKey-8x8'),
    'pbt': ('--suite=minigrid_all', '--tasks=DoorKey-8x8'),
    'mix_and_match': ('--suite=minigrid_all', '--tasks=Empty-Random-6x6'),
    'distil_then_tune': ('--suite=minigrid_all', '--tasks=DoorKey-8x8'),
    'random_returns': _QUICK,
    'study': (),
    'methods': (),
    'architectures': (),
    'curricula': (),
    'weighting': (),
    'distilling_policy_distillation.figure_5': (),
}

# Of binaries whose flags are not those of training: modules whose they are.
_OF_STUDIES = None
_OF_LABORATORY = ('kickstarting.commands.run_flags',)
_OTHER_FLAGS: Mapping[str, Sequence[str] | None] = {
    **dict.fromkeys(('study', 'methods', 'architectures', 'curricula',
                     'weighting'), _OF_STUDIES),
    'distilling_policy_distillation.figure_5': _OF_LABORATORY,
}

# What must be refused, and what the error names.
_REFUSED: Mapping[str, Sequence[tuple[str | tuple[str, ...], str]]] = {
    'train': (
        ('--c_clip=5', 'c_clip'), ('--seed=-1', 'seed'),
        ('--seed=99999999999999999999', 'seed'), ('--seed=2147483648', 'seed'),
        ('--learner_devices=9', 'learner_devices'),
        ('--learner_devices=0', 'learner_devices'),
        ('--actor_device=5', 'actor_device'),
        ('--actor_device=-1', 'actor_device'),
        ('--streams=100000000', 'streams'), ('--splits=100000000', 'splits'),
        ('--streams=1e3', 'streams'),
        ('--env_settings=seed=5', 'seed'),
        ('--env_settings=num_envs=5', 'num_envs'),
        ('--env_settings=num_threads=5', 'num_threads'),
        ('--env_settings=batch_size=5', 'batch_size'),
        ('--env_settings=nonsense=1', 'nonsense'),
        ('--env_settings=max_episode_steps=x', 'max_episode_steps'),
        ('--env_settings=max_episode_steps=99999999999999999999',
         'max_episode_steps'),
        ('--env_settings=a', 'env_settings'),
        ('--env_settings=a=[', 'env_settings'),
        ('--env_settings=a=' + '[' * 5000, 'env_settings'),
        ('--weights=nonsense', 'nonsense'), ('--weights=constant:1', 'weights'),
        ('--weights=replay:/dev/zero', '/dev/zero'),
        ('--learner_schedule=/dev/zero', '/dev/zero'),
        ('--suite=minigrid9', 'minigrid8'), ('--suite=no.py', 'no.py'),
        ('--suite=/dev/zero', '/dev/zero'), ('--suite=', 'suite'),
        ('--tasks=Empty-Random-6x7', 'Empty-Random-6x6'),
        ('--tasks=Empty-Random-6x6,Empty-Random-6x6', 'tasks'),
        ('--network=grid_smal', 'grid_small'),
        ('--observation_keys=imag', 'image'),
        ('--method=n_distil', 'n_distill'),
        ('--divergence=cross_entrop', 'cross_entropy'),
        ('--algorithm=ppo', 'vtrace'), ('--algorithm=a2c', 'lockstep'),
        ('--teachers=no.npz', 'no.npz'), ('--teachers=/dev/zero', '/dev/zero'),
        ('--teachers=Nowhere=no.npz', 'Nowhere'), ('--teachers=*=', 'teachers'),
        ('--workdir=/dev/null', '/dev/null'),
        ('--workdir=~nobody_at_all/x', 'nobody_at_all'),
        ('--workdir=/dev/null/x', '/dev/null'),
        ('--workdir=' + 'x' * 300, 'xxx'),
        ('--resume', 'workdir'), ('--seeed=1', 'seed'), ('--sed', 'seed'),
        ('stray', 'stray'), ('--lockstep=maybe', 'lockstep'),
        ('--torso_dtype=float64', 'float32'), ('--env=', ''),
        ('--env=nowhere:make', 'nowhere'), ('--env=json:nothing', 'nothing'),
        ('--env=CartPole-v1', 'CartPole-v1'), ('--env=no.py:make', 'no.py'),
        ('--env=:', 'module:function'), ('--flagfile=/no/such', '/no/such'),
    ),
    'evaluate': (
        ('--policy=no.npz', 'no.npz'), ('--policy=/dev/zero', '/dev/zero'),
        ('--policy=', 'polic'), ('--policy=~nobody_at_all', 'nobody_at_all'),
        ('--episodes=0', 'episodes'), ('--seed=-1', 'seed'),
        ('--tasks=Empty-8x8', 'Empty-8x8'),
        ((f'--policy={_EXPERT}', '--suite=atari57', '--tasks=Pong'),
         'Name the suite and tasks, or the environment'),
        (('--policy=zoo', '--suite=atari57', '--tasks=Pong'), 'Pong'),
    ),
    'kickstart': (
        # A user's own environment, of which no expert comes with the library.
        (('--env=experiments.examples.corridor:make', '--network=flat'),
         'Train a teacher'),
        ('--weights=nonsense', 'weights'), ('--flipped=2', 'flipped'),
    ),
    'mix_and_match': (
        ('--mixing=2', 'mixing'), ('--mixing=constant:2', 'mixing'),
        ('--mixing=nonsense', 'nonsense'), ('--mixing=constant:nan', 'weight'),
        ('--mixing=piecewise:0=0', ''), ('--agents=nobody', 'agents'),
        ('--agents=', 'agents'), ('--case=nothing', 'case'),
        ('--transfer_cost=nan', 'transfer_cost'),
    ),
    'study': (
        ('--seeds=', 'seed'), ('--seeds=1,1', 'seeds'), ('--seeds=x', 'seeds'),
        ('--seeds=99999999999999999999', 'seeds'),
        ('--workdir=~nobody_at_all/x', 'nobody_at_all'),
    ),
    'architectures': (
        ('--shares=nan', 'shares'), ('--scores=x', 'scores'),
        ('--teacher=/no/such', '/no/such'),
    ),
}
_MAY_BE_RIGHT = ('--workdir=/dev/null/x', '--env=', '--mixing=piecewise:0=0')


def cases(binary: str, template: pathlib.Path) -> list[limits.Case]:
  """Returns the cases of a binary."""
  _forget(_OTHER_FLAGS.get(binary, ()))
  module = importlib.import_module(f'experiments.{binary}')
  _call(module, binary, template)  # compiles, and is right
  found = [
      limits.Case(
          f'flags of {binary}', ' '.join(_several(flag))[:80],
          functools.partial(_call, module, binary, *_several(flag)),
          (name,), flag in _MAY_BE_RIGHT)
      for flag, name in _REFUSED.get(binary, ())]
  for flag in _flags(binary, module):
    kind = flag.parser.flag_type()
    values = {'int': _INTEGERS, 'frames': _INTEGERS, 'float': _FLOATS,
              'bool': ('maybe', '2', '')}.get(kind, _TEXTS)
    for value in values:
      must = kind in ('int', 'frames', 'float') and value in _NO_NUMBER
      if flag.default is None and not value.strip():
        must = False  # empty stands for none
      found.append(limits.Case(
          f'flags of {binary}', f'--{flag.name}={value}'[:80],
          functools.partial(
              _call, module, binary, f'--{flag.name}={value}'),
          (), not must, True))
  return found


def _forget(kept: Sequence[str] | None) -> None:
  """Leaves the flags of these modules of ours alone; of all, if there are none.

  No process of a user imports what defines flags of one name twice; this one
  has imported more than a binary does.
  """
  if kept == ():
    return
  for name, own in flags.FLAGS.flags_by_module_dict().items():
    if name.startswith('experiments') and name not in (kept or ()):
      for flag in list(own):
        delattr(flags.FLAGS, flag.name)


def _flags(binary: str, module: Any) -> list[flags.Flag]:
  """Returns the flags of a binary; those that all share, once."""
  if binary in ('train', 'distilling_policy_distillation.figure_5'):
    known = [flag for name, own in flags.FLAGS.flags_by_module_dict().items()
             if name.startswith('experiments') for flag in own]
  else:
    known = flags.FLAGS.flags_by_module_dict().get(module.__name__, [])
  return [flag for flag in known if flag.name not in _NOT_OF_USERS]


def _several(given: str | tuple[str, ...]) -> tuple[str, ...]:
  return (given,) if isinstance(given, str) else given


def _call(module: Any, binary: str, *given: Any) -> None:
  """Calls a binary as a process would, up to where it gets a folder.

  Args:
    module: of the binary.
    binary: its name.
    *given: flags; lastly the folder of the case.
  """
  *others, folder = given
  is_own = any(flag.startswith('--env=') for flag in others)
  argv = [binary, *(
      flag for flag in BINARIES[binary]
      if not (is_own and flag.startswith(('--suite', '--tasks'))))]
  if 'workdir' in flags.FLAGS and '--resume' not in others:
    argv.append(f'--workdir={folder / "run"}')
  with flagsaver.flagsaver(), mock.patch.object(
      sys, 'argv', [*argv, *others]), \
      mock.patch.object(workdir, 'begin', _begin), \
      mock.patch.object(batches, 'side_by_side', _begin), \
      mock.patch.object(folder_lock, 'take', _begin):
    try:
      cli.run(module.main)
    except _Begun:
      pass
  left = list(folder.iterdir())
  assert not left, f'it made {left}'
