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
"""Training throughput, and how much of the processor's limit it reaches.

  python -m benchmarks.throughput --workload=peer
  python -m benchmarks.throughput --workload=peer \
      --peer='venv-sf/bin/python sf_bench.py --workers 2 --envs 128'
  python -m benchmarks.throughput --workload=minigrid8
  python -m benchmarks.throughput --workload=teachers
  python -m benchmarks.throughput --workload=population --populations=1,8

Each figure is the median over `--rounds`; in a round everything is measured in
turn, each in a process of its own, so that the machine's moods hit all alike.
The processor's limit is cores / (1/env + 1/act + 1/learn), where each part runs
alone, pinned to one core: what the cores could do if nothing ever waited.
`--peer` is any command whose output has a line `PEER frames_per_second=X`. The
last line of output is JSON. Not here: learning curves.
"""

from collections.abc import Callable
import dataclasses
import functools
import json
import os
import platform
import re
import resource
import shlex
import statistics
import subprocess
import sys
import time
from typing import Any

from absl import flags

import experiments  # noqa: F401  (sets how XLA uses threads)
from kickstarting import checks
from kickstarting.commands import cli

_WORKLOAD = flags.DEFINE_enum(
    'workload', 'peer', ['peer', 'minigrid8', 'teachers', 'population'],
    'What to measure.')
_PART = flags.DEFINE_string(
    'part', '', 'For the processes that this program starts.')
_SECONDS = flags.DEFINE_float(
    'seconds', 20.0, 'Length of each measurement, after warming up.',
    lower_bound=0.1)
_ROUNDS = flags.DEFINE_integer(
    'rounds', 3, 'Repetitions, interleaved.', lower_bound=1)
_PEER = flags.DEFINE_string(
    'peer', '', 'Command that measures another framework, run in turn.')
_POPULATIONS = flags.DEFINE_list(
    'populations', ['1', '2', '4', '8', '16'], 'Sizes of populations.')
_TEACHER_COUNTS = (0, 1, 8, 30)
_WARM_UP_S = 5.0
# Tables of instructions grow for a while, and every size is compiled.
_WARM_UP_TOGETHER_S = 30.0


@dataclasses.dataclass(frozen=True)
class Workload:
  """What is trained."""

  suite: str
  tasks: tuple[str, ...]
  network: str
  unroll_steps: int
  streams: int
  splits: int
  batches_per_actor: int


WORKLOADS = {
    'peer': Workload('minigrid_all', ('DoorKey-6x6',), 'flat', 20, 64, 2, 1),
    'minigrid8': Workload('minigrid8', (), 'grid_small', 20, 32, 4, 1),
    'teachers': Workload('minigrid30', (), 'grid_small', 20, 30, 4, 1),
    'population': Workload('minigrid8', (), 'grid_small', 20, 32, 4, 1),
}


