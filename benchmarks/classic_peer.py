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
"""Stable-Baselines3's PPO on a task of `classic_environments.py`.

Runs in an environment of its own, where Stable-Baselines3 is and this library
need not be; `classic.py` starts it. Settings are those of RL Baselines3 Zoo
(hyperparams/ppo.yml of April 2026). The zoo has none for Catch and MinAtar:
those have Stable-Baselines3's own defaults with eight environments, and the
zoo's for Atari with a network for vectors, as its convolutions need larger
pictures. Not here: the measuring.
"""

import argparse
import functools
import json
import time
from typing import Any

import stable_baselines3
from stable_baselines3.common import callbacks
from stable_baselines3.common import evaluation
from stable_baselines3.common import vec_env
import torch

from benchmarks import classic_environments

_DEFAULTS: dict[str, Any] = {'n_envs': 8, 'n_steps': 256}
_ZOO: dict[str, dict[str, Any]] = {
    'cart_pole': {
        'n_envs': 8, 'n_steps': 32, 'batch_size': 256, 'gae_lambda': 0.8,
        'gamma': 0.98, 'n_epochs': 20, 'ent_coef': 0.0,
        'learning_rate': 'lin_0.001', 'clip_range': 'lin_0.2'},
    'acrobot': {
        'normalize': True, 'n_envs': 16, 'n_steps': 256, 'gae_lambda': 0.94,
        'gamma': 0.99, 'n_epochs': 4, 'ent_coef': 0.0},
    'lunar_lander': {
        'n_envs': 16, 'n_steps': 1024, 'batch_size': 64, 'gae_lambda': 0.98,
        'gamma': 0.999, 'n_epochs': 4, 'ent_coef': 0.01},
    'catch': _DEFAULTS,
    'breakout': {
        'n_envs': 8, 'n_steps': 128, 'n_epochs': 4, 'batch_size': 256,
        'learning_rate': 'lin_2.5e-4', 'clip_range': 'lin_0.1',
        'vf_coef': 0.5, 'ent_coef': 0.01},
}


def _linear(text):
  """Returns a schedule of the share that is left, as the zoo writes it."""
  if not isinstance(text, str):
    return text
  start = float(text.removeprefix('lin_'))
  return lambda left: left * start


class _Examiner(callbacks.BaseCallback):
  """Plays with the policy now and then; stops at the bar, and says so."""

  def __init__(self, args, envs, examined):
    super().__init__()
    self._args = args
    self._envs = envs
    self._examined = examined
    self._next = args.interval

  def _on_step(self) -> bool:
    if self.num_timesteps < self._next:
      return True
    self._next += self._args.interval
    began = time.time()
    if isinstance(self._envs, vec_env.VecNormalize):
      self._examined.obs_rms = self._envs.obs_rms
    # The mean of episodes that begin together: of the first ones to end it
    # would be that of the shortest.
    episodes, _ = evaluation.evaluate_policy(
        self.model, self._examined, self._args.episodes, deterministic=False,
        return_episode_rewards=True, warn=False)
    score = sum(episodes) / len(episodes)
    print(json.dumps({
        'frames': self.num_timesteps, 'score': score, 'time': began,
        'spent': time.time() - began}), flush=True)
    return score < self._args.bar


def main():
  """Trains until the bar is reached, or the frames are used up."""
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('--task', required=True, choices=_ZOO)
  parser.add_argument('--seed', type=int, required=True)
  parser.add_argument('--frames', type=float, required=True)
  parser.add_argument('--bar', type=float, required=True)
  parser.add_argument('--interval', type=int, required=True)
  parser.add_argument('--episodes', type=int, required=True)
  args = parser.parse_args()
  torch.set_num_threads(1)  # faster for networks as small as these
  settings = {name: _linear(value) for name, value in _ZOO[args.task].items()}
  make = getattr(classic_environments, args.task)
  many = lambda number: vec_env.DummyVecEnv(
      [functools.partial(make, args.seed)] * number)
  envs, examined = many(settings.pop('n_envs')), many(args.episodes)
  if settings.pop('normalize', False):
    envs = vec_env.VecNormalize(envs, gamma=settings.get('gamma', 0.99))
    examined = vec_env.VecNormalize(examined, training=False, norm_reward=False)
  stable_baselines3.PPO(
      'MlpPolicy', envs, seed=args.seed, device='cpu', **settings).learn(
          int(args.frames), callback=_Examiner(args, envs, examined))


if __name__ == '__main__':
  main()
