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
member that dies is started again, unless a user has to put something right
first; what it prints goes into `log.txt` of its folder. Members end with the
controller, whoever killed it. Not here: what they say to each other
(`kickstarting/populations/generations.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np

from kickstarting import children
from kickstarting import evolution
from kickstarting import files as files_lib
from kickstarting.commands import folder_lock
from kickstarting.commands import problem_flags
from kickstarting.commands import stopping
from kickstarting.commands import workdir as workdir_lib
from kickstarting.populations import controller as controller_lib
from kickstarting.populations import generations
from kickstarting.populations import member as member_lib
from kickstarting.populations import scoring
from kickstarting.runtime import exchange
from kickstarting.runtime import logger as logger_lib
from kickstarting.runtime import loop
from kickstarting.runtime import threads
from kickstarting.runtime import training

_FINAL = 'final.json'
_STOP_S = 60.0  # for members to save, when the run is stopped
_ERROR = 'error: '  # begins what is wrong, see `cli.run`
_MISTAKE = 2  # exit status of what a user can put right; see cli.py
_ABANDONED = 3  # exit status of a member whose controller was gone
_MOST_DEATHS = 10  # of one member, one after the other, without a report
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 60.0  # before it is started again
_LAST_WORDS = 4096  # bytes of a log that are looked at


@dataclasses.dataclass
class _Life:
  """What is known of the process of a member."""

  process: subprocess.Popen | None = None
  deaths: int = 0  # since its last report
  reports: int = 0  # when it last died
  not_before: float = 0.0  # of time.monotonic(): when it may start again


class _Members:
  """The processes of the members.

  Each has a pipe of this process as its standard input: where that ends, it
  saves and ends, whoever killed this one.
  """

  def __init__(
      self, num_members: int, folder: pathlib.Path, command: Sequence[str]
  ):
    self._command = command
    self._files = generations.Files(folder)
    self._lives = [_Life() for _ in range(num_members)]

  def supervise(self) -> None:
    """Starts whoever is not running and not finished.

    One that dies is started again after a pause, which doubles with every death
    until it has reported again.

    Raises:
      loop.TrainingError: a member cannot go on, or died too often.
    """
    for member, life in enumerate(self._lives):
      if life.process is not None:
        status = life.process.poll()
        if status is None:
          continue
        _close(life.process)
        life.process = None
        if not self._is_finished(member):
          self._note_death(member, life, status)
      if not self._is_finished(member) and time.monotonic() >= life.not_before:
        life.process = self._start(member)

  def _note_death(self, member: int, life: _Life, status: int) -> None:
    log = self._log(member)
    words = _last_words(log, _ERROR if status == _MISTAKE else '')
    if status == _MISTAKE:
      raise loop.TrainingError(
          f'member {member} cannot go on: {words.removeprefix(_ERROR)} (All'
          f' it printed is in {str(log)!r}.)')
    reports = self._num_reports(member)
    life.deaths = 1 if reports > life.reports else life.deaths + 1
    life.reports = reports
    if life.deaths >= _MOST_DEATHS:
      raise loop.TrainingError(
          f'member {member} died {life.deaths} times without a report, lastly'
          f' with status {status} and the words {words!r}; the rest is in'
          f' {str(log)!r}. Mend the cause and add --resume.')
    life.not_before = time.monotonic() + min(
        _LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (life.deaths - 1))

  def are_finished(self) -> bool:
    """Whether all have written their last result."""
    return all(map(self._is_finished, range(len(self._lives))))

  def stop(self) -> None:
    """Asks all to save and end; waits, and ends those that do not."""
    running = [life.process for life in self._lives if life.process]
    alive = [process for process in running if process.poll() is None]
    for process in alive:
      process.send_signal(signal.SIGTERM)
    end = time.monotonic() + _STOP_S
    for process in alive:
      try:
        process.wait(max(0.0, end - time.monotonic()))
      except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for process in running:
      _close(process)

  def _log(self, member: int) -> pathlib.Path:
    return self._files.member(member) / 'log.txt'

  def _num_reports(self, member: int) -> int:
    return len(list(self._files.report(member, 0).parent.glob('*.json')))

  def _is_finished(self, member: int) -> bool:
    return (self._files.member(member) / _FINAL).exists()

  def _start(self, member: int) -> subprocess.Popen:
    folder = self._files.member(member)
    folder_lock.check()  # a folder that was deleted is not made again
    with files_lib.writing(folder):
      folder.mkdir(parents=True, exist_ok=True)
    log = self._log(member)
    with files_lib.writing(log):
      out = log.open('a')
    with out:
      return children.start(
          [*self._command, '--resume', f'--workdir={self._files.folder}',
           f'--member={member}'],
          stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT)


def _close(process: subprocess.Popen) -> None:
  """Closes the pipe to a process that has ended."""
  if process.stdin is not None:
    process.stdin.close()


def _last_words(log: pathlib.Path, start: str) -> str:
  """Returns the last line with such a start that a member printed.

  What it printed before may have been in a buffer, and come later.
  """
  try:
    with log.open('rb') as file:
      file.seek(max(0, log.stat().st_size - _LAST_WORDS))
      lines = file.read().decode(errors='replace').split('\n')
  except OSError:
    return ''
  return next((line.strip() for line in reversed(lines)
               if line.strip() and line.startswith(start)), '')


def _end_with_controller() -> None:
  """Asks this process to end once the one that started it is gone."""

  def watch() -> None:
    while sys.stdin.buffer.read(1):
      pass
    stopping.request('the controller is gone')
    time.sleep(_STOP_S)
    os._exit(_ABANDONED)

  threading.Thread(target=watch, name='controller', daemon=True).start()


def run(
    population: evolution.Population,
    problem: training.Problem,
    folder: pathlib.Path,
    stop: Callable[[], bool],
) -> dict[str, Any]:
  """Runs the controller, and members as processes.

  Args:
    population: that is trained.
    problem: what its members learn from, each in a batch of its own.
    folder: for all files.
    stop: whether to save and end.

  Returns:
    The result.
  """
  num_members, config = population.num_members, population.student.config
  began, frames_before = time.monotonic(), _frames(folder, num_members)
  files = generations.Files(folder)
  members = _Members(num_members, folder, workdir_lib.program())
  controller = controller_lib.Controller(
      problem, config, population.rules, num_members, folder)
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
    member: int, population: evolution.Population, folder: pathlib.Path
) -> None:
  """Trains one member, in the process that `run` started for it.

  Raises:
    exchange.ExchangeError: another process is this member already.
  """
  _end_with_controller()
  rules = population.rules
  config = generations.member_config(population.student.config, rules, member)
  population = dataclasses.replace(
      population, student=dataclasses.replace(
          population.student, config=config))
  files = generations.Files(folder)
  mine = files.member(member)
  problem = population.problem(num_members=1, members_per_batch=1)
  stop = stopping.accept()
  # Of a controller that was killed, members may live on for a moment.
  lock = exchange.Lock(files.lock(member))
  has_lock = False
  try:
    lock.acquire(stop)
    has_lock = True
    logger = logger_lib.RunLogger(
        mine, total_frames=config.frames, label=f'member {member} ',
        resume_frames=generations.saved_frames(folder, member))
    try:
      ending = member_lib.train_member(
          problem, config, rules, member, folder, on_record=logger,
          judge=population.judge(problem, 1), should_stop=stop)
    finally:
      logger.close()
  except threads.Stopped:
    return
  except exchange.ExchangeError as error:
    if not has_lock:
      raise
    # The controller may have slept, and then starts its members again.
    print(f'error: {error}', flush=True)
    sys.exit(_ABANDONED)
  finally:
    lock.release()
  if ending.ended == 'finished':
    problem_flags.export(
        mine / 'policy.npz', population.student, ending.state.params,
        ending.frames)
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
      f'generation {generation:3d} |'
      f' {logger_lib.progress_text(frames, total_frames)} | last return:'
      f' {last} | copies {copies}{weight}')


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
