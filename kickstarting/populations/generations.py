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
"""The files of a population of processes, one member each.

For members that do not fit into one program. Training goes in generations: each
member trains for `ready.every` frames, publishes its weights and its returns,
and waits for the orders of the next generation, which the controller writes
when it has all reports: `pbt.step` on everything but the weights. Whoever is
killed finds its files as they were; whatever was published counts. In a run's
folder:

  generations/0003.json       orders: parents, hyper-parameters, lineage
  members/2/published/        weights at the end of each generation
  members/2/reports/0003.json returns of the generation before
  members/2/checkpoints/      of the member's own loop

Here: where they are and what they hold. Not here: who writes them
(`controller.py`, `member.py`), starting processes
(`kickstarting/commands/pbt_processes.py`).
"""

from collections.abc import Mapping
import dataclasses
import pathlib
import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import files as files_lib
from kickstarting import pbt
from kickstarting import types
from kickstarting import update as update_lib
from kickstarting.environments import seeds
from kickstarting.runtime import checkpoint as checkpoint_lib
from kickstarting.runtime import training
from kickstarting.runtime import training_config

PULSE_TIMEOUT_S = 30.0  # without a sign of the controller, members end
_SEED_STRIDE = 64  # between the seeds of members
_GENERATION = re.compile('[0-9]{4,9}')
_ORDERS, _REPORT = 'the orders of a population', 'the report of a member'
_ORDERS_KINDS: files_lib.Kinds = {
    'generation': int, 'parents': list, 'records': list, 'population': dict}
_REPORT_KINDS: files_lib.Kinds = {
    'frames': int, 'returns': list, 'failed': bool,
    'rejoined': (int, type(None)), 'has_checkpoint': bool}
_RECORD_KINDS: files_lib.Kinds = {  # of the lineage
    'step': int, 'member': int, 'parent': int, 'rescued': bool, 'frames': int,
    'parent_frames': int, 'score': (float, type(None)), 'hypers': dict}
MOST_MEMBERS = seeds.NUM_RUNS // _SEED_STRIDE - 1  # whose episodes differ


@dataclasses.dataclass(frozen=True)
class Files:
  """Where things are in the folder of a run."""

  folder: pathlib.Path

  def orders(self, generation: int) -> pathlib.Path:
    """Of the controller to all members, before a generation."""
    return self.folder / 'generations' / f'{generation:04d}.json'

  def report(self, member: int, generation: int) -> pathlib.Path:
    """Of a member, that comes before the orders of a generation."""
    return self.member(member) / 'reports' / f'{generation:04d}.json'

  def member(self, member: int) -> pathlib.Path:
    """All that one member writes."""
    return self.folder / 'members' / str(member)

  def published(self, member: int) -> pathlib.Path:
    """Weights, by generation."""
    return self.member(member) / 'published'

  def lock(self, member: int) -> pathlib.Path:
    """Held by the process of a member."""
    return self.member(member) / 'lock'

  @property
  def pulse(self) -> pathlib.Path:
    """Touched while the controller lives."""
    return self.folder / 'controller.alive'

  def newest_generation(self) -> int | None:
    """Returns the newest that has orders; None before the first."""
    names = (self.folder / 'generations').glob('[0-9]*.json')
    return max((int(path.stem) for path in names
                if _GENERATION.fullmatch(path.stem)), default=None)

  def read_orders(self, generation: int) -> dict[str, Any]:
    """Returns the orders of a generation that has some.

    Raises:
      ValueError: they are damaged, or gone.
    """
    path = self.orders(generation)
    return check_orders(path, files_lib.read_json(
        path, _ORDERS, kind=dict, allows_nan=True))

  def read_report(self, member: int, generation: int) -> dict[str, Any]:
    """Returns a report that was written.

    Raises:
      ValueError: it is damaged, or gone.
    """
    path = self.report(member, generation)
    return check_report(path, files_lib.read_json(
        path, _REPORT, kind=dict, allows_nan=True))


def check_report(path: pathlib.Path, report: dict[str, Any]) -> dict[str, Any]:
  """Returns what a report holds; raises ValueError if it is damaged."""
  where = files_lib.shown(path)
  files_lib.check_fields(report, _REPORT_KINDS, where, _REPORT)
  for value in report['returns']:
    files_lib.check_fields(
        {'returns': value}, {'returns': float}, where, _REPORT)
  return report


