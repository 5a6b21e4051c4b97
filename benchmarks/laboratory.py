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
"""Throughput of the tabular laboratory, against a plain loop.

  python -m benchmarks.laboratory
  python -m benchmarks.laboratory --actions=4,40,400,4000

The same students on the same grid worlds, once as the laboratory lets them
learn and once in NumPy, one step after the other; on one core, for the figures
take the others with a process each. Each round measures both, one after the
other, so that the machine's moods hit both alike. The last line of output is
JSON. Not here: what is learnt.
"""

import json
import os
import platform
import statistics
import time

from absl import flags
import jax
import jax.numpy as jnp
import numpy as np

import experiments  # noqa: F401  (sets how XLA uses threads)
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import sampling
from experiments.distilling_policy_distillation import tabular
from experiments.distilling_policy_distillation import teachers
from kickstarting.commands import cli
from kickstarting.commands import flag_values

_MDPS = flags.DEFINE_integer(
    'mdps', 1000, 'Decision processes.', lower_bound=1)
_FEW = flags.DEFINE_integer(
    'mdps_of_many', 100, 'Decision processes with 1,000 actions and more, at '
    'most.', lower_bound=1)
_ACTIONS = flags.DEFINE_list('actions', ['4'], 'Numbers of actions.')
_UPDATES = flags.DEFINE_integer(
    'updates', 300, 'Updates of each, in the laboratory.', lower_bound=1)
_LOOP_UPDATES = flags.DEFINE_integer(
    'loop_updates', 500, 'Of the loop.', lower_bound=1)
_ROUNDS = flags.DEFINE_integer(
    'rounds', 3, 'Repetitions, in turn.', lower_bound=1)

_CONFIG = tabular.UpdateConfig('n_distill_plus_r')


def _in_the_laboratory(dynamics, mdps, teacher, num_updates, seed) -> float:
  """Returns updates per second of all students, side by side."""
  learner = sampling.make_learner(_CONFIG, dynamics, num_updates)
  state = learner.advance(
      learner.init(mdps, teacher), mdps, teacher, jax.random.key(seed))
  total = left = int(learner.updates_left(state))  # compiled
  calls = 1
  began = time.perf_counter()
  while left:
    state = learner.advance(
        state, mdps, teacher, jax.random.key(seed + calls))
    calls += 1
    left = int(learner.updates_left(state))
  return total / (time.perf_counter() - began)


def _softmax(x):
  x = np.exp(x - x.max())
  return x / x.sum()


def _in_a_loop(dynamics, mdps, teacher, num_updates, seed) -> float:
  """Returns updates per second of the same rule, written plainly."""
  rng = np.random.default_rng(seed)
  mdps, teacher = jax.tree.map(np.asarray, (mdps, teacher))
  num_actions = dynamics.num_actions
  num_moves = mdps.successor.shape[-1]
  known = teacher.logits.shape[-1]  # actions that the teacher may take
  logits = np.zeros((*mdps.is_terminal.shape, num_actions), np.float32)
  gamma, rate = _CONFIG.discount, _CONFIG.learning_rate
  distill_gamma = _CONFIG.distill_discount
  began = time.perf_counter()
  for update in range(num_updates):
    i = update % len(logits)
    state = int(mdps.start[i])
    path: list[tuple] = []
    while not mdps.is_terminal[i, state] and len(path) < _CONFIG.max_steps:
      probs = _softmax(logits[i, state])
      action = int(np.searchsorted(np.cumsum(probs), rng.random()))
      action = min(action, num_actions - 1)
      if rng.random() < dynamics.end_probability:
        following = len(mdps.reward[i]) - 1
      else:
        moved, following = action, state
        if moved < num_moves and rng.random() < dynamics.noise:
          moved = int(rng.integers(num_moves))
        if moved < num_moves:
          following = int(mdps.successor[i, state, moved])
      wanted = _softmax(teacher.logits[i, state])
      distance = -float(np.dot(wanted, np.log(probs[:known])))
      path.append((state, action, probs, wanted, distance,
                   float(mdps.reward[i, following])))
      state = following
    later = costs = next_distance = 0.0
    for state, action, probs, wanted, distance, reward in reversed(path):
      later = reward + gamma * later
      costs = distill_gamma * (next_distance + costs)
      descent = probs + (later - costs) * probs
      descent[:known] -= wanted
      descent[action] -= later - costs
      logits[i, state] -= rate * descent
      next_distance = distance
  return num_updates / (time.perf_counter() - began)


def _measure(num_actions: int) -> dict[str, list[float]]:
  """Returns the updates per second of each round."""
  num = _MDPS.value
  if num_actions >= 1000:
    num = min(num, _FEW.value)
  dynamics = mdp_lib.Dynamics(num_actions=num_actions)
  mdps = jax.tree.map(jnp.asarray, mdp_lib.grid_worlds(
      num, mdp_lib.GridConfig(), 0))
  q = jax.jit(lambda key: teachers.q_learning(
      teachers.TeacherConfig(), mdps, mdp_lib.Dynamics(), key))(
          jax.random.key(0))
  teacher = tabular.Table(
      teachers.policy_logits(q, 0.1), jnp.zeros(mdps.is_terminal.shape))
  rates: dict[str, list[float]] = {'laboratory': [], 'loop': []}
  for i in range(_ROUNDS.value):
    rates['laboratory'].append(
        _in_the_laboratory(dynamics, mdps, teacher, _UPDATES.value, i))
    rates['loop'].append(
        _in_a_loop(dynamics, mdps, teacher, _LOOP_UPDATES.value, i))
    print(f'{num_actions} actions, round {i + 1} of {_ROUNDS.value}: '
          + ', '.join(
              f'{name} {values[-1]:,.0f}' for name, values in rates.items())
          + ' updates/s', flush=True)
  return rates


def main(argv):
  del argv
  found = {
      str(num): _measure(num)
      for num in flag_values.counts('actions', _ACTIONS.value)}
  print(json.dumps({
      'updates_per_second': {
          num: {name: statistics.median(x) for name, x in rates.items()}
          for num, rates in found.items()},
      'ratio': {
          num: statistics.median(
              one / two for one, two in zip(rates['laboratory'], rates['loop']))
          for num, rates in found.items()},
      'all': found,
      'machine': platform.machine(),
      'load_average': os.getloadavg(),
  }), flush=True)


if __name__ == '__main__':
  cli.run(main)
