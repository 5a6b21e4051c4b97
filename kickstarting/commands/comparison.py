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

Here: frames to a score, the summary of two runs, the table of several seeds.
Not here: pictures (`figures.py`).
"""

from collections.abc import Mapping, Sequence
import os
from typing import Any

import numpy as np

from kickstarting import figures
from kickstarting.runtime import logger as logger_lib


def frames_to_score(
    frames: np.ndarray, values: np.ndarray, score: float | None
) -> float | None:
  """Returns the first frame from which on a curve is at or above a score.

  A single lucky window does not count: the mean of this record and the next
  two must be there as well. None if the curve never gets there, or if there is
  no score to get to.
  """
  if score is None:
    return None
  for i in range(len(frames)):
    if values[i] >= score and np.mean(values[i:i + 3]) >= score:
      return float(frames[i])
  return None


def summarise(
    scratch: str | os.PathLike[str], student: str | os.PathLike[str]
) -> dict[str, Any]:
  """Compares two finished runs."""
  scratch_frames, scratch_values = figures.curve(scratch, must_exist=True)
  frames, values = figures.curve(student, must_exist=True)
  target = _last(scratch_values)
  reached = frames_to_score(frames, values, target)
  return {
      'score_scratch': target,
      'score_kickstarted': _last(values),
      'frames_to_scratch_score': reached,
      'speedup': float(scratch_frames[-1] / reached) if reached else None,
  }


def last_score(folder: str | os.PathLike[str]) -> float | None:
  """Returns the last score of a run; None if it never had one."""
  return _last(figures.curve(folder)[1])


def _last(values: np.ndarray) -> float | None:
  return float(values[-1]) if len(values) else None


def tabulate(
    runs: Mapping[str, Sequence[str | os.PathLike[str]]],
    teacher_frames: int | None,
) -> dict[str, dict[str, Any]]:
  """Returns per method its final scores and frames to the scratch score.

  The score to reach is that of the run from scratch with the same seed.

  Args:
    runs: method -> folder of each seed; 'scratch' among them.
    teacher_frames: that the teachers were trained for; None if unknown.
  """
  table: dict[str, dict[str, Any]] = {}
  budget = float(
      logger_lib.read_records(
          runs['scratch'][0], must_exist=True)[-1]['frames'])
  for method, folders in runs.items():
    finals, reached = [], []
    for scratch, folder in zip(runs['scratch'], folders):
      target = last_score(scratch)
      frames, values = figures.curve(folder, must_exist=True)
      finals.append(_last(values))
      reached.append(
          budget if method == 'scratch'
          else frames_to_score(frames, values, target))
    helped = 0 if method == 'scratch' else teacher_frames
    table[method] = {
        'final_scores': finals,
        'frames_to_scratch_score': reached,
        'frames_with_experts': [
            None if f is None or helped is None else f + helped
            for f in reached],
        'speedup': [None if f is None else budget / f for f in reached],
    }
  return table
