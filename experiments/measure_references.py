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
r"""Measures random and reference returns of the levels of the suites.

  python -m experiments.measure_references --source=random --episodes=1000
  python -m experiments.measure_references --source=reference --episodes=200
  python -m experiments.measure_references --source=instruction --episodes=2000

Random: the uniform policy in EnvPool, every stream playing as many episodes as
any other (so that short ones do not count more often). Reference: the players
of `reference_players.py` in Python `minigrid`. Instruction: the longest, in
words, of episodes that are not played (100000 for GoToSeq, SynthSeq, BossLevel
and BossLevelNoUnlock, whose longest are rare). Each level's figures are written
to the file as soon as they are known; returns beside the number of episodes.

Not here: what a score is (`kickstarting/environments/scores.py`).
"""

from collections.abc import Callable, Iterator
import contextlib
from typing import Any

from absl import flags
from absl import logging
import envpool

from experiments import csv_files
from experiments import random_policy
from kickstarting import checks
from kickstarting.commands import cli
from kickstarting.commands import flag_values
from kickstarting.environments import envpool_batch
from kickstarting.environments import seeds

_DATA = 'kickstarting/environments/data/minigrid.csv'
_NUM_STREAMS = 50

_LEVELS = flags.DEFINE_list(
    'levels', None, 'Names of tasks or levels; all of the file if not given.'
)
_EPISODES = flags.DEFINE_integer(
    'episodes', 1000, 'Episodes of each level.', lower_bound=1
)
_SOURCE = flags.DEFINE_enum(
    'source', 'random', ['random', 'reference', 'instruction'],
    'Who plays; instruction: nobody, words are counted.'
)
# Not `seed`, which `shared_flags` defines: tests import both modules.
_SEED = flags.DEFINE_integer(
    'measurement_seed', 0, 'Seed of episodes.', lower_bound=0
)
_OUTPUT = flags.DEFINE_string(
    'output', _DATA, 'CSV file that lists the levels and takes the figures.'
)


def measure_random(
    level: str, episodes: int, seed: int
) -> dict[str, float | int]:
  """Returns the columns that the random policy fills."""
  batch = envpool_batch.task_batch(
      [level], _NUM_STREAMS, seed=seed, group=seeds.Group.MEASUREMENT,
      max_words=100,  # no instruction is cut off
      bootstrap_on_timeout=True,  # marks the time-outs
  )
  num_actions = batch.spec.num_actions
  [played] = random_policy.play(batch, -(-episodes // _NUM_STREAMS), seed)
  # 0 where the level computes it.
  time_limit = envpool.make_spec(level).config.max_episode_steps
  return {
      'num_actions': num_actions,
      'time_limit': max(time_limit, played.longest),
      'random_return': round(float(played.returns.mean()), 5),
      'random_episodes': len(played.returns),
  }


def measure_reference(
    level: str, episodes: int, seed: int
) -> dict[str, float | int | str]:
  """Returns the columns that the reference player fills."""
  from experiments import reference_players

  total, num_lost = 0.0, 0
  for env, _ in _episodes(level, episodes, seed):
    episode_return, _, is_lost = reference_players.play(env, level)
    total += episode_return
    num_lost += is_lost
  if num_lost:
    logging.warning('%s: lost in %d of %d.', level, num_lost, episodes)
  return {
      'reference_return': round(total / episodes, 5),
      'reference_episodes': episodes,
      'reference_source': reference_players.source(level),
  }


def measure_instruction(
    level: str, episodes: int, seed: int
) -> dict[str, int]:
  """Returns the column of the longest instruction."""
  return {
      'max_words': max(
          len(observation['mission'].split())
          for _, observation in _episodes(level, episodes, seed)
      )
  }


def _episodes(
    level: str, episodes: int, seed: int
) -> Iterator[tuple[Any, dict[str, Any]]]:
  """Yields a Python environment with the first observation of each episode."""
  # Imported here: random scores do without Python `minigrid`.
  import gymnasium
  import minigrid  # noqa: F401, registers its levels

  first_seed = seeds.first_seed(seed, group=seeds.Group.MEASUREMENT)
  env = gymnasium.make(level, disable_env_checker=True)
  for episode in range(episodes):
    with contextlib.redirect_stdout(None):  # levels print what they reject
      observation, _ = env.reset(seed=first_seed + episode)
    yield env, observation
  env.close()


def main(argv):
  """Measures the wanted levels and updates the file after each."""
  del argv
  path = flag_values.path('output', _OUTPUT.value)
  rows = csv_files.read(path, ('name', 'level'))
  known = {row['name'] for row in rows} | {row['level'] for row in rows}
  for level in _LEVELS.value or ():
    checks.check_name(f'level of {path}', level, known)
  measures: dict[str, Callable[..., dict[str, Any]]] = {
      'random': measure_random,
      'reference': measure_reference,
      'instruction': measure_instruction,
  }
  measure = measures[_SOURCE.value]
  for row in rows:
    wanted = _LEVELS.value is None or {row['name'], row['level']} & set(
        _LEVELS.value
    )
    if wanted:
      row.update(measure(row['level'], _EPISODES.value, _SEED.value))
      csv_files.write(path, rows)
      print(', '.join(f'{key}={value}' for key, value in row.items()))


if __name__ == '__main__':
  cli.run(main)
