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
"""Steers a population: scores of its members, evolution, lineage.

Here: `Evolving`, the `Steering` of many members. Not here: the rules
(`pbt/`), what a member's return is (`scoring.py`), the functions of the run
(`vectorised.py`).
"""

from collections.abc import Mapping, Sequence
import functools
import json
from typing import Any

import jax
import numpy as np

from kickstarting import files
from kickstarting import pbt
from kickstarting import types
from kickstarting.populations import judging
from kickstarting.populations import scoring
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import loop
from kickstarting.runtime import training
from kickstarting.runtime import training_config

_WEIGHTS = ('params', 'opt_state')  # of the dict; the learner holds them
_STREAM = 0x506F70  # of random numbers; the loop splits the same seed's key


def fit_rules(
    problem: training.Problem,
    config: training_config.TrainingConfig,
    rules: pbt.Rules,
    num_members: int,
) -> pbt.Rules:
  """Returns rules that count what this run counts.

  Raises:
    ValueError: they cannot do anything in it.
  """
  rules = pbt.in_frames(rules, problem.frames_per_step)
  pbt.check_scores(
      rules.exploit, problem.make_window(config.window_frames).cap)
  pbt.check_run(
      rules, num_members, config.frames, config.record_frames,
      len(problem.task_names))
  return rules


def first_population(
    problem: training.Problem,
    config: training_config.TrainingConfig,
    rules: pbt.Rules,
    num_members: int,
) -> tuple[pbt.Population, jax.Array]:
  """Draws the first hyper-parameters.

  Args:
    problem: its controller is not read: the rules move the weights.
    config: hyper-parameters that no rule names stay as they are here; the
      learning rate is not annealed.
    rules: of evolution.
    num_members: P.

  Returns:
    The population without weights, and the key of its evolution.

  Raises:
    ValueError: the rules name what is no hyper-parameter of the learner.
  """
  key, draw_key = jax.random.split(
      jax.random.fold_in(jax.random.key(config.seed), _STREAM))
  fixed = {
      **{name: np.full(num_members, getattr(config, name))
         for name in training.LEARNER_HYPERS},
      'alpha': np.ones(num_members),
      'rho': np.ones((num_members, len(problem.teacher_names))),
  }
  drawn = pbt.draw_hypers(
      rules, {name: x.shape[1:] for name, x in fixed.items()}, num_members,
      draw_key)
  return pbt.make_population(
      {}, {}, {**fixed, **drawn}, rules.exploit.window), key


