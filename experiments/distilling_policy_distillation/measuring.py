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

import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import banded
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import tabular
from kickstarting import types
from kickstarting.losses import divergences

MEASURES = ('return', 'over_student', 'over_teacher', 'over_uniform')


@jax.jit
def _distance(logits, teacher_logits):
  return divergences.cross_entropy(teacher_logits, logits)


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

  def visits(logits):
    policy = banded.steps(logits, mdps, dynamics)
    return banded.visits(on_host, np.asarray(policy.going)), policy.rewards

  over_teacher, _ = visits(wanted)
  over_uniform, _ = visits(jnp.zeros_like(wanted))

  def measure(logits):
    own, rewards = visits(logits)
    distance = np.asarray(_distance(logits, wanted))
    return np.stack([
        np.sum(own * np.asarray(rewards), axis=1),
        *(np.sum(x * distance, axis=1)
          for x in (own, over_teacher, over_uniform))], axis=1)

  return measure
