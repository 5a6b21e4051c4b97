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
"""Why some updates of Figures 4 and 5 end where they do, without sampling.

  python -m experiments.distilling_policy_distillation.explanations
  python -m experiments.distilling_policy_distillation.explanations --mdps=50

Three tables. The first has expected updates of students on grid worlds: an
update whose r_i makes each step cost something learns to end episodes early,
unless what comes from the teacher is discounted more, or episodes go on after
an end. The second has one state alone, and how often it has to be visited until
a student takes the right one of many actions. The third has what students get
in the end that look one reward ahead, as `td_zero_v` does. Not here: sampled
students (`figure_4.py` and `figure_5.py`, which have flags for all of this),
what the tables say (docs/laboratory.md).
"""

from collections.abc import Mapping, Sequence
import functools
import math
import time

from absl import flags
import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import figure
from experiments.distilling_policy_distillation import lab_flags
from experiments.distilling_policy_distillation import laboratory
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import panels as panels_lib
from experiments.distilling_policy_distillation import tabular
from kickstarting import checks
from kickstarting import types
from kickstarting.commands import cli
from kickstarting.commands import flag_values
from kickstarting.commands import run_flags
from kickstarting.commands import workdir as workdir_lib
from kickstarting.losses import distillation

flags.adopt_module_key_flags(lab_flags)
for _name, _value in (
    ('mdps', 6), ('size', 10), ('steps', 6000), ('learning_rate', 0.01)):
  flags.FLAGS.set_default(_name, _value)
_METHODS = flags.DEFINE_list(
    'methods', ['expected_entropy_regularised', 'n_distill',
                'expected_kl_regularised'], 'Updates of the students.')
_ACTIONS = flags.DEFINE_list(
    'actions', ['4', '400', '4000'], 'Numbers of actions in one state.')
_RATES = flags.DEFINE_list(
    'rates', ['0.0018', '0.02'], 'Step sizes in that state.')

_NEXT_REWARD_MDPS = flags.DEFINE_integer(
    'next_reward_mdps', 1000, 'Grid worlds, as large as those of Figure 5, on '
    'which the next reward is all that counts.', lower_bound=1)
_NOISES = flags.DEFINE_list(
    'noises', ['0.1', '0'], 'Probabilities of a random move there.')

_WITHOUT_EFFECT = (
    'restart', 'critic', 'distill_discount', 'value_rate', 'max_steps',
    'value_episodes', 'points', 'chunk', 'slots', 'workers', 'memory_gib')

_GOAL = 0.9  # probability of the right action
_LEAST_RATE = 1e-5  # a rate of 0 never gets there
_SETTINGS: Mapping[str, Mapping[str, float | bool]] = {
    'discount 0.99': {'distill_discount': 0.99},
    'discount 0.5': {'distill_discount': 0.5},
    'discount 0.99, restart': {'distill_discount': 0.99, 'restart': True},
}


def descend(
    config: tabular.UpdateConfig,
    mdps: mdp_lib.MDP,
    dynamics: mdp_lib.Dynamics,
    teacher_logits: types.Array,
    num_updates: int,
) -> jax.Array:
  """Follows expected updates from the uniform policy; logits [N, S, A].

  Args:
    config: of the students, which have no returns of one step.
    mdps: [N].
    dynamics: their chance.
    teacher_logits: [N, S, A]; the teachers' values count as 0.
    num_updates: of each student.
  """
  method = distillation.get_method(config.method)

  def update(logits, mdp, teacher):
    return logits - config.learning_rate * exact.expected_update(
        method, mdp, dynamics, logits, lambda x: x, teacher,
        jnp.zeros(len(logits)), discount=config.discount,
        distill_discount=config.distill_discount, restart=config.restart,
        floor=config.floor)

  @jax.jit
  def follow(mdps, teacher):
    return jax.lax.fori_loop(
        0, num_updates, lambda _, x: jax.vmap(update)(x, mdps, teacher),
        jnp.zeros_like(teacher))

  return follow(jax.tree.map(jnp.asarray, mdps), jnp.asarray(teacher_logits))


def outcomes(
    mdps: mdp_lib.MDP, dynamics: mdp_lib.Dynamics, logits: types.Array
) -> tuple[np.ndarray, np.ndarray]:
  """Returns the returns and the lengths of episodes; [N] each."""

  def one(mdp, logits):
    policy = jax.nn.softmax(logits)
    return (exact.episode_return(mdp, dynamics, policy),
            jnp.sum(exact.visits(mdp, dynamics, policy)))

  found = jax.jit(jax.vmap(one))(jax.tree.map(jnp.asarray, mdps), logits)
  return np.asarray(found[0]), np.asarray(found[1])


