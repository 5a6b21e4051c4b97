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
"""Starts and watches the processes of a population.

Here: `run` (the controller's process) and `run_member` (each other one). A
member that dies is started again; what it prints goes into `log.txt` of its
folder. Not here: what they say to each other
(`kickstarting/populations/generations.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import json
import pathlib
import signal
import subprocess
import time
from typing import Any

import numpy as np

from experiments import build
from experiments import folder_lock
from experiments import stopping
from experiments import streams as streams_lib
from kickstarting import files as files_lib
from kickstarting import pbt
from kickstarting.populations import controller as controller_lib
from kickstarting.populations import generations
from kickstarting.populations import judging
from kickstarting.populations import member as member_lib
from kickstarting.populations import scoring
from kickstarting.runtime import exchange
from kickstarting.runtime import logger as logger_lib
from kickstarting.runtime import loop
from kickstarting.runtime import threads
from kickstarting.runtime import training
from kickstarting.runtime import training_config

_MAX_STARTS = 50  # of one member, by one controller
_FINAL = 'final.json'
_STOP_S = 60.0  # for members to save, when the run is stopped


class _Members:
  """The processes of the members."""

  def __init__(
      self, num_members: int, folder: pathlib.Path, command: Sequence[str]
  ):
    self._command = command
    self._files = generations.Files(folder)
    self._starts = [0] * num_members
    self._running: list[subprocess.Popen | None] = [None] * num_members

  def supervise(self) -> None:
    """Starts whoever is not running and not finished.

    Raises:
      loop.TrainingError: a member died too often.
    """
    for member, process in enumerate(self._running):
      if process is not None and process.poll() is None:
        continue
      if not self._is_finished(member):
        self._running[member] = self._start(member)

  def are_finished(self) -> bool:
    """Whether all have written their last result."""
    return all(map(self._is_finished, range(len(self._running))))

  def stop(self) -> None:
    """Asks all to save and end; waits, and ends those that do not."""
    alive = [p for p in self._running if p is not None and p.poll() is None]
    for process in alive:
      process.send_signal(signal.SIGTERM)
    end = time.monotonic() + _STOP_S
    for process in alive:
      try:
        process.wait(max(0.0, end - time.monotonic()))
      except subprocess.TimeoutExpired:
        process.kill()

  def _is_finished(self, member: int) -> bool:
    return (self._files.member(member) / _FINAL).exists()

  def _start(self, member: int) -> subprocess.Popen:
    folder = self._files.member(member)
    folder_lock.check()  # a folder that was deleted is not made again
    with files_lib.writing(folder):
      folder.mkdir(parents=True, exist_ok=True)
    log = folder / 'log.txt'
    self._starts[member] += 1
    if self._starts[member] > _MAX_STARTS:
      raise loop.TrainingError(
          f'member {member} died {_MAX_STARTS} times; its last words are in'
          f' {str(log)!r}. Mend the cause and add --resume.')
    with files_lib.writing(log):
      out = log.open('a')
    with out:
      return subprocess.Popen(
          [*self._command, '--resume', f'--workdir={self._files.folder}',
           f'--member={member}'],
          stdout=out, stderr=subprocess.STDOUT)


def run(
    problem: training.Problem,
    config: training_config.TrainingConfig,
    rules: pbt.Rules,
    num_members: int,
    folder: pathlib.Path,
    command: Sequence[str],
    stop: Callable[[], bool],
) -> dict[str, Any]:
  """Runs the controller, and members as processes.

  Args:
    problem: what is trained.
    config: how; frames are those of each member.
    rules: of evolution.
    num_members: P.
    folder: for all files.
    command: starts the binary, which calls `run_member`; flags are added.
    stop: whether to save and end.

  Returns:
    The result.
  """
  began, frames_before = time.monotonic(), _frames(folder, num_members)
  files = generations.Files(folder)
  members = _Members(num_members, folder, command)
  controller = controller_lib.Controller(
      problem, config, rules, num_members, folder)
  ended = 'finished'
  try:
    controller.run(
        stop, members.supervise,
        lambda generation, orders: print(
            _line(generation, orders, config.frames), flush=True),
        members.are_finished)
    while not members.are_finished():
      if stop():
        raise threads.Stopped()
      controller.check(members.supervise)
      time.sleep(0.1)
  except threads.Stopped:
    ended = 'interrupted'
  finally:
    members.stop()
  records = _merge(folder, num_members)
  last: dict[str, Any] = records[-1] if records else {
      'frames': 0, 'member_score': {str(m): None for m in range(num_members)}}
  seconds = time.monotonic() - began
  return {
      'ended': ended,
      'scores': list(last['member_score'].values()),
      'frames_per_member': last['frames'],
      'frames_per_second': (
          num_members * (last['frames'] - frames_before) / seconds),
      'seconds': seconds,
      'records': generations.lineage(folder),
      'policies': [
          str(files.member(m) / 'policy.npz') for m in range(num_members)],
  }


def run_member(
    member: int,
    config: training_config.TrainingConfig,
    rules: pbt.Rules,
    folder: pathlib.Path,
    make_problem: Callable[..., training.Problem],
    make_judge: Callable[..., judging.Judge | None],
) -> None:
  """Trains one member, in the process that `run` started for it."""
  config = generations.member_config(config, rules, member)
  files = generations.Files(folder)
  mine = files.member(member)
  problem = make_problem(config, 1)
  stop = stopping.accept()
  # Of a controller that was killed, members may live on for a while.
  lock = exchange.Lock(files.lock(member))
  try:
    lock.acquire(stop)
    logger = logger_lib.RunLogger(
        mine, total_frames=config.frames, label=f'member {member} ',
        resume_frames=generations.saved_frames(folder, member))
    try:
      ending = member_lib.train_member(
          problem, config, rules, member, folder, on_record=logger,
          judge=make_judge(problem, rules, config.seed, 1), should_stop=stop)
    finally:
      logger.close()
  except threads.Stopped:
    return
  finally:
    lock.release()
  if ending.ended == 'finished':
    build.export(
        mine / 'policy.npz', build.network_from_flags(),
        streams_lib.suite_from_flags(), ending.state.params, problem.update,
        {'frames': ending.frames, 'seed': config.seed})
    files_lib.write_json(mine / _FINAL, {'frames': ending.frames})


def _records(
    folder: pathlib.Path, num_members: int
) -> list[list[dict[str, Any]]]:
  """Returns the records of each member."""
  files = generations.Files(folder)
  return [
      logger_lib.read_records(
          files.member(m), ('score', 'score_cap', 'task_score'))
      for m in range(num_members)]


def _frames(folder: pathlib.Path, num_members: int) -> int:
  """Returns how far all members were when they were last recorded."""
  return min(rows[-1]['frames'] if rows else 0
             for rows in _records(folder, num_members))


def _line(generation: int, orders: Mapping[str, Any], total_frames: int) -> str:
  """Returns a line of progress."""
  population = orders['population']
  scores = [
      returns[-1] for returns in population['returns']
      if np.isfinite(returns[-1])]
  last = 'none yet' if not scores else (
      f'best {max(scores):5.1f}, median {np.median(scores):5.1f}')
  copies = sum(
      parent != member for member, parent in enumerate(orders['parents']))
  frames = min(population['frames'])
  hypers = {name: np.array(x) for name, x in population['hypers'].items()}
  weights = hypers['alpha'][:, np.newaxis] * hypers['rho']  # [P, K]
  weight = f' | lambda {np.median(weights):.3f}' if weights.size else ''
  return (
      f'generation {generation:3d} | {frames / 1e6:6.2f} of'
      f' {total_frames / 1e6:.2f} M frames | last return: {last} | copies'
      f' {copies}{weight}')


def _merge(folder: pathlib.Path, num_members: int) -> list[dict[str, Any]]:
  """Writes the records of all members side by side; returns them."""
  merged = []
  for rows in zip(*_records(folder, num_members)):
    scores = np.array([row['score'] for row in rows], np.float64)  # or NaN
    merged.append(files_lib.without_nan({
        'frames': min(row['frames'] for row in rows),
        'score_cap': rows[0]['score_cap'],
        **scoring.summarise(scores, [
            {task: np.nan if score is None else score
             for task, score in row['task_score'].items()} for row in rows]),
        'member_score': {str(m): row['score'] for m, row in enumerate(rows)},
    }))
  files_lib.write_text(folder / logger_lib.RECORDS, ''.join(
      json.dumps(record) + '\n' for record in merged))
  return merged
