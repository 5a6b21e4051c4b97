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
"""Many students on many MDPs: what there is to do, and what is on disk.

The MDPs of a chunk learn side by side in one jitted program, one kind of
student after the other; each such curve has a file of its own. Not here: the
learning (`learning.py`, read it next), flags and pictures (`lab_flags.py`,
`panels.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import io
import os
import pathlib
from typing import NamedTuple

import jax
import numpy as np

from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import tabular
from kickstarting import archives
from kickstarting import checks
from kickstarting import files

_MAX_CURVE_BYTES = 2**28  # of one file


@dataclasses.dataclass(frozen=True)
class LabConfig:
  """How much is done."""

  mdps: int = 1000
  steps: int = 30_000  # updates, one episode each
  points: int = 15  # of a curve, beside the one at its start
  chunk: int = 1000  # MDPs in one program, at most; changes the numbers drawn
  slots: int = 256  # that learn side by side; also changes the numbers
  workers: int = os.cpu_count() or 1  # processes, with a chunk each
  memory_gib: float = 8.0  # for all of those
  seed: int = 0

  def __post_init__(self):
    for name in ('mdps', 'steps', 'points', 'chunk', 'slots', 'workers'):
      if getattr(self, name) < 1:
        raise checks.UserError(
            f'{name} is {getattr(self, name)}; expected at least 1.')
    checks.check_seed('seed', self.seed)
    if self.steps % self.points:
      raise checks.UserError(
          f'steps is {self.steps}, which {self.points} points do not divide;'
          ' expected a multiple.')


@dataclasses.dataclass(frozen=True)
class Group:
  """MDPs, their teacher, and the students that learn on them.

  `make(first, num, rng_key)` returns MDPs and teacher, leaves [num, ...], of
  the MDPs from number `first` on. `max_mdps` is for groups that cost more than
  others.
  """

  name: str
  num_states: int
  dynamics: mdp_lib.Dynamics
  make: Callable[
      [int, int, jax.Array], tuple[mdp_lib.MDP, tabular.Table]]
  curves: Mapping[str, tabular.UpdateConfig]
  max_mdps: int | None = None

  def num_mdps(self, config: LabConfig) -> int:
    """Returns how many MDPs there are."""
    return min(config.mdps, self.max_mdps or config.mdps)


def memory_gib(
    num: int,
    num_states: int,
    num_actions: int,
    max_steps: int,
    num_points: int,
    num_slots: int,
) -> float:
  """Returns what a chunk needs, about: tables and episodes."""
  tables = num * num_states * (4 * num_actions + 8 * num_points)
  episodes = min(num, num_slots) * max_steps * (num_actions + 2)
  return 4 * (tables + episodes) / 2**30


def chunk_size(config: LabConfig, group: Group) -> int:
  """Returns how many MDPs are in a chunk: as many as memory allows.

  Raises:
    ValueError: that is none.
  """
  steps = max(curve.max_steps for curve in group.curves.values())
  num_actions = group.dynamics.num_actions
  needed = lambda num: config.workers * memory_gib(
      num, group.num_states, num_actions, steps, config.points, config.slots)
  for num in range(min(config.chunk, group.num_mdps(config)), 0, -1):
    if needed(num) <= config.memory_gib:
      return num
  raise checks.UserError(
      f'one MDP with {group.num_states} states and {num_actions} actions for'
      f' each of {config.workers} workers needs {needed(1):.3g} GiB;'
      f' --memory_gib={config.memory_gib} allows less. Raise it, or lower'
      ' --workers or --points.')


def check(config: LabConfig, groups: Sequence[Group]) -> dict[str, int]:
  """Returns the size of the chunks of each group.

  Raises:
    ValueError: two groups have one name, there is none, or an MDP needs too
      much memory.
  """
  names = [group.name for group in groups]
  twice = sorted({name for name in names if names.count(name) > 1})
  if twice:
    raise checks.UserError(
        f'there are two groups called {twice[0]!r}; expected different ones,'
        ' for each has files of its own.')
  if not groups or not all(group.curves for group in groups):
    raise checks.UserError(
        'there is nothing to learn: a list of groups or of updates is empty;'
        ' expected one or more. Name them, or leave the flag out.')
  return {group.name: chunk_size(config, group) for group in groups}


class Chunk(NamedTuple):
  """MDPs of a group that learn in one program."""

  group: Group
  first: int  # number of the first MDP
  num: int  # MDPs


class Curve(NamedTuple):
  """One kind of student on the MDPs of a chunk."""

  chunk: Chunk
  name: str  # of the group's curves

  @property
  def file_name(self) -> str:
    """Of what it leaves, without a suffix."""
    return f'{self.chunk.group.name}-{self.chunk.first}-{self.name}'

  def path(self, folder: pathlib.Path) -> pathlib.Path:
    """Returns where that is."""
    return folder / 'curves' / f'{self.file_name}.npz'

  def load(self, folder: pathlib.Path) -> dict[str, np.ndarray]:
    """Returns what `save` wrote; nothing without a file.

    Raises:
      ValueError: the file is damaged.
    """
    path = self.path(folder)
    if not os.path.lexists(path):
      return {}
    try:
      with archives.opened(path, 'a curve of the laboratory') as saved:
        reason = self._misfit(saved.headers)
        if reason:
          raise saved.damaged(reason)
        return {name: saved.read(name) for name in saved.headers}
    except files.InputError as error:
      raise checks.UserError(
          f'{error} Or delete it, and --resume computes that curve once more.'
      ) from error

  def _misfit(self, found: Mapping[str, archives.Header]) -> str:
    """Returns what is wrong with arrays of a file; '' if nothing."""
    if set(found) != {'values', 'teacher', 'seconds'}:
      return f'it has the arrays {files.shown(sorted(found), 80)}'
    for name, header in found.items():
      axes = 0 if name == 'seconds' else 3
      is_fit = len(header.shape) == axes and header.dtype.kind in 'fi' and (
          0 not in header.shape) and (
          not axes or header.shape[1] == self.chunk.num
          and header.num_bytes <= _MAX_CURVE_BYTES)
      if not is_fit:
        return (f'{name!r} is {header.dtype} of shape'
                f' {files.shown(header.shape, 60)}, and there are'
                f' {self.chunk.num} MDPs')
    return ''

  def save(self, folder: pathlib.Path, **arrays: np.ndarray | float) -> None:
    """Writes what was found, whole or not at all.

    Args:
      folder: of the run.
      **arrays: `values` [points + 1, MDPs, measures], what the `teacher` gets,
        [1, MDPs, measures], and the `seconds` that it took.
    """
    out = io.BytesIO()
    np.savez(out, **arrays)  # type: ignore[arg-type]
    files.write_bytes(self.path(folder), out.getvalue())


def all_curves(config: LabConfig, groups: Sequence[Group]) -> list[Curve]:
  """Returns all that there is to do, in the order of the groups."""
  sizes = check(config, groups)
  return [
      Curve(Chunk(group, first, min(
          sizes[group.name], group.num_mdps(config) - first)), name)
      for group in groups
      for first in range(0, group.num_mdps(config), sizes[group.name])
      for name in group.curves]


def missing(
    config: LabConfig, groups: Sequence[Group], folder: pathlib.Path
) -> list[Curve]:
  """Returns the curves that are not on disk yet."""
  return [curve for curve in all_curves(config, groups)
          if not curve.load(folder)]


def collect(
    config: LabConfig, groups: Sequence[Group], folder: pathlib.Path
) -> tuple[dict[str, dict[str, np.ndarray]], float]:
  """Reads what was found.

  Returns:
    Name of the group -> name of the curve -> [points + 1, MDPs, measures], and
    under 'teacher' what the teacher itself gets, [1, MDPs, measures]; and the
    seconds that it took, summed over the curves: those of one core.

  Raises:
    ValueError: a curve is not finished.
  """
  parts: dict[str, dict[str, list[np.ndarray]]] = {}
  seconds = 0.0
  for curve in all_curves(config, groups):
    arrays = curve.load(folder)
    if not arrays:
      raise checks.UserError(
          f'curve {curve.file_name!r} of {str(folder)!r} is not finished;'
          ' another run works in that folder. Wait for its end, then add'
          ' --resume.')
    of_group = parts.setdefault(curve.chunk.group.name, {})
    of_group.setdefault(curve.name, []).append(arrays['values'])
    if curve.name == next(iter(curve.chunk.group.curves)):
      of_group.setdefault('teacher', []).append(arrays['teacher'])
    seconds += float(arrays['seconds'])
  found = {
      group: {name: np.concatenate(values, axis=1)
              for name, values in curves.items()}
      for group, curves in parts.items()}
  return found, seconds
