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
"""The work of the laboratory: teachers and students learn, and are measured.

Not here: what there is to do and where it is kept (`laboratory.py`, read it
first), what is learnt (`sampling.py`), several processes (`workers.py`).
"""

from collections.abc import Callable, Sequence
import pathlib
import time
from typing import NamedTuple
import zlib

import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import laboratory
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import measuring
from experiments.distilling_policy_distillation import progress as progress_lib
from experiments.distilling_policy_distillation import sampling
from experiments.distilling_policy_distillation import tabular
from kickstarting import checks
from kickstarting.runtime import exchange


class Interrupted(Exception):
  """The run was asked to stop; what is finished is on disk."""


def work(
    config: laboratory.LabConfig,
    groups: Sequence[laboratory.Group],
    folder: pathlib.Path,
    progress: progress_lib.Progress,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
  """Lets students learn, curve after curve; those that take long come first.

  Several processes may do so in one folder: none takes up a curve that another
  one is at.

  Args:
    config: how much.
    groups: what.
    folder: keeps finished curves; those in it are not computed again.
    progress: is told.
    should_stop: polled; True raises Interrupted.

  Raises:
    ValueError: see `laboratory.check`; a teacher is broken, or a file is
      damaged.
    Interrupted: `should_stop` said so.
  """
  ready = None
  for curve in sorted(
      laboratory.missing(config, groups, folder), key=_size, reverse=True):
    if should_stop():
      raise Interrupted
    lock = exchange.Lock(folder / 'locks' / curve.file_name)
    try:
      if not lock.try_acquire() or curve.load(folder):
        continue
      began = time.monotonic()
      if ready is None or ready.chunk != curve.chunk:
        ready = None  # frees the memory of the one before
        ready = _begin(config, curve.chunk, progress, should_stop)
      values = _run(config, ready, curve.name, progress, should_stop)
      curve.save(folder, values=values, teacher=ready.teacher_measures,
                 seconds=time.monotonic() - began)
    finally:
      lock.release()


def _size(curve: laboratory.Curve) -> int:
  """Returns what a curve's time grows with."""
  return curve.chunk.num * curve.chunk.group.dynamics.num_actions


class _Ready(NamedTuple):
  """MDPs of a chunk with their teachers, ready for students."""

  chunk: laboratory.Chunk
  rng_key: jax.Array
  mdps: mdp_lib.MDP  # in the order in which students begin
  teacher: tabular.Table  # likewise
  place: np.ndarray  # of each MDP of the chunk in that order
  measure: Callable[[measuring.Seen], np.ndarray]  # in the chunk's order
  teacher_measures: np.ndarray  # [1, MDPs, measures]
  start: np.ndarray  # [MDPs, measures], of the uniform policy


def _begin(config, chunk, progress, should_stop) -> _Ready:
  """Lets the teachers of a chunk learn.

  Raises:
    ValueError: they make no policy, or have no value.
    Interrupted: `should_stop` said so.
  """
  group, num = chunk.group, chunk.num
  progress.say(f'{_label(chunk)} | the teachers learn')
  key = jax.random.fold_in(jax.random.key(config.seed), chunk.first)
  mdps, teacher = jax.tree.map(
      jnp.asarray, group.make(chunk.first, num, jax.random.fold_in(key, 0)))
  probs = jax.nn.softmax(teacher.logits)
  if not (np.isfinite(probs).all() and np.isfinite(teacher.value).all()):
    raise checks.UserError(
        f'the teacher of {group.name} has logits that make no policy, or a'
        ' value that is not finite; expected numbers, or minus infinity for'
        ' actions that it never takes.')
  if should_stop():
    raise Interrupted
  of_teacher, of_uniform = (
      measuring.view_all(group.dynamics, find_logits, mdps, teacher)
      for find_logits in (measuring.copied, measuring.uniform))
  measure = measuring.make_measure(mdps, of_teacher, of_uniform)
  start = measure(of_uniform)
  order = _longest_first(start)
  sorted_mdps, sorted_teacher = jax.tree.map(
      lambda x: x[order], (mdps, teacher))
  return _Ready(
      chunk, key, sorted_mdps, sorted_teacher, np.argsort(order), measure,
      measure(of_teacher)[np.newaxis], start)


def _run(config, ready, name, progress, should_stop) -> np.ndarray:
  """Lets one kind of student learn; [points + 1, MDPs, measures]."""
  group = ready.chunk.group
  label = f'{_label(ready.chunk)} | {name}'
  snapshots = _learn(
      config, group.curves[name], group.dynamics, ready.mdps, ready.teacher,
      jax.random.fold_in(ready.rng_key, zlib.crc32(name.encode())),
      lambda share: progress.update(label, share), should_stop)
  values = np.stack([ready.start, *(
      ready.measure(jax.tree.map(
          lambda x, i=i: np.asarray(x[i])[ready.place], snapshots))
      for i in range(config.points))])
  progress.finish(label, f'return {values[-1, :, 0].mean():.2f}')
  return values


def _label(chunk: laboratory.Chunk) -> str:
  last = chunk.first + chunk.num - 1
  return f'{chunk.group.name} | MDPs {chunk.first} to {last}'


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
) -> measuring.Seen:
  """Returns what is seen of one kind of student; leaves [points, N, ...]."""
  learner = sampling.make_learner(
      update_config, dynamics, config.steps, config.points, config.slots,
      view=measuring.make_view(dynamics))
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