def visits_needed(
    name: str, num_actions: int, rate: float, floor: float
) -> int:
  """Returns after how many visits of a state the student knows the action.

  The teacher takes one action always, the student begins with the uniform
  policy and descends along one divergence, and it knows the action when that
  has a probability of 0.9. All other actions stay alike, so that there are two
  logits. Nothing comes later.

  Args:
    name: 'distance', H(teacher || student); or 'reverse_cross_entropy',
      H(student || teacher).
    num_actions: at least 2.
    rate: of gradient descent.
    floor: of the teacher, see `method_step.floor_teacher`.
  """
  num_others = num_actions - 1
  gap = 0.0  # between the logits of the right one and of each other one
  surprise = math.log(  # how much more each other one costs
      (1 - floor + floor / num_actions) / (floor / num_actions))
  count = 0
  while (right := 1 / (1 + num_others * math.exp(-gap))) < _GOAL:
    other = (1 - right) / num_others
    if name == 'distance':
      gap += rate * (1 - right + other)
    else:  # each logit moves by its probability times (mean cost - own cost)
      mean = (1 - right) * surprise
      gap += rate * (right * mean - other * (mean - surprise))
    count += 1
  return count


def _horizon(config) -> dict[str, dict[str, dict[str, float]]]:
  """Prints and returns where expected updates end."""
  dynamics = run_flags.config_from_flags(mdp_lib.Dynamics, num_actions=4)
  group = figure.grid_group('grid worlds', {}, needs_value=False)
  mdps, teacher = group.make(0, config.mdps, jax.random.key(config.seed))
  rows = {'teacher': dict.fromkeys(_SETTINGS, outcomes(
      mdps, dynamics, teacher.logits))}
  for method in _METHODS.value:
    for name, fields in _SETTINGS.items():
      began = time.monotonic()
      update_config = figure.update(method, **fields)
      rows.setdefault(method, {})[name] = outcomes(
          mdps, dynamics, descend(
              update_config, mdps, dynamics, teacher.logits, config.steps))
      print(f'{method}, {name}: {time.monotonic() - began:.0f} s', flush=True)
  found = {
      method: {name: {'return': round(float(np.mean(returns)), 3),
                      'steps': round(float(np.mean(lengths)), 2)}
               for name, (returns, lengths) in row.items()}
      for method, row in rows.items()}
  figure.print_table('return (steps of an episode)', list(_SETTINGS), {
      method: [f'{x["return"]:.2f} ({x["steps"]:.1f})' for x in row.values()]
      for method, row in found.items()})
  return found


def _slopes(
    rates: Sequence[float], counts: Sequence[int]
) -> dict[str, dict[str, int]]:
  """Prints and returns how many visits an action needs."""
  needed = functools.partial(visits_needed, floor=lab_flags.FLAGS.floor)
  found = {
      f'{actions} actions, rate {rate:g}': {
          name: needed(name, actions, rate)
          for name in ('distance', 'reverse_cross_entropy')}
      for rate in rates for actions in counts}
  figure.print_table(
      f'visits until p > {_GOAL}',
      ['H(teacher, student)', 'H(student, teacher)'],
      {row: [f'{count:,}' for count in counts.values()]
       for row, counts in found.items()})
  return found


def _next_reward(
    config, noises: Sequence[float]
) -> dict[str, dict[str, float]]:
  """Prints and returns what those get who look at the next reward alone."""
  grid = mdp_lib.GridConfig()
  mdps = jax.tree.map(jnp.asarray, mdp_lib.grid_worlds(
      _NEXT_REWARD_MDPS.value, grid, config.seed))
  found = {}
  for noise in noises:
    dynamics = mdp_lib.Dynamics(noise=noise)

    def returns(mdp, dynamics=dynamics):
      policy = exact.next_reward_policy(mdp, dynamics)
      return [exact.episode_return(mdp, dynamics, policy) for policy in (
          policy, jnp.full_like(policy, 1 / policy.shape[1]))]

    best, uniform = jax.jit(lambda x, f=returns: jax.lax.map(f, x))(mdps)
    found[f'noise {noise:g}'] = {
        'best next reward': round(float(jnp.mean(best)), 3),
        'error': round(panels_lib.ERRORS * float(
            jnp.std(best) / np.sqrt(len(best))), 3),
        'uniform policy': round(float(jnp.mean(uniform)), 3)}
  figure.print_table(
      'return', ['best next reward', 'uniform policy'],
      {row: [f'{cells["best next reward"]:.2f} ± {cells["error"]:.2f}',
             f'{cells["uniform policy"]:.2f}']
       for row, cells in found.items()})
  return found


def main(argv):
  del argv
  program = 'distilling_policy_distillation.explanations'
  folder = workdir_lib.choose(program)
  lab_flags.refuse(
      _WITHOUT_EFFECT, 'on these tables, which have settings of their own')
  for name in _METHODS.value:
    if 'value' in distillation.get_method(name).needs:
      raise checks.UserError(
          f'--methods holds {name!r}, which needs the value of a teacher;'
          ' expected updates that need none.')
  config = run_flags.config_from_flags(laboratory.LabConfig, points=1)
  rates = flag_values.numbers('rates', _RATES.value, low=_LEAST_RATE)
  counts = flag_values.counts('actions', _ACTIONS.value)
  noises = flag_values.numbers('noises', _NOISES.value, low=0, high=1)
  workdir_lib.begin(folder, program)
  began = time.monotonic()
  workdir_lib.finish(folder, {
      'ended': 'finished', 'horizon': _horizon(config),
      'visits': _slopes(rates, counts),
      'next_reward': _next_reward(config, noises),
      'seconds': round(time.monotonic() - began), 'workdir': str(folder)})


if __name__ == '__main__':
  cli.run(main)
