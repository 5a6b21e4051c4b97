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
"""One member of a population of processes.

Here: `train_member`. Not here: the files (`generations.py`, read it first), the
controller (`controller.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import pathlib
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import files as files_lib
from kickstarting import pbt
from kickstarting import types
from kickstarting.populations import generations
from kickstarting.populations import judging
from kickstarting.populations import scoring
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import checkpoint as checkpoint_lib
from kickstarting.runtime import exchange
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import loop
from kickstarting.runtime import training
from kickstarting.runtime import training_config

_WEIGHTS = ('params', 'opt_state')
_JUDGE_STREAM = 0x4A7564  # of random numbers; the loop splits the same key


def train_member(
    problem: training.Problem,
    config: training_config.TrainingConfig,
    rules: pbt.Rules,
    member: int,
    folder: pathlib.Path,
    *,
    on_record: Callable[[dict[str, Any]], None],
    judge: judging.Judge | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> loop.Ending:
  """Trains one member, from where its files say, to the end of its budget.

  A member whose checkpoints are damaged or gone goes on at the start of the
  newest generation, with published weights: an event of the lineage. The caller
  holds the member's lock: no two processes write its files.

  Args:
    problem: what is trained; its controller is not read.
    config: how, from `member_config`.
    rules: as the controller has them.
    member: which one.
    folder: of the run.
    on_record: called every `record_frames`.
    judge: plays what members are compared by; None for training episodes.
    should_stop: polled; True ends the run cleanly.

  Raises:
    exchange.ExchangeError: the controller is gone, or another one has taken
      over.
    threads.Stopped: `should_stop` said so before the first orders came.
    ValueError: see `loop.run` and `generations.check_rules`.
  """
  rules = pbt.in_frames(rules, problem.frames_per_step)
  generations.check_rules(rules, config)
  training.check_who_acts(problem.update, config)
  files = generations.Files(folder)
  judging.check_rules(judge, rules)
  return _run_member(
      training.make_program(problem, config.splits), problem, config, rules,
      member, files, on_record, judge, should_stop)


def _run_member(
    program, problem, config, rules, member, files, on_record, judge,
    should_stop, is_damaged=False,
) -> loop.Ending:
  steering = _Member(problem, config, rules, member, files, judge, should_stop)
  network = dict(problem.network)
  folder = files.member(member) / 'checkpoints'
  checkpointer = checkpoint_lib.Checkpointer(folder)
  has_any = checkpointer.latest() is not None
  steering.has_checkpoint = lambda: checkpointer.latest() is not None
  try:
    return loop.run(
        program, steering, config, on_record=on_record, network=network,
        checkpointer=checkpointer, resume=has_any,
        start=None if has_any else steering.rejoin(is_damaged),
        should_stop=should_stop)
  except checkpoint_lib.DamagedError:
    if not has_any:  # the published weights of all members are damaged
      raise
    # Kept for whoever wants to look; the member goes on with published weights.
    with files_lib.writing(folder):
      folder.rename(folder.with_name(f'damaged-{time.time_ns()}'))
    return _run_member(
        program, problem, config, rules, member, files, on_record, judge,
        should_stop, is_damaged=True)
  finally:
    checkpointer.close()


class _Member:
  """Steers one member by the orders of the controller; a `Steering`."""

  def __init__(
      self, problem, config, rules, member, files, judge, should_stop
  ):
    self._problem = problem
    self._rules = rules
    self._member = member
    self._files = files
    self._should_stop = should_stop
    self._judge_key = jax.random.fold_in(
        jax.random.key(config.seed), _JUDGE_STREAM)
    self._play = judge and judging.make_play(judge, problem.make_window, 1)
    self._every = rules.ready.every
    self._pulse = exchange.Pulse(files.pulse, generations.PULSE_TIMEOUT_S)
    self._generation = 0
    self._rejoined: int | None = None  # with whose weights, this generation
    self._has_failed = False
    self._returns: list[float] = []  # of this generation
    self._scores = scoring.MemberScores(
        problem.make_window, config.window_frames,
        layout_lib.Layout(config.splits))
    self._like = generations.published_like(problem, config)
    self._published = checkpoint_lib.Checkpointer(files.published(member))
    self.has_checkpoint: Callable[[], bool] = lambda: False
    self._read: tuple[int, Mapping[str, Any]] | None = None  # newest orders

  def rejoin(self, is_damaged: bool) -> loop.Start | None:
    """Returns where a member without a checkpoint goes on.

    That is at the start of the newest generation, with the weights that its
    orders name, or else with those of any other member.

    Args:
      is_damaged: whether there was a checkpoint.

    Returns:
      None at the beginning of all.

    Raises:
      checkpoint.DamagedError: no weights can be read.
    """
    generation = self._files.newest_generation()
    if not generation:
      return None
    orders = self._files.read_orders(generation)
    parents = orders['parents']
    first = parents[self._member]
    others = [m for m in range(len(parents)) if m != first]
    for member in [first, *others]:
      try:
        theirs = generations.read_published(
            self._files, member, generation, self._like, self._problem)
      except checkpoint_lib.DamagedError as error:
        damage = error
        continue
      self._generation = generation
      # A member that was killed before its first checkpoint lost nothing.
      report = self._files.read_report(self._member, generation)
      if report['has_checkpoint'] or is_damaged or member != first:
        self._rejoined = member
      self._scores.windows[0].restore(theirs['window'])
      return loop.Start(
          report['frames'], generation,
          types.LearnerState(
              theirs['params'], theirs['opt_state'], np.zeros((), np.int32)))
    raise damage

  def begin(self, state: types.LearnerState) -> None:
    """Waits for the first orders."""
    del state
    self._orders()

  def hypers(self, frames: int) -> types.Hypers:
    """Returns what the orders of this generation say."""
    del frames
    hypers = self._orders()['population']['hypers']
    return types.Hypers(**{
        name: np.asarray(values[self._member], np.float32)
        for name, values in hypers.items()})

  preview = hypers

  def observe(self, frames: int, episodes: Sequence[actor_lib.Episode]) -> None:
    """Adds episodes to the window and to the rounds."""
    [rounds], _ = self._scores.observe(frames, episodes)
    # The rules look no further back.
    self._returns = (self._returns + rounds)[-self._rules.exploit.window:]

  def check(self, frames: int, metrics: Mapping[str, np.ndarray]) -> None:
    """Notes a loss that is not finite: another member's weights will come."""
    if not np.isfinite(metrics['loss'] + metrics['grad_norm']):
      training.check_teachers(frames, metrics, self._problem.teacher_names)
      self._has_failed = True

  def record(self, frames: int, params: types.Params) -> dict[str, Any]:
    """Returns the scores and the weights of the teachers."""
    del params
    self._pulse.check()
    self._scores.advance(frames)
    window = self._scores.windows[0]
    hypers = self.hypers(frames)
    names = self._problem.task_names
    return {
        'score': float('nan') if self._has_failed else window.score(),
        'score_cap': window.cap,
        'generation': self._generation,
        'task_score': dict(zip(names, map(float, window.task_scores()))),
        'lambda': dict(zip(
            self._problem.teacher_names,
            map(float, hypers.alpha * hypers.rho))),
        'learning_rate': float(hypers.learning_rate),
        'entropy_cost': float(hypers.entropy_cost),
    }

  def evolve(
      self, frames: int, state: types.LearnerState
  ) -> tuple[types.LearnerState, np.ndarray]:
    """At the end of a generation: publishes, waits, and does as ordered."""
    following = self._generation + 1
    if frames < following * self._every:
      return state, np.array([False])
    self._publish(following, frames, state)
    path = self._files.orders(following)
    orders = generations.check_orders(path, exchange.wait_for(
        path, self._should_stop, self._pulse.check))
    # Its own are read again as well: what was published before a kill counts.
    parent = orders['parents'][self._member]
    theirs = generations.read_published(
        self._files, parent, following, self._like, self._problem)
    self._generation = following
    self._rejoined, self._has_failed, self._returns = None, False, []
    self._scores.windows[0].restore(theirs['window'])
    if parent != self._member:
      self._scores.restart_rounds([0])
    return state._replace(**jax.tree.map(
        jnp.asarray, {name: theirs[name] for name in _WEIGHTS})), np.array(
            [parent != self._member])

  def snapshot(self) -> dict[str, types.PyTree]:
    """Returns all that `restore` needs; taken between two generations too."""
    return {
        'generation': np.array(self._generation, np.int64),
        'has_failed': np.array(self._has_failed),
        'returns': np.array(self._returns, np.float64),
        **self._scores.snapshot(),
    }

  def restore(self, saved: Mapping[str, types.PyTree]) -> None:
    """Takes back what a checkpoint holds."""
    self._generation = int(saved['generation'])
    self._has_failed = bool(saved['has_failed'])
    self._returns = saved['returns'].tolist()
    self._scores.restore(saved)

  def _orders(self) -> Mapping[str, Any]:
    generation = self._generation
    if self._read is None or self._read[0] != generation:
      path = self._files.orders(generation)
      self._read = generation, generations.check_orders(path, exchange.wait_for(
          path, self._should_stop, self._pulse.check))
    return self._read[1]

  def _publish(
      self, generation: int, frames: int, state: types.LearnerState
  ) -> None:
    """Publishes weights and returns, unless that was done before."""
    latest = self._published.latest()
    if latest is None or latest < generation:
      self._published.save(generation, {
          'params': state.params,
          'opt_state': state.opt_state,
          'window': self._scores.windows[0].state(),
      }, {'network': dict(self._problem.network)})
    report = self._files.report(self._member, generation)
    if not report.exists():
      if self._play:
        [returns] = self._play(
            generation, jax.tree.map(lambda x: x[None], state.params),
            jax.random.fold_in(self._judge_key, generation))
        self._returns = returns.tolist()
      files_lib.write_json(report, {
          'frames': frames,
          'returns': self._returns,
          'failed': self._has_failed,
          'rejoined': self._rejoined,
          'has_checkpoint': self.has_checkpoint(),
      })
