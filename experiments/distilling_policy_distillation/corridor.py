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
"""Students in corridors, taught to go to the good end or to the bad one.

Here: what Figures 6 and 9 share. The paper gives the adversarial teacher "the
good" value function, "thus creating adversarial value function". With the value
of the good policy, bootstrapping from it would find the good end; in the paper
it does not. So here it is that value in a mirror; `--adversarial_value` has the
others. Not here: students (`sampling.py`).
"""

from collections.abc import Sequence

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
from kickstarting.commands import run_flags

flags.adopt_module_key_flags(lab_flags)
_VALUE = flags.DEFINE_enum(
    'adversarial_value', 'mirrored', ['good', 'mirrored', 'own'],
    'Value function of the adversarial teacher: that of the good policy; the '
    'same in a mirror, so that it praises the bad end; or its own.')

METHODS = (
    'on_policy_distill', 'on_policy_distill_plus_r', 'entropy_regularised',
    'v_gated_plus_r', 'teacher_v_reward', 'td_teacher_v', 'td_zero_v',
    'baseline')
TEACHERS = {'optimal': mdp_lib.RIGHT, 'adversarial': mdp_lib.LEFT}


_WITHOUT_EFFECT = (
    'size', 'wall', 'terminal', 'penalty', 'teacher_steps', 'teacher_rate',
    'epsilon', 'value_episodes')


def make_groups(lengths: Sequence[int]) -> list[laboratory.Group]:
  """Returns the students of each length and each teacher.

  Raises:
    ValueError: a flag of grid worlds was given.
  """
  lab_flags.refuse(
      _WITHOUT_EFFECT, 'on corridors, whose teachers are known')
  return [_group(length, name) for length in lengths for name in TEACHERS]


def _group(length: int, teacher: str) -> laboratory.Group:
  dynamics = run_flags.config_from_flags(mdp_lib.Dynamics, num_actions=2)
  mdp = mdp_lib.chain(length)
  mdp_lib.check(mdp, dynamics)
  logits = _always(TEACHERS[teacher], len(mdp.reward))
  world = mdp_lib.restarting(mdp) if lab_flags.FLAGS.restart else mdp
  value_of = lambda action: exact.value(
      world, dynamics, jax.nn.softmax(_always(action, len(mdp.reward))),
      exact.rewards(mdp, dynamics), lab_flags.FLAGS.teacher_discount)
  value = value_of(mdp_lib.RIGHT)
  if teacher == 'adversarial' and _VALUE.value == 'own':
    value = value_of(mdp_lib.LEFT)
  elif teacher == 'adversarial' and _VALUE.value == 'mirrored':
    value = jnp.append(value[-2::-1], value[-1])

  def make(first, num, rng_key):
    del first, rng_key
    many = lambda x: np.broadcast_to(x, (num, *np.shape(x)))
    return jax.tree.map(many, (mdp, tabular.Table(logits, value)))

  return laboratory.Group(
      f'{teacher} teacher, T = {length}', len(mdp.reward), dynamics, make,
      {name: figure.update(name) for name in METHODS})


def _always(action: int, num_states: int) -> jax.Array:
  """Returns the logits of who always goes one way; [S, 2]."""
  row = jnp.where(jnp.arange(2) == action, 0.0, -jnp.inf)
  return jnp.broadcast_to(row, (num_states, 2))


def draw(found: figure.Found, steps: int) -> list[list[panels_lib.Panel]]:
  """Returns a row for each length, a column for each teacher."""
  panels = [figure.panel(group, curves, steps, 'return', 'return')
            for group, curves in found.items()]
  width = len(TEACHERS)
  return [panels[i:i + width] for i in range(0, len(panels), width)]
