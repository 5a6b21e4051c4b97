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
"""How fast students come to their teachers, from curves of many of them.

Curves are [points + 1, MDPs, measures], as in `measuring.py`; what the teacher
itself gets is [1, MDPs, measures]. Not here: who learns (`figure_3.py`).
"""

import numpy as np

from experiments.distilling_policy_distillation import measuring


def steps_to(values: np.ndarray, goal: float, steps: int) -> float | None:
  """Returns when a curve [points + 1] first reaches a goal; None if never."""
  reached = np.flatnonzero(values >= goal)
  if not reached.size:
    return None
  i = int(reached[0])
  if not i:
    return 0.0
  share = (goal - values[i - 1]) / (values[i] - values[i - 1])
  return float((i - 1 + share) * steps / (len(values) - 1))


def speed_up(
    own: np.ndarray, other: np.ndarray, teacher: np.ndarray, measure: str
) -> tuple[float, float]:
  """Returns how many times larger the other's way to the teacher is.

  The way is the area between a curve and what the teacher itself gets. Source:
  Czarnecki et al. (2019), Figure 3 on the right, arXiv:1902.02186, which says
  "ratio of areas under reward/KL curves". Differs from it in: below the return
  of the teacher and not above an end that is not given.

  Args:
    own: of the students whose speed-up it is.
    other: of those they are compared with, on the same MDPs.
    teacher: what their teachers get.
    measure: one of `measuring.MEASURES`.

  Returns:
    The ratio of the mean areas, and its standard error.
  """
  column = measuring.MEASURES.index(measure)
  ways = []
  for values in (own, other):
    gap = values[:, :, column] - teacher[:, :, column]
    if measure == 'return':
      gap = -gap
    ways.append(np.mean((gap[1:] + gap[:-1]) / 2, axis=0))  # [MDPs]
  short, long = ways
  ratio = np.mean(long) / np.mean(short)
  rest = long - ratio * short
  error = np.std(rest, ddof=1) if len(rest) > 1 else 0.0
  return float(ratio), float(
      error / np.sqrt(len(rest)) / abs(np.mean(short)))
