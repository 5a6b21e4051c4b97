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
"""Updates of every kind on random trajectories, reduced to a few numbers.

  python kickstarting_test/update_goldens.py      # writes update_goldens.json

Here: `CASES`, students with the configuration of their update, and `numbers`,
which runs one of them on a few trajectories. The numbers that were written
before losses became parts of a chain stand in `update_goldens.json`;
`update_goldens_test.py` compares with them. Not here: what is right, which the
tests of the losses say.
"""

import dataclasses
import json
import pathlib
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from kickstarting import agent as agent_lib
from kickstarting import losses
from kickstarting import types
from kickstarting import update as update_lib
from kickstarting import update_config
from kickstarting.distributions import categorical
from kickstarting.environments import base
from kickstarting.networks import branches
from kickstarting.networks import build
from kickstarting_test.networks import examples

PATH = pathlib.Path(__file__).with_name('update_goldens.json')
SEEDS = 5  # trajectories of each case
_T, _B, _A = 6, 4, 5
_SPEC = examples.FLAT_SPEC | {'task': types.ArraySpec((), np.dtype(np.int32))}
_PLAIN = build.NetworkConfig('flat', 4)
_AGENTS = {
    'plain': _PLAIN,
    'taught_value': dataclasses.replace(_PLAIN, taught_value=True),
    'scaled': dataclasses.replace(_PLAIN, scales_value=True),
    'features': dataclasses.replace(
        _PLAIN, features=branches.Features(num_tasks=2, size=3)),
    'mixture': dataclasses.replace(_PLAIN, branches=(
        branches.Branch(policy='small', actions=(0, 2)), branches.Branch())),
    'distral': dataclasses.replace(
        _PLAIN, combination='two_columns', branches=(
            branches.Branch('own', 'own_policy', 'own_value'),
            branches.Branch())),
}


class Case(NamedTuple):
  """A student and its update."""

  agent: str
  fields: dict[str, Any]
  has_teacher: bool = True


def _cases():
  cases = {'no teacher': Case('plain', {}, has_teacher=False)}
  for name, method in losses.METHODS.items():
    cases[name] = Case('plain', {'method': name})
    if method.has_teacher_reward and not method.is_one_step:
      cases[f'{name}, two discounts'] = Case(
          'taught_value', {'method': name, 'teacher_discount': 0.5})
  cases |= {
      f'divergence {name}': Case('plain', {'divergence': name})
      for name in losses.DIVERGENCES}
  cases |= {
      'a2c': Case('plain', {'algorithm': 'a2c', 'vtrace_lambda': 0.9}),
      'clips': Case('plain', {
          'rho_clip': 2.0, 'c_clip': 0.7, 'pg_rho_clip': 3.0,
          'vtrace_lambda': 0.8, 'ratio_clip': 0.2}),
      'sum, transform': Case('plain', {
          'reduction': 'sum',
          'reward_transform': 'optimistic_asymmetric_clip'}),
      'sharp teacher': Case('plain', {'teacher_temperature': 0.3}),
      'value beside': Case(
          'plain', {'method': 'on_policy_distill', 'learns_value': True}),
      'scale': Case('scaled', {'scale_free': True}),
      'scale, gated': Case(
          'scaled', {'scale_free': True, 'method': 'v_gated_plus_r'}),
      'again': Case('plain', {'epochs': 2, 'minibatches': 2}),
      'features': Case('features', {'feature_cost': 0.1}),
      'distral': Case('distral', {}, has_teacher=False),
      'distral, taught': Case('distral', {}),
  }
  for name in losses.TRANSFERS:
    cases[f'mixture {name}'] = Case('mixture', {'transfer': name})
  return cases


CASES = _cases()
HYPERS = types.Hypers(
    learning_rate=np.float32(1.0), entropy_cost=np.float32(0.02),
    baseline_cost=np.float32(0.5), alpha=np.float32(1.5),
    rho=np.array([1.0, 0.25], np.float32), mixing=np.float32(0.3),
    transfer_cost=np.float32(0.4))


def _trajectory(seed: int, case: Case, agent: agent_lib.Agent) -> Any:
  rng = np.random.default_rng(seed)
  normal = lambda *shape: rng.normal(size=shape).astype(np.float32)
  step_type = np.full((_T + 1, _B), base.MID, np.int32)
  for b in range(_B):
    last = rng.integers(0, _T)
    step_type[last, b], step_type[last + 1, b] = base.LAST, base.FIRST
  timesteps = examples.timesteps(seed, examples.FLAT_SPEC, (_T + 1, _B), _A)
  task = rng.integers(0, 2, _B).astype(np.int32)
  observation = dict(timesteps.observation)
  if 'task' in agent.reads:
    observation['task'] = np.tile(task, (_T + 1, 1))
  actions = rng.integers(0, _A, (_T, _B)).astype(np.int32)
  teacher = types.TeacherOutput(
      policy=2 * normal(_T + 1, _B, _A), value=normal(_T + 1, _B),
      index=rng.integers(-1, 2, _B).astype(np.int32),
      features=normal(_T + 1, _B, 3) if case.agent == 'features' else None)
  return types.Trajectory(
      timesteps=timesteps._replace(
          observation=observation, step_type=step_type,
          reward=2 * timesteps.reward,
          discount=(step_type != base.LAST).astype(np.float32)),
      actions=actions,
      behaviour_log_prob=categorical.action_log_prob(
          normal(_T, _B, _A), actions),
      initial_core_state=agent.initial_state(_B),
      instructions=examples.TOKENS,
      task=task,
      teacher=teacher if case.has_teacher else None)


def numbers(name: str) -> list[dict[str, float]]:
  """Returns the metrics of a case, and sums over the step of each array.

  The optimiser is a step along the gradient, so that sums are of gradients: of
  each array its sum, and its sum with weights that are random.
  """
  case = CASES[name]
  agent = agent_lib.make_agent(
      _AGENTS[case.agent],
      _SPEC if case.agent in ('features', 'distral') else examples.FLAT_SPEC,
      _A)
  update = update_lib.make_update(
      update_config.UpdateConfig(
          max_grad_norm=np.inf, optimizer=optax.identity(), **case.fields),
      agent)
  step = jax.jit(update.update)
  found = []
  for seed in range(SEEDS):
    params = examples.params(agent.init, seed)
    if case.agent == 'scaled':
      params['return_scale'] = {
          'mean_square': jnp.asarray(9.0), 'count': jnp.asarray(5.0)}
    if agent.adopt is not None:
      params = agent.adopt(params, HYPERS)
    state, metrics = step(
        update.init(params), HYPERS, _trajectory(seed, case, agent))
    moved = jax.tree.map(lambda x, y: np.float64(x) - y, params, state.params)
    row = {key: float(value) for key, value in sorted(metrics.items())}
    rng = np.random.default_rng(seed)
    for path, x in jax.tree_util.tree_leaves_with_path(moved):
      key = jax.tree_util.keystr(path, simple=True, separator='/')
      row[f'step {key}'] = float(x.sum())
      row[f'weighted step {key}'] = float((x * rng.normal(size=x.shape)).sum())
    found.append(row)
  return found


def main() -> None:
  """Writes the numbers of every case."""
  found = {name: [
      {key: float(f'{value:.8g}') for key, value in row.items()}
      for row in numbers(name)] for name in CASES}
  PATH.write_text(json.dumps(found, indent=0, sort_keys=True) + '\n')


if __name__ == '__main__':
  main()
