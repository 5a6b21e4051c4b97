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
  python -m benchmarks.classic --sides=ours,replay --tasks=cart_pole,acrobot

Sides are `ours` (this library, nothing set but the environment and the budget),
`peer` (Stable-Baselines3's PPO, see `classic_peer.py`), `kickstarted` (ours in
a quarter of the budget, with a teacher of half the network's size, the best at
all looks of a run in all of it), `let_go` (the same with a weight that is 0
from half of the run on), `tiny` and `huge` (ours with rewards times 0.01 and
100), and `replay` (ours with as many older unrolls beside the fresh ones). A
hundred times in a budget the policy of the moment plays 20 episodes for that
alone, drawing its actions; the bar is reached when their mean return is.
Seconds count from the start of the process, without those that this takes. A
run ends at the bar, except of a teacher and with one, where the policy plays
100 episodes at the end. Sides take turns, each alone. What is done is not done
again. The last line of output is JSON. Not here: the tasks.
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
import kickstarting as ks
from kickstarting import checks
from kickstarting import drawing
from kickstarting import files
from kickstarting import playing
from kickstarting.commands import cli
from kickstarting.environments import scores
from kickstarting.environments import suites

_SCALES = {'ours': 1.0, 'kickstarted': 1.0, 'teacher': 1.0, 'tiny': 0.01,
           'huge': 100.0, 'replay': 1.0, 'let_go': 1.0}
_OPTIONS: dict[str, dict[str, Any]] = {
    'teacher': {'network': 'mlp_tiny'}, 'replay': {'replay_share': 0.5},
    'let_go': {'weights': 'linear:1:50%'}}
_TAUGHT = ('kickstarted', 'let_go')
_PEER_SIDE = 'peer'
_KICKSTARTED_SHARE = 0.25  # of the budget
_LOOKS = 100  # in a budget
_EPISODES = 20  # of a look
_EXAMINED = 100  # episodes of a final policy
_TEACHER_SEED = 101


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
    'workdir', 'results/classic', 'Folder of the results.')
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
  def interval(self) -> int:
    """Frames between two looks."""
    return TASKS[self.task].frames // _LOOKS


class _Reached(Exception):
  """The bar is reached, and nothing more is to be learnt."""


def learn(run: Run) -> None:
  """Trains one student of ours in this process; prints a line for each look."""
  options = dict(_OPTIONS.get(run.side, {}))
  frames = TASKS[run.task].frames
  if run.side in _TAUGHT:
    frames = int(frames * _KICKSTARTED_SHARE)
    options['teachers'] = [str(_teacher(run.task).path.with_suffix('.npz'))]
  env = f'{classic_environments.__name__}:{run.task}'
  examiner = _Examiner(run)
  try:
    policy = ks.train(
        env, frames=frames, seed=run.seed, progress=False,
        settings={'scale': _SCALES[run.side]}, record_frames=run.interval,
        on_policy=examiner, **options).policy
  except _Reached:
    return
  if run.side in ('teacher', *_TAUGHT):
    policy = examiner.best if run.side == 'teacher' else policy
    policy.save(run.path.with_suffix('.npz'))
    score = ks.evaluate(policy, env, episodes=_EXAMINED)['score']
    print(json.dumps({'final_score': score}), flush=True)


class _Examiner:
  """Plays with a policy; ends the run of a student at the bar.

  Attributes:
    best: the policy that got most so far.
  """

  def __init__(self, run: Run):
    self.best: Any = None
    self._run = run
    self._most = -np.inf
    self._suite = suites.suite_of(getattr(classic_environments, run.task))
    self._referee: Any = None

  def __call__(self, policy: Any) -> None:
    """Plays some episodes, and prints what it got."""
    began = time.time()
    if self._referee is None:  # what is compiled serves all policies of a run
      self._referee = playing.make_referee(
          playing.agent_for(policy, self._suite), self._suite, self._run.seed,
          lambda frames: scores.ScoreWindow([0.0], [1.0], frames, np.inf),
          episodes=_EPISODES)
    frames = policy.info['frames']
    score = float(self._referee(policy.params, frames).returns()[0])
    print(json.dumps({'frames': frames, 'score': score, 'time': began,
                      'spent': time.time() - began}), flush=True)
    if score >= self._most:  # of equals the one that has learnt for longer
      self._most, self.best = score, policy
    if score >= TASKS[self._run.task].bar and self._run.side not in (
        'teacher', *_TAUGHT):
      raise _Reached