class Evolving:
  """Hyper-parameters, windows of scores and lineage of P members."""

  def __init__(
      self,
      problem: training.Problem,
      config: training_config.TrainingConfig,
      rules: pbt.Rules,
      layout: layout_lib.Layout,
      judge: judging.Judge | None = None,
  ):
    """Starts a population; see `first_population`, and `layout` of streams.

    Raises:
      ValueError: the rules do not fit the judge, the run or its scores.
    """
    rules = fit_rules(problem, config, rules, layout.num_members)
    judging.check_rules(judge, rules)
    self._problem = problem
    self._rules = rules
    self._layout = layout
    size = layout.num_members
    first, key = first_population(problem, config, rules, size)
    self._population = pbt.absolute(first, 0)
    self._rng_key = jax.random.key_data(key)
    self._step = jax.jit(functools.partial(pbt.step, rules=rules))
    self._play = judge and judging.make_play(judge, problem.make_window, size)
    self.records = pbt.first_records(first)
    self._num_steps = 0
    self._failed = np.zeros(size, bool)
    self.scores = scoring.MemberScores(
        problem.make_window, config.window_frames, layout)

  def begin(self, state: types.LearnerState) -> None:
    """Takes the first parameters for the best so far."""
    self.best = (-np.inf, 0, 0, self._member_params(state.params, 0))

  @property
  def hyper_parameters(self) -> dict[str, np.ndarray]:
    """Name -> float32 [P, ...], as they are now."""
    return {
        name: np.asarray(x) for name, x in self._population['hypers'].items()}

  def hypers(self, frames: int) -> types.Hypers:
    """Returns those of all members; leaves [P, ...]."""
    del frames
    return types.Hypers(**self._population['hypers'])

  preview = hypers

  def observe(self, frames: int, episodes: Sequence[actor_lib.Episode]) -> None:
    """Adds episodes to their member's window and rounds."""
    rounds, num_episodes = self.scores.observe(frames, episodes)
    if num_episodes.any() and not self._play:
      self._population = pbt.add_returns(
          self._population, rounds, num_episodes)

  def check(self, frames: int, metrics: Mapping[str, np.ndarray]) -> None:
    """Notes members whose loss is not finite."""
    self._failed |= ~np.isfinite(metrics['loss'] + metrics['grad_norm'])
    if self._failed.any():
      training.check_teachers(frames, metrics, self._problem.teacher_names)
    if self._failed.all():
      raise loop.TrainingError(
          f'the loss of every member is not finite near frame {frames};'
          ' expected at least one to copy from. Lower the bounds of'
          ' learning_rate, or look for extreme rewards. Checkpoints written'
          ' before are intact.')

  def record(self, frames: int, params: types.Params) -> dict[str, Any]:
    """Returns the scores, and what the best member uses."""
    self.scores.advance(frames)
    member_scores = self.member_scores()
    names, windows = self._problem.task_names, self.scores.windows
    summary = scoring.summarise(member_scores, [
        dict(zip(names, map(float, window.task_scores())))
        for window in windows])
    score, first = summary['score'], summary['best_member']
    if windows[first].num_episodes.min() > 0 and score > self.best[0]:
      self.best = score, frames, first, self._member_params(params, first)
    hypers = self.hyper_parameters
    weights = hypers['alpha'][:, None] * hypers['rho']  # [P, K]
    return {
        **summary,
        'score_cap': windows[0].cap,
        'copies': sum(r['parent'] != r['member'] for r in self.records),
        'lambda': dict(zip(
            self._problem.teacher_names, map(float, weights[first]))),
        **{name: {str(m): float(value) for m, value in enumerate(x)}
           for name, x in hypers.items() if x.ndim == 1},
    }

  def member_scores(self) -> np.ndarray:
    """Returns the score of each member, NaN for those that failed [P]."""
    return np.where(
        self._failed, np.nan, [w.score() for w in self.scores.windows])

  def evolve(
      self, frames: int, state: types.LearnerState
  ) -> tuple[types.LearnerState, np.ndarray]:
    """Lets members that are ready copy and explore."""
    size = self._layout.num_members
    population, base = pbt.relative(self._population | {
        'frames': np.full(size, frames, np.int64),
        'params': state.params,
        'opt_state': state.opt_state,
    })
    step_key, judge_key = jax.random.split(jax.random.fold_in(
        jax.random.wrap_key_data(self._rng_key), self._num_steps))
    if self._play and pbt.is_due(population, self._rules).any():
      population = pbt.add_returns(
          population, self._play(self._num_steps, state.params, judge_key))
    self._num_steps += 1
    population, events = self._step(population, step_key, failed=self._failed)
    self._population = pbt.absolute(
        population | dict.fromkeys(_WEIGHTS, {}), base)
    if not np.asarray(events.ready).any():
      return state, np.zeros(size, bool)
    self._failed = np.zeros(size, bool)
    self.records += pbt.to_records(events, self._num_steps, base)
    self.scores.copy(np.asarray(events.parent).tolist())
    return (
        state._replace(**{name: population[name] for name in _WEIGHTS}),
        np.asarray(events.parent) != np.arange(size))

  def snapshot(self) -> dict[str, types.PyTree]:
    """Returns all that `restore` needs."""
    score, frames, member, params = self.best
    text = json.dumps(self.records).encode()
    return {
        'population': self._population,
        'evolution_key': self._rng_key,
        'num_steps': np.array(self._num_steps, np.int64),
        'failed': self._failed,
        **self.scores.snapshot(),
        'lineage': np.frombuffer(text, np.uint8),
        'best': np.array([score, frames, member], np.float64),
        'best_params': params,
    }

  def restore(self, saved: Mapping[str, types.PyTree]) -> None:
    """Takes back what a checkpoint holds."""
    self._population = saved['population']
    self._rng_key = saved['evolution_key']
    self._num_steps = int(saved['num_steps'])
    self._failed = np.array(saved['failed'])
    self.scores.restore(saved)
    self.records = files.parse_json(
        np.asarray(saved['lineage']).tobytes().decode('utf-8', 'replace'),
        'the lineage in a checkpoint', 'that of a population', kind=list)
    score, frames, member = saved['best'].tolist()
    self.best = (score, int(frames), int(member), saved['best_params'])

  def _member_params(self, params: types.Params, member: int) -> types.Params:
    return jax.tree.map(lambda x: np.asarray(x[member]), params)
