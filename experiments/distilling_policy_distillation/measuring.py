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

Visits follow from one sparse linear system for each MDP: a state has few
successors, so this is far cheaper than `exact.visits`, whose every step can be
differentiated. Not here: who is measured when (`laboratory.py`).
"""

from collections.abc import Callable
import functools

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from experiments.distilling_policy_distillation import exact
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import sampling
from kickstarting import types
from kickstarting.losses import divergences

MEASURES = ('return', 'over_student', 'over_teacher', 'over_uniform')


def visits(mdps: mdp_lib.MDP, going: np.ndarray) -> np.ndarray:
  """Returns how often an episode is in each state; float64 [N, S].

  Args:
    mdps: [N].
    going: probabilities of each move, and last of staying; [N, S, M + 1]. What
      is missing to 1 ends the episode; terminal states are not left.
  """
  num_states = going.shape[1]
  own = np.arange(num_states)
  width = going.shape[2] + 1
  indptr = np.arange(0, num_states * width + 1, width)
  found = np.empty(going.shape[:2])
  for i, (successor, is_terminal, start) in enumerate(
      zip(mdps.successor, mdps.is_terminal, mdps.start)):
    where = np.column_stack([successor, own, own])
    leaving = np.where(is_terminal[:, np.newaxis], 0.0, -going[i])
    data = np.column_stack([leaving, np.ones_like(own)])
    # By rows this is I - P, so by columns it is what visits are a solution of.
    matrix = scipy.sparse.csc_matrix(
        (data.ravel(), where.ravel(), indptr), (num_states, num_states))
    matrix.sum_duplicates()
    found[i] = scipy.sparse.linalg.spsolve(matrix, own == start)
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
    mdps: mdp_lib.MDP, teacher: sampling.Table, dynamics: mdp_lib.Dynamics
) -> Callable[[types.Array], np.ndarray]:
  """Returns logits [N, S, A] -> MEASURES of each MDP; float64 [N, 4].

  The return is undiscounted; the others are the cross-entropy with the teacher,
  summed over an episode in which the student, the teacher or the uniform policy
  acts.
  """
  on_host = jax.tree.map(np.asarray, mdps)

  def of(logits):
    return jax.tree.map(
        np.asarray, _by_state(logits, mdps, teacher.logits, dynamics))

  over_teacher, over_uniform = (
      visits(on_host, of(logits)[0])
      for logits in (teacher.logits, jnp.zeros_like(teacher.logits)))

  def measure(logits):
    going, rewards, distance = of(logits)
    own = visits(on_host, going)
    return np.stack([
        np.sum(own * rewards, axis=1),
        *(np.sum(x * distance, axis=1)
          for x in (own, over_teacher, over_uniform))], axis=1)

  return measure
