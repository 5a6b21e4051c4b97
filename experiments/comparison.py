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
"""How a helped student compares with one from scratch.

Here: frames to a score, and the summary of two runs. Not here: pictures
(`figures.py`), several seeds (`study.py`).
"""

import os
from typing import Any

import numpy as np

from experiments import figures


def frames_to_score(
    frames: np.ndarray, values: np.ndarray, score: float
) -> float | None:
  """Returns the first frame from which on a curve is at or above a score.

  A single lucky window does not count: the mean of this record and the next
  two must be there as well. None if the curve never gets there.
  """
  for i in range(len(frames)):
    if values[i] >= score and np.mean(values[i:i + 3]) >= score:
      return float(frames[i])
  return None


def summarise(
    scratch: str | os.PathLike[str], student: str | os.PathLike[str]
) -> dict[str, Any]:
  """Compares two finished runs."""
  scratch_frames, scratch_values = figures.curve(scratch)
  frames, values = figures.curve(student)
  target = float(scratch_values[-1])
  reached = frames_to_score(frames, values, target)
  return {
      'score_scratch': target,
      'score_kickstarted': float(values[-1]),
      'frames_to_scratch_score': reached,
      'speedup': float(scratch_frames[-1] / reached) if reached else None,
  }