def _teacher(task: str) -> Run:
  return Run('teacher', task, _TEACHER_SEED)


def measure(run: Run) -> dict[str, Any]:
  """Trains in a process of its own; returns what it took to the bar."""
  result = run.path.with_suffix('.json')
  if result.exists():
    return json.loads(result.read_text('utf-8'))
  task = TASKS[run.task]
  if run.side == _PEER_SIDE:
    command = [
        str(_PEER.value), '-m', 'benchmarks.classic_peer', f'--task={run.task}',
        f'--seed={run.seed}', f'--frames={task.frames}', f'--bar={task.bar}',
        f'--interval={run.interval}', f'--episodes={_EPISODES}']
  else:
    command = [
        sys.executable, '-m', 'benchmarks.classic', f'--part={run.side}',
        f'--tasks={run.task}', f'--seeds={run.seed}',
        f'--workdir={run.path.parent}']
  began = time.time()
  done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
  lines = [json.loads(line) for line in done.stdout.splitlines()
           if line.startswith('{')]
  looks = [line for line in lines if 'spent' in line]
  row: dict[str, Any] = {
      'looks': [(look['frames'], look['score']) for look in looks],
      'frames': None, 'seconds': None, 'load_average': os.getloadavg()[0]}
  for i, look in enumerate(looks):
    if look['score'] >= task.bar:
      spent = sum(earlier['spent'] for earlier in looks[:i])
      row |= {'frames': look['frames'],
              'seconds': look['time'] - began - spent}
      break
  for line in lines:
    row |= {'score': line['final_score']} if 'final_score' in line else {}
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


def draw(
    path: pathlib.Path, results: dict[tuple[str, str], list[dict[str, Any]]]
) -> None:
  """Draws what policies got while they learnt against frames."""
  tasks = list(dict.fromkeys(task for task, _ in results))
  sides = list(dict.fromkeys(
      side for _, side in results if side != 'teacher'))
  figure, all_axes = drawing.subplots(
      1, len(tasks), figsize=(3.2 * len(tasks), 3.2), squeeze=False)
  for axes, task in zip(all_axes[0], tasks):
    for i, side in enumerate(sides):
      for j, row in enumerate(results[task, side]):
        frames, means = np.array(row['looks']).T
        axes.plot(frames / 1e3, means, f'C{i}.-', linewidth=0.8, markersize=3,
                  label=None if j else side)
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
  results: dict[tuple[str, str], list[dict[str, Any]]] = {}
  for task in _TASKS.value:
    if set(_TAUGHT) & set(_SIDES.value):
      results[task, 'teacher'] = [measure(_teacher(task))]
    for seed in range(1, _SEEDS.value + 1):
      for side in _SIDES.value:
        row = measure(Run(side, task, seed))
        results.setdefault((task, side), []).append(row)
        print(f'{task} {side} seed {seed}: {row["frames"]} frames,'
              f' {row["seconds"]} s', flush=True)
  print('| task | side | thousand frames to the bar | seconds | final score |')
  print('| --- | --- | --- | --- | --- |')
  for (task, side), rows in results.items():
    score = _cells(rows, 'score') if 'score' in rows[0] else ''
    reached = '' if side == 'teacher' else _cells(rows, 'frames')
    seconds = '' if side == 'teacher' else _cells(rows, 'seconds')
    print(f'| {task} | {side} | {reached} | {seconds} | {score} |')
  name = f'curves_{"_".join(_SIDES.value)}'
  draw(pathlib.Path(_WORKDIR.value, name), results)
  print(json.dumps({f'{task} {side}': [
      {key: x for key, x in row.items() if key != 'looks'} for row in rows]
                    for (task, side), rows in results.items()}), flush=True)


if __name__ == '__main__':
  cli.run(main)
