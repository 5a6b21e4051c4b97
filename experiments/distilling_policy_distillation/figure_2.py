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
"""Figure 2: a distillation update that never converges, and one that does.

  python -m experiments.distilling_policy_distillation.figure_2

Exact updates of two sigmoids on a process with three decisions. The teacher's
loss is there in one state alone; on-policy distillation with rewards circles
around, because it ignores that it moves the states it meets. N-distillation
adds what was ignored. Czarnecki et al. (2019), Figure 2 and appendix C,
arXiv:1902.02186. Not here: the updates (`exact.py`).
"""

import dataclasses

from absl import flags
import jax
import jax.numpy as jnp
import numpy as np

from experiments import cli
from experiments import run_flags
from experiments import workdir as workdir_lib
from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import panels as panels_lib
from kickstarting.losses import distillation

flags.adopt_module_key_flags(run_flags)
_STEPS = flags.DEFINE_integer('steps', 9000, 'Updates.', lower_bound=1)
_RATE = flags.DEFINE_float(
    'learning_rate', 0.025, 'Of plain gradient descent.', lower_bound=0.0)
_START = flags.DEFINE_float('start', -2.0, 'Both parameters at the start.')

_RIGHT_STATE = 2
METHODS = ('on_policy_distill_plus_r', 'n_distill_plus_r')


def student_logits(params: jax.Array) -> jax.Array:
  """Returns [8, 2]: one sigmoid at the start, one shared by both sides."""
  right = jnp.concatenate([params[:1], jnp.repeat(params[1:], 2), jnp.zeros(5)])
  return jnp.stack([jnp.zeros(8), right], axis=1)


def _loss(step: distillation.Step) -> jax.Array:
  right = jnp.exp(step.student_log_prob[_RIGHT_STATE, 1])
  return jnp.zeros((8, 1)).at[_RIGHT_STATE].set(-4 * right)


def methods() -> dict[str, distillation.Method]:
  """Returns the figure's two updates, with the figure's loss."""
  on_policy, n_distill = map(distillation.get_method, METHODS)
  return {
      METHODS[0]: dataclasses.replace(on_policy, loss=_loss),
      METHODS[1]: dataclasses.replace(
          n_distill, loss=_loss, reward_next=lambda step: -_loss(step)),
  }


def direction(method: distillation.Method, params: jax.Array) -> jax.Array:
  """Returns the expected update [2] of a method; it is descended along."""
  return exact.expected_update(
      method, mdp_lib.oscillation(), mdp_lib.Dynamics(2, 0.0, 0.0), params,
      student_logits, jnp.zeros((8, 2)), jnp.zeros(8))


def follow(
    method: distillation.Method, start: float, rate: float, steps: int
) -> np.ndarray:
  """Returns the probabilities of going right, float32 [steps + 1, 2]."""

  def body(params, _):
    new = params - rate * direction(method, params)
    return new, new

  first = jnp.full(2, start)
  _, found = jax.lax.scan(body, first, None, length=steps)
  return np.asarray(jax.nn.sigmoid(jnp.concatenate([first[None], found])))


def crossings(values: np.ndarray) -> list[int]:
  """Returns the steps at which a path passes 1/2."""
  is_above = values > 0.5
  return (np.flatnonzero(is_above[1:] != is_above[:-1]) + 1).tolist()


def main(argv):
  del argv
  folder = workdir_lib.choose('dpd-figure_2')
  workdir_lib.begin(folder, 'distilling_policy_distillation.figure_2')
  steps = np.arange(_STEPS.value + 1)
  curve = lambda y: panels_lib.Curve(steps, y, np.zeros_like(y))
  panels, result = [], {}
  for name, method in methods().items():
    start, sides = follow(method, _START.value, _RATE.value, _STEPS.value).T
    panels.append(panels_lib.Panel(name, {
        'right at the start': curve(start),
        'right at the sides': curve(sides),
        'expected loss': curve(-4 * start * sides),
    }, {'half': 0.5}, 'probability; loss'))
    result[name] = {
        'crossings_start': crossings(start),
        'crossings_sides': crossings(sides),
        'smallest_loss': float((-4 * start * sides).min()),
        'end': [float(start[-1]), float(sides[-1])],
    }
  picture = panels_lib.draw(
      folder / 'figure_2', [panels], 'Without and with what was ignored')
  table = panels_lib.write_csv(folder / 'figure_2.csv', [panels])
  workdir_lib.finish(folder, {
      'ended': 'finished', **result, 'figure': str(picture), 'csv': str(table),
      'workdir': str(folder)})


if __name__ == '__main__':
  cli.run(main)
