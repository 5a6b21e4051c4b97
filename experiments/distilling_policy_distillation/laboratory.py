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
"""Many students on many MDPs: chunks, measures, resumption.

The MDPs of a chunk learn side by side in one jitted program; what a chunk found
is on disk before the next one starts. Not here: what is learnt (`sampling.py`),
several processes (`workers.py`), flags and pictures (`lab_flags.py`,
`panels.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import os
import pathlib
from typing import NamedTuple
import zipfile
import zlib

import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import measuring
from experiments.distilling_policy_distillation import progress as progress_lib
from experiments.distilling_policy_distillation import sampling
from experiments.distilling_policy_distillation import tabular
from kickstarting.runtime import exchange


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
        raise ValueError(
            f'{name} is {getattr(self, name)}; expected at least 1.')
    if self.seed < 0:
      raise ValueError(f'seed is {self.seed}; expected at least 0.')
    if self.steps % self.points:
      raise ValueError(
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


class Interrupted(Exception):
  """The run was asked to stop; what is finished is on disk."""


def memory_gib(
    num: int,
    num_states: int,
    num_actions: int,
    max_steps: int,
    num_points: int,
    num_slots: int,
) -> float:
  """Returns what a chunk needs, about: tables and episodes."""
  tables = num * (10 + num_points) * num_states * num_actions
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
  raise ValueError(
      f'one MDP with {group.num_states} states and {num_actions} actions for'
      f' each of {config.workers} workers needs {needed(1):.3g} GiB;'
      f' --memory_gib={config.memory_gib} allows less. Raise it, or lower'
      ' --workers or --points.')


def check(config: LabConfig, groups: Sequence[Group]) -> dict[str, int]:
  """Returns the size of the chunks of each group.

  Raises:
    ValueError: two groups have one name, or an MDP needs too much memory.
  """
  names = [group.name for group in groups]
  twice = sorted({name for name in names if names.count(name) > 1})
  if twice:
    raise ValueError(
        f'there are two groups called {twice[0]!r}; expected different ones,'
        ' for each has files of its own.')
  return {group.name: chunk_size(config, group) for group in groups}


def num_missing(
    config: LabConfig, groups: Sequence[Group], folder: pathlib.Path
) -> list[int]:
  """Returns how many curves of each unfinished chunk are not on disk yet."""
  missing = [
      len(set(chunk.group.curves) - set(_load(chunk.path(folder), chunk.num)))
      for chunk in _chunks(config, groups)]
  return [num for num in missing if num]


def work(
    config: LabConfig,
    groups: Sequence[Group],
    folder: pathlib.Path,
    progress: progress_lib.Progress,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
  """Lets students learn, chunk after chunk.

  Several processes may do so in one folder: none takes up a chunk that another
  one is at.

  Args:
    config: how much.
    groups: what.
    folder: keeps finished chunks; those in it are not computed again.
    progress: is told.
    should_stop: polled; True raises Interrupted.

  Raises:
    ValueError: see `check`; a teacher is broken, or a file is damaged.
    Interrupted: `should_stop` said so.
  """
  for chunk in _chunks(config, groups):
    if should_stop():
      raise Interrupted
    lock = exchange.Lock(folder / 'locks' / chunk.name)
    try:
      if lock.try_acquire():
        _run_chunk(config, chunk, folder, progress, should_stop)
    finally:
      lock.release()


def collect(
    config: LabConfig, groups: Sequence[Group], folder: pathlib.Path
) -> dict[str, dict[str, np.ndarray]]:
  """Reads what all chunks found.

  Returns:
    Name of the group -> name of the curve -> [points + 1, MDPs, measures], and
    under 'teacher' what the teacher itself gets, [1, MDPs, measures].

  Raises:
    ValueError: a chunk is not finished.
  """
  found: dict[str, list[dict[str, np.ndarray]]] = {}
  for chunk in _chunks(config, groups):
    part = _load(chunk.path(folder), chunk.num)
    if not set(chunk.group.curves) <= set(part):
      raise ValueError(
          f'chunk {chunk.name!r} of {str(folder)!r} is not finished; another'
          ' run works in that folder. Wait for its end, then add --resume.')
    found.setdefault(chunk.group.name, []).append(
        {name: part[name] for name in ('teacher', *chunk.group.curves)})
  return {name: _side_by_side(parts) for name, parts in found.items()}


class _Chunk(NamedTuple):
  """MDPs of a group that learn in one program."""

  group: Group
  first: int  # number of the first MDP
  num: int  # MDPs

  @property
  def name(self) -> str:
    return f'{self.group.name}-{self.first}'

  def path(self, folder: pathlib.Path) -> pathlib.Path:
    return folder / 'chunks' / f'{self.name}.npz'


def _chunks(config: LabConfig, groups: Sequence[Group]) -> list[_Chunk]:
  sizes = check(config, groups)
  return [
      _Chunk(group, first, min(
          sizes[group.name], group.num_mdps(config) - first))
      for group in groups
      for first in range(0, group.num_mdps(config), sizes[group.name])]


def _side_by_side(
    parts: Sequence[Mapping[str, np.ndarray]]
) -> dict[str, np.ndarray]:
  """Returns the curves of all chunks, [points + 1, MDPs, measures]."""
  return {name: np.concatenate([part[name] for part in parts], axis=1)
          for name in parts[0]}


def _run_chunk(config, chunk, folder, progress, should_stop) -> None:
  """Lets the students of one chunk learn that are not on disk yet."""
  group, num, path = chunk.group, chunk.num, chunk.path(folder)
  done = _load(path, num)
  if set(group.curves) | {'teacher'} <= set(done):
    return
  label = f'{group.name} | MDPs {chunk.first} to {chunk.first + num - 1}'
  progress.say(f'{label} | the teachers learn')
  key = jax.random.fold_in(jax.random.key(config.seed), chunk.first)
  mdps, teacher = jax.tree.map(
      jnp.asarray, group.make(chunk.first, num, jax.random.fold_in(key, 0)))
  probs = jax.nn.softmax(teacher.logits)
  if not (np.isfinite(probs).all() and np.isfinite(teacher.value).all()):
    raise ValueError(
        f'the teacher of {group.name} has logits that make no policy, or a'
        ' value that is not finite; expected numbers, or minus infinity for'
        ' actions that it never takes.')
  if should_stop():
    raise Interrupted
  measure = measuring.make_measure(mdps, teacher, group.dynamics)
  done['teacher'] = measure(tabular.for_all_actions(
      teacher.logits, group.dynamics.num_actions))[np.newaxis]
  start = measure(
      jnp.zeros((num, group.num_states, group.dynamics.num_actions)))
  order = _longest_first(start)
  back = np.argsort(order)
  sorted_mdps, sorted_teacher = jax.tree.map(
      lambda x: x[order], (mdps, teacher))
  for name, update in group.curves.items():
    if name in done:
      continue
    curve_label = f'{label} | {name}'
    snapshots = _learn(
        config, update, group.dynamics, sorted_mdps, sorted_teacher,
        jax.random.fold_in(key, zlib.crc32(name.encode())),
        lambda share, label=curve_label: progress.update(label, share),
        should_stop)
    done[name] = np.stack([start, *(measure(x[back]) for x in snapshots)])
    del snapshots  # as large as all else together
    progress.finish(curve_label, f'return {done[name][-1, :, 0].mean():.2f}')
    _save(path, done)


def _longest_first(start: np.ndarray) -> np.ndarray:
  """Returns the order in which students begin: by the length of episodes.

  Who has the longest ones would otherwise learn alone at the end. `start` has
  the measures of the uniform policy, [N, measures]. Its distance from a teacher
  is the same in all states, so that summed over episodes it is proportional to
  their length.
  """
  lengths = sum(start[:, measuring.MEASURES.index(name)]
                for name in ('over_teacher', 'over_uniform'))
  return np.argsort(-lengths, kind='stable')


def _learn(
    config, update_config, dynamics, mdps, teacher, rng_key, report, should_stop
) -> jax.Array:
  """Returns the logits of one kind of student; [points, N, S, A]."""
  learner = sampling.make_learner(
      update_config, dynamics, config.steps, config.points, config.slots)
  state = learner.init(mdps, teacher)
  total = left = int(learner.updates_left(state))
  calls = 0
  while left:
    if should_stop():
      raise Interrupted
    state = learner.advance(
        state, mdps, teacher, jax.random.fold_in(rng_key, calls))
    calls += 1
    left = int(learner.updates_left(state))
    report(1 - left / total)
  return state.snapshots


def _load(path: pathlib.Path, num: int) -> dict[str, np.ndarray]:
  """Returns what `_save` wrote of so many MDPs; nothing without a file."""
  if not path.exists():
    return {}
  try:
    with np.load(path) as saved:
      arrays = dict(saved)
    sizes = {values.shape[1] for values in arrays.values()}
    if sizes != {num}:
      raise ValueError(f'it holds {sizes} MDPs, not {num}')
    return arrays
  except (EOFError, OSError, ValueError, zipfile.BadZipFile) as error:
    raise ValueError(
        f'{str(path)!r} is damaged ({error}); delete it, and --resume computes'
        ' that chunk once more.') from error


def _save(path: pathlib.Path, arrays: Mapping[str, np.ndarray]) -> None:
  path.parent.mkdir(parents=True, exist_ok=True)
  temporary = path.with_name(f'.{path.name}.tmp')
  with temporary.open('wb') as out:
    np.savez(out, **arrays)  # type: ignore[arg-type]
    out.flush()
    os.fsync(out.fileno())
  temporary.replace(path)
