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

from absl import app
from absl import flags
import jax
import jax.numpy as jnp
import numpy as np

import experiments  # noqa: F401  (sets how XLA uses threads)
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import sampling
from experiments.distilling_policy_distillation import tabular
from experiments.distilling_policy_distillation import teachers

_MDPS = flags.DEFINE_integer('mdps', 1000, 'Decision processes.')
_UPDATES = flags.DEFINE_integer(
    'updates', 300, 'Updates of each, in the laboratory.')
_LOOP_UPDATES = flags.DEFINE_integer('loop_updates', 500, 'Of the loop.')
_ROUNDS = flags.DEFINE_integer('rounds', 3, 'Repetitions, in turn.')

_CONFIG = tabular.UpdateConfig('n_distill_plus_r')
_DYNAMICS = mdp_lib.Dynamics()


def _in_the_laboratory(mdps, teacher, num_updates, seed) -> float:
  """Returns updates per second of all students, side by side."""
  learner = sampling.make_learner(_CONFIG, _DYNAMICS, num_updates)
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


def _in_a_loop(mdps, teacher, num_updates, seed) -> float:
  """Returns updates per second of the same rule, written plainly."""
  rng = np.random.default_rng(seed)
  mdps, teacher = jax.tree.map(np.asarray, (mdps, teacher))
  logits = np.zeros_like(teacher.logits)
  gamma, rate = _CONFIG.discount, _CONFIG.learning_rate
  began = time.perf_counter()
  for update in range(num_updates):
    i = update % len(logits)
    state = int(mdps.start[i])
    path: list[tuple] = []
    while not mdps.is_terminal[i, state] and len(path) < _CONFIG.max_steps:
      probs = _softmax(logits[i, state])
      action = int(np.searchsorted(np.cumsum(probs), rng.random()))
      action = min(action, len(probs) - 1)
      if rng.random() < _DYNAMICS.end_probability:
        following = len(mdps.reward[i]) - 1
      else:
        moved = action
        if rng.random() < _DYNAMICS.noise:
          moved = int(rng.integers(4))
        following = int(mdps.successor[i, state, moved])
      wanted = _softmax(teacher.logits[i, state])
      distance = -float(np.dot(wanted, np.log(probs)))
      path.append((state, action, probs, wanted, distance,
                   float(mdps.reward[i, following])))
      state = following
    later, next_distance = 0.0, 0.0
    for state, action, probs, wanted, distance, reward in reversed(path):
      later = reward - gamma * next_distance + gamma * later
      descent = probs - wanted + later * probs
      descent[action] -= later
      logits[i, state] -= rate * descent
      next_distance = distance
  return num_updates / (time.perf_counter() - began)


def main(argv):
  del argv
  mdps = jax.tree.map(jnp.asarray, mdp_lib.grid_worlds(
      _MDPS.value, mdp_lib.GridConfig(), 0))
  q = jax.jit(lambda key: teachers.q_learning(
      teachers.TeacherConfig(), mdps, _DYNAMICS, key))(jax.random.key(0))
  teacher = tabular.Table(
      teachers.policy_logits(q, 0.1), jnp.zeros(mdps.is_terminal.shape))
  rates: dict[str, list[float]] = {'laboratory': [], 'loop': []}
  for i in range(_ROUNDS.value):
    rates['laboratory'].append(
        _in_the_laboratory(mdps, teacher, _UPDATES.value, i))
    rates['loop'].append(_in_a_loop(mdps, teacher, _LOOP_UPDATES.value, i))
    print(f'round {i + 1} of {_ROUNDS.value}: ' + ', '.join(
        f'{name} {values[-1]:,.0f}' for name, values in rates.items())
          + ' updates/s', flush=True)
  print(json.dumps({
      'updates_per_second': {
          name: statistics.median(values) for name, values in rates.items()},
      'ratio': statistics.median(
          one / two for one, two in zip(rates['laboratory'], rates['loop'])),
      'all': rates,
      'machine': platform.machine(),
      'load_average': os.getloadavg(),
  }), flush=True)


if __name__ == '__main__':
  app.run(main)