def _setup(
    workload: Workload, num_teachers: int = 0, num_members: int = 1
) -> tuple[Any, Any]:
  """Builds the problem and its configuration."""
  import jax

  from kickstarting import agent as agent_lib
  from kickstarting import problems
  from kickstarting import teaching as teaching_lib
  from kickstarting import update_config
  from kickstarting.environments import seeds
  from kickstarting.environments import suites
  from kickstarting.environments.suites import batches
  from kickstarting.networks import build as networks
  from kickstarting.runtime import training_config
  from kickstarting.teachers import policy_file
  from kickstarting.teachers import teacher as teacher_lib
  from kickstarting.weights import controllers

  suite = suites.get_suite(workload.suite, workload.tasks or None)
  network = networks.get_network(workload.network)
  config = training_config.TrainingConfig(
      frames=10**12, unroll_steps=workload.unroll_steps,
      streams=workload.streams,
      splits=min(  # all streams of an actor have seeds of their own
          workload.splits,
          seeds.MAX_STREAMS // (workload.streams * num_members)),
      batches_per_actor=workload.batches_per_actor,
      record_frames=20_000, checkpoint_frames=10**12)
  teaching = teaching_lib.NO_TEACHING
  if num_teachers:
    spec = batches.spec_of(suite)
    agent = agent_lib.make_agent(network, spec.observation, spec.num_actions)
    teachers = tuple(
        teacher_lib.from_policy(f'teacher {k}', policy_file.Policy(
            network, jax.device_get(agent.init(jax.random.key(k))),
            spec.num_actions, policy_file.observation_of(spec.observation),
            spec.max_words, ()))
        for k in range(num_teachers))
    tasks = suite.task_names
    routing = teacher_lib.route(teachers, tasks, {
        task: i * num_teachers // len(tasks) for i, task in enumerate(tasks)})
    teaching = teaching_lib.Teaching(
        teachers, routing, controllers.scheduled(1.0))
  problem = problems.make_problem(
      suite, network, update_config.UpdateConfig(), config, teaching,
      num_members=num_members)
  return problem, config


def _rate(step: Callable[[], int], seconds: float) -> float:
  """Returns frames per second of a function that returns frames."""
  start = time.monotonic()
  while time.monotonic() - start < _WARM_UP_S:
    step()
  frames = 0
  start = time.monotonic()
  while time.monotonic() - start < seconds:
    frames += step()
  return frames / (time.monotonic() - start)


def _measure_env(problem: Any, seconds: float) -> float:
  import numpy as np
  environment = problem.make_environment(0)
  rng = np.random.default_rng(0)
  num_actions = environment.spec.num_actions
  environment.reset()

  def step() -> int:
    environment.send(rng.integers(
        num_actions, size=environment.num_streams, dtype=np.int32))
    environment.receive()
    return environment.num_streams

  return _rate(step, seconds)


def _replay(environment: Any, length: int) -> Any:
  """Returns an environment that repeats recorded timesteps at no cost."""
  import numpy as np

  from kickstarting.environments import base

  class Replay(base.BatchedEnvironment):
    """Repeats what was recorded."""

    def __init__(self):
      self.num_streams = environment.num_streams
      self.task = environment.task
      self.spec = environment.spec
      self.instructions = environment.instructions
      self._tape = [environment.reset()]
      rng = np.random.default_rng(0)
      for _ in range(length):
        environment.send(rng.integers(
            self.spec.num_actions, size=self.num_streams, dtype=np.int32))
        self._tape.append(environment.receive())
      self._next = 0

    def reset(self):
      return self.receive()

    def send(self, actions):
      del actions

    def receive(self):
      self._next += 1
      return self._tape[self._next % len(self._tape)]

    def close(self):
      environment.close()

  return Replay()


def _make_rollouts(problem: Any, config: Any, replay: bool) -> Any:
  import jax

  from kickstarting.runtime import actor as actor_lib
  from kickstarting.runtime import layout as layout_lib
  from kickstarting.runtime import parameter_store
  params = jax.jit(problem.agent.init)(jax.random.key(0))
  functions = actor_lib.make_actor_functions(problem.agent)
  actors = []
  for i in range(config.batches_per_actor):
    environment = problem.make_environment(i)
    if replay:
      environment = _replay(environment, 200)
    actors.append(actor_lib.StreamActor(
        functions, environment, problem.make_labeller(environment.task),
        jax.random.key(i)))
  store = parameter_store.ParameterStore(0, params)
  return params, actor_lib.rollouts(
      actors, store, config.unroll_steps, layout_lib.Layout(config.splits))


def _measure_act(problem: Any, config: Any, seconds: float) -> float:
  _, rollouts = _make_rollouts(problem, config, replay=True)
  return _rate(lambda: next(rollouts).trajectory.actions.size, seconds)


def _measure_learn(problem: Any, config: Any, seconds: float) -> float:
  import jax
  import numpy as np

  from kickstarting import types
  from kickstarting import update as update_lib
  params, rollouts = _make_rollouts(problem, config, replay=False)
  trajectory = jax.device_put(next(rollouts).trajectory)
  update = update_lib.make_update(problem.update, problem.agent)
  jitted = jax.jit(update.update, donate_argnums=0)
  state = update.init(params)
  hypers = types.Hypers(
      np.float32(1e-3), np.float32(1e-3), np.float32(0.5), np.float32(1.0),
      np.ones(len(problem.teacher_names), np.float32))

  def step() -> int:
    nonlocal state
    state, metrics = jitted(state, hypers, trajectory)
    jax.block_until_ready(metrics)
    return trajectory.actions.size

  return _rate(step, seconds)


def _measure_together(
    problem: Any, config: Any, seconds: float, num_members: int = 0
) -> float:
  """Trains one student, or a population with `num_members`."""
  from kickstarting import pbt
  from kickstarting.populations import training as population_training
  from kickstarting.runtime import training

  marks: list[tuple[float, int]] = []

  def on_record(record: dict[str, Any]) -> None:
    marks.append((time.monotonic(), record['frames']))

  def is_over() -> bool:
    # The clock starts with the first record: most is compiled by then.
    return bool(marks) and time.monotonic() - marks[0][0] > (
        _WARM_UP_TOGETHER_S + seconds)

  train: Callable[..., Any] = training.train
  if num_members:
    rules = pbt.adapt(
        pbt.get_preset('kickstarting'), every=100_000, burn_in=0, window=1)
    # All learn like the student alone: what they do decides how fast
    # environments are.
    rules = pbt.without(rules, rules.evolutions)
    train = functools.partial(
        population_training.train,
        population=population_training.PopulationConfig(rules, num_members))
  train(problem, config, on_record=on_record, should_stop=is_over)
  start = marks[0][0] + _WARM_UP_TOGETHER_S
  marks = [m for m in marks if m[0] >= start]
  (t0, f0), (t1, f1) = marks[0], marks[-1]
  return max(num_members, 1) * (f1 - f0) / (t1 - t0)


def _run_part(part: str) -> float:
  """Measures one part in this process."""
  name, _, count = part.partition(':')
  if name in ('env', 'act', 'learn'):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
  num_members = int(count) if name == 'population' else 0
  num_teachers = int(count or 0) if name == 'together' else 0
  problem, config = _setup(
      WORKLOADS[_WORKLOAD.value], num_teachers, max(num_members, 1))
  seconds = _SECONDS.value
  if name == 'env':
    return _measure_env(problem, seconds)
  if name == 'act':
    return _measure_act(problem, config, seconds)
  if name == 'learn':
    return _measure_learn(problem, config, seconds)
  return _measure_together(problem, config, seconds, num_members)


def _spawn(part: str) -> tuple[float, float]:
  """Measures one part in a process of its own.

  Returns:
    Frames per second, and the most memory held, in MiB.
  """
  done = subprocess.run(
      [sys.executable, '-m', 'benchmarks.throughput', f'--part={part}',
       f'--workload={_WORKLOAD.value}', f'--seconds={_SECONDS.value}'],
      stdout=subprocess.PIPE, text=True, check=True)
  rate, memory = done.stdout.strip().splitlines()[-1].split()
  return float(rate), float(memory)


def _spawn_peer(command: str) -> float:
  done = subprocess.run(
      shlex.split(command), stdout=subprocess.PIPE, text=True, check=True)
  found = re.findall(r'PEER frames_per_second=([\d.]+)', done.stdout)
  if not found:
    raise checks.UserError(
        f'--peer {command!r} printed no line "PEER frames_per_second=X"; its'
        f' last output was: {done.stdout[-300:]!r}')
  return float(found[-1])


def main(argv):
  del argv
  if _PART.value:
    rate = _run_part(_PART.value)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MiB
    print(rate, most)
    return
  if _WORKLOAD.value == 'teachers':
    parts = [f'together:{k}' for k in _TEACHER_COUNTS]
  elif _WORKLOAD.value == 'population':
    parts = ['together', *(
        f'population:{p}' for p in _POPULATIONS.value)]
  else:
    parts = ['together', 'env', 'act', 'learn']
  rates: dict[str, list[float]] = {}
  memory: dict[str, float] = {}
  for i in range(_ROUNDS.value):
    for part in parts:
      rate, memory[part] = _spawn(part)
      rates.setdefault(part, []).append(rate)
      if part == 'together' and _PEER.value:
        rates.setdefault('peer', []).append(_spawn_peer(_PEER.value))
    print(f'round {i + 1} of {_ROUNDS.value}: ' + ', '.join(
        f'{part} {values[-1]:,.0f}' for part, values in rates.items()),
          flush=True)
  median = {part: statistics.median(values) for part, values in rates.items()}
  cores = len(os.sched_getaffinity(0))
  result: dict[str, Any] = {
      'workload': _WORKLOAD.value,
      'frames_per_second': median,
      'all': rates,
      'memory_mib': memory,  # of the last round
      'cores': cores,
      'machine': platform.processor() or platform.machine(),
      'load_average': os.getloadavg(),
  }
  if 'env' in median:
    limit = cores / sum(1 / median[p] for p in ('env', 'act', 'learn'))
    result |= {'limit': limit, 'share_of_limit': median['together'] / limit}
  if 'peer' in median:
    result['ratio_to_peer'] = statistics.median(
        a / b for a, b in zip(rates['together'], rates['peer']))
  if _WORKLOAD.value == 'teachers':
    base = rates['together:0']
    one = rates['together:1']
    result['throughput_of_one_teacher'] = statistics.median(
        a / b for a, b in zip(one, base))
    result['throughput_of_30_against_1'] = statistics.median(
        a / b for a, b in zip(rates['together:30'], one))
  if _WORKLOAD.value == 'population':
    result['throughput_against_one_student'] = {
        p: statistics.median(
            a / b for a, b in zip(rates[f'population:{p}'], rates['together']))
        for p in _POPULATIONS.value
    }
    workload = WORKLOADS['population']
    result['ms_per_update_of_all'] = {
        p: 1e3 * int(p) * workload.unroll_steps * workload.streams / median[
            f'population:{p}']
        for p in _POPULATIONS.value
    }
  print(json.dumps(result), flush=True)


if __name__ == '__main__':
  cli.run(main)
