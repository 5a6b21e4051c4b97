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
"""Holds EnvPool's levels against Python `minigrid`, under one fixed policy.

EnvPool rewrote the levels in C++, and one family of them (MultiRoom) came out
broken. So every level of the suites is played in both, and the distributions
of return and length must agree. Not here: the policy (`scripted_policy.py`).
"""

import functools

from absl.testing import absltest
from absl.testing import parameterized
import gymnasium
import minigrid  # noqa: F401, registers its levels
import numpy as np
import pytest

from kickstarting.environments import base
from kickstarting.environments import envpool_batch
from kickstarting.environments import python_batch
from kickstarting.environments import suites
from kickstarting_test.environments import scripted_policy

_STEPS = 64  # of each episode; later ones are not compared
_STREAMS = {'python': 40, 'envpool': 250}
_ROUNDS = 4
# The least difference of two empirical distributions that chance would exceed
# in fewer than 1 of 10,000 comparisons (Kolmogorov-Smirnov: the square root of
# -ln(p / 2) / 2, times that of 1/n + 1/m). Seeds are fixed: no flakiness.
_BOUND = np.sqrt(-np.log(1e-4 / 2) / 2) * np.sqrt(
    sum(1 / (_ROUNDS * streams) for streams in _STREAMS.values())
)


_SUITE = suites.get_suite('minigrid30')


def _make(level: str, unused_seed: int):
  return gymnasium.make(level, disable_env_checker=True)


def _make_batch(kind: str, level: str) -> base.BatchedEnvironment:
  if kind == 'envpool':
    return envpool_batch.task_batch(
        [level], _STREAMS[kind], seed=11, max_words=_SUITE.max_words)
  builders = {level: functools.partial(_make, level)}
  return python_batch.task_batch(
      builders, _STREAMS[kind], seed=12, max_words=_SUITE.max_words)


def _play(kind: str, level: str) -> tuple[np.ndarray, np.ndarray]:
  """Returns return and length of many episodes, cut off after _STEPS."""
  batch = _make_batch(kind, level)
  rng = np.random.default_rng(13)
  returns = np.zeros((_ROUNDS, batch.num_streams))
  lengths = np.full((_ROUNDS, batch.num_streams), _STEPS)
  for i in range(_ROUNDS):
    timestep = batch.reset()
    is_running = np.ones(batch.num_streams, bool)
    for step in range(1, _STEPS + 1):
      tokens = batch.instructions.tokens[timestep.instruction]
      batch.send(
          scripted_policy.act(timestep.observation['image'], tokens, rng)
      )
      timestep = batch.receive()
      ends = is_running & (timestep.step_type == base.LAST)
      returns[i] += is_running * timestep.reward
      lengths[i, ends] = step
      is_running &= ~ends
      if not is_running.any():
        break
  batch.close()
  return returns.ravel(), lengths.ravel()


def _largest_difference(a: np.ndarray, b: np.ndarray) -> float:
  """Returns the Kolmogorov-Smirnov distance of two samples."""
  points = np.union1d(a, b)
  shares = [
      np.searchsorted(np.sort(x), points, side='right') / len(x)
      for x in (a, b)
  ]
  return float(np.abs(shares[0] - shares[1]).max())


def _differences(level: str) -> tuple[float, float]:
  """Returns the distances of return and length."""
  returns, lengths = _play('envpool', level)
  expected_returns, expected_lengths = _play('python', level)
  return (
      _largest_difference(returns, expected_returns),
      _largest_difference(lengths, expected_lengths),
  )


class EnvPoolAgainstMinigridTest(parameterized.TestCase):

  @parameterized.parameters(*_SUITE.levels)
  @pytest.mark.slow
  def test_same_distributions(self, level):
    of_return, of_length = _differences(level)
    self.assertLess(of_return, _BOUND)
    self.assertLess(of_length, _BOUND)

  def test_the_comparison_finds_a_broken_level(self):
    of_return, of_length = _differences('MiniGrid-MultiRoom-N2-S4-v0')
    self.assertGreater(max(of_return, of_length), _BOUND)


if __name__ == '__main__':
  absltest.main()