def check_orders(path: pathlib.Path, orders: dict[str, Any]) -> dict[str, Any]:
  """Returns what orders hold; raises ValueError if they are damaged."""
  where = files_lib.shown(path)
  files_lib.check_fields(orders, _ORDERS_KINDS, where, _ORDERS)
  for record in orders['records']:
    files_lib.check_fields({'records': record}, {'records': dict},
                           where, _ORDERS)
    files_lib.check_fields(record, _RECORD_KINDS, where, _ORDERS)
  size = len(orders['parents'])
  try:
    population = from_json(orders['population'])
    is_whole = all(
        np.shape(x)[:1] == (size,) for x in jax.tree.leaves(population))
    is_whole &= all(
        type(parent) is int and 0 <= parent < size
        for parent in orders['parents'])
  except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
    is_whole = False
  if not is_whole:
    raise files_lib.InputError(
        f'{where} is damaged (its members do not fit each other); expected'
        f' {_ORDERS}. Restore it from a copy, or start the run again in another'
        ' folder.')
  return orders


def check_rules(
    rules: pbt.Rules,
    config: training_config.TrainingConfig,
    num_members: int = 1,
) -> None:
  """Raises ValueError unless generations of these rules end at records."""
  if num_members > MOST_MEMBERS:
    raise checks.UserError(
        f'the population has {num_members} members; expected at most'
        f' {MOST_MEMBERS} as processes, else some would play the same episodes.'
        ' Train them as one program, or take fewer.')
  if rules.ready.unit != 'frames':
    raise checks.UserError(
        f'the rules count {rules.ready.unit}; expected frames, by which'
        ' processes keep step. Give them an interval in frames.')
  if rules.ready.every % config.record_frames:
    raise checks.UserError(
        f'a generation has {rules.ready.every} frames and a record'
        f' {config.record_frames}; expected a multiple. Change one of them.')


def member_config(
    config: training_config.TrainingConfig, rules: pbt.Rules, member: int
) -> training_config.TrainingConfig:
  """Returns the configuration of one member: a seed of its own."""
  return dataclasses.replace(
      config, checkpoint_frames=rules.ready.every,
      seed=config.seed + _SEED_STRIDE * (member + 1))


def saved_frames(folder: pathlib.Path, member: int) -> int:
  """Returns the frames at which a member will go on."""
  files = Files(folder)
  path = files.member(member) / 'checkpoints'
  if path.is_dir():
    checkpointer = checkpoint_lib.Checkpointer(path)
    latest = checkpointer.latest()
    checkpointer.close()
    if latest is not None:
      return latest
  generation = files.newest_generation()
  if not generation:
    return 0
  return files.read_report(member, generation)['frames']


def lineage(folder: pathlib.Path) -> list[pbt.Record]:
  """Returns the records of all generations so far."""
  files = Files(folder)
  newest = files.newest_generation()
  return [
      record
      for generation in range(0 if newest is None else newest + 1)
      for record in files.read_orders(generation)['records']
  ]


def published_like(
    problem: training.Problem, config: training_config.TrainingConfig
) -> dict[str, types.PyTree]:
  """Returns a tree of the structure of what members publish."""
  update = update_lib.make_update(problem.update, problem.agent)
  state = jax.eval_shape(
      lambda key: update.init(problem.agent.init(key)), jax.random.key(0))
  return {
      'params': state.params,
      'opt_state': state.opt_state,
      'window': problem.make_window(config.window_frames).state(),
  }


def read_published(
    files: Files,
    member: int,
    generation: int,
    like: types.PyTree,
    problem: training.Problem,
) -> dict[str, types.PyTree]:
  """Reads what a member published at the end of a generation.

  Raises:
    checkpoint.DamagedError: it cannot be read.
  """
  checkpointer = checkpoint_lib.Checkpointer(files.published(member))
  try:
    published, _ = checkpointer.restore(
        like, dict(problem.network), frames=generation)
    return published
  finally:
    checkpointer.close()


def to_json(tree: Any) -> Any:
  """Returns lists of a tree of dicts of arrays."""
  if isinstance(tree, Mapping):
    return {name: to_json(value) for name, value in tree.items()}
  return np.asarray(tree).tolist()


def from_json(saved: Mapping[str, Any]) -> pbt.Population:
  """Undoes `to_json` for a population without weights."""
  integers = lambda x: jnp.asarray(x, jnp.int32)
  floats = lambda x: jnp.asarray(x, jnp.float32)
  frames = lambda x: np.asarray(x, np.int64)
  return {
      'params': {},
      'opt_state': {},
      'hypers': {name: floats(x) for name, x in saved['hypers'].items()},
      'frames': frames(saved['frames']),
      'returns': floats(saved['returns']),
      'num_episodes': integers(saved['num_episodes']),
      'lineage': {
          'ready_frames': frames(saved['lineage']['ready_frames']),
          'ready_episodes': integers(saved['lineage']['ready_episodes']),
      },
  }
