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
r"""Five small tasks of other people: frames and seconds to the usual bar.

  venv-sb3/bin/pip install stable-baselines3 'gymnasium[box2d]' minatar
  venv/bin/pip install 'gymnasium[box2d]' minatar
  python -m benchmarks.classic --peer=venv-sb3/bin/python
  python -m benchmarks.classic --sides=ours,kickstarted
  python -m benchmarks.classic --sides=ours,tiny,huge --tasks=cart_pole

Sides are `ours` (this library, nothing set but the environment and the budget),
`peer` (Stable-Baselines3's PPO, see `classic_peer.py`), `kickstarted` (ours in
a quarter of the budget, with a teacher of half the network's size, which is
trained first in all of it), and `tiny` and `huge` (ours with rewards times 0.01
and 100). A bar is reached when the mean return of 20 episodes in a row, played
while learning, is at or above it; the environments note that, for every side
alike. Episodes count in the order in which they begin, and the frame is that at
which the last of the 20 began: how long a good one takes is not how long it
took to learn. Seconds count from the start of the process; a run ends there,
except with a teacher, where the final policy plays 100 episodes. Sides take
turns, each alone. What is done is not done again. The last line of output is
JSON. Not here: the tasks.
"""

from collections.abc import Sequence
import json
import os
import pathlib
import subprocess
import sys
import time
from typing import Any, NamedTuple

from absl import flags
import numpy as np

from benchmarks import classic_environments
from benchmarks import classic_networks
import kickstarting as ks
from kickstarting import checks
from kickstarting import drawing
from kickstarting import files
from kickstarting.commands import cli
from kickstarting.environments.suites import own

_SCALES = {'ours': 1.0, 'kickstarted': 1.0, 'teacher': 1.0, 'tiny': 0.01,
           'huge': 100.0}
_PEER_SIDE = 'peer'
_KICKSTARTED_SHARE = 0.25  # of the budget
_EPISODES = 20  # of a mean
_EXAMINED = 100  # episodes of a final policy
_TEACHER_SEED = 101
_POLL_S = 0.2


class Task(NamedTuple):
  """Bar and budget of a task."""

  bar: float  # mean return
  frames: int  # budget


TASKS = {
    'cart_pole': Task(475.0, 100_000),
    'acrobot': Task(-100.0, 300_000),
    'lunar_lander': Task(200.0, 1_000_000),
    'catch': Task(0.9, 100_000),
    'breakout': Task(10.0, 1_000_000),
}
_TASKS = flags.DEFINE_list('tasks', list(TASKS), 'Which of them.')
_SIDES = flags.DEFINE_list('sides', ['ours', _PEER_SIDE], 'Who learns.')
_SEEDS = flags.DEFINE_integer('seeds', 5, 'Seeds of each.', lower_bound=1)
_PEER = flags.DEFINE_string(
    'peer', None, 'Python that has Stable-Baselines3.')
_WORKDIR = flags.DEFINE_string(
    'workdir', 'results/classic', 'For notes and results.')
_PART = flags.DEFINE_string(
    'part', '', 'For the processes that this program starts.')


class Run(NamedTuple):
  """Who learns what."""

  side: str
  task: str
  seed: int

  @property
  def path(self) -> pathlib.Path:
    """Of what is written, without suffix."""
    return pathlib.Path(
        _WORKDIR.value, f'{self.task}_{self.side}_{self.seed}').absolute()

  @property
  def notes(self) -> str:
    """Path of the notes of its environments."""
    return f'{self.path}.txt'


def to_bar(run: Run) -> int | None:
  """Returns with which episode the bar was reached; None if it was not."""
  is_there = _means(run) >= TASKS[run.task].bar - 1e-6
  return int(np.argmax(is_there)) + _EPISODES - 1 if is_there.any() else None


def _means(run: Run) -> np.ndarray:
  """Returns the mean of each episode's return and those of the 19 before."""
  returns = classic_environments.read_notes(run.notes)[-1]
  if len(returns) < _EPISODES:
    return np.zeros(0)
  return np.convolve(returns, np.ones(_EPISODES) / _EPISODES, 'valid')


def learn(run: Run) -> None:
  """Trains one student of ours, in this process."""
  options: dict[str, Any] = {}
  frames = TASKS[run.task].frames
  if run.side == 'teacher':
    options['network'] = f'{classic_networks.__file__}:half_size'
  if run.side == 'kickstarted':
    frames = int(frames * _KICKSTARTED_SHARE)
    options['teachers'] = [ks.load_policy(
        _teacher(run.task).path.with_suffix('.npz'),
        classic_networks.half_size)]
  env = f'{classic_environments.__name__}:{run.task}'
  settings = {'notes': run.notes, 'streams': own.DEFAULTS['streams'],
              'scale': _SCALES[run.side]}
  trained = ks.train(
      env, frames=frames, seed=run.seed, settings=settings, progress=False,
      **options)
  if run.side in ('teacher', 'kickstarted'):
    trained.policy.save(run.path.with_suffix('.npz'))
    score = ks.evaluate(
        trained.policy, env, episodes=_EXAMINED,
        settings=settings | {'notes': os.devnull})['score']
    files.write_json(f'{run.path}_score.json', {'score': score})


