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

Not here: how often states are visited (`banded.py`), who is measured when
(`laboratory.py`).
"""

from collections.abc import Callable
import functools
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import banded
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import tabular
from kickstarting import types
from kickstarting.losses import divergences

MEASURES = ('return', 'over_student', 'over_teacher', 'over_uniform')


class Seen(NamedTuple):
  """What is measured of a policy; far less than its logits."""

  policy: banded.Steps  # leaves [..., S, ...]
  distance: types.Array  # cross-entropy with the teacher; float32 [..., S]


# Of logits [S, A], one MDP and its teacher.
View: TypeAlias = Callable[
    [types.Array, mdp_lib.MDP, tabular.Table], Seen]


@functools.cache  # one function for all that compile it
def make_view(dynamics: mdp_lib.Dynamics) -> View:
  """Returns what looks at a policy."""

  def view(logits, mdp, teacher):
    wanted = tabular.for_all_actions(teacher.logits, dynamics.num_actions)
    return Seen(
        banded.steps(logits, mdp, dynamics),
        divergences.cross_entropy(wanted, logits))

  return view


# From the teacher of one MDP and zeros [S, A].
FindLogits: TypeAlias = Callable[[tabular.Table, jax.Array], jax.Array]


def uniform(teacher: tabular.Table, zeros: jax.Array) -> jax.Array:
  """Returns the logits of the uniform policy; [S, A]."""
  del teacher
  return zeros


def copied(teacher: tabular.Table, zeros: jax.Array) -> jax.Array:
  """Returns the logits of the teacher's own policy; [S, A]."""
  return tabular.for_all_actions(teacher.logits, zeros.shape[-1])


def view_all(
    dynamics: mdp_lib.Dynamics,
    find_logits: FindLogits,
    mdps: mdp_lib.MDP,
    teacher: tabular.Table,
) -> Seen:
  """Looks at one policy of each MDP, one after the other; leaves [N, ...]."""
  view = make_view(dynamics)

  @jax.jit  # with zeros for an argument, or XLA computes their policy itself
  def look(mdps, teacher, zeros):
    return jax.lax.map(
        lambda x: view(find_logits(x[1], zeros), *x), (mdps, teacher))

  num_states = mdps.is_terminal.shape[1]
  return look(mdps, teacher, jnp.zeros((num_states, dynamics.num_actions)))


def make_measure(
    mdps: mdp_lib.MDP, of_teacher: Seen, of_uniform: Seen
) -> Callable[[Seen], np.ndarray]:
  """Returns what is Seen -> MEASURES of each MDP; float64 [N, 4].

  The return is undiscounted; the others are the cross-entropy with the teacher,
  summed over an episode in which the student, the teacher or the uniform policy
  acts.

  Args:
    mdps: [N].
    of_teacher: its policy, seen in each; leaves [N, ...].
    of_uniform: likewise the uniform policy.
  """
  on_host = jax.tree.map(np.asarray, mdps)
  visits = lambda seen: banded.visits(on_host, np.asarray(seen.policy.going))
  over_teacher, over_uniform = visits(of_teacher), visits(of_uniform)

  def measure(seen):
    own = visits(seen)
    return np.stack([
        np.sum(own * np.asarray(seen.policy.rewards), axis=1),
        *(np.sum(x * np.asarray(seen.distance), axis=1)
          for x in (own, over_teacher, over_uniform))], axis=1)

  return measure
