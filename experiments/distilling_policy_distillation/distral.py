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
"""Distral on grid worlds: tasks that share where to go at first.

  python -m experiments.distilling_policy_distillation.distral

Groups of tasks, each group in one grid with a goal for every task, learn by
soft Q-learning, around a distilled policy (alpha above 0) or on their own
(alpha 0). After Teh et al. (2017), section 4.1, arXiv:1707.04175, on grids of
our own. Not here: the learning (`soft_q.py`).
"""

from absl import flags
import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import panels as panels_lib
from experiments.distilling_policy_distillation import soft_q
from kickstarting.commands import cli
from kickstarting.commands import flag_values
from kickstarting.commands import run_flags
from kickstarting.commands import workdir as workdir_lib

flags.adopt_module_key_flags(run_flags)
_ALPHAS = flags.DEFINE_list(
    'alphas', ['0', '0.5', '0.9'], 'What is compared; 0: tasks on their own.')
_BETA = flags.DEFINE_float(
    'beta', soft_q.SoftQConfig.beta, 'Inverse temperature of Q.',
    lower_bound=0.0)
_GROUPS = flags.DEFINE_integer(
    'groups', 50, 'Grids, each with tasks of its own.', lower_bound=2)
_TASKS = flags.DEFINE_integer('tasks', 8, 'Tasks in a grid.', lower_bound=1)
_SIZE = flags.DEFINE_integer('size', 9, 'Cells of a side.', lower_bound=2)
_STEPS = flags.DEFINE_integer(
    'steps', 20_000, 'Steps of each task.', lower_bound=1)
_POINTS = flags.DEFINE_integer(
    'points', 40, 'Points of a curve.', lower_bound=1)
_SEED = flags.DEFINE_integer(
    'seed', 0, 'Of grids and learning.', lower_bound=0)


def _curve(config, dynamics, mdps):
  """Returns steps [points + 1] and mean returns [points + 1, groups]."""
  learn = soft_q.make_learn(config, dynamics)
  rollouts = max(1, _STEPS.value // (_POINTS.value * config.rollout_steps))

  @jax.jit
  @jax.vmap
  def advance(state, mdps, rng_key):
    keys = jax.random.split(rng_key, rollouts)
    state, _ = jax.lax.scan(
        lambda state, key: (learn(state, mdps, key), None), state, keys)
    return state, jnp.mean(soft_q.returns(state, mdps, config, dynamics))

  state = jax.vmap(lambda mdp: soft_q.init(mdp, config, dynamics.num_actions))(
      mdps)
  first = jax.vmap(lambda state, mdp: jnp.mean(soft_q.returns(
      state, mdp, config, dynamics)))(state, mdps)
  found = [np.asarray(first)]
  for point in range(_POINTS.value):
    keys = jax.random.split(
        jax.random.fold_in(jax.random.key(_SEED.value), point), _GROUPS.value)
    state, mean = advance(state, mdps, keys)
    found.append(np.asarray(mean))
  steps = np.arange(_POINTS.value + 1) * rollouts * config.rollout_steps
  return steps, np.stack(found)


def main(argv):
  del argv
  program = 'distilling_policy_distillation.distral'
  configs = {
      f'alpha {alpha:g}': soft_q.SoftQConfig(alpha=alpha, beta=_BETA.value)
      for alpha in flag_values.numbers(
          'alphas', _ALPHAS.value, low=0, high=1)}
  dynamics = mdp_lib.Dynamics()
  grid = mdp_lib.GridConfig(size=_SIZE.value, wall=0.2, terminal=0.0, penalty=0)
  groups = [
      soft_q.goal_tasks(
          grid, _TASKS.value, np.random.default_rng([_SEED.value, i]))
      for i in range(_GROUPS.value)]
  mdps = jax.tree.map(lambda *x: jnp.stack(x), *groups)
  folder = workdir_lib.choose(program)
  workdir_lib.begin(folder, program)
  curves, areas = {}, {}
  for name, config in configs.items():
    steps, found = _curve(config, dynamics, mdps)
    error = found.std(axis=1, ddof=1) / np.sqrt(_GROUPS.value)
    curves[name] = panels_lib.Curve(steps, found.mean(axis=1), error)
    areas[name] = float(found.mean())
    print(f'{name}: mean return {found[-1].mean():.3f} at the end,'
          f' {areas[name]:.3f} over all', flush=True)
  panel = panels_lib.Panel(
      f'{_TASKS.value} tasks in a grid', curves, {}, 'return')
  picture = panels_lib.draw(folder / 'distral', [[panel]], 'Distral on tables')
  table = panels_lib.write_csv(folder / 'distral.csv', [[panel]])
  workdir_lib.finish(folder, {
      'ended': 'finished',
      'returns_at_the_end': {
          name: float(curve.mean[-1]) for name, curve in curves.items()},
      'returns_over_all': areas, 'figure': str(picture), 'csv': str(table),
      'workdir': str(folder)})


if __name__ == '__main__':
  cli.run(main)