def _teacher(task: str) -> Run:
  return Run('teacher', task, _TEACHER_SEED)


def measure(run: Run) -> dict[str, Any]:
  """Trains in a process of its own; returns what it took to the bar."""
  result = run.path.with_suffix('.json')
  if result.exists():
    return json.loads(result.read_text('utf-8'))
  pathlib.Path(run.notes).unlink(missing_ok=True)
  if run.side == _PEER_SIDE:
    command = [
        str(_PEER.value), '-m', 'benchmarks.classic_peer', f'--task={run.task}',
        f'--seed={run.seed}', f'--frames={TASKS[run.task].frames}',
        f'--notes={run.notes}']
  else:
    command = [
        sys.executable, '-m', 'benchmarks.classic', f'--part={run.side}',
        f'--tasks={run.task}', f'--seeds={run.seed}',
        f'--workdir={run.path.parent}']
  began = time.time()
  process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
  ends_at_bar = run.side not in ('teacher', 'kickstarted')
  while process.poll() is None:
    time.sleep(_POLL_S)
    if ends_at_bar and to_bar(run) is not None:
      process.terminate()
      process.wait()
      break
  else:
    if process.returncode:
      raise RuntimeError(f'{run} ended with {process.returncode}.')
  last = to_bar(run)
  times, frames, *_ = classic_environments.read_notes(run.notes)
  row = {
      'frames': None if last is None else float(frames[last]),
      'seconds': None if last is None else float(times[last] - began),
      'best': float(np.max(_means(run))),
      'load_average': os.getloadavg()[0]}
  score = pathlib.Path(f'{run.path}_score.json')
  if score.exists():
    row['score'] = json.loads(score.read_text('utf-8'))['score']
  files.write_json(result, row)
  return row


def _cells(rows: Sequence[dict[str, Any]], key: str) -> str:
  """Returns mean, and all seeds in brackets; a dash where there is none."""
  unit = 1000.0 if key == 'frames' else 1.0
  values = [row.get(key) for row in rows]
  shown = ', '.join(
      '-' if x is None else f'{x / unit:.3g}' for x in values)
  known = [x for x in values if x is not None]
  mean = f'{np.mean(known) / unit:.3g}' if len(known) == len(values) else '-'
  return f'{mean} ({shown})'


def draw(path: pathlib.Path, tasks: Sequence[str], sides: Sequence[str]):
  """Draws mean returns of the last 20 episodes against frames."""
  figure, all_axes = drawing.subplots(
      1, len(tasks), figsize=(3.2 * len(tasks), 3.2), squeeze=False)
  for axes, task in zip(all_axes[0], tasks):
    for i, side in enumerate(sides):
      for seed in range(1, _SEEDS.value + 1):
        run = Run(side, task, seed)
        means = _means(run)
        frames = classic_environments.read_notes(run.notes)[1]
        axes.plot(
            frames[len(frames) - len(means):] / 1e3, means, f'C{i}',
            linewidth=0.8, label=side if seed == 1 else None)
    axes.axhline(TASKS[task].bar, color='grey', linewidth=0.8, linestyle=':')
    axes.set_title(task)
    axes.set_xlabel('thousand frames')
  all_axes[0][0].set_ylabel(f'mean return of {_EPISODES} episodes')
  all_axes[0][0].legend()
  drawing.save(figure, path)


def main(argv):
  del argv
  for task in _TASKS.value:
    checks.check_name('--tasks', task, TASKS)
  if _PART.value:
    learn(Run(_PART.value, _TASKS.value[0], _SEEDS.value))
    return
  for side in _SIDES.value:
    checks.check_name('--sides', side, (*_SCALES, _PEER_SIDE))
  if _PEER_SIDE in _SIDES.value and not _PEER.value:
    raise checks.UserError(
        f'--sides has {_PEER_SIDE}, but --peer is empty; expected the Python'
        ' that has Stable-Baselines3. Name it, or leave that side out.')
  pathlib.Path(_WORKDIR.value).mkdir(parents=True, exist_ok=True)
  results: dict[str, Any] = {}
  for task in _TASKS.value:
    if 'kickstarted' in _SIDES.value:
      results[f'{task} teacher'] = [measure(_teacher(task))]
    for seed in range(1, _SEEDS.value + 1):
      for side in _SIDES.value:
        row = measure(Run(side, task, seed))
        results.setdefault(f'{task} {side}', []).append(row)
        print(f'{task} {side} seed {seed}: {row}', flush=True)
  print('| task | side | thousand frames to the bar | seconds | final score |')
  print('| --- | --- | --- | --- | --- |')
  for name, rows in results.items():
    task, side = name.split()
    score = _cells(rows, 'score') if 'score' in rows[0] else ''
    print(f'| {task} | {side} | {_cells(rows, "frames")} |'
          f' {_cells(rows, "seconds")} | {score} |')
  draw(pathlib.Path(_WORKDIR.value, 'curves'), _TASKS.value, _SIDES.value)
  print(json.dumps(results), flush=True)


if __name__ == '__main__':
  cli.run(main)
