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
"""What students get, and how far they are from their teachers, exactly.

Visits follow from one banded linear system for each MDP: the successors of a
state are near it, so this is far cheaper than `exact.visits`, whose every step
can be differentiated. Not here: who is measured when (`laboratory.py`).
"""

from collections.abc import Callable
import functools

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import tabular
from kickstarting import types
from kickstarting.losses import divergences

MEASURES = ('return', 'over_student', 'over_teacher', 'over_uniform')


def visits(mdps: mdp_lib.MDP, going: np.ndarray) -> np.ndarray:
  """Returns how often an episode is in each state; float64 [N, S].

  Args:
    mdps: [N].
    going: probabilities of each move, and last of staying; [N, S, M + 1]. What
      is missing to 1 ends the episode; terminal states are not left.

  Raises:
    ValueError: a policy never ends its episode.
  """
  num_states = going.shape[1]
  own = np.arange(num_states)
  found = np.empty(going.shape[:2])
  for i, (successor, is_terminal, start) in enumerate(
      zip(mdps.successor, mdps.is_terminal, mdps.start)):
    leaving = np.where(is_terminal[:, np.newaxis], 0.0, going[i])
    offsets = successor.T - own
    width = np.abs(offsets).max()
    # Row width + t - s of column s is the entry at (t, s) of I - P transposed.
    bands = np.zeros((2 * width + 1, num_states))
    bands[width] = 1.0 - leaving[:, -1]
    for offset, probability in zip(offsets, leaving.T):
      bands[width + offset, own] -= probability
    try:
      found[i] = scipy.linalg.solve_banded(
          (width, width), bands, (own == start).astype(float),
          overwrite_ab=True, overwrite_b=True, check_finite=False)
    except np.linalg.LinAlgError:
      found[i] = np.nan
  if not np.isfinite(found).all():
    raise ValueError(
        'a policy stays in an episode for ever; expected each to end. Give'
        ' steps a probability to end it (--end_probability).')
  return np.where(mdps.is_terminal, 0.0, found)


@functools.partial(jax.jit, static_argnums=3)
def _by_state(logits, mdps, teacher_logits, dynamics):
  """Returns going [N, S, M + 1], mean reward [N, S] and distance [N, S]."""
  num_moves = mdps.successor.shape[-1]
  policy = jax.nn.softmax(logits)
  moves = policy[..., :num_moves]
  moves = (1 - dynamics.noise) * moves + dynamics.noise * jnp.mean(
      moves, axis=-1, keepdims=True)
  stay = jnp.sum(policy[..., num_moves:], axis=-1, keepdims=True)
  going = (1 - dynamics.end_probability) * jnp.concatenate(
      [moves, stay], axis=-1)
  rewards = jax.vmap(lambda mdp: exact.rewards(mdp, dynamics))(mdps)
  return (going, jnp.sum(policy * rewards, axis=-1),
          divergences.cross_entropy(teacher_logits, logits))


def make_measure(
    mdps: mdp_lib.MDP, teacher: tabular.Table, dynamics: mdp_lib.Dynamics
) -> Callable[[types.Array], np.ndarray]:
  """Returns logits [N, S, A] -> MEASURES of each MDP; float64 [N, 4].

  The return is undiscounted; the others are the cross-entropy with the teacher,
  summed over an episode in which the student, the teacher or the uniform policy
  acts.
  """
  on_host = jax.tree.map(np.asarray, mdps)

  wanted = tabular.for_all_actions(teacher.logits, dynamics.num_actions)

  def of(logits):
    return jax.tree.map(
        np.asarray, _by_state(logits, mdps, wanted, dynamics))

  over_teacher, over_uniform = (
      visits(on_host, of(logits)[0])
      for logits in (wanted, jnp.zeros_like(wanted)))

  def measure(logits):
    going, rewards, distance = of(logits)
    own = visits(on_host, going)
    return np.stack([
        np.sum(own * rewards, axis=1),
        *(np.sum(x * distance, axis=1)
          for x in (own, over_teacher, over_uniform))], axis=1)

  return measure
